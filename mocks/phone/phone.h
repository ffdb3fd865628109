/* One simulated phone: with file servers its boot (trust lists, configuration), then its CAPF
 * session from the look-up of the server's name to the status message on its screen, then the reset
 * and the next boot (capf-protocol.md 7, phone-behaviour.md). */
#ifndef PHONE_PHONE_H
#define PHONE_PHONE_H

#include "base/err.h"
#include "base/owned.h"
#include "mocks/phone/phone_config.h"
#include <event2/event.h>
#include <jansson.h>
#include <stdbool.h>

/* How a session ended. X(OUTCOME, word in the result, success, communication failure that is tried
 * again, status message or NULL): the messages are those of phone-behaviour.md 6.2 */
#define PHONE_OUTCOME_TABLE(X)                                                                     \
    X(INSTALLED, "installed", true, false, "LSC: Installed")                                       \
    X(DELETED, "deleted", true, false, NULL)                                                       \
    X(FETCHED, "fetched", true, false, NULL)                                                       \
    X(NOTHING, "nothing", true, false, NULL)                                                       \
    X(WAITING, "waiting-for-user", true, false, NULL)                                              \
    X(REFUSED, "refused", false, false, "LSC: Failed")                                             \
    X(UNKNOWN_DEVICE, "unknown-device", false, false, "LSC: Failed")                               \
    X(FAILED, "failed", false, false, "LSC: Failed")                                               \
    X(PROTOCOL_ERROR, "protocol-error", false, false, "LSC: Failed")                               \
    X(RETRY_LATER, "retry-later", false, true, NULL)                                               \
    X(NO_SERVER, "no-capf-server", false, false, "No valid CAPF server")                           \
    X(NO_CONFIGURATION, "no-configuration", false, false, NULL)                                    \
    X(NO_CERTIFICATE, "no-certificate", false, false, "LSC: Connection failed")                    \
    X(CONNECTION_FAILED, "connection-failed", false, true, "LSC: Connection failed")               \
    X(CONNECTION_LOST, "connection-lost", false, true, "LSC: Connection failed")                   \
    X(TIMEOUT, "timeout", false, true, "LSC: Connection failed")

enum phone_outcome {
#define X(outcome, word, success, again, status) PHONE_##outcome,
    PHONE_OUTCOME_TABLE(X)
#undef X
};
const char *phone_outcome_word(enum phone_outcome outcome);
bool phone_outcome_success(enum phone_outcome outcome);

/* What CAPF asked for. X(OPERATION, word) */
#define PHONE_OPERATION_TABLE(X)                                                                   \
    X(NONE, "none")                                                                                \
    X(INSTALL, "install")                                                                          \
    X(DELETE, "delete")                                                                            \
    X(FETCH, "fetch")
enum phone_operation {
#define X(operation, word) PHONE_OPERATION_##operation,
    PHONE_OPERATION_TABLE(X)
#undef X
};

struct resolver;
struct phone; /* opaque */

/* What all phones of a process share; borrowed by each. */
struct http_client;
struct phone_shared {
    struct event_base *loop;
    struct resolver *resolver;
    const char *dns_server;   /* HOST[:PORT] for the log; NULL: names come from a table */
    struct http_client *http; /* NULL: no phone has file servers */
    SSL_CTX *tls;             /* made by phone_tls_context(false) */
    SSL_CTX *legacy_tls;      /* made by phone_tls_context(true) */
    X509 *trusted;            /* CAPF's, instead of every phone's own file; NULL: none */
};

/* A client context that compares the server's certificate with the phone's trusted one during the
 * handshake and refuses others with an alert. Caller frees. NULL TLS_CONFIG. */
SSL_CTX *phone_tls_context(bool legacy, struct err *e);

typedef void phone_done_fn(struct phone *phone, void *user);

/* Opens the log, reads certificates and keys. config must outlive the phone. Caller frees. NULL
 * with e set. */
struct phone *phone_new(const struct phone_shared *shared, const struct phone_config *config,
                        struct err *e);
void phone_free(struct phone *phone); /* also in the middle of a session */

/* Runs boots, sessions and their retries; done is called once, possibly before this returns. */
void phone_start(struct phone *phone, phone_done_fn *done, void *user);

/* After done. */
enum phone_outcome phone_outcome(const struct phone *phone);

/* After done: {"device":"SEP...","result":"installed","operation":"install","status":["LSC:
 * Installed"],"lsc":"Installed","reason":1,"attempts":1,"error":null,"detail":null,"boots":1,
 * "trust":"ITL installed","files":[{"name":"ITLFile.tlv","result":"found","by":"http"}]}.
 * status: the last 30, in order; reason: that of END_SESSION or null; error: the code of what went
 * wrong; attempts: connections to CAPF; result and operation: those of the session that made the
 * phone reset, when all went well after it; trust: null for a phone without file servers. Caller
 * owns the reference. */
json_t *phone_result(const struct phone *phone);

#endif
