/* The little of SPNEGO (RFC 4178) that carries NTLM: unwraps the client's tokens, wraps ours. Raw
 * NTLM inside "Negotiate" needs none of it (protocol/certsrv.md 3.1). */
#ifndef MOCKS_CERTSRV_SPNEGO_H
#define MOCKS_CERTSRV_SPNEGO_H

#include "base/bytes.h"
#include "base/err.h"
#include <stdbool.h>

/* Whether the token is framed as SPNEGO (initial or response); says nothing about its content. */
bool spnego_is(struct bytes token);

struct spnego_token {
    struct bytes mechanism_token; /* view into the token; len 0 when there is none */
    bool offers_ntlm;             /* initial token with NTLM among its mechanisms */
};

/* -1 NTLM_MESSAGE: malformed, or neither carries nor offers anything of ours. */
int spnego_read(struct bytes token, struct spnego_token *out, struct err *e);

enum spnego_state { SPNEGO_COMPLETED = 0, SPNEGO_INCOMPLETE = 1 };

/* Appends a response that names NTLM (only while incomplete) and carries message (len 0: none).
 * -1 SYS_LIMIT. */
int spnego_put(enum spnego_state state, struct bytes message, struct buf *out, struct err *e);

#endif
