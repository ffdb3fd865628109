/* What every daemon shares: event loop, signals, readiness, clock, randomness, resolver, events
 * file.
 *
 * One thread around one event_base; nothing blocks. SIGTERM and SIGINT end process_run() cleanly.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include "base/clock_sync.h"
#include "base/config.h"
#include "base/err.h"
#include <event2/event.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* The "process:" block of every component's configuration file. */
struct process_config {
    char *actor;             /* name in events.ndjson */
    char *events;            /* path of events.ndjson; NULL: none */
    int64_t clock_offset_us; /* may be negative */
    double clock_rate;
    char *seed;                     /* NULL: the system's randomness */
    struct cfg_strings dns_servers; /* HOST[:PORT]; none: the system's */
    struct cfg_pairs hosts;         /* name: address, asked before DNS */
    struct clock_sync_config ntp;
};
extern const struct cfg_field process_fields[];

/* The options of every daemon; value pointers refer to the struct, so that a program can put them
 * into its own table with PROCESS_OPTIONS(&o). */
struct process_options {
    const char *config;
    const char *listen;
    int64_t ready_fd; /* -1: none */
    bool die_with_parent;
};
#define PROCESS_OPTIONS_INIT                                                                       \
    { .ready_fd = -1 }
#define PROCESS_OPTIONS(o)                                                                         \
    {"config", 'c', OPT_STRING, &(o)->config, "FILE", "configuration (YAML)"},                     \
        {"listen",     'l',         OPT_STRING,                                                    \
         &(o)->listen, "HOST:PORT", "address to serve on; port 0 picks one"},                      \
        {"ready-fd", 0,                                                                            \
         OPT_INT,    &(o)->ready_fd,                                                               \
         "N",        "write one JSON line to this descriptor when requests will be answered"},     \
    {                                                                                              \
        "die-with-parent", 0, OPT_FLAG, &(o)->die_with_parent, NULL,                               \
            "end when the parent process ends"                                                     \
    }

struct process; /* opaque */
struct resolver;

/* Applies config and options. With an NTP server, returns when the clock is set or the attempt has
 * failed, which ntp.timeout bounds; nothing is served before. config must outlive the process.
 * Caller frees with process_free. NULL with e set. */
struct process *process_new(const struct process_config *config,
                            const struct process_options *options, struct err *e);
void process_free(struct process *p);

/* The signal comes when the parent process ends, or has ended meanwhile: then -1 SYS_CANCELLED. */
int process_die_with_parent(int signal_number, struct err *e);

struct event_base *process_loop(struct process *p);
struct resolver *process_resolver(struct process *p);

/* Writes {"ready":true, ...facts} and a newline to the ready descriptor (facts is consumed) and
 * closes it. Without one, prints "listening on ADDRESS" for facts.listen to standard error. -1
 * SYS_IO; SYS_NOMEM, also for facts NULL, which is what a lack of memory leaves of them. */
int process_ready(struct process *p, json_t *facts, struct err *e);

/* Runs until SIGTERM, SIGINT or process_stop. */
void process_run(struct process *p);
void process_stop(struct process *p);

/* A listening TCP socket for "HOST:PORT" ([v6]:PORT too; numeric host or "localhost"),
 * non-blocking, close-on-exec; *address is malloc'ed "HOST:PORT" with the real port, caller frees.
 * -1 SYS_IO. */
int listen_tcp(const char *where, char **address, struct err *e);
/* A listener on such a socket, which it owns; NULL when the loop cannot watch it
 * (evconnlistener_new does not tell). */
struct evconnlistener;
struct evconnlistener *listener_new(struct event_base *loop, int fd,
                                    void (*accepted)(struct evconnlistener *, evutil_socket_t,
                                                     struct sockaddr *, int, void *),
                                    void *user);
/* The port alone, bound but not listened on: connections are refused, nobody is given it who asks
 * for any port, and listen_tcp may take it meanwhile. As listen_tcp. */
int reserve_tcp(const char *where, char **address, struct err *e);
/* The same for datagrams. */
int listen_udp(const char *where, char **address, struct err *e);
/* "127.0.0.1:40001" or "[::1]:40001"; "" for what is no address of the internet. */
enum { SOCKADDR_TEXT_MAX = 64 };
struct sockaddr;
void sockaddr_text(const struct sockaddr *address, char out[SOCKADDR_TEXT_MAX]);
/* Splits "HOST:PORT" ("[::1]:80" too). host is malloc'ed. -1 ARG_USAGE. */
int split_host_port(const char *text, char **host, uint16_t *port, struct err *e);
/* The way back: a host with colons gets brackets. Cut off at size octets, the NUL among them. */
void join_host_port(const char *host, uint16_t port, char *out, size_t size);

/* A loop as a process has it: its timers never end early. NULL without memory. */
struct event_base *precise_loop_new(void);

/* A one-shot timer in component time. Freed with timer_free (NULL allowed), also after it fired. */
struct timer;
typedef void timer_fn(void *user);
struct timer *timer_new(struct event_base *loop, timer_fn *fn, void *user);
void timer_free(struct timer *t);
void timer_start(struct timer *t, int64_t component_us); /* restarts when running */
void timer_stop(struct timer *t);

#endif
