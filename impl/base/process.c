/* What every daemon shares, set up once and in the order that the parts need each other: signals,
 * clock, randomness, events file, loop, resolver, NTP. It must never leave a daemon behind whose
 * parent is gone when that was asked for. */
#include "base/process.h"
#include "base/clock.h"
#include "base/events.h"
#include "base/file.h"
#include "base/log.h"
#include "base/owned.h"
#include "base/random.h"
#include "base/resolver.h"
#include "base/workers.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define DAY_US        (INT64_C(86400) * 1000000)
#define OFFSET_MAX_US (36500 * DAY_US)

static const double RATE_MIN = 0.001;
static const double RATE_MAX = 100000;

const struct cfg_field process_fields[] = {
    CFG_STRING(struct process_config, actor, "actor", NULL, "name in the events file"),
    CFG_STRING(struct process_config, events, "events", NULL, "file to append events to (NDJSON)"),
    CFG_DURATION_RANGE(struct process_config, clock_offset_us, "clock-offset", "0s", -OFFSET_MAX_US,
                       OFFSET_MAX_US, "added to the system's wall time"),
    CFG_REAL(struct process_config, clock_rate, "clock-rate", "1",
             "seconds of the component in a real second"),
    CFG_STRING(struct process_config, seed, "seed", NULL,
               "makes random bytes repeat (laboratory only)"),
    CFG_STRINGS(struct process_config, dns_servers, "dns-servers",
                "HOST[:PORT] each; none: the system's"),
    CFG_PAIRS(struct process_config, hosts, "hosts", "name: address, asked before DNS"),
    CFG_MAP(struct process_config, ntp, "ntp", clock_sync_fields, "where the time comes from"),
    CFG_END,
};

struct process {
    struct event_base *loop;
    struct resolver *resolver;
    struct clock_sync *sync;
    struct event *on_term, *on_int;
    int ready_fd;
    bool stopped;
};

/* A peer that closed, or a full file, is an error of the write, not the end of the process. */
static void ignore_signals(void) {
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

/* A peer each takes a descriptor, and the usual soft limit is a thousand. */
static void raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* The parent may end between the first question and prctl, and then no signal would come. */
int process_die_with_parent(int signal_number, struct err *e) {
    pid_t parent = getppid();
    if (prctl(PR_SET_PDEATHSIG, signal_number) != 0)
        return err_errno(e, "die with parent");
    if (getppid() != parent)
        return err_set(e, ERR_SYS_CANCELLED, "the parent process ended");
    return 0;
}

static int take_ready_fd(struct process *p, int64_t fd, struct err *e) {
    p->ready_fd = -1;
    if (fd == -1)
        return 0;
    if (fd < 0 || fd > INT_MAX || fcntl((int)fd, F_SETFD, FD_CLOEXEC) != 0)
        return err_set(e, ERR_ARG_USAGE, "--ready-fd %lld: not an open descriptor", (long long)fd);
    p->ready_fd = (int)fd;
    return 0;
}

static int apply_clock(const struct process_config *config, struct err *e) {
    if (config->clock_rate < RATE_MIN || config->clock_rate > RATE_MAX)
        return err_set(e, ERR_CONFIG_BAD_VALUE, "clock-rate: %g is not between %g and %g",
                       config->clock_rate, RATE_MIN, RATE_MAX);
    clock_configure(config->clock_offset_us, config->clock_rate);
    return 0;
}

/* Workers must not draw the same numbers. */
static int apply_seed(const struct process_config *config, struct err *e) {
    AUTO(char) own = NULL;
    if (config->seed != NULL && worker_number() > 0 && (own = worker_seed(config->seed)) == NULL)
        return err_set(e, ERR_SYS_NOMEM, "seed");
    random_seed(own != NULL ? own : config->seed);
    return 0;
}

static int apply_config(const struct process_config *config, struct err *e) {
    if (apply_clock(config, e) != 0 || apply_seed(config, e) != 0)
        return -1;
    if (config->events == NULL)
        return 0;
    const char *actor = config->actor != NULL ? config->actor : program_invocation_short_name;
    return events_open(config->events, actor, e);
}

static void on_signal(evutil_socket_t number, short what, void *user) {
    (void)number;
    (void)what;
    process_stop(user);
}

/* Timers at a high clock rate need more than the loop's default milliseconds. */
struct event_base *precise_loop_new(void) {
    struct event_config *config = event_config_new();
    if (config == NULL)
        return NULL;
    event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
    struct event_base *loop = event_base_new_with_config(config);
    event_config_free(config);
    return loop;
}

static int make_loop(struct process *p, struct err *e) {
    p->loop = precise_loop_new();
    if (p->loop == NULL)
        return err_set(e, ERR_SYS_INTERNAL, "the event loop could not be made");
    p->on_term = evsignal_new(p->loop, SIGTERM, on_signal, p);
    p->on_int = evsignal_new(p->loop, SIGINT, on_signal, p);
    if (p->on_term == NULL || p->on_int == NULL || event_add(p->on_term, NULL) != 0 ||
        event_add(p->on_int, NULL) != 0)
        return err_set(e, ERR_SYS_INTERNAL, "signals could not be handled");
    worker_takes_signals();
    return 0;
}

/* Until the first exchange with the NTP server is over, the loop has nothing else to do. */
static int set_clock(struct process *p, const struct process_config *config, struct err *e) {
    if (config->ntp.server == NULL)
        return 0;
    p->sync = clock_sync_new(p->loop, p->resolver, &config->ntp, e);
    if (p->sync == NULL)
        return -1;
    while (!clock_sync_settled(p->sync) && !p->stopped)
        event_base_loop(p->loop, EVLOOP_ONCE);
    return 0;
}

static int set_up(struct process *p, const struct process_config *config,
                  const struct process_options *options, struct err *e) {
    ignore_signals();
    raise_descriptor_limit();
    if (take_ready_fd(p, options->ready_fd, e) != 0 || apply_config(config, e) != 0 ||
        make_loop(p, e) != 0)
        return -1;
    /* Behind the handlers, so that a parent that ends now is a clean end and not a kill. */
    if (options->die_with_parent && process_die_with_parent(SIGTERM, e) != 0)
        return -1;
    p->resolver = resolver_new(p->loop, &config->dns_servers, &config->hosts, e);
    return p->resolver != NULL ? set_clock(p, config, e) : -1;
}

struct process *process_new(const struct process_config *config,
                            const struct process_options *options, struct err *e) {
    struct process *p = calloc(1, sizeof *p);
    if (p == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    if (set_up(p, config, options, e) == 0)
        return p;
    process_free(p);
    return NULL;
}

void process_free(struct process *p) {
    if (p == NULL)
        return;
    clock_sync_free(p->sync);
    if (p->resolver != NULL)
        resolver_free(p->resolver);
    if (p->on_term != NULL)
        event_free(p->on_term);
    if (p->on_int != NULL)
        event_free(p->on_int);
    if (p->loop != NULL)
        event_base_free(p->loop);
    if (p->ready_fd >= 0)
        close(p->ready_fd);
    events_close();
    free(p);
}

struct event_base *process_loop(struct process *p) {
    return p->loop;
}

struct resolver *process_resolver(struct process *p) {
    return p->resolver;
}

/* Without memory jansson may leave a part out and call it done. */
static bool is_text_of(const char *text, const json_t *value) {
    json_t *again = json_loads(text, 0, NULL);
    bool same = again != NULL && json_equal(again, value) == 1;
    json_decref(again);
    return same;
}

/* "ready" stands first in the line. */
static char *ready_line(json_t *facts) {
    char *line = NULL;
    json_t *all = json_pack("{s:b}", "ready", 1);
    AUTO(char)
    text = json_object_update(all, facts) == 0 ? json_dumps(all, JSON_COMPACT) : NULL;
    bool whole = text != NULL && is_text_of(text, all);
    json_decref(all);
    if (!whole || asprintf(&line, "%s\n", text) < 0)
        return NULL;
    return line;
}

static int write_ready(struct process *p, json_t *facts, struct err *e) {
    AUTO(char) line = ready_line(facts);
    if (line == NULL)
        return err_set(e, ERR_SYS_NOMEM, "ready line");
    AUTO_FD fd = p->ready_fd;
    p->ready_fd = -1;
    return file_write_all(fd, bytes_of_str(line)) == 0 ? 0 : err_errno(e, "ready line");
}

static void tell_address(const json_t *facts) {
    const char *address = json_string_value(json_object_get(facts, "listen"));
    if (address != NULL)
        fprintf(stderr, "listening on %s\n", address);
}

int process_ready(struct process *p, json_t *facts, struct err *e) {
    int result = 0;
    if (facts == NULL)
        return err_set(e, ERR_SYS_NOMEM, "ready line");
    if (p->ready_fd >= 0)
        result = write_ready(p, facts, e);
    else
        tell_address(facts);
    json_decref(facts);
    return result;
}

void process_run(struct process *p) {
    logs_hold();
    while (!p->stopped) {
        event_base_loop(p->loop, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY);
        logs_flush();
    }
    logs_release();
}

void process_stop(struct process *p) {
    p->stopped = true;
    event_base_loopbreak(p->loop);
}
