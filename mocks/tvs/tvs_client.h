/* The phone's side of TVS (tvs-protocol.md 1 and 7): asks a list of servers, one after the other,
 * whether a certificate is to be trusted. One client is one phone.
 *
 * Requests are answered in the order in which they were made, one at a time, over one connection
 * that is opened when first needed and kept; when the server has closed it meanwhile, it is opened
 * again. A server that cannot be reached, is not trusted, is silent, or answers what was not asked
 * is left for the next one of the list, and for this request not asked again; when none is left,
 * the request has failed. Ids count from 1001. Nothing blocks, nothing is cached. */
#ifndef MOCKS_TVS_TVS_CLIENT_H
#define MOCKS_TVS_TVS_CLIENT_H

#include "base/resolver.h"
#include "mocks/tvs/tvs_wire.h"
#include <event2/event.h>
#include <openssl/ssl.h>

enum { TVS_SERVERS_MAX = 5 }; /* members of the configuration file (tvs-protocol.md 1) */

struct tvs_member {
    int priority; /* the lowest is asked first; equal ones in the order of the list */
    const char *host;
    uint16_t port;   /* 0: 2445 */
    const char *via; /* "HOST:PORT" to connect to instead (host resolved too); NULL: host:port */
};

/* What happens on the way, for the phone's console. text is "" or why. */
enum tvs_step {
    TVS_RESOLVED,   /* text: the address */
    TVS_UNRESOLVED, /* text: the resolver's */
    TVS_CONNECTED,  /* TLS is up and the server's certificate was accepted */
    TVS_ASKED,      /* text: the request's name in the log */
    TVS_ANSWERED,   /* text: the answer's name in the log */
    TVS_LEFT        /* this server is given up for this request */
};

struct tvs_client_options {
    struct event_base *loop;
    struct resolver *resolver;
    const struct tvs_member *members; /* copied; more than TVS_SERVERS_MAX are ignored */
    size_t member_count;
    const char *device; /* "CP-8861-SEPB000B4BA0AEE"; copied */
    /* What the phone shows when the server asks: its LSC, else its MIC. References are taken. */
    X509 *certificate; /* NULL: none */
    EVP_PKEY *key;
    bool legacy_tls;            /* 7900 series: TLS 1.0 */
    int64_t connect_timeout_us; /* component time: look-up, TCP and TLS of one server */
    int64_t answer_timeout_us;  /* component time: from the request to the whole answer */
    /* Whether the certificate that the server shows (DER, valid during the call) is one that the
     * phone has a TVS record for; called in the handshake, so that a no is an alert. NULL: all
     * are. Must not free the client. */
    bool (*trusts)(void *user, struct bytes der);
    /* NULL: nobody is told. Must not free the client. */
    void (*tell)(void *user, enum tvs_step step, const struct tvs_member *server, const char *text);
    void *user;
};

/* An answer; views are valid during the callback. */
struct tvs_result {
    const struct tvs_member *server; /* who said so */
    bool valid;                      /* status 0: verified, or found */
    uint32_t status;
    struct bytes roles;       /* of a yes, one byte each; see tvs_has_role */
    uint32_t ttl;             /* seconds for which a yes may be kept; 0 when absent */
    struct bytes certificate; /* of a QUERY's yes: DER, compared with the request; else empty */
};

/* Exactly once for each request, unless tvs_client_free comes first; never before the call that
 * made the request returns. r NULL: nobody answered; e then is the last server's error:
 *   DNS_*, TCP_*, TLS_HANDSHAKE   no connection
 *   TLS_UNTRUSTED                 trusts() said no
 *   SYS_TIMEOUT                   no connection, or no whole answer, in time
 *   TCP_CLOSED, TCP_RESET         the connection ended before the answer
 *   TVS_FRAME, TVS_ELEMENT, TVS_DUPLICATE_ELEMENT, TVS_MISSING_ELEMENT   what came is no message
 *   TVS_ANSWER                    an answer for another request: another id or command, or a
 *                                 certificate with another subject, issuer or serial
 *   CONFIG_MISSING                the list of servers is empty
 * A server that says no has answered: r->valid is false, and no other server is asked. The callback
 * may make requests and may free the client. */
typedef void tvs_done_fn(void *user, const struct tvs_result *r, const struct err *e);

/* NULL: TLS_CONFIG, SYS_NOMEM. */
struct tvs_client *tvs_client_new(const struct tvs_client_options *options, struct err *e);
/* Requests under way are dropped; their callbacks are not called. */
void tvs_client_free(struct tvs_client *c);

/* Is this certificate (DER) trusted, and for what? Copies der. -1 SYS_NOMEM, SYS_LIMIT (too many
 * requests wait, or the certificate does not fit into a message); done is not called then. */
int tvs_client_verify(struct tvs_client *c, struct bytes der, tvs_done_fn *done, void *user,
                      struct err *e);

/* The certificate with this subject, issuer and serial, as the signer is named in a signed file's
 * header: names in either form ("CN=a;OU=b" or "CN=a,OU=b"), serial big-endian, leading zeros do
 * not count. Copies all. -1 as above. */
int tvs_client_query(struct tvs_client *c, const char *subject, const char *issuer,
                     struct bytes serial, tvs_done_fn *done, void *user, struct err *e);

#endif
