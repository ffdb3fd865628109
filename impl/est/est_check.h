/* Checks of an EST server on certificates and requests, free of HTTP. */
#ifndef EST_EST_CHECK_H
#define EST_EST_CHECK_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/owned.h"
#include <stdbool.h>

/* The client's certificate, verified up to trust (NULL: nothing is trusted), whose intermediates
 * may stand in trust too; its extensions must allow TLS client authentication or name an RA (RFC
 * 7030 section 3.3.2). Caller frees. NULL X509_*. */
X509 *est_check_client(struct bytes der, const X509_STACK *trust, struct err *e);

/* Whether the certificate names id-kp-cmcRA, the mark of an RA (RFC 6402 section 2.10): for it
 * proof-of-possession linking and the names of a re-enrolment are not checked (RFC 7030 3.7). */
bool est_is_ra(X509 *certificate);

/* Whether the request carries a challengePassword; when it does, it must be the base64 of
 * tls_unique (base64; NULL: TLS 1.3, where there is none). -1 EST_POP. */
int est_check_link(X509_REQ *request, const char *tls_unique, bool *present, struct err *e);

/* Subject and subjectAltName of the request equal those of the certificate being renewed (RFC 7030
 * section 4.2.2). -1 CSR_POLICY. */
int est_check_names(X509_REQ *request, X509 *certificate, struct err *e);

/* Appends CsrAttrs: those of own (DER, or empty) and, when link is true, challengePassword unless
 * it is there. -1 EST_BAD_RESPONSE: own is not a SEQUENCE. */
int est_put_csrattrs(struct bytes own, bool link, struct buf *out, struct err *e);

#endif
