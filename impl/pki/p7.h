/* PKCS#7 certs-only messages (degenerate SignedData; RFC 5272 section 4.1, RFC 7030 4.1.3). */
#ifndef PKI_P7_H
#define PKI_P7_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/owned.h"

enum { P7_MAX = 256 * 1024 };

/* Appends DER. -1 X509_ISSUE. */
int p7_put(const X509_STACK *certificates, struct buf *out, struct err *e);

/* DER, PEM (label PKCS7 or CERTIFICATE: IIS uses the latter, certsrv.md 1.6) or bare base64. All
 * certificates in the message's order; caller frees. NULL B64_PARSE, PKCS7_PARSE, PKCS7_EMPTY. */
X509_STACK *p7_read(struct bytes body, struct err *e);

#endif
