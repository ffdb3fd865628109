/* MD4 (RFC 1320), which NTLM needs and OpenSSL 3 keeps in its legacy provider only. Never used for
 * anything that has to resist an attacker. */
#ifndef MOCKS_CERTSRV_MD4_H
#define MOCKS_CERTSRV_MD4_H

#include "base/bytes.h"

enum { MD4_LEN = 16 };

void md4(struct bytes message, uint8_t digest[MD4_LEN]);

#endif
