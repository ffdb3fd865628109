/* A mutator that knows trust lists and signed files: it changes, adds, doubles, moves and removes
 * whole fields and records and makes every length right again (RECORDLENGTH, HEADERLENGTH,
 * SIGNERID, SIGNATUREINFO), makes one of them wrong, or signs anew. What does not parse is
 * libFuzzer's alone, and so is half of the rest. Only where libFuzzer is linked; replay never calls
 * it. */
#ifndef FUZZ_ITL_MUTATE_H
#define FUZZ_ITL_MUTATE_H

#include "fuzz/fuzz.h"
#include "itl/itl_fields.h"
#include <string.h>

/* Of libFuzzer; NULL in other builds. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

enum { MUTATE_VALUE_MAX = 8192, MUTATE_FILE_MAX = 1 << 20, MUTATE_ALIGN = 4 };

struct mutation {
    unsigned seed;
    uint8_t value[MUTATE_VALUE_MAX]; /* what the changed field looks at */
};

static inline unsigned mutate_pick(struct mutation *m, size_t below) {
    m->seed = m->seed * 1103515245U + 12345U;
    return below == 0 ? 0 : m->seed / 65536 % (unsigned)below;
}

/* The fields of one header or record. */
struct mutate_fields {
    struct itl_field *items;
    size_t *count;
    size_t max;
};

static inline void mutate_value(struct mutation *m, struct itl_field *f) {
    if (f->value.len > MUTATE_VALUE_MAX)
        return;
    if (f->value.len > 0)
        memcpy(m->value, f->value.data, f->value.len);
    size_t room = f->value.len + 32 < MUTATE_VALUE_MAX ? f->value.len + 32 : MUTATE_VALUE_MAX;
    f->value = bytes_of(m->value, LLVMFuzzerMutate(m->value, f->value.len, room));
}

static inline void mutate_remove(struct mutate_fields *f, size_t at) {
    memmove(&f->items[at], &f->items[at + 1], (*f->count - at - 1) * sizeof f->items[0]);
    (*f->count)--;
}

static inline void mutate_insert(struct mutate_fields *f, size_t at, struct itl_field field) {
    if (*f->count == f->max)
        return;
    memmove(&f->items[at + 1], &f->items[at], (*f->count - at) * sizeof f->items[0]);
    f->items[at] = field;
    (*f->count)++;
}

/* Short fields of every width that some tag has. */
static inline struct itl_field mutate_new_field(struct mutation *m) {
    static const uint8_t values[][21] = {
        "", "\1", "\0\4", "\0\25", "ccm", "\300\0\2\1", "CN=ccm;O=lab;C=US"};
    static const size_t lens[] = {0, 1, 2, 2, 4, 4, 18, 20};
    size_t i = mutate_pick(m, sizeof lens / sizeof lens[0]);
    return (struct itl_field){
        .tag = (uint8_t)mutate_pick(m, 30),
        .value = bytes_of(values[i < 7 ? i : 6], lens[i]),
    };
}

static inline void mutate_fields(struct mutation *m, struct mutate_fields *f) {
    size_t at = mutate_pick(m, *f->count), to = mutate_pick(m, *f->count + 1);
    struct itl_field added = *f->count > 0 ? f->items[at] : mutate_new_field(m);
    switch (mutate_pick(m, 8)) {
    case 0:
        added = mutate_new_field(m);
        added.depth = to > 0 ? f->items[to - 1].depth : 0;
        mutate_insert(f, to, added);
        break;
    case 1:
        mutate_insert(f, to, added);
        break;
    case 2:
        if (*f->count > 0)
            mutate_remove(f, at);
        break;
    case 3:
        if (*f->count > 0) {
            mutate_remove(f, at);
            mutate_insert(f, to > *f->count ? *f->count : to, added);
        }
        break;
    case 4:
        if (*f->count > 0)
            f->items[at].tag = (uint8_t)mutate_pick(m, 30);
        break;
    default:
        if (*f->count > 0)
            mutate_value(m, &f->items[at]);
    }
}

static inline void mutate_header(struct mutation *m, struct itl_header *h) {
    mutate_fields(m, &(struct mutate_fields){h->fields, &h->field_count, ITL_FIELDS_MAX});
    h->padding = 0;
    size_t over = itl_header_size(h) % MUTATE_ALIGN;
    h->padding = (uint8_t)(mutate_pick(m, 32) == 0 ? mutate_pick(m, 8)
                                                   : (MUTATE_ALIGN - over) % MUTATE_ALIGN);
}

/* Makes one length, right until now, a little or much too small or too large. */
static inline void mutate_lie(struct mutation *m, uint8_t *data, uint32_t offset) {
    static const uint16_t lies[] = {1, 2, 3, 4, 5, 0x100, 0xffff, 0xfffe, 0xfffd, 0xfffc, 0xff00};
    uint16_t len = (uint16_t)(data[offset + 1] << 8 | data[offset + 2]);
    len = (uint16_t)(len + lies[mutate_pick(m, sizeof lies / sizeof lies[0])]);
    data[offset + 1] = (uint8_t)(len >> 8);
    data[offset + 2] = (uint8_t)len;
}

#endif
