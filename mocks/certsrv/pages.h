/* The certsrv pages: protocol/certsrv.md 2. Each writes one whole HTML page, CRLF line ends, upper
 * case <HTML>; text values are escaped here. What clients match on is checked by the scraper table
 * of scraper_test.c. All append to out; a full out is out->failed. */
#ifndef MOCKS_CERTSRV_PAGES_H
#define MOCKS_CERTSRV_PAGES_H

#include "base/bytes.h"
#include "mocks/certsrv/language.h"
#include <stdint.h>

enum { PAGE_MAX = 512 * 1024 };

/* What every page needs to know of the server. */
struct page_site {
    const char *ca_name; /* "LAB-DC-RTP" */
    enum language language;
    unsigned renewals; /* index of the newest CA certificate */
};

void page_home(struct buf *out, const struct page_site *site);
void page_check_pending(struct buf *out, const struct page_site *site);

/* Answers of certfnsh.asp. The issued page has both variants, links and script, in one. */
void page_issued(struct buf *out, const struct page_site *site, int64_t id);
void page_pending(struct buf *out, const struct page_site *site, int64_t id);
void page_still_pending(struct buf *out, const struct page_site *site, int64_t id);
void page_denied(struct buf *out, const struct page_site *site, int64_t id, const char *message);

/* The block of values behind an error (2.5). Texts may be NULL: "(none)" for the message, blank
 * for com_error. */
struct page_error {
    const char *request_mode; /* "newreq - New Request" */
    int disposition;          /* ICertRequest number: 1 error, 2 denied, 5 under submission */
    const char *message;
    uint32_t result;
    const char
        *com_error; /* where it failed: "CCertRequest::Submit"; the text follows from result */
    uint32_t last_status;
};
extern const char page_mode_fetch[];  /* certnew.cer, certnew.p7b, certcrl.crl */
extern const char page_mode_submit[]; /* certfnsh.asp, Mode=newreq */
extern const char page_mode_check[];  /* certfnsh.asp, Mode=chkpnd */
void page_error(struct buf *out, const struct page_site *site, const struct page_error *error);

/* certrqxt.asp: one option line per template, value as in 2.4. */
struct page_option {
    const char *value, *name;
};
void page_request_form(struct buf *out, const struct page_site *site,
                       const struct page_option *options, size_t count);

/* certcarc.asp: CA certificates, newest first, and their CRLs. */
void page_ca_download(struct buf *out, const struct page_site *site);

/* Parts shared by the pages' files. */
void page_begin(struct buf *out, const struct page_site *site, enum page_text heading);
void page_end(struct buf *out);
void page_line(struct buf *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* <P ID=id> TEXT </P> */
void page_paragraph(struct buf *out, const struct page_site *site, const char *id,
                    enum page_text text);
/* Appends text with & < > " ' as entities. */
void html_put(struct buf *out, const char *text);

#endif
