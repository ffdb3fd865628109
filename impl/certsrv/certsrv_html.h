/* A tolerant view of an HTML document: what page scraping asks of libxml2's tree, and nothing else.
 * Accepts any bytes; never loads anything the page names. */
#ifndef CERTSRV_HTML_H
#define CERTSRV_HTML_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/owned.h"
#include <libxml/HTMLparser.h>
#include <libxml/HTMLtree.h>
#include <stdbool.h>

AUTO_TYPE(xmlDoc, xmlFreeDoc);

/* Caller frees with xmlFreeDoc. NULL SYS_LIMIT (over CERTSRV_PAGE_MAX), or SYS_NOMEM. A body
 * without any element gives an empty document. Of an element's attributes the first 64 count. */
xmlDoc *html_read(struct bytes body, struct err *e);

/* The node after n in document order, inside root; NULL at the end. */
xmlNode *html_next(const xmlNode *root, xmlNode *n);
xmlNode *html_root(xmlDoc *doc);

bool html_is(const xmlNode *n, const char *element); /* without regard to case */
/* The attribute's value, malloc'ed; NULL when absent. Name without regard to case. */
char *html_attribute(const xmlNode *n, const char *name);
/* The first element with that id, without regard to case; NULL. */
xmlNode *html_by_id(xmlDoc *doc, const char *id);

/* Text below n without scripts, styles and comments; runs of blanks become one space, none at the
 * ends. malloc'ed; NULL only without memory. n NULL gives "". */
char *html_text(xmlNode *n);
/* The same of all scripts below n, blanks untouched. */
char *html_scripts(xmlNode *n);

#endif
