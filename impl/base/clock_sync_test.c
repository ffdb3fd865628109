/* The SNTP client and the setting of the clock, against a server of the test's own that answers
 * rightly, lies, or keeps silent. */
#include "base/clock.h"
#include "base/clock_sync.h"
#include "base/datagram.h"
#include "base/file.h"
#include "base/owned.h"
#include "base/process.h"
#include "base/resolver.h"
#include "base/sntp.h"
#include "base/sntp_packet.h"
#include "base/temporary_test.h"
#include "base/test.h"
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define SECOND INT64_C(1000000)
#define DAY    (86400 * SECOND)
#define YEAR   (365 * DAY)

/* What the server does to an answer that would be right; false: it keeps silent. */
typedef bool change_fn(struct sntp_packet *p);

struct server {
    struct event_base *loop;
    struct datagram_server *port;
    struct resolver *resolver;
    change_fn *change;
    int64_t offset_us;
    unsigned requests;
    unsigned stop_at; /* so many requests end the loop; 0: none */
    bool forge_first; /* a forged packet before the right one */
    bool cut;
};

static void reply(struct server *s, const struct datagram_peer *to, struct sntp_packet *p) {
    uint8_t octets[SNTP_PACKET_BYTES];
    if (s->change != NULL && !s->change(p))
        return;
    sntp_write(p, octets);
    datagram_send(s->port, to, bytes_of(octets, s->cut ? 20 : sizeof octets), 0);
}

static void on_request(void *user, struct bytes octets, const struct datagram_peer *from) {
    struct server *s = user;
    struct sntp_packet request;
    struct err e = {0};
    ck_assert_ok(sntp_read(octets, &request, &e), e);
    ck_assert_uint_eq(request.mode, SNTP_MODE_CLIENT);
    ck_assert_uint_eq(request.version, SNTP_VERSION);
    ck_assert_uint_ne(request.transmit, 0);
    uint64_t now = sntp_timestamp(clock_wall_us() + s->offset_us);
    struct sntp_packet p = {.version = request.version,
                            .mode = SNTP_MODE_SERVER,
                            .stratum = 1,
                            .originate = request.transmit,
                            .receive = now,
                            .transmit = now};
    if (s->forge_first) {
        struct sntp_packet forged = p;
        forged.originate ^= 1;
        forged.transmit = forged.receive = sntp_timestamp(0);
        reply(s, from, &forged);
    }
    reply(s, from, &p);
    if (++s->requests == s->stop_at)
        event_base_loopbreak(s->loop);
}

static void start(struct server *s) {
    struct err e = {0};
    if (s->loop == NULL)
        s->loop = precise_loop_new();
    s->port = datagram_server_new(s->loop, "127.0.0.1:0", on_request, s, &e);
    ck_assert_msg(s->port != NULL, "%s", e.text);
    s->resolver = resolver_new(s->loop, NULL, NULL, &e);
    ck_assert_ptr_nonnull(s->resolver);
}

static void stop(struct server *s) {
    datagram_server_free(s->port);
    resolver_free(s->resolver);
    event_base_free(s->loop);
}

struct outcome {
    struct event_base *loop;
    unsigned done;
    int64_t offset_us;
    struct err e;
};

static void on_outcome(void *user, int64_t offset_us, const struct err *e) {
    struct outcome *o = user;
    o->done++;
    o->offset_us = offset_us;
    o->e = e != NULL ? *e : (struct err){0};
    event_base_loopbreak(o->loop);
}

static struct outcome ask(struct server *s, const char *where) {
    struct outcome o = {.loop = s->loop};
    struct err e = {0};
    struct sntp *client = sntp_new(s->loop, s->resolver, where, 10 * SECOND, on_outcome, &o, &e);
    ck_assert_msg(client != NULL, "%s", e.text);
    sntp_query(client);
    sntp_query(client); /* is under way */
    if (o.done == 0)
        event_base_loop(s->loop, EVLOOP_NO_EXIT_ON_EMPTY);
    ck_assert_uint_eq(o.done, 1);
    sntp_free(client);
    return o;
}

static struct outcome ask_once(change_fn *change, int64_t offset_us) {
    struct server s = {.change = change, .offset_us = offset_us};
    start(&s);
    struct outcome o = ask(&s, datagram_server_address(s.port));
    ck_assert_uint_eq(s.requests, 1);
    stop(&s);
    return o;
}

/* Both clocks are one here, so the two ways differ by less than the whole exchange took. */
START_TEST(the_offset_is_the_servers) {
    clock_configure(0, 1);
    static const int64_t offsets[] = {0, -DAY, 20 * YEAR, -20 * YEAR};
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        int64_t before = clock_mono_us();
        struct outcome o = ask_once(NULL, offsets[i]);
        int64_t took = clock_mono_us() - before;
        ck_assert_int_eq(o.e.code, ERR_OK);
        ck_assert_int_le(llabs(o.offset_us - offsets[i]), took + 2);
    }
}
END_TEST

static bool silent(struct sntp_packet *p) {
    (void)p;
    return false;
}
static bool wrong_originate(struct sntp_packet *p) {
    p->originate++;
    return true;
}
static bool kiss(struct sntp_packet *p) {
    p->stratum = 0;
    memcpy(p->reference_id, "RATE", 4);
    return true;
}
static bool forged_kiss(struct sntp_packet *p) {
    return kiss(p) && wrong_originate(p);
}
static bool unsynchronised(struct sntp_packet *p) {
    p->leap = SNTP_LEAP_UNSYNCHRONISED;
    return true;
}
static bool no_time(struct sntp_packet *p) {
    p->transmit = 0;
    return true;
}
/* 1969, as seen from a clock of 2010. */
static bool before_1970(struct sntp_packet *p) {
    p->transmit = p->receive = sntp_timestamp(-YEAR);
    return true;
}

static const struct {
    change_fn *change;
    enum err_code code;
    const char *text;
    double rate; /* high where time must run out; elsewhere it must not */
} lies[] = {
    {silent, ERR_NTP_NO_ANSWER, "no answer from the NTP server", 100},
    {wrong_originate, ERR_NTP_BAD_ANSWER, "the originate timestamp is not of our request", 20},
    {forged_kiss, ERR_NTP_BAD_ANSWER, "the originate timestamp is not of our request", 20},
    {kiss, ERR_NTP_KISS, "kiss-o'-death RATE", 1},
    {unsynchronised, ERR_NTP_UNSYNCHRONISED, "the server is not synchronised", 1},
    {no_time, ERR_NTP_BAD_ANSWER, "a timestamp is missing", 1},
    {before_1970, ERR_NTP_BAD_ANSWER, "a time before 1970 or behind 9999", 1},
};

START_TEST(no_lie_is_taken) {
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        clock_configure(0, 1);
        clock_configure(INT64_C(1262304000) * SECOND - clock_wall_us(), lies[i].rate);
        struct outcome o = ask_once(lies[i].change, 0);
        ck_assert_str_eq(err_name(o.e.code), err_name(lies[i].code));
        ck_assert_str_eq(o.e.text, lies[i].text);
    }
}
END_TEST

START_TEST(a_short_packet_is_no_answer) {
    struct server s = {.cut = true};
    clock_configure(0, 20);
    start(&s);
    struct outcome o = ask(&s, datagram_server_address(s.port));
    ck_assert_err(o.e, NTP_BAD_ANSWER);
    stop(&s);
}
END_TEST

START_TEST(a_forged_packet_does_not_keep_the_right_one_away) {
    clock_configure(0, 1);
    struct server s = {.forge_first = true, .offset_us = DAY};
    start(&s);
    struct outcome o = ask(&s, datagram_server_address(s.port));
    ck_assert_int_eq(o.e.code, ERR_OK);
    ck_assert_int_gt(o.offset_us, DAY / 2);
    stop(&s);
}
END_TEST

START_TEST(nobody_at_the_port_is_known_at_once) {
    clock_configure(0, 1);
    struct server s = {0};
    start(&s);
    AUTO(char) where = strdup(datagram_server_address(s.port));
    datagram_server_free(s.port);
    s.port = NULL;
    struct outcome o = ask(&s, where);
    ck_assert_err(o.e, NTP_NO_ANSWER);
    ck_assert_str_eq(o.e.text, "Connection refused");
    stop(&s);
}
END_TEST

START_TEST(a_name_without_address_is_the_resolvers_error) {
    char *items[] = {(char[]){"127.0.0.1:9"}};
    const struct cfg_strings servers = {items, 1};
    struct server s = {0};
    struct err e = {0};
    clock_configure(0, 100);
    start(&s);
    resolver_free(s.resolver);
    s.resolver = resolver_new(s.loop, &servers, NULL, &e);
    struct outcome o = ask(&s, "ntp.michamen.com");
    ck_assert_err(o.e, DNS_TIMEOUT);
    stop(&s);
}
END_TEST

START_TEST(an_exchange_may_be_given_up) {
    struct server s = {.change = silent};
    struct outcome o = {0};
    start(&s);
    struct sntp *client = sntp_new(s.loop, s.resolver, datagram_server_address(s.port), 10 * SECOND,
                                   on_outcome, &o, NULL);
    sntp_query(client);
    sntp_free(client);
    stop(&s);
    ck_assert_uint_eq(o.done, 0);
}
END_TEST

START_TEST(what_is_no_server_is_refused) {
    static const char *const wrong[] = {"", ":123", "a:b", "::1", "host:70000"};
    struct server s = {0};
    start(&s);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct err e = {0};
        ck_assert_ptr_null(sntp_new(s.loop, s.resolver, wrong[i], 1, on_outcome, NULL, &e));
        ck_assert_err(e, CONFIG_BAD_VALUE);
    }
    stop(&s);
}
END_TEST

/* A server in a child of its own, since process_new waits for it. Ends when killed. */
struct child {
    pid_t pid;
    char where[SOCKADDR_TEXT_MAX];
};

static struct child serve_in_child(change_fn *change, int64_t offset_us) {
    int fds[2];
    struct child c = {0};
    ck_assert_int_eq(pipe(fds), 0);
    c.pid = fork();
    if (c.pid == 0) {
        struct server s = {.change = change, .offset_us = offset_us};
        start(&s);
        file_write_all(fds[1], bytes_of_str(datagram_server_address(s.port)));
        close(fds[1]);
        event_base_dispatch(s.loop);
        _exit(0);
    }
    close(fds[1]);
    ck_assert_int_gt(read(fds[0], c.where, sizeof c.where - 1), 0);
    close(fds[0]);
    return c;
}

static void end_child(const struct child *c) {
    kill(c->pid, SIGKILL);
    waitpid(c->pid, NULL, 0);
}

static void check_file_has(const char *path, const char *text) {
    AUTO_BUF content = BUF_INIT(65536);
    struct err e = {0};
    ck_assert_ok(file_read(path, &content, &e), e);
    ck_assert_msg(strstr(buf_str(&content), text) != NULL, "%s", buf_str(&content));
}

/* What a component with that server says, in a folder of its own. */
static int64_t start_component(change_fn *change, int64_t offset_us, const char *dir) {
    static const struct process_options options = PROCESS_OPTIONS_INIT;
    AUTO(char) events = path_join(dir, "events.ndjson");
    AUTO(char) said = path_join(dir, "stderr");
    struct child c = serve_in_child(change, offset_us);
    struct process_config config = {
        .clock_rate = 10,
        .events = events,
        .ntp = {.server = c.where, .timeout_us = 30 * SECOND, .interval_us = 0}};
    ck_assert_ptr_nonnull(freopen(said, "w", stderr));
    int64_t before = clock_wall_us();
    struct err e = {0};
    struct process *p = process_new(&config, &options, &e);
    ck_assert_msg(p != NULL, "%s", e.text);
    int64_t moved = clock_wall_us() - before;
    process_free(p);
    fflush(stderr);
    end_child(&c);
    return moved;
}

START_TEST(a_component_is_ready_with_the_servers_time) {
    TEMPORARY(dir);
    int64_t moved = start_component(NULL, 400 * DAY, dir);
    ck_assert_int_ge(moved, 400 * DAY - SECOND);
    ck_assert_int_le(moved, 401 * DAY);
    AUTO(char) events = path_join(dir, "events.ndjson");
    check_file_has(events, "\"what\":\"CLOCK\",\"detail\":\"set by 127.0.0.1\"");
}
END_TEST

START_TEST(without_an_answer_it_goes_on_with_its_own) {
    TEMPORARY(dir);
    int64_t moved = start_component(kiss, 400 * DAY, dir);
    ck_assert_int_lt(moved, DAY);
    AUTO(char) events = path_join(dir, "events.ndjson");
    AUTO(char) said = path_join(dir, "stderr");
    check_file_has(events, "not set by 127.0.0.1: NTP_KISS: kiss-o'-death RATE");
    check_file_has(said, ": kiss-o'-death RATE; the component's own clock is used\n");
}
END_TEST

static struct clock_sync *keep(struct server *s, const struct clock_sync_config *config) {
    struct err e = {0};
    struct clock_sync *c = clock_sync_new(s->loop, s->resolver, config, &e);
    ck_assert_msg(c != NULL, "%s", e.text);
    event_base_loop(s->loop, EVLOOP_NO_EXIT_ON_EMPTY);
    return c;
}

START_TEST(it_asks_again_at_the_interval) {
    struct server s = {.stop_at = 3};
    clock_configure(0, 1000);
    start(&s);
    AUTO(char) where = strdup(datagram_server_address(s.port));
    struct clock_sync_config config = {where, 10 * SECOND, 3600 * SECOND};
    int64_t before = clock_mono_us();
    struct clock_sync *c = keep(&s, &config);
    ck_assert(clock_sync_settled(c));
    ck_assert_int_ge(clock_mono_us() - before, 20 * SECOND);
    clock_sync_free(c);
    stop(&s);
}
END_TEST

static unsigned kisses;
static bool rate_twice(struct sntp_packet *p) {
    return kisses++ >= 2 || kiss(p);
}

START_TEST(rate_makes_the_interval_longer) {
    struct server s = {.stop_at = 4, .change = rate_twice};
    clock_configure(0, 1000);
    start(&s);
    AUTO(char) where = strdup(datagram_server_address(s.port));
    struct clock_sync_config config = {where, 10 * SECOND, 3600 * SECOND};
    int64_t before = clock_mono_us();
    struct clock_sync *c = keep(&s, &config);
    ck_assert_int_ge(clock_mono_us() - before, (20 + 40 + 40) * SECOND);
    clock_sync_free(c);
    stop(&s);
}
END_TEST

static bool deny(struct sntp_packet *p) {
    p->stratum = 0;
    memcpy(p->reference_id, "DENY", 4);
    return true;
}

START_TEST(deny_is_the_end_of_asking) {
    struct server s = {.change = deny};
    clock_configure(0, 1000);
    start(&s);
    AUTO(char) where = strdup(datagram_server_address(s.port));
    struct clock_sync_config config = {where, 1, 3600 * SECOND};
    struct err e = {0};
    struct clock_sync *c = clock_sync_new(s.loop, s.resolver, &config, &e);
    while (!clock_sync_settled(c))
        event_base_loop(s.loop, EVLOOP_ONCE);
    for (int i = 0; i < 100; i++)
        event_base_loop(s.loop, EVLOOP_NONBLOCK);
    ck_assert_uint_eq(s.requests, 1);
    clock_sync_free(c);
    stop(&s);
}
END_TEST

TEST_MAIN("clock from NTP", the_offset_is_the_servers, no_lie_is_taken, a_short_packet_is_no_answer,
          a_forged_packet_does_not_keep_the_right_one_away, nobody_at_the_port_is_known_at_once,
          a_name_without_address_is_the_resolvers_error, an_exchange_may_be_given_up,
          what_is_no_server_is_refused, a_component_is_ready_with_the_servers_time,
          without_an_answer_it_goes_on_with_its_own, it_asks_again_at_the_interval,
          rate_makes_the_interval_longer, deny_is_the_end_of_asking)
