/* MD4 after RFC 1320: whole messages in memory, no streaming. It never reads past the message: the
 * last one or two blocks are built in a local buffer. */
#include "mocks/certsrv/md4.h"
#include <string.h>

enum { BLOCK = 64, LENGTH_LEN = 8 };

static uint32_t rotate(uint32_t v, unsigned by) {
    return v << by | v >> (32 - by);
}

static uint32_t choose(uint32_t x, uint32_t y, uint32_t z) {
    return (x & y) | (~x & z);
}

static uint32_t majority(uint32_t x, uint32_t y, uint32_t z) {
    return (x & y) | (x & z) | (y & z);
}

static uint32_t parity(uint32_t x, uint32_t y, uint32_t z) {
    return x ^ y ^ z;
}

/* RFC 1320 section 3.4: each round has its function, constant, word order and rotations. */
static const struct round {
    uint32_t (*mix)(uint32_t x, uint32_t y, uint32_t z);
    uint32_t constant;
    uint8_t word[16];
    uint8_t rotation[4];
} rounds[] = {
    {choose, 0, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {3, 7, 11, 19}},
    {majority, 0x5a827999, {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15}, {3, 5, 9, 13}},
    {parity, 0x6ed9eba1, {0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15}, {3, 9, 11, 15}},
};

static void load_block(const uint8_t *block, uint32_t words[16]) {
    for (unsigned i = 0; i < 16; i++, block += 4)
        words[i] = (uint32_t)block[0] | (uint32_t)block[1] << 8 | (uint32_t)block[2] << 16 |
                   (uint32_t)block[3] << 24;
}

static void one_round(const struct round *r, const uint32_t words[16], uint32_t s[4]) {
    for (unsigned i = 0; i < 16; i++) {
        uint32_t mixed = s[0] + r->mix(s[1], s[2], s[3]) + words[r->word[i]] + r->constant;
        s[0] = s[3];
        s[3] = s[2];
        s[2] = s[1];
        s[1] = rotate(mixed, r->rotation[i % 4]);
    }
}

static void one_block(const uint8_t *block, uint32_t state[4]) {
    uint32_t words[16], s[4];
    load_block(block, words);
    for (unsigned i = 0; i < 4; i++)
        s[i] = state[i];
    for (size_t i = 0; i < sizeof rounds / sizeof rounds[0]; i++)
        one_round(&rounds[i], words, s);
    for (unsigned i = 0; i < 4; i++)
        state[i] += s[i];
}

static void last_blocks(struct bytes message, size_t done, uint32_t state[4]) {
    uint8_t tail[2 * BLOCK] = {0};
    size_t left = message.len - done;
    if (left > 0)
        memcpy(tail, message.data + done, left);
    tail[left] = 0x80;
    size_t total = left + 1 + LENGTH_LEN <= BLOCK ? BLOCK : 2 * BLOCK;
    uint64_t bits = (uint64_t)message.len * 8;
    for (size_t i = 0; i < LENGTH_LEN; i++)
        tail[total - LENGTH_LEN + i] = (uint8_t)(bits >> (8 * i));
    for (size_t at = 0; at < total; at += BLOCK)
        one_block(tail + at, state);
}

void md4(struct bytes message, uint8_t digest[MD4_LEN]) {
    uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    size_t done = 0;
    for (; message.len - done >= BLOCK; done += BLOCK)
        one_block(message.data + done, state);
    last_blocks(message, done, state);
    for (unsigned i = 0; i < MD4_LEN; i++)
        digest[i] = (uint8_t)(state[i / 4] >> (8 * (i % 4)));
}
