/* When to ask the NTP server, and what to do with its answer. Kiss codes are obeyed (RFC 4330
 * section 8): after DENY and RSTR the server is asked no more, after RATE half as often. */
#include "base/clock_sync.h"
#include "base/clock.h"
#include "base/events.h"
#include "base/owned.h"
#include "base/process.h"
#include "base/sntp.h"
#include <errno.h>
#include <string.h>

#define DAY_US (INT64_C(86400) * 1000000)

const struct cfg_field clock_sync_fields[] = {
    CFG_STRING(struct clock_sync_config, server, "server", NULL,
               "HOST[:PORT] that the clock is set from; none: the system's clock"),
    CFG_DURATION_RANGE(struct clock_sync_config, interval_us, "interval", "0s", 0, 365 * DAY_US,
                       "ask again after so long; 0s: only at start"),
    CFG_DURATION_RANGE(struct clock_sync_config, timeout_us, "timeout", "5s", 1000, DAY_US,
                       "wait so long for name and answer"),
    CFG_END,
};

struct clock_sync {
    const struct clock_sync_config *config;
    struct sntp *client;
    struct timer *again;
    int64_t interval_us; /* 0: not again */
    bool settled;
    bool failing; /* and that was said */
};

static void on_again(void *user) {
    struct clock_sync *c = user;
    sntp_query(c->client);
}

static void obey_kiss(struct clock_sync *c, const char *text) {
    if (strstr(text, "RATE") == NULL)
        c->interval_us = 0;
    else if (c->interval_us <= DAY_US)
        c->interval_us *= 2;
}

/* Numbers stay out of events: a run and its repetition measure different ones. */
static void say(const struct clock_sync *c, const struct err *failure) {
    int host = (int)strcspn(c->config->server, ":");
    if (failure == NULL) {
        event_message(NULL, NULL, "CLOCK", "set by %.*s", host, c->config->server);
        return;
    }
    fprintf(stderr, "%s: ntp %s: %s; the component's own clock is used\n",
            program_invocation_short_name, c->config->server, failure->text);
    event_message(NULL, NULL, "CLOCK", "not set by %.*s: %s: %s", host, c->config->server,
                  err_name(failure->code), failure->text);
}

static void on_answer(void *user, int64_t offset_us, const struct err *e) {
    struct clock_sync *c = user;
    bool failed = e != NULL;
    if (!failed)
        clock_step(offset_us);
    if (!c->settled || failed != c->failing)
        say(c, e);
    if (failed && e->code == ERR_NTP_KISS)
        obey_kiss(c, e->text);
    c->failing = failed;
    c->settled = true;
    if (c->interval_us > 0)
        timer_start(c->again, c->interval_us);
}

struct clock_sync *clock_sync_new(struct event_base *loop, struct resolver *resolver,
                                  const struct clock_sync_config *config, struct err *e) {
    struct clock_sync *c = calloc(1, sizeof *c);
    if (c == NULL || (c->again = timer_new(loop, on_again, c)) == NULL) {
        free(c);
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    c->config = config;
    c->interval_us = config->interval_us;
    c->client = sntp_new(loop, resolver, config->server, config->timeout_us, on_answer, c, e);
    if (c->client == NULL) {
        clock_sync_free(c);
        return NULL;
    }
    sntp_query(c->client);
    return c;
}

void clock_sync_free(struct clock_sync *c) {
    if (c == NULL)
        return;
    sntp_free(c->client);
    timer_free(c->again);
    free(c);
}

bool clock_sync_settled(const struct clock_sync *c) {
    return c->settled;
}
