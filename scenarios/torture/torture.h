/* What `capflab run --torture` and the library that it preloads into a component share: one mapped
 * file, the control. The runner writes what shall fail and in which phase the lab is; the library
 * writes what it counted, failed and found. Plain memory, so that a crash loses nothing. */
#ifndef SCENARIOS_TORTURE_TORTURE_H
#define SCENARIOS_TORTURE_TORTURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Path of the control's file, in the environment of the component. */
#define TORTURE_ENV "CAPFLAB_TORTURE"

/* What can be made to fail. X(ID, word, help) */
#define TORTURE_CLASS_TABLE(X)                                                                     \
    X(ALLOC, "alloc", "an allocation finds no memory")                                             \
    X(SOCKET, "socket", "a call on a socket or of the event loop fails")                           \
    X(FILE, "file", "opening, reading, writing or syncing a file fails")

/* When. X(ID, word, help) */
#define TORTURE_PHASE_TABLE(X)                                                                     \
    X(START, "start", "from its start until it is ready")                                          \
    X(SERVE, "serve", "while the scenario's steps are done")                                       \
    X(STOP, "stop", "from SIGTERM to its end")

enum torture_class {
#define X(id, word, help) TORTURE_##id,
    TORTURE_CLASS_TABLE(X)
#undef X
        TORTURE_CLASSES
};

enum torture_phase {
#define X(id, word, help) TORTURE_##id,
    TORTURE_PHASE_TABLE(X)
#undef X
        TORTURE_PHASES, /* also: nothing is counted and nothing fails */
};

enum {
    TORTURE_DEPTH = 40, /* frames of a call path */
    TORTURE_PATHS_MAX = 32 * 1024,
    TORTURE_FINDINGS_MAX = 24,
};

struct torture_frame {
    char module[40]; /* "libssl.so.3"; "" is the program itself */
    char symbol[56]; /* nearest exported function, or "" */
    uint64_t offset; /* in the module's file */
};

struct torture_stack {
    uint32_t depth;
    struct torture_frame frames[TORTURE_DEPTH]; /* innermost first */
};

/* All calls that came the same way. hash and own are the same in every run of the same build. */
struct torture_path {
    uint64_t hash; /* of the whole call path, its low bits tell how deep the stack was; never 0 */
    uint64_t own;  /* of the program's own part of it */
    uint32_t kind; /* enum torture_class */
    uint32_t calls[TORTURE_PHASES + 1];
};

struct torture_leak {
    uint64_t bytes;
    uint32_t blocks;
    struct torture_stack stack; /* of the allocation */
};

struct torture_control {
    /* By the runner. */
    atomic_uint phase;
    uint32_t fail_kind;
    uint32_t fail_phase; /* TORTURE_PHASES: nothing fails */
    uint64_t fail_path;  /* 0: the calls of the class are counted together */
    uint64_t fail_nth;   /* from 1 */
    uint32_t thorough;   /* every call path is followed, which takes ten times as long */
    /* By the library. */
    uint64_t matched; /* calls so far by the path that is wanted */
    uint32_t fired;
    char fired_call[24]; /* "malloc" */
    struct torture_stack fired_at;
    int32_t crash_signal; /* 0: none */
    struct torture_stack crash;
    uint32_t ended; /* the end was regular, and leaks were looked for */
    uint32_t leak_count;
    struct torture_leak leaks[TORTURE_FINDINGS_MAX];
    uint32_t open_count; /* descriptors that were still open */
    char open[TORTURE_FINDINGS_MAX][64];
    uint32_t lost;                                /* paths that found no room */
    struct torture_path paths[TORTURE_PATHS_MAX]; /* hash 0: unused */
};

#endif
