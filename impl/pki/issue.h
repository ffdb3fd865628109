/* Making certificates: one way for CAPF's own LSCs, the certsrv mock's CA and the laboratory's
 * servers. A profile says what goes in; nothing is taken from a request unless the caller does so.
 */
#ifndef PKI_ISSUE_H
#define PKI_ISSUE_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/owned.h"
#include <stdbool.h>
#include <stdint.h>

/* One extension in the syntax of openssl's configuration ("critical,CA:FALSE"), or DER when oid. */
struct issue_extension {
    const char *name;  /* "basicConstraints", or a dotted OID when der is set */
    const char *value; /* NULL when der is set */
    struct bytes der;  /* inner value of an own extension */
};

struct issue_request {
    const X509_NAME *subject;
    EVP_PKEY *key;      /* public half */
    const X509 *issuer; /* NULL: self-signed with issuer_key */
    EVP_PKEY *issuer_key;
    struct bytes serial; /* big-endian, positive; empty: 16 random bytes */
    int64_t not_before;  /* seconds since 1970 */
    int64_t not_after;
    const EVP_MD *digest;                     /* NULL: SHA-256 */
    const struct issue_extension *extensions; /* ends with {NULL} */
    bool only_encoded; /* its key is not asked for: X509_get0_pubkey may give NULL */
};

/* Caller frees. NULL X509_ISSUE. */
X509 *issue_certificate(const struct issue_request *request, struct err *e);

/* Profiles, each ends with {NULL}: */
extern const struct issue_extension issue_lsc_extensions[];  /* capf-protocol.md 8.1 */
extern const struct issue_extension issue_capf_extensions[]; /* capf-protocol.md 8.2 */
extern const struct issue_extension issue_ca_extensions[];

#endif
