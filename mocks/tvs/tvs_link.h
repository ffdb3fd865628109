/* One connection of a phone to one TVS server: look-up, TCP, TLS, whole frames. Knows nothing of
 * what is asked, and of no other server. Internal to the client. */
#ifndef MOCKS_TVS_TVS_LINK_H
#define MOCKS_TVS_TVS_LINK_H

#include "mocks/tvs/tvs_client.h"

struct tvs_link; /* opaque */

/* What the owner is told, from the event loop; resolved possibly before tvs_link_open returns. Each
 * but resolved may close the link. Behind failed there is nothing more. */
struct tvs_link_owner {
    void (*resolved)(void *user, const char *address, const struct err *e); /* NULL: it was not */
    void (*open)(void *user);
    void (*frame)(void *user, struct bytes frame); /* one that tvs_frame_length liked */
    void (*failed)(void *user, const struct err *e);
    void *user;
};

/* What is needed for any link; must outlive it. */
struct tvs_link_setup {
    struct event_base *loop;
    struct resolver *resolver;
    SSL_CTX *tls; /* of tvs_link_tls */
    X509 *certificate;
    EVP_PKEY *key;
    bool (*trusts)(void *user, struct bytes der);
    void *user; /* of trusts */
};

/* A context whose links ask trusts(). Caller frees. NULL TLS_CONFIG. */
SSL_CTX *tvs_link_tls(bool legacy, struct err *e);

/* server must outlive the link. NULL SYS_NOMEM, TLS_CONFIG, ARG_USAGE (a malformed via). */
struct tvs_link *tvs_link_open(const struct tvs_link_setup *setup, const struct tvs_member *server,
                               const struct tvs_link_owner *owner, struct err *e);
void tvs_link_close(struct tvs_link *l); /* NULL allowed; nothing is told any more */

/* Sends octets in one piece; only when open. */
void tvs_link_send(struct tvs_link *l, struct bytes octets);

#endif
