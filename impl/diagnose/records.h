/* From bytes to records: one log line each, put together again however it was wrapped, cut out of
 * what was run together, freed of the marks of the page it was copied from. Any bytes of any
 * length: what a line has beyond RECORD_TEXT_MAX is dropped, memory stays bounded.
 *
 * What counts as what: a known line start (source.h) begins a record, at the start of a line or
 * behind a blank within one, also where a wrapped line breaks it; other lines continue the record
 * before them, except blank lines, code fences, remarks ("++ ...") and lines with bytes beyond
 * ASCII, which are prose and end it. NUL bytes are dropped, so that UTF-16 reads as well. */
#ifndef DIAGNOSE_RECORDS_H
#define DIAGNOSE_RECORDS_H

#include "base/bytes.h"
#include "diagnose/source.h"
#include <stdbool.h>
#include <stdint.h>

enum { RECORD_TEXT_MAX = 8 * 1024 };

struct record {
    enum source source;
    uint64_t first_line, last_line; /* from 1 */
    struct bytes text;              /* UTF-8 without control bytes; valid during the call */
    bool cut;                       /* the line was longer than RECORD_TEXT_MAX */
};
typedef void record_fn(void *user, const struct record *record);

struct records; /* opaque */

/* NULL without memory. Caller frees. */
struct records *records_new(record_fn *fn, void *user);
void records_free(struct records *r);

void records_feed(struct records *r, struct bytes data);
/* The end of the input: gives the last record. */
void records_end(struct records *r);
/* Lines so far. */
uint64_t records_lines(const struct records *r);

#endif
