/* The programs that a scenario starts: readiness, output, exit, each awaited with a deadline. One
 * poll loop serves all waits; nothing sleeps. All actors stay in the process group of their
 * scenario and die with it. */
#ifndef SCENARIOS_RUNNER_ACTOR_H
#define SCENARIOS_RUNNER_ACTOR_H

#include "base/bytes.h"
#include "base/err.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { ACTOR_ARGS_MAX = 48, ACTOR_OUTPUT_MAX = 4 * 1024 * 1024, ACTOR_READY_MAX = 64 * 1024 };

struct actor {
    char *name; /* "capf" */
    char *stderr_path;
    pid_t pid;    /* 0: not started */
    int pidfd;    /* -1: not running */
    int out_fd;   /* its standard output; -1: closed */
    int ready_fd; /* -1: closed */
    struct buf out;
    struct buf ready;
    bool ended;
    int status; /* as from waitpid, once ended */
};

struct actor_command {
    const char *name;
    const char *program;            /* path */
    const char *const *args;        /* without argv[0], NULL-terminated */
    const char *stderr_path;        /* appended to */
    bool ready;                     /* give it --ready-fd 3 and --die-with-parent */
    const char *wrap;               /* command put in front, words split at blanks; may be NULL */
    const char *const *environment; /* "NAME=VALUE" beside our own, NULL-terminated; may be NULL */
};

/* Real time, for deadlines. */
int64_t deadline_in(int64_t real_us);

/* Starts; *a is filled. -1 SYS_IO. Release with actor_release (which kills what still runs). */
int actor_start(struct actor *a, const struct actor_command *command, struct err *e);
void actor_release(struct actor *a);

/* Waits for the ready line; *facts is the caller's. -1: it ended or said nothing in time. */
int actor_wait_ready(struct actor *a, int64_t deadline, json_t **facts, struct err *e);

/* Waits until all have ended, collecting their output. -1 SYS_TIMEOUT with the names of those that
 * still run. */
int actors_wait(struct actor *const *actors, size_t count, int64_t deadline, struct err *e);

/* SIGTERM, then waits: -1 when it does not end in time (it is killed then) or ends otherwise than
 * with status 0. An actor that was never started is fine. */
int actor_stop(struct actor *a, int64_t deadline, struct err *e);

/* "exit status 1", "signal 11 (Segmentation fault)". */
void actor_end_text(const struct actor *a, char *out, size_t size);
/* Whether it runs no more, also when nobody has waited for its end yet. */
bool actor_has_ended(const struct actor *a);
bool actor_ended_with(const struct actor *a, int exit_status);

/* Appends the last lines of a file, indented, each at most 240 bytes; nothing when there is none.
 */
void file_tail(const char *path, size_t lines, const char *indent, struct buf *out);

#endif
