/* Who sends this request: HTTP Basic, NTLM, and Negotiate carrying NTLM, with the state that NTLM
 * keeps on the TCP connection. Facts: protocol/certsrv.md 3. */
#ifndef MOCKS_CERTSRV_AUTH_H
#define MOCKS_CERTSRV_AUTH_H

#include "base/bytes.h"
#include "mocks/certsrv/accounts.h"
#include "mocks/certsrv/ntlm.h"

#define AUTH_SCHEME_TABLE(X)                                                                       \
    X(NEGOTIATE, "Negotiate", "negotiate")                                                         \
    X(NTLM, "NTLM", "ntlm")                                                                        \
    X(BASIC, "Basic", "basic")
enum auth_scheme {
#define AUTH_SCHEME_ENUM(name, token, word) AUTH_##name,
    AUTH_SCHEME_TABLE(AUTH_SCHEME_ENUM)
#undef AUTH_SCHEME_ENUM
        AUTH_SCHEME_COUNT
};

struct auth_policy {
    enum auth_scheme offered[AUTH_SCHEME_COUNT]; /* in the order of the WWW-Authenticate lines */
    size_t offered_count;
    const char *realm; /* of Basic */
    const struct accounts *accounts;
    struct ntlm_names names;
    enum ntlm_epa epa;
    uint8_t binding[NTLM_HASH_LEN]; /* of our certificate */
    bool per_request;               /* authPersistSingleRequest: a logon counts for one request */
};

/* Adds the scheme of that word ("negotiate"). -1 CONFIG_BAD_VALUE: unknown or given twice. */
int auth_offer(struct auth_policy *policy, const char *word, struct err *e);

/* State of one TCP connection. Zeroed: nobody logged on, no challenge out. */
struct auth_connection {
    bool challenged;
    uint8_t challenge[NTLM_CHALLENGE_LEN];
    const struct user *user; /* logged on by NTLM; belongs to the accounts */
};

/* What the request was for the logon. */
enum auth_step { AUTH_ANONYMOUS, AUTH_TYPE1, AUTH_TYPE3, AUTH_PLAIN, AUTH_SESSION, AUTH_NONSENSE };

struct auth_result {
    enum auth_step step;
    const struct user *user; /* NULL: answer 401 */
    char *log_name;          /* "MICHAMEN\ciscora"; NULL: "-". Owned */
    unsigned substatus;      /* of the 401 */
    uint32_t win32;
    bool offer_all;    /* 401 with every scheme; else only with header */
    struct buf header; /* one WWW-Authenticate value for the answer; may be empty */
};
void auth_result_free(struct auth_result *r);

/* Judges the Authorization header (NULL: none) of a request on that connection. -1 SYS_*: the
 * server failed. Free *out either way. */
int auth_request(const struct auth_policy *policy, struct auth_connection *connection,
                 const char *authorization, struct auth_result *out, struct err *e);

/* The WWW-Authenticate value that offers the scheme, appended. */
void auth_put_offer(const struct auth_policy *policy, enum auth_scheme scheme, struct buf *out);

#endif
