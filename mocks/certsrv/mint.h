/* Making the certificate of a request that the policy let through: subject, validity, serial and
 * extensions as a Windows CA puts them (protocol/certsrv.md 6). */
#ifndef MOCKS_CERTSRV_MINT_H
#define MOCKS_CERTSRV_MINT_H

#include "base/owned.h"
#include "mocks/certsrv/ca.h"

struct mint_request {
    X509_REQ *request;
    const struct attributes *attributes;
    const struct template *template;
    const struct user *user;
    int64_t id;
};

struct mint_ca {
    const struct ca_config *config;
    const struct domain *domain;
    const char *host;
    const X509 *certificate;
    EVP_PKEY *key;
    unsigned index; /* of the generation */
};

/* Caller frees. NULL X509_ISSUE. */
X509 *mint_certificate(const struct mint_ca *ca, const struct mint_request *r, struct err *e);

/* The extensions alone (mint_extensions.c); they live in *set. */
enum { MINT_EXTENSIONS_MAX = 24 };
struct issue_extension;
struct mint_extensions {
    struct issue_extension *items; /* MINT_EXTENSIONS_MAX + 1, ends with {NULL} */
    struct buf values[MINT_EXTENSIONS_MAX];
    char *names[MINT_EXTENSIONS_MAX];
    size_t count;
};
int mint_extensions(const struct mint_ca *ca, const struct mint_request *r,
                    struct mint_extensions *set, struct err *e);
void mint_extensions_free(struct mint_extensions *set);

/* User principal name of the user, appended. */
void mint_put_upn(const struct mint_ca *ca, const struct user *user, struct buf *out);

#endif
