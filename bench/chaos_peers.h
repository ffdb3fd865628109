/* Hostile peers: they connect to CAPF, RA and certsrv and misbehave, on the event loop of the
 * bench. Each is to be ended by the server, within the deadlines that the lab's configuration
 * gives; one that is not is counted. They come from 127.0.0.2, phones from 127.0.0.1. */
#ifndef BENCH_CHAOS_PEERS_H
#define BENCH_CHAOS_PEERS_H

#include "base/err.h"
#include "bench/chaos_plan.h"
#include <event2/event.h>

struct chaos_peers_setup {
    struct event_base *loop;
    const char *const *targets; /* HOST:PORT by enum chaos_target; borrowed */
    uint64_t seed;
    size_t concurrency;
    int64_t patience_us; /* a server that has not ended a peer after this never will */
};

struct chaos_peers_count {
    unsigned begun, ended, unconnected, overstayed; /* ended: by the server; else by us */
};

struct chaos_peers; /* opaque */

/* Starts at once. NULL with e set. */
struct chaos_peers *chaos_peers_new(const struct chaos_peers_setup *setup, struct err *e);
/* Silent ones, all at the same time, against the target; they go with the others. */
void chaos_peers_burst(struct chaos_peers *p, enum chaos_target target, size_t count);
/* No new ones; those that are there are closed. */
void chaos_peers_stop(struct chaos_peers *p);
void chaos_peers_free(struct chaos_peers *p);

const struct chaos_peers_count *chaos_peers_count(const struct chaos_peers *p,
                                                  enum chaos_behaviour behaviour);
/* The first that overstayed, as "slow peer of ra behind TLS"; "" when there is none. */
const char *chaos_peers_overstayed(const struct chaos_peers *p);

#endif
