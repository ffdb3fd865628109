/* The inside of the HTTP server, shared by its own files only. */
#ifndef BASE_HTTP_SERVER_IMPL_H
#define BASE_HTTP_SERVER_IMPL_H

#include "base/admission.h"
#include "base/http_server.h"
#include "base/process.h"
#include "base/slack.h"
#include "base/workers.h"
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/queue.h>

enum { REPLY_HEADERS_MAX = 24 };

/* One accepted TCP connection. */
struct http_connection {
    struct http_server *server;
    uint64_t id;
    void *user;
    struct http_request *request; /* the one being read or answered */
    char peer[INET6_ADDRSTRLEN];
    uint16_t peer_port;
    int fd;
    bool hung_up; /* the peer ended its side; libmicrohttpd has not been told */
    LIST_ENTRY(http_connection) hangup;
    void *session;  /* gnutls_session_t; NULL without TLS */
    bool buffering; /* may hold deciphered bytes */
    LIST_ENTRY(http_connection) buffered;
    enum http_phase phase; /* what it has to end in time, while it stands in a line */
    bool in_line;
    int64_t due_us;
    TAILQ_ENTRY(http_connection) line;
    struct admission_peer address;
    bool admitted; /* counted by the server's admission */
};
TAILQ_HEAD(connection_line, http_connection);
LIST_HEAD(connection_list, http_connection);

struct reply_header {
    char *name;
    char *value;
};

struct http_request {
    struct http_server *server;
    struct http_connection *connection;
    struct MHD_Connection *mhd;
    char *method;
    char *path;
    char *query;
    struct buf body;
    uint64_t drained; /* body bytes thrown away */
    int64_t start_us;
    void *user;
    struct reply_header headers[REPLY_HEADERS_MAX];
    size_t header_count;
    struct MHD_Response *response;
    unsigned status;
    bool begun;     /* the head of the request was seen */
    bool too_large; /* the body */
    bool handed;    /* the handler has it */
    bool replied;
    bool held; /* no answer will come: ends with the peer */
    bool suspended;
    LIST_ENTRY(http_request) link; /* while suspended */
};
LIST_HEAD(request_list, http_request);

struct http_server {
    struct event_base *loop;
    struct http_server_callbacks callbacks;
    size_t body_max;
    bool request_client_certificate;
    bool tls;
    void *credentials; /* gnutls_certificate_credentials_t; NULL without TLS */
    struct MHD_Daemon *daemon;
    struct event *readable; /* libmicrohttpd's epoll descriptor */
    struct event *timer;
    bool running; /* inside MHD_run */
    char *address;
    struct worker_intake *intake; /* of a worker; NULL: libmicrohttpd listens */
    unsigned open, open_max;      /* connections; counted for the intake */
    uint64_t connections;
    struct slack *slack;
    struct request_list suspended;
    int hangup_fd; /* epoll descriptor of http_server_hangup.c */
    struct event *hangup;
    struct connection_list hangups;
    struct connection_list buffering;
    struct connection_line shaking, asking; /* http_server_deadline.c */
    int64_t handshake_timeout_us, request_timeout_us;
    struct timer *deadline; /* of the first in these lines */
    bool armed;
    struct admission *admission; /* places for each address */
    bool starved, resting;       /* no descriptor was left for a connection */
    uint64_t progress;           /* counts bytes moved under TLS and callbacks made */
    uint64_t progress_before;
    size_t pending_before;
    bool room;                  /* a connection ended since the last run */
    unsigned still;             /* runs in which nothing moved */
    char message[ERR_TEXT_MAX]; /* last words of libmicrohttpd */
};

/* http_server_loop.c */
int server_loop_init(struct http_server *s, struct err *e);
void server_loop_free(struct http_server *s);
void server_loop_kick(struct http_server *s); /* libmicrohttpd has something to do soon */

/* http_server_worker.c: connections from the supervisor in place of a listening socket. */
int server_worker_init(struct http_server *s, struct err *e);
void server_worker_free(struct http_server *s);
void server_worker_opened(struct http_server *s);
void server_worker_closed(struct http_server *s);

/* http_server_hangup.c */
int server_hangup_init(struct http_server *s, struct err *e);
void server_hangup_free(struct http_server *s);
void server_hangup_watch(struct http_server *s, struct http_connection *c);
void server_hangup_forget(struct http_server *s, struct http_connection *c);
void server_hangup_pass(struct http_server *s); /* after libmicrohttpd ran */

/* http_server_deadline.c */
int server_deadline_init(struct http_server *s, const struct http_server_options *o, struct err *e);
void server_deadline_free(struct http_server *s);
void server_deadline_open(struct http_connection *c);
void server_deadline_start(struct http_connection *c, enum http_phase phase);
void server_deadline_stop(struct http_connection *c);
enum MHD_Result server_on_address(void *server, const struct sockaddr *address, socklen_t len);

/* http_server_transport.c */
void server_transport_watch(struct http_connection *c, void *session);
void server_transport_forget(struct http_connection *c);
bool server_transport_moved(struct http_server *s); /* since the last call */

/* http_server_request.c: callbacks of libmicrohttpd. */
void *server_on_uri(void *server, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result server_on_access(void *server, struct MHD_Connection *mhd, const char *url,
                                 const char *method, const char *version, const char *data,
                                 size_t *size, void **request);
void server_on_completed(void *server, struct MHD_Connection *mhd, void **request,
                         enum MHD_RequestTerminationCode how);
void server_on_connection(void *server, struct MHD_Connection *mhd, void **connection,
                          enum MHD_ConnectionNotificationCode how);

/* http_server_reply.c: hands the ready answer to libmicrohttpd; MHD_NO closes. */
enum MHD_Result server_send_reply(struct http_request *r);
void server_reply_free(struct http_request *r);

/* http_server_key.c: credentials from a PEM chain and its key, for every connection. -1 TLS_CONFIG.
 * Free when libmicrohttpd has ended. */
int server_key_read(struct http_server *s, const struct buf *chain_pem, const struct buf *key_pem,
                    struct err *e);
void server_key_free(struct http_server *s);

/* http_server_tls.c */
void server_tls_connection(struct http_connection *c, struct MHD_Connection *mhd);

#endif
