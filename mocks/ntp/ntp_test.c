/* The time server and the client of impl/base against each other over loopback, on one clock: what
 * is right, each fault, and hostile packets (files of testdata, which get no answer). */
#include "base/clock.h"
#include "base/file.h"
#include "base/owned.h"
#include "base/resolver.h"
#include "base/sntp.h"
#include "base/sntp_packet.h"
#include "base/temporary_test.h"
#include "base/test.h"
#include "mocks/ntp/server.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <string.h>

#define SECOND INT64_C(1000000)
#define DAY    (86400 * SECOND)

struct lab {
    struct event_base *loop;
    struct resolver *resolver;
    struct ntp_config config;
    struct cfg_doc *doc;
    struct fault_set *faults;
    struct ntp_server *server;
};

static void start(struct lab *l, const char *yaml) {
    static const struct fault_tables *const tables[] = {&ntp_faults, NULL};
    struct cfg_mistakes *m = cfg_mistakes_new();
    struct err e = {0};
    clock_configure(0, 1);
    *l = (struct lab){.loop = precise_loop_new()};
    l->resolver = resolver_new(l->loop, NULL, NULL, &e);
    l->doc = cfg_load_text("ntp.yaml", bytes_of_str(yaml), ntp_fields, &l->config, m);
    if (l->doc != NULL)
        l->faults = fault_set_new(&l->config.faults, l->doc, tables, m);
    if (cfg_mistakes_count(m) > 0)
        ck_abort_msg("%s", cfg_mistake_text(m, 0));
    cfg_mistakes_free(m);
    l->server = ntp_server_new(l->loop, &l->config, l->faults, &e);
    ck_assert_msg(l->server != NULL, "%s", e.text);
}

static void stop(struct lab *l) {
    ntp_server_free(l->server);
    resolver_free(l->resolver);
    fault_set_free(l->faults);
    cfg_doc_free(l->doc);
    event_base_free(l->loop);
}

struct outcome {
    struct event_base *loop;
    bool done;
    int64_t offset_us;
    struct err e;
};

static void on_outcome(void *user, int64_t offset_us, const struct err *e) {
    struct outcome *o = user;
    o->done = true;
    o->offset_us = offset_us;
    o->e = e != NULL ? *e : (struct err){0};
    event_base_loopbreak(o->loop);
}

static struct outcome ask(const struct lab *l) {
    struct outcome o = {.loop = l->loop};
    struct err e = {0};
    struct sntp *client = sntp_new(l->loop, l->resolver, ntp_server_address(l->server), 30 * SECOND,
                                   on_outcome, &o, &e);
    ck_assert_msg(client != NULL, "%s", e.text);
    sntp_query(client);
    while (!o.done)
        event_base_loop(l->loop, EVLOOP_ONCE);
    sntp_free(client);
    return o;
}

/* One clock for both: the exchange cannot be wrong by more than it took. */
static void check_offset(const struct lab *l, int64_t expected) {
    int64_t before = clock_mono_us();
    struct outcome o = ask(l);
    int64_t took = clock_mono_us() - before;
    ck_assert_msg(o.e.code == ERR_OK, "%s", o.e.text);
    ck_assert_int_le(llabs(o.offset_us - expected), took + 2);
}

START_TEST(the_time_is_right) {
    struct lab l;
    start(&l, "");
    check_offset(&l, 0);
    check_offset(&l, 0);
    stop(&l);
}
END_TEST

START_TEST(the_time_is_the_process_clock) {
    struct lab l;
    start(&l, "stratum: 3\n");
    clock_configure(-9000 * DAY, 3);
    check_offset(&l, 0);
    clock_configure(20000 * DAY, 1); /* the next era of NTP */
    check_offset(&l, 0);
    stop(&l);
}
END_TEST

START_TEST(an_offset_is_added) {
    struct lab l;
    start(&l, "offset: -400d\nfaults: [{at: ntp.request, nth: 2, do: offset 1d}]\n");
    check_offset(&l, -400 * DAY);
    check_offset(&l, -399 * DAY);
    check_offset(&l, -400 * DAY);
    stop(&l);
}
END_TEST

static const struct {
    const char *action;
    enum err_code code;
    const char *text;
    double rate; /* high where time must run out; elsewhere it must not */
} faults[] = {
    {"kiss DENY", ERR_NTP_KISS, "kiss-o'-death DENY", 1},
    {"kiss RSTR", ERR_NTP_KISS, "kiss-o'-death RSTR", 1},
    {"kiss RATE", ERR_NTP_KISS, "kiss-o'-death RATE", 1},
    {"silence", ERR_NTP_NO_ANSWER, "no answer from the NTP server", 200},
    {"delay 1h", ERR_NTP_NO_ANSWER, "no answer from the NTP server", 200},
    {"garbage", ERR_NTP_BAD_ANSWER, "mode 7 is not a server's", 60},
    {"short", ERR_NTP_BAD_ANSWER, "a packet of 24 octets is too short", 60},
    {"wrong-originate", ERR_NTP_BAD_ANSWER, "the originate timestamp is not of our request", 60},
    {"unsynchronised", ERR_NTP_UNSYNCHRONISED, "the server is not synchronised", 1},
};

START_TEST(each_fault_is_seen_for_what_it_is_and_then_gone) {
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct lab l;
        AUTO_BUF yaml = BUF_INIT(1024);
        buf_printf(&yaml, "faults: [{at: ntp.request, do: %s}]\n", faults[i].action);
        start(&l, buf_str(&yaml));
        clock_configure(0, faults[i].rate);
        struct outcome o = ask(&l);
        clock_configure(0, 1);
        ck_assert_str_eq(err_name(o.e.code), err_name(faults[i].code));
        ck_assert_str_eq(o.e.text, faults[i].text);
        check_offset(&l, 0);
        stop(&l);
    }
}
END_TEST

/* The time of a late answer is as right as that of another: the server stamps when it leaves. */
START_TEST(a_delay_beside_an_offset) {
    struct lab l;
    start(&l, "faults:\n"
              "  - {at: ntp.request, do: delay 2s}\n"
              "  - {at: ntp.request, do: offset 1d}\n");
    clock_configure(0, 10);
    int64_t before = clock_mono_us();
    check_offset(&l, DAY);
    ck_assert_int_ge(clock_mono_us() - before, 2 * SECOND);
    stop(&l);
}
END_TEST

static int client_of(const struct lab *l) {
    AUTO(char) host = NULL;
    uint16_t port = 0;
    struct err e = {0};
    ck_assert_ok(split_host_port(ntp_server_address(l->server), &host, &port, &e), e);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void send_file(int fd, const char *path) {
    AUTO_BUF octets = BUF_INIT(65536);
    struct err e = {0};
    ck_assert_ok(file_read(path, &octets, &e), e);
    ck_assert_int_eq(send(fd, octets.data, octets.len, 0), (ssize_t)octets.len);
}

START_TEST(hostile_packets_get_no_answer_and_the_next_client_one) {
    struct lab l;
    unsigned sent = 0;
    start(&l, "");
    AUTO_FD fd = client_of(&l);
    DIR *folder = opendir(TESTDATA);
    ck_assert_ptr_nonnull(folder);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        AUTO(char) path = path_join(TESTDATA, "%s", entry->d_name);
        send_file(fd, path);
        sent++;
    }
    closedir(folder);
    ck_assert_uint_ge(sent, 6);
    check_offset(&l, 0); /* behind them in the queue */
    char octet;
    ck_assert_int_eq(recv(fd, &octet, 1, 0), -1);
    stop(&l);
}
END_TEST

START_TEST(each_request_is_a_line_of_the_log) {
    TEMPORARY(dir);
    struct lab l;
    struct err e = {0};
    AUTO(char) path = path_join(dir, "ntp.log");
    AUTO_BUF yaml = BUF_INIT(4096);
    AUTO_BUF log = BUF_INIT(4096);
    buf_printf(&yaml, "log: %s\noffset: 1h\nfaults: [{at: ntp.request, do: kiss RATE}]\n", path);
    start(&l, buf_str(&yaml));
    ask(&l);
    ask(&l);
    AUTO_FD fd = client_of(&l);
    ck_assert_int_eq(send(fd, "\xff\n", 2, 0), 2);
    ask(&l);
    stop(&l);
    ck_assert_ok(file_read(path, &log, &e), e);
    const char *at = buf_str(&log);
    static const char *const lines[] = {
        " stratum 0, offset +3600 s, fault: kiss RATE\n", " stratum 1, offset +3600 s\n",
        " a packet of 2 octets is too short\n", " stratum 1, offset +3600 s\n"};
    for (size_t i = 0; i < 4; i++) {
        const char *end = strchr(at, '\n');
        ck_assert_ptr_nonnull(end);
        ck_assert_ptr_eq(strstr(at, lines[i]), end + 1 - strlen(lines[i]));
        at = end + 1;
    }
    ck_assert_str_eq(at, "");
}
END_TEST

START_TEST(an_address_that_is_taken_is_an_error) {
    struct lab l;
    struct err e = {0};
    start(&l, "");
    struct ntp_config config = l.config;
    config.listen = (char *)(uintptr_t)ntp_server_address(l.server);
    ck_assert_ptr_null(ntp_server_new(l.loop, &config, NULL, &e));
    ck_assert_err(e, SYS_IO);
    config.log = (char[]){"/nonexistent/ntp.log"};
    ck_assert_ptr_null(ntp_server_new(l.loop, &config, NULL, &e));
    ck_assert_err(e, SYS_IO);
    stop(&l);
}
END_TEST

TEST_MAIN("ntp server", the_time_is_right, the_time_is_the_process_clock, an_offset_is_added,
          each_fault_is_seen_for_what_it_is_and_then_gone, a_delay_beside_an_offset,
          hostile_packets_get_no_answer_and_the_next_client_one, each_request_is_a_line_of_the_log,
          an_address_that_is_taken_is_an_error)
