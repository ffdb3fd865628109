/* The pages of /certsrv as a client needs them: what happened to the request, its id, the CA's
 * words, the templates on offer, the number of CA renewals, and what a download really holds.
 *
 * Pages are classified by element ids first, which no translation touches, then by the English
 * words, then by structure. Sources: certsrv.md 2.2 to 2.5, 5.2, 8.5; seed 1, headings
 * /certsrv/certfnsh.asp and /certsrv/certnew.cer. */
#ifndef CERTSRV_PAGE_H
#define CERTSRV_PAGE_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/owned.h"
#include <stdbool.h>
#include <stdint.h>

/* HRESULTs that a client acts on (certsrv.md 5.3). */
#define CERTSRV_E_PROPERTY_EMPTY 0x80094004U /* no such request id */

/* A page is bounded more tightly than a download: libxml2 compares each attribute of an element
 * with all before it, so that a page of nothing else takes time with the square of its size. */
enum {
    CERTSRV_BODY_MAX = 1024 * 1024,
    CERTSRV_PAGE_MAX = 256 * 1024,
    CERTSRV_TEMPLATES_MAX = 4096
};

enum certsrv_page_kind {
    CERTSRV_PAGE_OTHER,       /* none that is known */
    CERTSRV_PAGE_ISSUED,      /* has a request id */
    CERTSRV_PAGE_PENDING,     /* has a request id, except the answer to chkpnd and to a fetch */
    CERTSRV_PAGE_DENIED,      /* a request id when the page names it; message, hresult if given */
    CERTSRV_PAGE_ERROR,       /* message, last status, hresult */
    CERTSRV_PAGE_UNAUTHORIZED /* IIS' 401 page */
};

struct certsrv_page {
    enum certsrv_page_kind kind;
    uint32_t request_id; /* 0: none */
    int disposition;     /* of an error page; -1: none (certsrv.md 5.1) */
    uint32_t hresult;    /* 0: none given, or success */
    char *message;       /* disposition message, one line; NULL: none */
    char *last_status;   /* of an error page, one line; NULL: none */
};

/* Reads an answer of certfnsh.asp, or the page that came in place of a download; any bytes are
 * accepted. *out is filled even for CERTSRV_PAGE_OTHER; end with certsrv_page_clear. -1 SYS_NOMEM
 * or SYS_LIMIT (over CERTSRV_PAGE_MAX). */
int certsrv_page_read(struct bytes body, struct certsrv_page *out, struct err *e);
void certsrv_page_clear(struct certsrv_page *page);

/* The same as an error: CERTSRV_PENDING, CERTSRV_DENIED, CERTSRV_ERROR_PAGE, CERTSRV_AUTH or
 * CERTSRV_PAGE_UNKNOWN with the page's words; OK for an issued page. Returns 0 for that, else -1.
 */
int certsrv_page_verdict(const struct certsrv_page *page, struct err *e);

/* The fields of an <Option Value="..."> of certrqxt.asp in their order (certsrv.md 2.4). */
#define CERTSRV_TEMPLATE_FIELDS(X)                                                                 \
    X(kind)             /* "E": enterprise template */                                             \
    X(name)             /* common name: goes into CertificateTemplate: */                          \
    X(key_spec)         /* 1 exchange, 2 signature, 0 any */                                       \
    X(key_flags)        /* 1 exportable */                                                         \
    X(enrollment_flags) /* msPKI-Enrollment-Flag */                                                \
    X(key_storage)      /* msPKI-Private-Key-Flag */                                               \
    X(name_flags)       /* msPKI-Certificate-Name-Flag, signed */                                  \
    X(ra_signatures)    /* signatures required */                                                  \
    X(providers)        /* CSP names joined by '?' */                                              \
    X(oid)              /* "" for version 1 templates */                                           \
    X(major_version)                                                                               \
    X(force_minor)                                                                                 \
    X(minor_version)                                                                               \
    X(friendly_name)

struct certsrv_template {
#define CERTSRV_TEMPLATE_MEMBER(field) const char *field;
    CERTSRV_TEMPLATE_FIELDS(CERTSRV_TEMPLATE_MEMBER)
#undef CERTSRV_TEMPLATE_MEMBER
    char *text; /* what the members point into; fields that were missing are "" */
};

struct certsrv_templates {
    struct certsrv_template *items;
    size_t count;
};

/* Reads certrqxt.asp; a page without any template gives an empty list. *out is empty on failure.
 * -1: as certsrv_page_verdict when it is another known page, else CERTSRV_PAGE_UNKNOWN; SYS_LIMIT.
 */
int certsrv_templates_read(struct bytes body, struct certsrv_templates *out, struct err *e);
void certsrv_templates_clear(struct certsrv_templates *list);

/* By common name, without regard to case as in the directory, or by OID; NULL: not offered. */
const struct certsrv_template *certsrv_template_find(const struct certsrv_templates *list,
                                                     const char *name);

/* nRenewals of certcarc.asp. -1: as certsrv_templates_read. */
int certsrv_renewals_read(struct bytes body, uint32_t *renewals, struct err *e);

/* A downloaded certificate or chain by its content, whatever the header said (certsrv.md 8.5): PEM
 * with any line end, DER, or a page, whose verdict becomes the error. Caller frees. NULL:
 * certsrv_page_verdict's codes, X509_PARSE, B64_PARSE, PKCS7_PARSE, PKCS7_EMPTY, SYS_LIMIT. */
X509 *certsrv_certificate_read(struct bytes body, struct err *e);
X509_STACK *certsrv_chain_read(struct bytes body, struct err *e);

#endif
