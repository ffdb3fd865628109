/* What every fuzz target shares. A target is one file NAME_fuzz.c with LLVMFuzzerTestOneInput, run
 * by libFuzzer (ci/fuzz.sh) and, over corpus/NAME, as a unit test (replay.c). A target may abort to
 * report a broken property; the code that it calls may not, whatever the input is. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include "base/bytes.h"
#include "base/err.h"
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Returns 0: libFuzzer knows no other value. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that must hold for every input. */
#define FUZZ_CHECK(condition)                                                                      \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fuzz_broken(__FILE__, __LINE__, #condition);                                           \
    } while (0)

_Noreturn static inline void fuzz_broken(const char *file, int line, const char *condition) {
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

/* A call that cannot fail on a value that a reader has just accepted. */
#define FUZZ_CHECK_OK(call, e)                                                                     \
    do {                                                                                           \
        if ((call) != 0) {                                                                         \
            fprintf(stderr, "%s: %s\n", err_name((e).code), (e).text);                             \
            fuzz_broken(__FILE__, __LINE__, #call);                                                \
        }                                                                                          \
    } while (0)

/* Takes the first line (without its end) off v; at the last one v becomes empty. */
static inline struct bytes fuzz_line(struct bytes *v) {
    size_t len = 0;
    while (len < v->len && v->data[len] != '\n')
        len++;
    struct bytes line = {v->data, len};
    size_t used = len < v->len ? len + 1 : len;
    *v = (struct bytes){v->data + used, v->len - used};
    return line;
}

/* A malloc'ed C string of v, up to its first NUL. */
static inline char *fuzz_text(struct bytes v) {
    char *text = calloc(1, v.len + 1);
    FUZZ_CHECK(text != NULL);
    for (size_t i = 0; i < v.len && v.data[i] != '\0'; i++)
        text[i] = (char)v.data[i];
    return text;
}

#endif
