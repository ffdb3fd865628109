/* CSV (RFC 4180): lists of devices in and reports out. */
#ifndef CAPF_CSV_H
#define CAPF_CSV_H

#include "base/bytes.h"
#include <stddef.h>

/* Cuts one line in place into fields; quotes are taken off and the line end too. The count, or -1
 * for an unclosed quote, bytes behind one, or more than max fields. Line breaks in fields are not
 * taken. */
int csv_split(char *line, char **fields, size_t max);

/* Appends text, quoted when needed. A text that a spreadsheet would run as a formula gets a quote
 * mark in front. */
void csv_put(struct buf *out, const char *text);

#endif
