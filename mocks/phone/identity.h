/* The phone's certificates and keys: MIC, LSC, and where a new key comes from. */
#ifndef PHONE_IDENTITY_H
#define PHONE_IDENTITY_H

#include "base/err.h"
#include "base/owned.h"
#include "base/x509.h"
#include "mocks/phone/phone_config.h"
#include <stdbool.h>

struct identity {
    X509 *certificate;
    EVP_PKEY *key;
};

void identity_free(struct identity *i);
bool identity_present(const struct identity *i);

/* Reads a configured pair; a pair that is not configured, and an LSC whose file is not there, is
 * empty and no error. Completes an installation that was cut short (identity_store). -1 X509_PARSE,
 * KEY_PARSE, X509_KEY_MISMATCH. */
int identity_load(struct identity *i, const struct phone_files *files, struct err *e);

/* Makes the pair the phone's LSC: *i takes over certificate and key, also on failure. When files
 * are configured they are replaced so that whoever reads them with identity_load, at any moment and
 * after any crash, finds the old pair or the new one. -1 SYS_IO, and *i is then as before. */
int identity_store(struct identity *i, X509 *certificate, EVP_PKEY *key,
                   const struct phone_files *files, struct err *e);

/* Removes the LSC and its files. -1 SYS_IO. */
int identity_delete(struct identity *i, const struct phone_files *files, struct err *e);

/* A key as asked for: the ready one or that in the phone's key_file when there is one and kind and
 * bits fit, else a new one (which takes its time). Caller frees. NULL KEY_UNSUPPORTED,
 * KEY_GENERATE, KEY_PARSE. */
EVP_PKEY *identity_new_key(const struct phone_config *c, enum key_kind kind, unsigned bits,
                           struct err *e);

#endif
