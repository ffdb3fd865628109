/* PKCS#10 certification requests (RFC 2986): read in every shape peers send, verify, match, write.
 */
#ifndef PKI_CSR_H
#define PKI_CSR_H

#include "base/base64.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/owned.h"

enum { CSR_MAX = 32 * 1024 };

/* DER, PEM or base64 in any shape (base/base64.h). Not yet verified. Caller frees. shape may be
 * NULL. NULL B64_PARSE or CSR_PARSE (also for bytes behind the request). */
X509_REQ *csr_read(struct bytes body, struct b64_shape *shape, struct err *e);

/* The signature by the request's own key. -1 CSR_SIGNATURE, KEY_UNSUPPORTED. */
int csr_verify(X509_REQ *request, struct err *e);

/* Whether the request is for that key, by SubjectPublicKeyInfo. -1 CSR_KEY_MISMATCH. */
int csr_match_key(X509_REQ *request, EVP_PKEY *key, struct err *e);

/* Appends the SubjectPublicKeyInfo as the request has it. -1 SYS_LIMIT. */
int csr_put_spki(X509_REQ *request, struct buf *out, struct err *e);

/* Text of the challengePassword attribute, malloc'ed; NULL when there is none. */
char *csr_challenge_password(X509_REQ *request);

/* Appends. */
int csr_put_der(const X509_REQ *request, struct buf *out, struct err *e);
int csr_put_pem(const X509_REQ *request, struct buf *out, struct err *e);

/* What a request asks for, when the signer is not here: the CertificationRequestInfo of a phone's
 * request (capf-protocol.md 10.3 item 4). */
struct csr_template {
    X509_NAME *subject;    /* borrowed */
    EVP_PKEY *key;         /* public half, borrowed */
    const char *san_uri;   /* NULL: none */
    const char *challenge; /* challengePassword; NULL: none */
};
/* Appends the DER of the CertificationRequestInfo. -1 X509_ISSUE. */
int csr_put_info(const struct csr_template *t, struct buf *out, struct err *e);

/* Verifies the signature and appends the request {info, algorithm by key type and digest,
 * signature}. info: of csr_put_info for that key. md: SHA-1 to SHA-512. -1 CSR_SIGNATURE,
 * KEY_UNSUPPORTED, SYS_LIMIT. */
int csr_assemble(struct bytes info, EVP_PKEY *key, const EVP_MD *md, struct bytes signature,
                 struct buf *out, struct err *e);

/* A finished request, signed here with SHA-256. Caller frees. */
X509_REQ *csr_sign(const struct csr_template *t, EVP_PKEY *private_key, struct err *e);

#endif
