/* What ca.c and ca_publish.c share. */
#ifndef MOCKS_CERTSRV_CA_INTERNAL_H
#define MOCKS_CERTSRV_CA_INTERNAL_H

#include "mocks/certsrv/ca.h"

enum { CA_GENERATIONS_MAX = 16 };

struct ca_generation {
    X509 *certificate;
    EVP_PKEY *key; /* NULL: no CRL */
};

struct ca {
    struct ca_setup setup;
    struct store *store;
    struct ca_generation generations[CA_GENERATIONS_MAX];
    unsigned count;
    X509_STACK *chain; /* NULL: self-signed */
};

/* The generation that a Renewal number means; NULL STORE_NOT_FOUND. */
const struct ca_generation *ca_generation(const struct ca *ca, int64_t renewal, struct err *e);

#endif
