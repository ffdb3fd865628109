/* The resolver against a DNS server of the test's own: answers, failures with the texts of c-ares,
 * silence and garbage, and the texts that the HTTP client makes of them. */
#include "http_test_lab.h"

#include <event2/dns.h>
#include <event2/dns_struct.h>

static struct event_base *loop;
static struct evdns_server_port *dns;
static unsigned queries;
static char server[32];
static char *server_items[] = {server};
static const struct cfg_strings servers = {server_items, 1};

struct answer {
    unsigned done;
    char text[512]; /* addresses, or the error's */
    enum err_code code;
};

static void on_answer(void *user, const char *const *addresses, const struct err *e) {
    struct answer *a = user;
    size_t len = 0;
    a->done++;
    a->code = e != NULL ? e->code : ERR_OK;
    if (addresses == NULL)
        snprintf(a->text, sizeof a->text, "%s", e->text);
    for (size_t i = 0; addresses != NULL && addresses[i] != NULL; i++)
        len += (size_t)snprintf(a->text + len, sizeof a->text - len, "%s%s", i == 0 ? "" : " ",
                                addresses[i]);
}

static const struct {
    const char *name;
    int rcode;
    const char *text;
    enum err_code code;
} failures[] = {
    {"nxdomain.example", DNS_ERR_NOTEXIST, "Domain name not found", ERR_DNS_NXDOMAIN},
    {"servfail.example", DNS_ERR_SERVERFAILED, "DNS server returned general failure",
     ERR_DNS_SERVFAIL},
    {"refused.example", DNS_ERR_REFUSED, "DNS server refused query", ERR_DNS_REFUSED},
    {"nodata.example", DNS_ERR_NONE, "DNS server returned answer with no data", ERR_DNS_NODATA},
};
enum { FAILURES = sizeof failures / sizeof failures[0] };

static int answer_failure(struct evdns_server_request *q, const char *name) {
    for (size_t i = 0; i < FAILURES; i++)
        if (strcasecmp(name, failures[i].name) == 0)
            return evdns_server_request_respond(q, failures[i].rcode);
    return evdns_server_request_respond(q, DNS_ERR_NOTEXIST);
}

static void on_query(struct evdns_server_request *q, void *user) {
    static const uint8_t v4[8] = {192, 0, 2, 1, 192, 0, 2, 2};
    static const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
    const struct evdns_server_question *question = q->questions[0];
    (void)user;
    queries++;
    if (strcmp(question->name, "silent.example") == 0) {
        evdns_server_request_drop(q);
    } else if (strcmp(question->name, "two.example") == 0 && question->type == EVDNS_TYPE_A) {
        evdns_server_request_add_a_reply(q, question->name, 1, v4, 60);
        evdns_server_request_add_a_reply(q, question->name, 1, v4 + 4, 60);
        evdns_server_request_respond(q, 0);
    } else if (strcmp(question->name, "six.example") == 0) {
        if (question->type == EVDNS_TYPE_AAAA)
            evdns_server_request_add_aaaa_reply(q, question->name, 1, v6, 60);
        evdns_server_request_respond(q, 0);
    } else if (strcmp(question->name, "two.example") == 0) {
        evdns_server_request_respond(q, 0);
    } else {
        answer_failure(q, question->name);
    }
}

static int udp_socket(void) {
    struct sockaddr_in any = {.sin_family = AF_INET};
    socklen_t len = sizeof any;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&any, sizeof any), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&any, &len), 0);
    snprintf(server, sizeof server, "127.0.0.1:%u", (unsigned)ntohs(any.sin_port));
    return fd;
}

static struct resolver *start(void) {
    struct err e;
    lab_clock(LAB_NOW_US, 50);
    queries = 0;
    loop = event_base_new();
    dns = evdns_add_server_port_with_base(loop, udp_socket(), 0, on_query, NULL);
    struct resolver *r = resolver_new(loop, &servers, &lab_hosts, &e);
    ck_assert_msg(r != NULL, "%s", e.text);
    return r;
}

static void stop(struct resolver *r) {
    resolver_free(r);
    evdns_close_server_port(dns);
    event_base_loop(loop, EVLOOP_NONBLOCK);
    event_base_free(loop);
}

static void look_up(struct resolver *r, const char *name, struct answer *a) {
    struct lab l = {.loop = loop};
    memset(a, 0, sizeof *a);
    resolver_lookup(r, name, on_answer, a);
    lab_until(&l, &a->done, 1);
    ck_assert_uint_eq(a->done, 1);
}

START_TEST(numeric_names_and_hosts_need_no_server) {
    struct answer a;
    struct resolver *r = start();
    look_up(r, "192.0.2.7", &a);
    ck_assert_str_eq(a.text, "192.0.2.7");
    look_up(r, "::1", &a);
    ck_assert_str_eq(a.text, "::1");
    look_up(r, "LAB-DC.michamen.com", &a);
    ck_assert_str_eq(a.text, "127.0.0.1");
    ck_assert_uint_eq(queries, 0);
    stop(r);
}
END_TEST

START_TEST(addresses_come_from_the_named_server) {
    struct answer a;
    struct resolver *r = start();
    look_up(r, "two.example", &a);
    ck_assert_int_eq(a.code, ERR_OK);
    ck_assert_ptr_nonnull(strstr(a.text, "192.0.2.1"));
    ck_assert_ptr_nonnull(strstr(a.text, "192.0.2.2"));
    look_up(r, "six.example", &a);
    ck_assert_str_eq(a.text, "2001:db8::1");
    ck_assert_uint_gt(queries, 0);
    stop(r);
}
END_TEST

START_TEST(failures_have_the_texts_of_c_ares) {
    struct answer a;
    struct resolver *r = start();
    for (size_t i = 0; i < FAILURES; i++) {
        look_up(r, failures[i].name, &a);
        ck_assert_str_eq(a.text, failures[i].text);
        ck_assert_str_eq(err_name(a.code), err_name(failures[i].code));
    }
    stop(r);
}
END_TEST

START_TEST(silence_ends_within_ten_component_seconds) {
    struct answer a;
    struct resolver *r = start();
    look_up(r, "silent.example", &a);
    ck_assert_int_eq(a.code, ERR_DNS_TIMEOUT);
    ck_assert_str_eq(a.text, "Timeout while contacting DNS servers");
    ck_assert_uint_ge(queries, 2);
    stop(r);
}
END_TEST

START_TEST(nobody_at_the_servers_port) {
    struct answer a;
    struct err e;
    lab_clock(LAB_NOW_US, 50);
    loop = event_base_new();
    close(udp_socket());
    struct resolver *r = resolver_new(loop, &servers, NULL, &e);
    look_up(r, "two.example", &a);
    ck_assert_int_eq(a.code, ERR_DNS_TIMEOUT);
    resolver_free(r);
    event_base_free(loop);
}
END_TEST

#define SIXTEEN_LETTERS "abcdefghijklmnop"

static const char *const malformed[] = {
    "",
    ".",
    "..",
    "a..b",
    "name with blanks",
    "\x01\xff",
    (SIXTEEN_LETTERS SIXTEEN_LETTERS SIXTEEN_LETTERS SIXTEEN_LETTERS ".example"), /* 63 at most */
};

START_TEST(malformed_names_fail_and_the_next_look_up_works) {
    struct answer a;
    struct resolver *r = start();
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        look_up(r, malformed[i], &a);
        ck_assert_str_eq(err_layer(a.code), "dns");
    }
    look_up(r, "two.example", &a);
    ck_assert_int_eq(a.code, ERR_OK);
    stop(r);
}
END_TEST

/* Echoes the question back with bytes that are no answer. */
static void on_garbage(evutil_socket_t fd, short what, void *user) {
    struct sockaddr_in from;
    socklen_t len = sizeof from;
    uint8_t packet[512];
    (void)what;
    (void)user;
    ssize_t got = recvfrom(fd, packet, sizeof packet, 0, (struct sockaddr *)&from, &len);
    if (got < 12)
        return;
    packet[2] = 0x81;
    packet[3] = 0x80;
    packet[6] = 0xff; /* 65535 answers that are not there */
    packet[7] = 0xff;
    sendto(fd, packet, (size_t)got, 0, (const struct sockaddr *)&from, len);
}

START_TEST(garbage_is_a_bad_answer) {
    struct answer a;
    struct err e;
    lab_clock(LAB_NOW_US, 50);
    loop = event_base_new();
    int fd = udp_socket();
    struct event *garbage = event_new(loop, fd, EV_READ | EV_PERSIST, on_garbage, NULL);
    event_add(garbage, NULL);
    struct resolver *r = resolver_new(loop, &servers, NULL, &e);
    look_up(r, "two.example", &a);
    ck_assert_int_eq(a.code, ERR_DNS_BAD_ANSWER);
    resolver_free(r);
    event_free(garbage);
    close(fd);
    event_base_free(loop);
}
END_TEST

START_TEST(freeing_ends_pending_look_ups) {
    struct answer a = {0};
    struct resolver *r = start();
    resolver_lookup(r, "silent.example", on_answer, &a);
    ck_assert_uint_eq(a.done, 0);
    stop(r);
    ck_assert_uint_eq(a.done, 1);
    ck_assert_int_eq(a.code, ERR_SYS_CANCELLED);
}
END_TEST

START_TEST(wrong_tables_are_refused) {
    char *names[] = {(char[]){"dns.example:53"}};
    struct cfg_pair pair = {(char[]){"a"}, (char[]){"b"}};
    struct err e;
    loop = event_base_new();
    ck_assert_ptr_null(resolver_new(loop, &(struct cfg_strings){names, 1}, NULL, &e));
    ck_assert_err(e, CONFIG_BAD_VALUE);
    ck_assert_ptr_null(resolver_new(loop, NULL, &(struct cfg_pairs){&pair, 1}, &e));
    ck_assert_err(e, CONFIG_BAD_VALUE);
    event_base_free(loop);
}
END_TEST

static struct http_result fetch(struct resolver *r, const struct http_endpoint *endpoint) {
    struct lab l = {.loop = loop};
    struct fetch f = {.easy = curl_easy_init(), .endpoint = *endpoint};
    struct err e;
    l.client = http_client_new(loop, r, &e);
    f.body = (struct buf)BUF_INIT(100);
    fetch_run(&f, &l, "/certsrv");
    fetch_free(&f);
    http_client_free(l.client);
    return f.result;
}

/* Seed 1, "problem with the name resolution". */
START_TEST(client_reports_the_name_as_in_the_seed) {
    struct resolver *r = start();
    struct http_result result =
        fetch(r, &(struct http_endpoint){.host = "lab-dcc.michamen.com", .port = 443});
    ck_assert_int_eq(result.code, 6);
    ck_assert_str_eq(result.text,
                     "Could not resolve: lab-dcc.michamen.com (Domain name not found)");
    ck_assert_err(result.err, DNS_NXDOMAIN);
    stop(r);
}
END_TEST

START_TEST(client_resolves_the_name_in_via) {
    struct resolver *r = start();
    struct http_result result =
        fetch(r, &(struct http_endpoint){
                     .host = "lab-dc.michamen.com", .port = 443, .via = "refused.example:1"});
    ck_assert_int_eq(result.code, 6);
    ck_assert_err(result.err, DNS_REFUSED);
    stop(r);
}
END_TEST

START_TEST(cancelling_while_the_name_is_looked_up) {
    struct err e;
    struct fetch f = {.easy = curl_easy_init()};
    struct resolver *r = start();
    struct lab l = {.loop = loop};
    l.client = http_client_new(loop, r, &e);
    f.endpoint = (struct http_endpoint){.host = "silent.example", .port = 443};
    fetch_start(&f, &l, "/", 10 * SECOND);
    http_client_cancel(l.client, f.easy);
    http_client_free(l.client);
    ck_assert_uint_eq(f.done, 0);
    fetch_free(&f);
    stop(r);
}
END_TEST

START_TEST(look_up_longer_than_the_limit_of_the_exchange) {
    struct err e;
    struct fetch f = {.easy = curl_easy_init()};
    struct resolver *r = start();
    struct lab l = {.loop = loop};
    l.client = http_client_new(loop, r, &e);
    f.endpoint = (struct http_endpoint){.host = "silent.example", .port = 443};
    fetch_start(&f, &l, "/", 2 * SECOND);
    lab_until(&l, &f.done, 1);
    ck_assert_int_eq(f.result.code, CURLE_OPERATION_TIMEDOUT);
    ck_assert_str_eq(f.result.text, "Resolving timed out after 2000 milliseconds");
    ck_assert_err(f.result.err, DNS_TIMEOUT);
    http_client_free(l.client);
    fetch_free(&f);
    stop(r);
}
END_TEST

TEST_MAIN("resolver", numeric_names_and_hosts_need_no_server, addresses_come_from_the_named_server,
          failures_have_the_texts_of_c_ares, silence_ends_within_ten_component_seconds,
          nobody_at_the_servers_port, malformed_names_fail_and_the_next_look_up_works,
          garbage_is_a_bad_answer, freeing_ends_pending_look_ups, wrong_tables_are_refused,
          client_reports_the_name_as_in_the_seed, client_resolves_the_name_in_via,
          cancelling_while_the_name_is_looked_up, look_up_longer_than_the_limit_of_the_exchange)
