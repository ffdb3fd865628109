/* The CAPF service: its configuration, certificates, store, trace, sessions and enrolments under
 * way, on one event loop. */
#ifndef CAPF_SERVICE_H
#define CAPF_SERVICE_H

#include "base/admission.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/owned.h"
#include "base/process.h"
#include "base/workers.h"
#include "capf/capf_config.h"
#include "capf/roster.h"
#include "capf/store.h"
#include "capf/trace.h"
#include "est/est_client.h"
#include <event2/listener.h>
#include <stdint.h>

/* How a request gets to a CA: the EST client, or whatever stands in its place. request: DER,
 * verified; key: its public key. start returns 0 and calls done exactly once, later; or -1 and
 * never. */
struct capf_enroller {
    int (*start)(void *self, struct bytes request, EVP_PKEY *key, est_done_fn *done, void *user,
                 struct err *e);
    void *self;
};

struct session;
struct online_job;

struct capf_service {
    const struct capf_config *config;
    struct event_base *loop;
    struct resolver *resolver;
    struct store *store;
    struct trace *trace;
    SSL_CTX *tls;
    X509 *certificate; /* the CAPF certificate, issuer of local LSCs */
    EVP_PKEY *key;
    X509_STACK *lsc_trust; /* issuers of LSCs; the CAPF certificate is one of them */
    X509_STACK *mic_trust; /* may be empty, never NULL */
    struct http_client *http;
    struct est_client *est;
    struct capf_enroller enroller;
    struct evconnlistener *listener;
    struct timer *breath; /* until connections are accepted again */
    struct admission *admission;
    struct worker_intake *intake; /* in a worker, instead of the listener */
    char *address;                /* HOST:PORT with the real port */
    struct session *sessions;
    struct roster roster; /* the authenticated ones by device */
    struct online_job *jobs;
    unsigned attempted, accepted; /* connections so far; the number of a session is `accepted` */
    unsigned open;
    struct slack *slack; /* of sessions that ended; NULL in tests that make a service by hand */
};

/* Opens everything and listens. config must outlive the service. enroller NULL: EST as configured.
 * Caller frees. NULL with e set. */
struct capf_service *capf_service_new(const struct capf_config *config, struct event_base *loop,
                                      struct resolver *resolver,
                                      const struct capf_enroller *enroller, const char *listen,
                                      struct err *e);
void capf_service_free(struct capf_service *service);

/* For sessions: one is gone, and maybe most of a crowd. */
void capf_service_session_gone(struct capf_service *service);

/* The newest authenticated session of the device that is not closed, or NULL. */
struct session *capf_service_find(struct capf_service *service, const char *device);

#endif
