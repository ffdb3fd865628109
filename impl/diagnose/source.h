/* The kinds of log that diagnose reads, and how a line of each begins. Sources: seeds 1, 2 and 5,
 * protocol/certsrv.md 4, protocol/phone-behaviour.md 6.2 and 7. */
#ifndef DIAGNOSE_SOURCE_H
#define DIAGNOSE_SOURCE_H

#include "base/bytes.h"
#include <stdint.h>

/* X(NAME, word in rules and reports, bit, what it is) */
#define SOURCE_TABLE(X)                                                                            \
    X(CAPF, "capf", 0, "the CAPF trace")                                                           \
    X(RA, "ra", 1, "the CiscoRA log (nginx's standard error at start-up)")                         \
    X(NGINX, "nginx", 2, "nginx's error.log")                                                      \
    X(EST, "est", 3, "libest's lines in either of them")                                           \
    X(IIS, "iis", 4, "the W3C log of IIS")                                                         \
    X(PHONE, "phone", 5, "the phone's console log")                                                \
    X(STATUS, "status", 6, "status messages of a phone, as it shows them or as written down")

enum source {
#define X(name, word, bit, text) SOURCE_##name = (bit),
    SOURCE_TABLE(X)
#undef X
        SOURCE_COUNT
};
#define SOURCE_BIT(source) (1u << (source))

const char *source_word(enum source source);
const char *source_text(enum source source);

/* No line start is longer than this. */
enum { SOURCE_START_MAX = 96 };

/* The kind whose line begins at text, SOURCE_COUNT when none does. at_line_start: nothing but marks
 * of a list or a quotation stands before it (some kinds are only known there). */
enum source source_of(const char *text, size_t len, int at_line_start);

/* The time of day in seconds that a line of this kind begins with; -1: none. CAPF writes no date,
 * and the zones of the logs differ, so there is no more to have. */
int64_t source_time(enum source source, struct bytes line);

#endif
