/* The certification authority behind the pages: CA certificates of several generations, submission,
 * retrieval, chains and CRLs. Facts: protocol/certsrv.md 1.4, 1.5, 5, 6. */
#ifndef MOCKS_CERTSRV_CA_H
#define MOCKS_CERTSRV_CA_H

#include "base/owned.h"
#include "mocks/certsrv/accounts.h"
#include "mocks/certsrv/attributes.h"
#include "mocks/certsrv/store.h"
#include "mocks/certsrv/template.h"

enum ca_serial { CA_SERIAL_LONG, CA_SERIAL_SHORT }; /* 19 octets, 10 octets */

struct ca_generation_config {
    char *certificate;
    char *key; /* NULL: no CRL of that generation */
};

/* The "ca:" block of the configuration. */
struct ca_config {
    char *name;
    char *certificate, *key;  /* the newest generation; NULL: made at start */
    char *chain;              /* PEM: the certificates above; NULL: none */
    struct cfg_list previous; /* struct ca_generation_config: older generations, oldest first */
    int64_t first_request;
    int64_t validity_us;   /* the most that the CA grants */
    int64_t clock_skew_us; /* NotBefore lies this far back */
    int64_t crl_validity_us;
    int serial;                             /* enum ca_serial */
    bool san_attribute, end_date_attribute; /* EDITF_ATTRIBUTESUBJECTALTNAME2, ...ENDDATE */
    bool restore_plus; /* blanks in base64 were '+' (protocol/certsrv.md 1.4) */
    bool own_requests_only;
    struct cfg_strings request_extensions; /* OIDs copied from requests */
    struct cfg_strings crl_urls, issuer_urls;
};
extern const struct cfg_field ca_fields[];

/* What the CA shares with the rest; everything is borrowed. */
struct ca_setup {
    const struct ca_config *config;
    const struct accounts *accounts;
    const struct templates *templates;
    const char *host; /* in default CRL and issuer URLs */
    const char *database;
};

struct ca; /* opaque */

/* NULL: X509_PARSE, KEY_PARSE, X509_KEY_MISMATCH, STORE_OPEN, SYS_IO. */
struct ca *ca_open(const struct ca_setup *setup, struct err *e);
void ca_close(struct ca *ca);
/* Its database is not synced to disk any more: for comparison only. -1 STORE_SQL. */
int ca_never_sync(struct ca *ca, struct err *e);

/* A request as it came from the form: CSR in any shape of 1.4, attribute lines. Fills the row (id
 * 0: refused before a row was made, status says why). -1 only when the CA itself failed (STORE_SQL,
 * X509_ISSUE). The certificate is durable when this returns. */
struct ca_submission {
    const struct user *user;
    struct bytes request;
    struct bytes attributes;
};
int ca_submit(struct ca *ca, const struct ca_submission *submission, struct store_row *row,
              struct err *e);

/* The row of an id, as that user may see it; an approved request is issued now. -1 STORE_NOT_FOUND;
 * CSR_POLICY: another's request and own_requests_only; STORE_SQL. */
int ca_retrieve(struct ca *ca, const struct user *user, int64_t id, struct store_row *row,
                struct err *e);

unsigned ca_renewals(const struct ca *ca); /* index of the newest generation */

/* The generation that signed a certificate with that serial number (hex), as Renewal number. */
int64_t ca_generation_of(const char *serial);

/* Puts the certificate that the CA would have issued for a fresh key of the same kind in place of
 * the one in der. No row is made. -1 X509_PARSE, KEY_GENERATE, X509_ISSUE. */
int ca_change_key(const struct ca *ca, struct buf *der, struct err *e);

/* Appends DER. renewal -1: the newest. -1 STORE_NOT_FOUND: no such generation. */
int ca_put_certificate(const struct ca *ca, int64_t renewal, struct buf *out, struct err *e);
/* PKCS#7 of leaf (DER; len 0: none), the CA certificate and what is above. */
int ca_put_chain(const struct ca *ca, int64_t renewal, struct bytes leaf, struct buf *out,
                 struct err *e);
/* Base CRL, signed now. -1 STORE_NOT_FOUND also without a key of that generation. */
int ca_put_crl(struct ca *ca, int64_t renewal, struct buf *out, struct err *e);

#endif
