/* SubjectPublicKeyInfo of what is being made: requests and certificates that are only to be
 * encoded.
 */
#ifndef PKI_PUBKEY_H
#define PKI_PUBKEY_H

#include "base/err.h"
#include "base/owned.h"

/* Sets into to key's SubjectPublicKeyInfo. Unlike X509_PUBKEY_set it does not decode what it has
 * just encoded, which takes longer than all the rest: X509_get0_pubkey of the owner gives NULL.
 * -1 X509_ISSUE. */
int pubkey_set_encoded(X509_PUBKEY *into, EVP_PKEY *key, struct err *e);

#endif
