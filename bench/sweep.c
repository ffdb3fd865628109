/* Sweeps as text, and as options. */
#include "bench/sweep.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *word;
    size_t offset;
    int64_t least;
} options[] = {
#define X(word, field, least) {word, offsetof(struct bench_options, field), least},
    SWEEP_TABLE(X)
#undef X
};
enum { OPTIONS = sizeof options / sizeof options[0] };

static int fail(const char *text, struct err *e) {
#define X(word, field, least) " " word
    return err_set(e, ERR_ARG_USAGE, "--sweep %s: give OPTION=N,N,... with one of:" SWEEP_TABLE(X),
                   text);
#undef X
}

static int find(const char *text, size_t len) {
    for (int i = 0; i < OPTIONS; i++)
        if (strlen(options[i].word) == len && strncmp(options[i].word, text, len) == 0)
            return i;
    return -1;
}

static int parse_values(const char *text, int64_t least, struct sweep *s) {
    for (const char *at = text; s->count < SWEEP_VALUES_MAX;) {
        char *end = NULL;
        errno = 0;
        int64_t value = strtoll(at, &end, 10);
        if (end == at || errno != 0 || value < least || (*end != ',' && *end != '\0'))
            return -1;
        s->values[s->count++] = value;
        if (*end == '\0')
            return 0;
        at = end + 1;
    }
    return -1;
}

int sweep_parse(const char *text, struct sweep *sweep, struct err *e) {
    const char *equals = strchr(text, '=');
    int at = equals == NULL ? -1 : find(text, (size_t)(equals - text));
    if (at < 0)
        return fail(text, e);
    *sweep = (struct sweep){.over = options[at].word};
    return parse_values(equals + 1, options[at].least, sweep) == 0 ? 0 : fail(text, e);
}

struct bench_options sweep_point(const struct sweep *sweep, size_t point,
                                 const struct bench_options *base) {
    struct bench_options o = *base;
    int at = find(sweep->over, strlen(sweep->over));
    if (at >= 0)
        memcpy((char *)&o + options[at].offset, &sweep->values[point], sizeof(int64_t));
    return o;
}
