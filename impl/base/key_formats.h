/* Which encodings of keys OpenSSL searches when it reads or writes one. OpenSSL 3.0 sets a chain of
 * decoders up for every certificate it parses, out of all forty that it has, and that takes six
 * times as long as the parsing; out of the few that a certificate can need it is cheap. */
#ifndef BASE_KEY_FORMATS_H
#define BASE_KEY_FORMATS_H

#include "base/err.h"
#include <openssl/types.h>

/* Leaves the process's default library context with public keys as they stand in certificates, of
 * every kind that can sign, the encodings that this project writes, and the kinds of keys of
 * certificates and TLS; ciphers lose the modes that TLS does not have. For the start of a program,
 * before anything else of OpenSSL; a second call does nothing. -1 SYS_NOMEM: OpenSSL cannot be
 * used.
 */
int key_formats_limit(struct err *e);

/* Where private keys can be read: a library context with every format, NULL (the default one) when
 * nothing was limited. Lives as long as the process. */
OSSL_LIB_CTX *key_formats_all(void);

#endif
