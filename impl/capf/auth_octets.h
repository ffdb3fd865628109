/* What auth.c shares with its neighbours. Internal to authentication. */
#ifndef CAPF_AUTH_OCTETS_H
#define CAPF_AUTH_OCTETS_H

#include "capf/auth.h"

/* RSA: type-1 block of value as it is; EC: ECDSA over value as the hash. Appends. -1
 * KEY_UNSUPPORTED (also when value does not fit into the block), SYS_LIMIT. */
int auth_sign_value(EVP_PKEY *key, struct bytes value, struct buf *signature, struct err *e);

/* A DER certificate, never PEM. Caller frees. NULL X509_PARSE. */
X509 *auth_read_der(struct bytes der, struct err *e);

#endif
