/* Torture from outside: what a DNS server answers and what a connection does, as faults of mocks.
 */
#include "scenarios/runner/torture.h"

#include <stdio.h>

enum { ROW_MAX = 160 };

static const char *const answers[] = {"servfail", "nxdomain", "nodata",   "refused",
                                      "silence",  "garbage",  "truncate", NULL};

/* Inside the TCP handshake's aftermath, the TLS flights, the requests and the replies. */
static const unsigned reset_after[] = {0, 1, 100, 700, 1500, 2500, 3500, 5000};
static const char *const directions[] = {"reset-after", "reset-after-client", "cut", NULL};

static const struct {
    const char *name;
    bool online; /* only there with that issuer */
    unsigned connections;
} wires[] = {{"phone-capf", false, 1}, {"capf-ra", true, 1}, {"ra-certsrv", true, 3}};

static int each_answer(size_t queries, torture_fault_fn *fn, void *user) {
    char row[ROW_MAX];
    for (size_t nth = 1; nth <= queries; nth++)
        for (size_t i = 0; answers[i] != NULL; i++) {
            snprintf(row, sizeof row, "{at: dns.query, nth: %zu, do: %s}", nth, answers[i]);
            if (fn(user, row) != 0)
                return -1;
        }
    return 0;
}

static int each_reset(const char *wire, unsigned nth, torture_fault_fn *fn, void *user) {
    char row[ROW_MAX];
    for (size_t i = 0; directions[i] != NULL; i++)
        for (size_t j = 0; j < sizeof reset_after / sizeof reset_after[0]; j++) {
            snprintf(row, sizeof row, "{at: \"wire:%s\", nth: %u, do: %s %u}", wire, nth,
                     directions[i], reset_after[j]);
            if (fn(user, row) != 0)
                return -1;
        }
    return 0;
}

int torture_each_fault(const struct scenario *s, size_t queries, torture_fault_fn *fn, void *user) {
    bool online = s->lab.capf.issuer == ISSUER_ONLINE_CA;
    if (each_answer(queries, fn, user) != 0)
        return -1;
    for (size_t i = 0; i < sizeof wires / sizeof wires[0]; i++)
        for (unsigned nth = 1; nth <= wires[i].connections && (online || !wires[i].online); nth++)
            if (each_reset(wires[i].name, nth, fn, user) != 0)
                return -1;
    return 0;
}
