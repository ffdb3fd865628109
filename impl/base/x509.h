/* Certificates and keys: read, write, name, compare, verify at the component's time. */
#ifndef BASE_X509_H
#define BASE_X509_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/owned.h"
#include <stdbool.h>
#include <stdint.h>

/* One certificate, DER or PEM (the first block), leading and trailing blanks allowed in PEM.
 * Caller frees. NULL X509_PARSE. DER must be consumed to its end. */
X509 *x509_read(struct bytes der_or_pem, struct err *e);
X509 *x509_read_file(const char *path, struct err *e);

/* All certificates of a PEM file, in order; at least one. Caller frees. */
X509_STACK *x509_read_all_file(const char *path, struct err *e);

/* Appends DER or PEM (LF, 64 columns). -1 X509_PARSE. */
int x509_put_der(const X509 *cert, struct buf *out, struct err *e);
int x509_put_pem(const X509 *cert, struct buf *out, struct err *e);

/* PEM private key, unencrypted. Caller frees. NULL KEY_PARSE; of key_read_pem OpenSSL's queue has
 * the reason. */
EVP_PKEY *key_read_pem(struct bytes pem);
EVP_PKEY *key_read_file(const char *path, struct err *e);
int key_write_file(const char *path, EVP_PKEY *key, struct err *e); /* mode 0600 */

enum key_kind { KEY_RSA, KEY_EC };

/* bits: RSA 512..4096; EC 256, 384 or 521. Caller frees. NULL KEY_UNSUPPORTED or KEY_GENERATE. */
EVP_PKEY *key_generate(enum key_kind kind, unsigned bits, struct err *e);

/* Whether a signature by this key can prove anything: RSA with odd modulus and an odd exponent from
 * 3 up to 64 bits (RFC 8017 3.1; longer ones cost the verifier dearly), EC with a point of a named
 * curve (RFC 5480 2.1.1). Other kinds are not judged. -1 KEY_UNSUPPORTED. */
int key_judge_public(EVP_PKEY *key, struct err *e);

/* Whether it is an EC key on the NIST curve of that many bits: 256, 384 or 521. */
bool key_is_on_curve(const EVP_PKEY *key, unsigned bits);

/* DER SubjectPublicKeyInfo, parsed to its end, judged by key_judge_public. Caller frees. NULL
 * KEY_PARSE, KEY_UNSUPPORTED. */
EVP_PKEY *key_read_spki(struct bytes der, struct err *e);
int key_put_spki(EVP_PKEY *key, struct buf *out, struct err *e);

bool x509_has_key(const X509 *cert, EVP_PKEY *key);

/* Whether one of issuers issued cert: by name and signature. */
bool x509_issued_by_one(X509 *cert, const X509_STACK *issuers);
/* The same by name and key identifier, where both certificates have one: for a hint, never for
 * trust. */
bool x509_names_one(X509 *cert, const X509_STACK *issuers);

/* "/O=Cisco/CN=Cisco Manufacturing CA" as in the CiscoRA logs (seed 1). malloc'ed; caller frees. */
char *x509_name_slashes(const X509_NAME *name);
/* "CN=CAPF-7f0ae8d7,OU=TAC,O=Cisco Systems" (RFC 2253 order). malloc'ed; caller frees. */
char *x509_name_rfc2253(const X509_NAME *name);
/* Last CN as UTF-8, malloc'ed; NULL when there is none or it holds a NUL. */
char *x509_name_cn(const X509_NAME *name);
/* Builds a name from "C=US, O=cisco, OU=tac, CN=CAPF-eb606ac0" in that order; a backslash escapes.
 * Caller frees. NULL X509_ISSUE. */
X509_NAME *x509_name_parse(const char *text, struct err *e);

/* Serial as lower-case hex without separators; malloc'ed. */
char *x509_serial_hex(const X509 *cert);
/* Seconds since 1970 of notBefore and notAfter; -1 X509_PARSE. */
int x509_validity(const X509 *cert, int64_t *not_before, int64_t *not_after, struct err *e);

/* Verifies leaf up to a self-signed certificate of anchors, through any of intermediates (may be
 * NULL), at clock_wall(), any purpose. -1 TLS_* is never used here: X509_CHAIN, X509_NOT_YET_VALID,
 * X509_EXPIRED. */
int x509_verify(X509 *leaf, const X509_STACK *intermediates, const X509_STACK *anchors,
                struct err *e);

#endif
