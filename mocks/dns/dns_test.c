/* The resolver of impl/base (c-ares) against the server over loopback: records, and each fault as a
 * component sees it. Then the server against clients that misbehave over TCP. */
#include "base/clock.h"
#include "base/file.h"
#include "base/owned.h"
#include "base/resolver.h"
#include "base/temporary_test.h"
#include "base/test.h"
#include "mocks/dns/server.h"
#include "mocks/dns/zone.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>

#define SECOND INT64_C(1000000)

static const char records[] = "records:\n"
                              "  - {name: lab-dc.michamen.com, a: 127.0.0.1}\n"
                              "  - {name: RA.michamen.com., a: [192.0.2.1, 192.0.2.2]}\n"
                              "  - {name: six.michamen.com, aaaa: '2001:db8::1'}\n"
                              "  - {name: nothing.michamen.com}\n"
                              "  - {name: alias.michamen.com, cname: other.michamen.com}\n"
                              "  - {name: other.michamen.com, cname: lab-dc.michamen.com}\n"
                              "  - {name: circle.michamen.com, cname: circle.michamen.com}\n"
                              "  - {name: astray.michamen.com, cname: nobody.michamen.com}\n";

struct lab {
    struct event_base *loop;
    struct dns_config config;
    struct cfg_doc *doc;
    struct fault_set *faults;
    struct dns_server *server;
    struct resolver *resolver;
    char *server_item;
    struct cfg_strings servers;
};

static void load(struct lab *l, const char *yaml) {
    static const struct fault_tables *const tables[] = {&dns_faults, NULL};
    struct cfg_mistakes *m = cfg_mistakes_new();
    AUTO_BUF text = BUF_INIT(65536);
    buf_printf(&text, "%s%s", records, yaml);
    l->doc = cfg_load_text("dns.yaml", buf_view(&text), dns_fields, &l->config, m);
    if (l->doc != NULL)
        l->faults = fault_set_new(&l->config.faults, l->doc, tables, m);
    if (cfg_mistakes_count(m) > 0)
        ck_abort_msg("%s", cfg_mistake_text(m, 0));
    cfg_mistakes_free(m);
}

static void start_at_rate(struct lab *l, double rate, const char *yaml) {
    struct err e = {0};
    clock_configure(0, rate);
    *l = (struct lab){.loop = precise_loop_new()};
    load(l, yaml);
    l->server = dns_server_new(l->loop, &l->config, l->faults, &e);
    ck_assert_msg(l->server != NULL, "%s", e.text);
    l->server_item = strdup(dns_server_address(l->server));
    l->servers = (struct cfg_strings){&l->server_item, 1};
    l->resolver = resolver_new(l->loop, &l->servers, NULL, &e);
    ck_assert_msg(l->resolver != NULL, "%s", e.text);
}

static void start(struct lab *l, const char *yaml) {
    start_at_rate(l, 1, yaml);
}

static void stop(struct lab *l) {
    resolver_free(l->resolver);
    dns_server_free(l->server);
    fault_set_free(l->faults);
    cfg_doc_free(l->doc);
    free(l->server_item);
    event_base_free(l->loop);
}

struct outcome {
    bool done;
    enum err_code code;
    char text[1024]; /* the addresses, or the error's text */
};

static void on_outcome(void *user, const char *const *addresses, const struct err *e) {
    struct outcome *o = user;
    size_t len = 0;
    o->done = true;
    o->code = e != NULL ? e->code : ERR_OK;
    snprintf(o->text, sizeof o->text, "%s", e != NULL ? e->text : "");
    for (size_t i = 0; addresses != NULL && addresses[i] != NULL; i++)
        len += (size_t)snprintf(o->text + len, sizeof o->text - len, "%s%s", i == 0 ? "" : " ",
                                addresses[i]);
}

static struct outcome look_up(const struct lab *l, const char *name) {
    struct outcome o = {0};
    resolver_lookup(l->resolver, name, on_outcome, &o);
    while (!o.done)
        event_base_loop(l->loop, EVLOOP_ONCE);
    return o;
}

struct expected {
    const char *what; /* a name, or a fault */
    enum err_code code;
    const char *text;
};

static void check(const struct expected *expected, const struct outcome *o) {
    ck_assert_msg(o->code == expected->code, "%s: %s: %s", expected->what, err_name(o->code),
                  o->text);
    ck_assert_msg(strcmp(o->text, expected->text) == 0, "%s: %s", expected->what, o->text);
}

static const struct expected names[] = {
    {"lab-dc.michamen.com", ERR_OK, "127.0.0.1"},
    {"LAB-DC.Michamen.COM", ERR_OK, "127.0.0.1"},
    {"six.michamen.com", ERR_OK, "2001:db8::1"},
    {"alias.michamen.com", ERR_OK, "127.0.0.1"},
    {"lab-dcc.michamen.com", ERR_DNS_NXDOMAIN, "Domain name not found"},
    {"michamen.com", ERR_DNS_NXDOMAIN, "Domain name not found"},
    {"astray.michamen.com", ERR_DNS_NXDOMAIN, "Domain name not found"},
    {"nothing.michamen.com", ERR_DNS_NODATA, "DNS server returned answer with no data"},
    {"circle.michamen.com", ERR_DNS_SERVFAIL, "DNS server returned general failure"},
};

START_TEST(names_are_resolved) {
    struct lab l;
    start(&l, "");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct outcome o = look_up(&l, names[i].what);
        check(&names[i], &o);
    }
    struct outcome o = look_up(&l, "ra.michamen.com");
    ck_assert_ptr_nonnull(strstr(o.text, "192.0.2.1"));
    ck_assert_ptr_nonnull(strstr(o.text, "192.0.2.2"));
    stop(&l);
}
END_TEST

static const struct expected faults[] = {
    {"nxdomain", ERR_DNS_NXDOMAIN, "Domain name not found"},
    {"servfail", ERR_DNS_SERVFAIL, "DNS server returned general failure"},
    {"refused", ERR_DNS_REFUSED, "DNS server refused query"},
    {"nodata", ERR_DNS_NODATA, "DNS server returned answer with no data"},
    {"silence", ERR_DNS_TIMEOUT, "Timeout while contacting DNS servers"},
    {"delay 1h", ERR_DNS_TIMEOUT, "Timeout while contacting DNS servers"},
    {"garbage", ERR_DNS_BAD_ANSWER, "Misformatted DNS reply"},
    {"address 192.0.2.99", ERR_OK, "192.0.2.99"},
    {"address 2001:db8::99", ERR_OK, "2001:db8::99"},
    {"truncate", ERR_OK, "127.0.0.1"},
    {"delay 100ms", ERR_OK, "127.0.0.1"},
};

START_TEST(each_fault_is_seen_for_what_it_is) {
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct lab l;
        AUTO_BUF yaml = BUF_INIT(1024);
        buf_printf(&yaml,
                   "faults: [{at: dns.query, name: lab-dc.michamen.com, times: always, do: %s}]\n",
                   faults[i].what);
        /* Fast only where time must run out: elsewhere it must not. */
        start_at_rate(&l, faults[i].code == ERR_DNS_TIMEOUT ? 50 : 1, buf_str(&yaml));
        struct outcome o = look_up(&l, "LAB-dc.michamen.com");
        check(&faults[i], &o);
        stop(&l);
    }
}
END_TEST

START_TEST(other_names_have_no_fault) {
    struct lab l;
    start(&l,
          "faults: [{at: dns.query, name: lab-dc.michamen.com, times: always, do: nxdomain}]\n");
    struct outcome o = look_up(&l, "other.michamen.com"); /* an alias of it, and another name */
    check(&(struct expected){"other", ERR_OK, "127.0.0.1"}, &o);
    stop(&l);
}
END_TEST

/* A look-up asks twice: A, then AAAA. */
START_TEST(a_name_that_comes_later) {
    struct lab l;
    start(&l, "faults: [{at: dns.query, name: lab-dc.michamen.com, times: 4, do: nxdomain}]\n");
    for (int i = 0; i < 2; i++) {
        struct outcome o = look_up(&l, "lab-dc.michamen.com");
        ck_assert_int_eq(o.code, ERR_DNS_NXDOMAIN);
    }
    struct outcome o = look_up(&l, "lab-dc.michamen.com");
    check(&(struct expected){"later", ERR_OK, "127.0.0.1"}, &o);
    stop(&l);
}
END_TEST

START_TEST(a_name_that_goes_and_moves) {
    struct lab l;
    start(&l, "faults:\n"
              "  - {at: dns.query, nth: 3, times: 2, do: address 192.0.2.7}\n"
              "  - {at: dns.query, nth: 5, times: always, do: refused}\n");
    static const struct expected flips[] = {{"first", ERR_OK, "127.0.0.1"},
                                            {"then", ERR_OK, "192.0.2.7"},
                                            {"ever", ERR_DNS_REFUSED, "DNS server refused query"},
                                            {"ever", ERR_DNS_REFUSED, "DNS server refused query"}};
    for (size_t i = 0; i < sizeof flips / sizeof flips[0]; i++) {
        struct outcome o = look_up(&l, "lab-dc.michamen.com");
        check(&flips[i], &o);
    }
    stop(&l);
}
END_TEST

static const char *const wrong_records[] = {
    "{name: a..b, a: 127.0.0.1}",
    "{name: a, a: 127.0.0.256}",
    "{name: a, a: '::1'}",
    "{name: a, aaaa: 127.0.0.1}",
    "{name: a, cname: ''}",
    "{name: a, cname: b, a: 127.0.0.1}",
    "{name: a, a: 127.0.0.1}, {name: A., a: 127.0.0.2}",
};

START_TEST(wrong_records_are_refused) {
    for (size_t i = 0; i < sizeof wrong_records / sizeof wrong_records[0]; i++) {
        struct dns_config config = {0};
        struct cfg_mistakes *m = cfg_mistakes_new();
        AUTO_BUF yaml = BUF_INIT(1024);
        struct err e = {0};
        buf_printf(&yaml, "records: [%s]\n", wrong_records[i]);
        struct cfg_doc *doc = cfg_load_text("t", buf_view(&yaml), dns_fields, &config, m);
        ck_assert_msg(doc != NULL, "%s", wrong_records[i]);
        ck_assert_msg(zone_new(&config, &e) == NULL, "%s", wrong_records[i]);
        ck_assert_err(e, CONFIG_BAD_VALUE);
        cfg_doc_free(doc);
        cfg_mistakes_free(m);
    }
}
END_TEST

START_TEST(a_wrong_address_is_no_fault) {
    static const struct fault_tables *const tables[] = {&dns_faults, NULL};
    struct dns_config config = {0};
    struct cfg_mistakes *m = cfg_mistakes_new();
    struct cfg_doc *doc =
        cfg_load_text("dns.yaml",
                      bytes_of_str("faults:\n  - {at: dns.query, do: address 192.0.2.1}\n"
                                   "  - {at: dns.query, do: address nowhere}\n"),
                      dns_fields, &config, m);
    ck_assert_ptr_null(fault_set_new(&config.faults, doc, tables, m));
    ck_assert_uint_eq(cfg_mistakes_count(m), 1);
    ck_assert_str_eq(cfg_mistake_text(m, 0),
                     "dns.yaml:3:25: address: \"nowhere\" is no numeric address");
    cfg_mistakes_free(m);
    cfg_doc_free(doc);
}
END_TEST

START_TEST(a_port_that_is_taken_is_an_error) {
    struct lab l;
    struct err e = {0};
    start(&l, "");
    struct dns_config config = l.config;
    config.listen = l.server_item;
    ck_assert_ptr_null(dns_server_new(l.loop, &config, NULL, &e));
    ck_assert_err(e, SYS_IO);
    config.listen = (char[]){"nowhere"};
    ck_assert_ptr_null(dns_server_new(l.loop, &config, NULL, &e));
    ck_assert_err(e, ARG_USAGE);
    stop(&l);
}
END_TEST

START_TEST(each_query_is_a_line_of_the_log) {
    TEMPORARY(dir);
    struct lab l;
    struct err e = {0};
    AUTO(char) path = path_join(dir, "dns.log");
    AUTO_BUF yaml = BUF_INIT(4096);
    AUTO_BUF log = BUF_INIT(65536);
    buf_printf(&yaml, "log: %s\nfaults: [{at: dns.query, nth: 2, do: truncate}]\n", path);
    start(&l, buf_str(&yaml));
    look_up(&l, "six.michamen.com");
    stop(&l);
    ck_assert_ok(file_read(path, &log, &e), e);
    ck_assert_ptr_nonnull(strstr(buf_str(&log), " six.michamen.com A: NOERROR\n"));
    ck_assert_ptr_nonnull(strstr(buf_str(&log), "Z udp 127.0.0.1:"));
    ck_assert_ptr_nonnull(
        strstr(buf_str(&log), " six.michamen.com AAAA: NOERROR truncated, fault: truncate\n"));
    ck_assert_ptr_nonnull(strstr(buf_str(&log), "Z tcp 127.0.0.1:"));
    ck_assert_ptr_nonnull(strstr(buf_str(&log), " six.michamen.com AAAA: NOERROR 2001:db8::1\n"));
}
END_TEST

/* --- TCP by hand --- */

static int connect_to(const struct lab *l) {
    signal(SIGPIPE, SIG_IGN);
    AUTO(char) host = NULL;
    uint16_t port = 0;
    struct err e = {0};
    ck_assert_ok(split_host_port(l->server_item, &host, &port, &e), e);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

/* The same query again and again, its number in the id, each behind its length. */
static void put_queries(struct buf *out, unsigned count) {
    static const char body[] = "\1\0\0\1\0\0\0\0\0\0\6lab-dc\10michamen\3com\0\0\1\0\1";
    for (unsigned i = 0; i < count; i++) {
        buf_put_u16(out, sizeof body - 1 + 2);
        buf_put_u16(out, (uint16_t)i);
        buf_put(out, body, sizeof body - 1);
    }
}

static void on_wake(evutil_socket_t fd, short what, void *user) {
    (void)fd;
    (void)what;
    (void)user;
}

/* Runs the loop until so many octets came, or the end; returns how many. */
static size_t receive(const struct lab *l, int fd, uint8_t *out, size_t wanted) {
    size_t got = 0;
    ssize_t n = -1;
    struct event *readable = event_new(l->loop, fd, EV_READ | EV_PERSIST, on_wake, NULL);
    event_add(readable, NULL);
    while (got < wanted && n != 0) {
        n = recv(fd, out + got, wanted - got, MSG_DONTWAIT);
        if (n > 0)
            got += (size_t)n;
        else if (n < 0 && errno == EAGAIN)
            event_base_loop(l->loop, EVLOOP_ONCE);
        else
            n = 0;
    }
    event_free(readable);
    return got;
}

enum { ANSWER = 2 + 37 + 16 };

static void check_answers(const struct lab *l, int fd, unsigned count) {
    uint8_t octets[ANSWER];
    for (unsigned i = 0; i < count; i++) {
        ck_assert_uint_eq(receive(l, fd, octets, sizeof octets), sizeof octets);
        ck_assert_uint_eq(octets[1], ANSWER - 2);
        ck_assert_uint_eq((unsigned)(octets[2] << 8 | octets[3]), i);
        ck_assert_mem_eq(octets + ANSWER - 4, "\x7f\0\0\1", 4);
    }
}

static void send_all(int fd, const struct buf *octets) {
    ck_assert_int_eq(file_write_all(fd, buf_view(octets)), 0);
}

START_TEST(many_queries_on_one_connection) {
    struct lab l;
    AUTO_BUF queries = BUF_INIT(65536);
    start(&l, "");
    AUTO_FD fd = connect_to(&l);
    put_queries(&queries, 100);
    send_all(fd, &queries);
    shutdown(fd, SHUT_WR);
    check_answers(&l, fd, 100);
    uint8_t octet;
    ck_assert_uint_eq(receive(&l, fd, &octet, 1), 0);
    stop(&l);
}
END_TEST

START_TEST(a_query_in_single_octets) {
    struct lab l;
    AUTO_BUF query = BUF_INIT(1024);
    start(&l, "");
    AUTO_FD fd = connect_to(&l);
    put_queries(&query, 1);
    for (size_t i = 0; i < query.len; i++) {
        ck_assert_int_eq(send(fd, query.data + i, 1, 0), 1);
        event_base_loop(l.loop, EVLOOP_NONBLOCK);
    }
    check_answers(&l, fd, 1);
    stop(&l);
}
END_TEST

START_TEST(delayed_answers_keep_their_order) {
    struct lab l;
    AUTO_BUF queries = BUF_INIT(1024);
    start_at_rate(&l, 20, "faults: [{at: dns.query, times: 2, do: delay 1s}]\n");
    int64_t before = clock_mono_us();
    AUTO_FD fd = connect_to(&l);
    put_queries(&queries, 4);
    send_all(fd, &queries);
    shutdown(fd, SHUT_WR);
    check_answers(&l, fd, 4);
    ck_assert_int_ge(clock_mono_us() - before, 2 * SECOND);
    uint8_t octet;
    ck_assert_uint_eq(receive(&l, fd, &octet, 1), 0);
    stop(&l);
}
END_TEST

START_TEST(a_client_that_goes_before_its_answer) {
    struct lab l;
    AUTO_BUF query = BUF_INIT(1024);
    start(&l, "faults: [{at: dns.query, do: delay 1h}]\n");
    put_queries(&query, 1);
    for (int i = 0; i < 3; i++) {
        AUTO_FD fd = connect_to(&l);
        send_all(fd, &query);
        event_base_loop(l.loop, EVLOOP_NONBLOCK);
    }
    struct outcome o = look_up(&l, "lab-dc.michamen.com");
    ck_assert_str_eq(o.text, "127.0.0.1");
    stop(&l);
}
END_TEST

/* An announcement that is never kept; the next client is served meanwhile. */
START_TEST(idle_clients_are_sent_away) {
    struct lab l;
    uint8_t octet;
    start(&l, ""); /* the resolver keeps the time-outs of this rate */
    clock_configure(0, 50);
    AUTO_FD fd = connect_to(&l);
    ck_assert_int_eq(send(fd, "\xff\xff half", 7, 0), 7);
    struct outcome o = look_up(&l, "lab-dc.michamen.com");
    ck_assert_str_eq(o.text, "127.0.0.1");
    ck_assert_uint_eq(receive(&l, fd, &octet, 1), 0);
    stop(&l);
}
END_TEST

START_TEST(there_are_only_so_many_connections) {
    struct lab l;
    AUTO_BUF query = BUF_INIT(1024);
    int fds[64]; /* as many as there may be */
    uint8_t octet;
    start(&l, "");
    put_queries(&query, 1);
    for (size_t i = 0; i < 64; i++) {
        fds[i] = connect_to(&l);
        send_all(fds[i], &query);
        check_answers(&l, fds[i], 1);
    }
    AUTO_FD one_more = connect_to(&l);
    ck_assert_uint_eq(receive(&l, one_more, &octet, 1), 0);
    for (size_t i = 0; i < 64; i++)
        close(fds[i]);
    size_t got = 0;
    while (got == 0) { /* until the server has seen that they are gone */
        uint8_t answer[ANSWER];
        AUTO_FD next = connect_to(&l);
        got = file_write_all(next, buf_view(&query)) == 0 ? receive(&l, next, answer, ANSWER) : 0;
    }
    ck_assert_uint_eq(got, ANSWER);
    stop(&l);
}
END_TEST

/* Octets at random, and each kind of wrong frame, over TCP. */
START_TEST(hostile_streams) {
    static const struct {
        const char *octets;
        size_t len;
    } streams[] = {
        {"\0\0\0\0\0\0\0\0", 8},
        {"\0\1x\0\2xx\0\x0b"
         "12345678901",
         20},
        {"\0\x0c\0\0\x80\0\0\1\0\0\0\0\0\0", 14},
        {"GET / HTTP/1.1\r\n\r\n", 18},
        {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11},
    };
    struct lab l;
    start(&l, "");
    for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
        uint8_t answer[64];
        AUTO_FD fd = connect_to(&l);
        ck_assert_int_eq(send(fd, streams[i].octets, streams[i].len, 0), (int)streams[i].len);
        shutdown(fd, SHUT_WR);
        ck_assert_uint_eq(receive(&l, fd, answer, sizeof answer), 0);
    }
    struct outcome o = look_up(&l, "lab-dc.michamen.com");
    ck_assert_str_eq(o.text, "127.0.0.1");
    stop(&l);
}
END_TEST

TEST_MAIN("dns server", names_are_resolved, each_fault_is_seen_for_what_it_is,
          other_names_have_no_fault, a_name_that_comes_later, a_name_that_goes_and_moves,
          wrong_records_are_refused, a_wrong_address_is_no_fault, a_port_that_is_taken_is_an_error,
          each_query_is_a_line_of_the_log, many_queries_on_one_connection, a_query_in_single_octets,
          delayed_answers_keep_their_order, a_client_that_goes_before_its_answer,
          idle_clients_are_sent_away, there_are_only_so_many_connections, hostile_streams)
