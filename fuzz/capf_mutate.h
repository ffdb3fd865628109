/* A mutator that knows CAPF frames: it changes, adds, doubles, moves and removes whole elements and
 * makes the lengths right again, or leaves or makes one wrong. Half of the time libFuzzer does what
 * it does to any bytes. Only where libFuzzer is linked; replay never calls it. */
#ifndef FUZZ_CAPF_MUTATE_H
#define FUZZ_CAPF_MUTATE_H

#include "capf/wire.h"
#include "fuzz/fuzz.h"
#include <string.h>

/* Of libFuzzer; NULL in other builds. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

enum { MUTATE_ELEMENTS_MAX = 32, MUTATE_HEAD = 3 /* tag and length of an element */ };

struct mutation {
    unsigned seed;
    uint8_t type;
    uint32_t session_id;
    struct bytes elements[MUTATE_ELEMENTS_MAX]; /* with their heads; the last may be a cut one */
    size_t count;
};

static inline unsigned mutate_pick(struct mutation *m, unsigned below) {
    m->seed = m->seed * 1103515245U + 12345U;
    return m->seed / 65536 % below;
}

static inline void mutate_split(struct mutation *m, struct bytes frame) {
    struct cursor c = cursor_of(frame);
    uint8_t discriminator = 0;
    uint16_t length = 0;
    cursor_u8(&c, &discriminator);
    cursor_u8(&c, &m->type);
    cursor_u32(&c, &m->session_id);
    cursor_u16(&c, &length);
    while (cursor_left(&c) > 0 && m->count < MUTATE_ELEMENTS_MAX) {
        struct cursor at = c;
        struct bytes *element = &m->elements[m->count++];
        uint8_t tag = 0;
        if (!cursor_u8(&at, &tag) || !cursor_u16(&at, &length) ||
            !cursor_bytes(&c, (size_t)MUTATE_HEAD + length, element))
            cursor_bytes(&c, cursor_left(&c), element);
    }
}

static inline void mutate_remove(struct mutation *m, size_t at) {
    memmove(&m->elements[at], &m->elements[at + 1], (m->count - at - 1) * sizeof m->elements[0]);
    m->count--;
}

static inline void mutate_insert(struct mutation *m, size_t at, struct bytes element) {
    if (m->count == MUTATE_ELEMENTS_MAX)
        return;
    memmove(&m->elements[at + 1], &m->elements[at], (m->count - at) * sizeof m->elements[0]);
    m->elements[at] = element;
    m->count++;
}

/* Elements of the kinds that the table has, short and plain, for insertion. */
static inline struct bytes mutate_new_element(struct mutation *m) {
    static const uint8_t known[][8] = {
        {1, 0, 1, 1},     {2, 0, 2, 'x', 0},  {3, 0, 1, 2},           {4, 0, 5, 1, 0, 2, 0, 1},
        {6, 0, 1, 9},     {7, 0, 1, 3},       {8, 0, 1, 2},           {9, 0, 2, 0x30, 0},
        {10, 0, 2, 8, 0}, {11, 0, 2, '1', 0}, {12, 0, 2, 0, 10},      {13, 0, 4, 'S', 'E', 'P', 0},
        {14, 0, 1, 0},    {15, 0, 1, 7},      {16, 0, 1, 1},          {17, 0, 1, 1},
        {18, 0, 1, 1},    {19, 0, 1, 2},      {20, 0, 4, 3, 0, 1, 0}, {99, 0, 1, 0}};
    const uint8_t *element = known[mutate_pick(m, sizeof known / sizeof known[0])];
    return bytes_of(element, (size_t)MUTATE_HEAD + element[2]);
}

static inline void mutate_elements(struct mutation *m) {
    size_t at = m->count == 0 ? 0 : mutate_pick(m, (unsigned)m->count);
    size_t to = mutate_pick(m, (unsigned)m->count + 1);
    struct bytes element = m->count == 0 ? mutate_new_element(m) : m->elements[at];
    switch (mutate_pick(m, 5)) {
    case 0:
        mutate_insert(m, to, mutate_new_element(m));
        break;
    case 1:
        mutate_insert(m, to, element);
        break;
    case 2:
        if (m->count > 0)
            mutate_remove(m, at);
        break;
    case 3:
        if (m->count > 0) {
            mutate_remove(m, at);
            mutate_insert(m, to > m->count ? m->count : to, element);
        }
        break;
    default:
        m->type = (uint8_t)mutate_pick(m, 26);
    }
}

/* One element anew: its value as libFuzzer changes it, its length right, or nearly. */
static inline void mutate_value(struct mutation *m, struct buf *value) {
    uint8_t bytes[4096];
    size_t at = m->count == 0 ? 0 : mutate_pick(m, (unsigned)m->count);
    if (m->count == 0 || m->elements[at].len < MUTATE_HEAD ||
        m->elements[at].len > sizeof bytes - MUTATE_HEAD)
        return;
    struct bytes old = m->elements[at];
    size_t len = old.len - MUTATE_HEAD;
    memcpy(bytes, old.data + MUTATE_HEAD, len);
    len = LLVMFuzzerMutate(bytes, len, sizeof bytes);
    unsigned wrong = mutate_pick(m, 8) == 0 ? 1 + mutate_pick(m, 3) : 0;
    buf_put_u8(value, old.data[0]);
    buf_put_u16(value, (uint16_t)(len + wrong));
    buf_put(value, bytes, len);
    m->elements[at] = buf_view(value);
}

static inline size_t mutate_join(struct mutation *m, uint8_t *data, size_t max) {
    AUTO_BUF body = BUF_INIT(CAPF_BODY_MAX), frame = BUF_INIT(CAPF_FRAME_MAX);
    for (size_t i = 0; i < m->count; i++)
        buf_put_bytes(&body, m->elements[i]);
    unsigned wrong = mutate_pick(m, 16) == 0 ? 1 : 0;
    buf_put_u8(&frame, CAPF_DISCRIMINATOR);
    buf_put_u8(&frame, m->type);
    buf_put_u32(&frame, m->session_id);
    buf_put_u16(&frame, (uint16_t)(body.len + wrong));
    buf_put_bytes(&frame, buf_view(&body));
    if (body.failed || frame.failed || frame.len > max)
        return 0;
    memcpy(data, frame.data, frame.len);
    return frame.len;
}

static inline size_t mutate_frame(uint8_t *data, size_t size, size_t max, unsigned seed) {
    AUTO_BUF copy = BUF_INIT(1 << 20), value = BUF_INIT(CAPF_FRAME_MAX);
    struct mutation m = {.seed = seed};
    buf_put(&copy, data, size);
    mutate_split(&m, buf_view(&copy));
    if (mutate_pick(&m, 2) == 0)
        mutate_elements(&m);
    else
        mutate_value(&m, &value);
    size_t made = mutate_join(&m, data, max);
    return made > 0 ? made : LLVMFuzzerMutate(data, size, max);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed) {
    return seed % 2 == 0 ? LLVMFuzzerMutate(data, size, max)
                         : mutate_frame(data, size, max, seed / 2);
}

#endif
