/* NTLMv2 acceptor: reads NEGOTIATE and AUTHENTICATE, writes CHALLENGE, checks the proof and the
 * channel binding. Message layouts: MS-NLMP 2.2; what clients send: protocol/certsrv.md 8.3.
 * Messages are raw (no base64, no SPNEGO). NTLMv1 is refused. A MIC is accepted and ignored. */
#ifndef MOCKS_CERTSRV_NTLM_H
#define MOCKS_CERTSRV_NTLM_H

#include "base/bytes.h"
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    NTLM_MESSAGE_MAX = 16 * 1024,
    NTLM_CHALLENGE_LEN = 8,
    NTLM_HASH_LEN = 16, /* NT hash, proof, channel binding */
    NTLM_NAME_MAX = 1024
};

enum ntlm_kind { NTLM_OTHER = 0, NTLM_NEGOTIATE = 1, NTLM_CHALLENGE = 2, NTLM_AUTHENTICATE = 3 };

/* What the token is, by signature and type number only. */
enum ntlm_kind ntlm_kind(struct bytes message);

/* How the server calls itself; UTF-8, borrowed. forest may be NULL. */
struct ntlm_names {
    const char *netbios_domain;
    const char *netbios_computer;
    const char *dns_domain;
    const char *dns_computer;
    const char *forest;
};

/* -1 NTLM_MESSAGE. 16 bytes suffice: curl's message has 32, SSPI's 40. */
int ntlm_read_negotiate(struct bytes message, uint32_t *flags, struct err *e);

/* Appends the answer to a NEGOTIATE with client_flags. wall_us: component time (AV pair 7).
 * -1 NTLM_MESSAGE when a name is not UTF-8, SYS_LIMIT when out is full. */
int ntlm_put_challenge(const struct ntlm_names *names, uint32_t client_flags,
                       const uint8_t challenge[NTLM_CHALLENGE_LEN], int64_t wall_us,
                       struct buf *out, struct err *e);

struct ntlm_authenticate {
    char *user, *domain, *workstation; /* UTF-8, owned; never NULL after a successful read */
    struct buf identity;               /* UTF-16LE upper(user) + domain as sent: what is hashed */
    struct bytes nt_response;          /* view into the message */
    uint32_t flags;
};

/* The message must outlive *out. -1 NTLM_MESSAGE. Free *out either way. */
int ntlm_read_authenticate(struct bytes message, struct ntlm_authenticate *out, struct err *e);
void ntlm_authenticate_free(struct ntlm_authenticate *a);

/* -1 NTLM_LOGON: wrong password, NTLMv1, anonymous; NTLM_MESSAGE: malformed response. */
int ntlm_check_proof(const struct ntlm_authenticate *a, const uint8_t challenge[NTLM_CHALLENGE_LEN],
                     const char *password, struct err *e);

/* Extended protection (protocol/certsrv.md 3.5). */
enum ntlm_epa { NTLM_EPA_NONE, NTLM_EPA_ACCEPT, NTLM_EPA_REQUIRE };

/* expected: ntlm_channel_binding() of our certificate. -1 NTLM_BINDINGS, NTLM_MESSAGE; NTLM_LOGON:
 * no NTLMv2 response that could carry one. */
int ntlm_check_binding(const struct ntlm_authenticate *a, enum ntlm_epa epa,
                       const uint8_t expected[NTLM_HASH_LEN], struct err *e);

/* MD5 over gss_channel_bindings with tls-server-end-point and that certificate hash (RFC 5929 4).
 * -1 SYS_INTERNAL. */
int ntlm_channel_binding(struct bytes certificate_hash, uint8_t out[NTLM_HASH_LEN], struct err *e);

/* The steps of the proof, apart for the vectors: -1 NTLM_LOGON (password not UTF-8), SYS_INTERNAL.
 */
int ntlm_nt_hash(const char *password, uint8_t out[NTLM_HASH_LEN], struct err *e);
int ntlm_v2_key(const char *password, struct bytes identity, uint8_t out[NTLM_HASH_LEN],
                struct err *e);
int ntlm_v2_proof(const uint8_t key[NTLM_HASH_LEN], const uint8_t challenge[NTLM_CHALLENGE_LEN],
                  struct bytes blob, uint8_t out[NTLM_HASH_LEN], struct err *e);

#endif
