/* One phone's connection: its TLS stream, its place in the state machine and what it has told so
 * far. Sessions belong to the service and are freed by it or by the end of their connection; the
 * functions of the state table never free one. */
#ifndef CAPF_SESSION_H
#define CAPF_SESSION_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/owned.h"
#include "base/process.h"
#include "capf/service.h"
#include "capf/states.h"
#include "capf/store.h"
#include "capf/wire.h"
#include <event2/bufferevent.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

enum { SESSION_PEER_MAX = INET6_ADDRSTRLEN };

/* What kind of key the phone is asked for. */
struct key_wish {
    bool ec;
    unsigned bits;
};

/* What a session needs of its device's row; of 10,000 waiting phones each keeps this, and none
 * keeps the LSC that it has. */
struct session_device {
    int64_t pkid;
    char name[CAPF_DEVICE_NAME_MAX + 1];
    char model[STORE_MODEL_MAX];
    char auth_string[CAPF_PASSWORD_MAX + 1]; /* secret */
    char finish_by[STORE_FINISH_BY_MAX];
    int operation, auth_mode, key_size, ec_key_size, key_order;
    int no_sign_version;
    int64_t locked_until;
};

struct session {
    struct capf_service *service;
    struct session *next;
    struct session **link; /* what points to this session in the service's list */
    unsigned n;            /* number in the trace and session id on the wire */
    int fd;
    char peer[SESSION_PEER_MAX];
    struct admission_peer from;
    bool admitted; /* counted by the service's admission */
    struct bufferevent *stream;
    struct timer *timer;
    struct buf received; /* not yet parsed; at most one frame and a bit */
    size_t talked;       /* what the messages so far come to */
    enum capf_state state;

    bool named;         /* device.name is known */
    bool authenticated; /* and in the service's roster; set by roster_add */
    LIST_ENTRY(session) namesakes;
    bool closed_by_phone; /* in order, not by a reset; for CAPF_EV_PH_DISC */
    bool auth_req_noted;  /* its event is written once the phone has a name */
    bool has_device;      /* the claim of the device is this worker's */
    bool awaits_device;   /* until another worker gives it up */
    bool awaits_request;  /* until another worker has the CA's answer */
    unsigned version;     /* negotiated */
    struct session_device device;
    X509 *mic; /* a trusted one that the phone proved to have; NULL: none */

    struct key_wish wish;
    unsigned key_requests;
    EVP_PKEY *key;   /* of KEY_GEN_RES or of the open enrolment */
    struct buf spki; /* its SubjectPublicKeyInfo as sent */

    struct buf info;        /* CertificationRequestInfo waiting for the phone's signature */
    const EVP_MD *md;       /* the digest it is signed with */
    struct buf csr;         /* DER of the signed request */
    int64_t enrolment;      /* record in the store; 0: none yet */
    bool offered_first;     /* the certificate is of an earlier session, and no key was asked for */
    struct buf certificate; /* DER, to be stored by the phone */
    int ca_result;          /* of CAPF_EV_CA_CERT_REP: enum capf_result or CA_RESULT_PENDING */

    unsigned fetching; /* enum capf_certificate_type asked for */
    unsigned fetched;  /* how many certificates came */

    enum capf_operation operation; /* the one under way, as it was when the phone came */
    enum capf_result result;       /* of the operation, for OP_DONE and OP_FAILED */
    unsigned end_reason;           /* for END_SESSION */
};

/* Takes over the accepted connection, and counts it with the service's admission. NULL with e set;
 * then fd is closed. */
struct session *session_new(struct capf_service *service, int fd, const char *peer,
                            const struct admission_peer *from, struct err *e);
/* The same over a stream of any kind, not counted, which is taken over also on failure. Unless it
 * is a TLS stream that accepts, CAPF_EV_PH_CONN is for the caller to run. */
struct session *session_over(struct capf_service *service, struct bufferevent *stream,
                             const char *peer, struct err *e);
void session_free(struct session *s);

/* Sends m (type and elements; the session id is set here) with one write; traces and notes it. A
 * message that cannot be written ends the session. */
void session_send(struct session *s, struct capf_message *m);

/* Sends END_SESSION with s->end_reason and closes the writing side; what the phone still sends is
 * dropped until it closes too. */
void session_end(struct session *s);
/* Gives the connection up without a message. */
void session_drop(struct session *s);

/* Starts the timer that fits the state. */
void session_arm(struct session *s);

/* "N:DEVICE:TEXT" into the trace; UNKNOWN before the name is known. */
void session_trace(struct session *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Sets the result and returns CAPF_EV_OP_FAILED, so that a state_fn can say `return
 * session_fail(s, CAPF_OP_..., "why")`. The text goes to the trace. */
enum capf_event session_fail(struct session *s, enum capf_result result, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
