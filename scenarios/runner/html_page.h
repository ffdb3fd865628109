/* The page being written: markup goes in as it is, every text from elsewhere is escaped. Kept in
 * memory up to a part, which goes to the file then, so that a page may have any size. */
#ifndef SCENARIOS_RUNNER_HTML_PAGE_H
#define SCENARIOS_RUNNER_HTML_PAGE_H

#include "base/bytes.h"

/* fd -1: the whole page stays in out (at most 4 MiB). failed: something was not written. */
struct page {
    int fd;
    struct buf out;
    bool failed;
};
void page_begin(struct page *p, int fd);
void page_free(struct page *p);
/* Gives the file what is still in memory. -1 when any of the page could not be written. */
int page_end(struct page *p);

/* Markup; never with a text from elsewhere. */
void page_put(struct page *p, const char *markup);
void page_printf(struct page *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Text from elsewhere, for an element or a quoted attribute (HTML 13.1.2.3, 13.1.4): escaped; bytes
 * that are not UTF-8, control characters and those that turn the direction of text become U+FFFD.
 * At most max columns of a monospaced font (0: all of it), the last being "…" when it was cut. */
void page_escape(struct page *p, struct bytes text, size_t max);
void page_str(struct page *p, const char *text);

/* Columns of a monospaced font that text takes: two for the wide ones of East Asia. */
size_t text_columns(struct bytes text);

#endif
