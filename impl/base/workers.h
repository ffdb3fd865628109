/* Several processes that serve one port: a supervisor, which accepts the connections and hands them
 * to its workers in turn, and the workers, each of which is the whole service.
 *
 * Why a supervisor in the path and not SO_REUSEPORT or one shared listening socket: with
 * SO_REUSEPORT the kernel spreads by a hash, unevenly for a few standing connections, and what a
 * worker that dies has not accepted yet is reset; with a shared socket whoever sleeps last takes
 * most. Handed over in turn, each worker gets its share exactly, and what a dead worker had not
 * taken goes to another. It costs some ten microseconds a connection.
 *
 * What two workers must not do at the same time they claim; a claim ends with its process. With one
 * process there is no supervisor, and everything here says so and does nothing. */
#ifndef BASE_WORKERS_H
#define BASE_WORKERS_H

#include "base/bytes.h"
#include "base/config.h"
#include "base/err.h"
#include "base/process.h"
#include "base/program.h"
#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum { WORKERS_MAX = 64 };

/* The keys of every service that can have workers, and the options that beat them. */
struct workers_config {
    int64_t count;
    bool durable;
};
struct workers_options {
    int64_t count; /* 0: as configured */
    const char *durability;
};
#define WORKERS_FIELDS(T, member)                                                                  \
    CFG_INT(T, member.count, "workers", "1", 1, WORKERS_MAX,                                       \
            "processes that share the work; limits of connections are those of each"),             \
        CFG_BOOL(T, member.durable, "durability", "on",                                            \
                 "off: nothing is synced to disk; for comparison only, a power failure loses "     \
                 "certificates")
#define WORKERS_OPTIONS(o)                                                                         \
    {"workers", 0, OPT_INT, &(o)->count, "N", "processes that share the work"}, {                  \
        "durability", 0, OPT_STRING, &(o)->durability, "on|off",                                   \
            "off: nothing is synced to disk; for comparison only"                                  \
    }
/* The command line beats the file. -1 ARG_USAGE. */
int workers_apply(struct workers_config *config, const struct workers_options *options,
                  struct err *e);

struct workers_plan {
    int64_t count;
    const char *listen;
    const struct process_config *process;
};

/* With a count of 1 true at once. Otherwise forks: true in each worker, whose *options are changed
 * so that process_new fits; to be called before anything is opened. In the supervisor false, when
 * all is over: 0 after SIGTERM or SIGINT, else why it gave up (the exit code of a worker that could
 * not start). Before that it wrote the ready line, with the pids of the workers in turn in
 * "workers", when all of them were ready; one that dies is started again, unless it dies at once
 * several times. Should the supervisor be killed, its workers are too. */
bool workers_split(const struct workers_plan *plan, struct process_options *options,
                   int *exit_code);

/* From 1; 0: this process is no worker. */
unsigned worker_number(void);
/* Whether what a service says once, at its start, is for this process to say. */
bool worker_is_first(void);
/* Signals are kept back until the process can handle them: for process_new. */
void worker_takes_signals(void);
/* "127.0.0.1:3804", malloc'ed, caller frees; NULL without memory. Only in a worker. */
char *worker_address(void);
/* What makes the random streams of workers differ: malloc'ed, caller frees, NULL without memory. */
char *worker_seed(const char *seed);

/* The connections of this worker. number: counted by the supervisor, from 1, over all workers. fn
 * owns fd (non-blocking, close-on-exec); address is borrowed. NULL with e set. */
struct worker_intake; /* opaque */
typedef void worker_intake_fn(void *user, int fd, struct sockaddr *address, socklen_t len,
                              uint64_t number);
struct worker_intake *worker_intake_new(struct event_base *loop, worker_intake_fn *fn, void *user,
                                        struct err *e);
void worker_intake_free(struct worker_intake *intake); /* NULL allowed */
/* Nothing is taken until resumed: what stands in this worker's line waits there, and what finds no
 * place in it is handed to other workers. Without a descriptor left it takes a breath by itself. */
void worker_intake_pause(struct worker_intake *intake);
void worker_intake_resume(struct worker_intake *intake);

/* False: another worker has the thing, and was told that it is wanted. One process may claim
 * several times what it has; one unclaim ends it. Things are told apart by number only. */
bool worker_claim(uint64_t thing, uint64_t rank);
void worker_unclaim(uint64_t thing);

struct worker_sharing {
    /* Another worker wants what this one has; rank: what it gave to worker_claim. May be NULL. */
    void (*wanted)(void *user, uint64_t thing, uint64_t rank);
    /* Something that was claimed in vain may be free now, or its worker dead. */
    void (*freed)(void *user);
    void *user;
};
/* Without workers does nothing. -1 SYS_NOMEM. End it with workers_share(NULL, NULL, NULL). */
int workers_share(struct event_base *loop, const struct worker_sharing *sharing, struct err *e);

#endif
