/* What the CA decides about a request, in the order of protocol/certsrv.md 5.3. It decides only:
 * mint.c makes the certificate, ca.c keeps the books. */
#ifndef MOCKS_CERTSRV_POLICY_H
#define MOCKS_CERTSRV_POLICY_H

#include "base/owned.h"
#include "mocks/certsrv/attributes.h"
#include "mocks/certsrv/store.h"
#include "mocks/certsrv/template.h"

struct policy_request {
    X509_REQ *request;
    const struct attributes *attributes;
    const struct user *user;
};

struct verdict {
    enum disposition disposition;    /* ISSUED: to be signed; PENDING, DENIED, FAILED */
    uint32_t status;                 /* HRESULT */
    const struct template *template; /* NULL when none was resolved */
    char message[STORE_TEXT_MAX];    /* disposition message as the pages show it */
};

void policy_decide(const struct templates *templates, const struct policy_request *request,
                   struct verdict *out);

/* The verdict about bytes that are no request: bad tag, or the end came too early. */
void policy_unreadable(struct bytes der, struct verdict *out);

/* Whether an RDN type is kept in subjects (SubjectTemplate of a CA's registry). */
bool policy_keeps_rdn(int nid);

/* The Subject Alternative Name that the request itself carries; NULL when there is none. Caller
 * frees with sk_GENERAL_NAME_pop_free. */
GENERAL_NAMES *policy_request_san(X509_REQ *request);

#endif
