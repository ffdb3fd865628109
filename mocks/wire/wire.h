/* Relays: TCP connections are passed on byte by byte, and damaged on demand. What crosses is never
 * looked into, changed or logged; only counted. */
#ifndef MOCKS_WIRE_WIRE_H
#define MOCKS_WIRE_WIRE_H

#include "base/process.h"
#include "mocks/wire/points.h"

struct relay_config {
    char *name;
    char *listen; /* HOST:PORT */
    char *to;     /* HOST:PORT; the name is looked up for each connection */
};

struct wire_config {
    struct process_config process;
    char *log;              /* "-": standard error; NULL: none */
    struct cfg_list relays; /* struct relay_config */
    struct cfg_list faults; /* struct fault_row */
};
extern const struct cfg_field wire_fields[];

/* The points of a configuration's own relays: row number = number of the relay. Free with
 * wire_tables_free. -1 CONFIG_MISSING: no relay; CONFIG_BAD_VALUE: a name twice; SYS_NOMEM. */
struct wire_tables {
    struct fault_tables tables;
    struct fault_point *points;
};
int wire_tables_make(struct wire_tables *out, const struct wire_config *config, struct err *e);
void wire_tables_free(struct wire_tables *t);

struct resolver;
struct wire; /* opaque: all relays of a process */

struct wire_setup {
    const struct wire_config *config;
    struct fault_set *faults; /* read by the tables made from config; NULL: none */
    struct event_base *loop;
    struct resolver *resolver;
};

/* Listens. Everything in setup must outlive it. NULL SYS_IO, SYS_NOMEM, ARG_USAGE. */
struct wire *wire_new(const struct wire_setup *setup, struct err *e);
void wire_free(struct wire *w); /* resets the connections that are left */

/* Where the relay listens ("127.0.0.1:40001"), the same while it refuses; NULL: no such relay. */
const char *wire_address(const struct wire *w, const char *name);

size_t wire_links(const struct wire *w); /* connections open now */

#endif
