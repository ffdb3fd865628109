/* Relays between real sockets: each fault, both ends' view of it, and that the next connection
 * passes. */
#include "base/clock.h"
#include "base/file.h"
#include "base/owned.h"
#include "base/resolver.h"
#include "base/temporary_test.h"
#include "base/test.h"
#include "mocks/wire/wire.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#define SECOND INT64_C(1000000)

/* One end of a relayed connection, read as the loop runs. */
struct end {
    int fd;
    struct event *event;
    struct buf got;
    bool ended;  /* FIN */
    int failure; /* errno; 0: none */
    bool paused; /* not read */
};

static struct lab {
    char *dir;
    struct event_base *loop;
    struct resolver *resolver;
    struct wire_config config;
    struct cfg_doc *doc;
    struct wire_tables tables;
    struct fault_set *faults;
    struct wire *wire;
    int listener; /* of the server behind the relay */
} lab;

static void read_config(const char *text, struct cfg_mistakes *m) {
    struct err e = {0};
    lab.doc = cfg_load_text("wire.yaml", bytes_of_str(text), wire_fields, &lab.config, m);
    if (lab.doc == NULL)
        return;
    ck_assert_ok(wire_tables_make(&lab.tables, &lab.config, &e), e);
    const struct fault_tables *const tables[] = {&lab.tables.tables, NULL};
    lab.faults = fault_set_new(&lab.config.faults, lab.doc, tables, m);
}

static void serve_configured(const char *text) {
    struct err e = {0};
    struct cfg_mistakes *m = cfg_mistakes_new();
    read_config(text, m);
    ck_assert_msg(lab.faults != NULL, "%s", cfg_mistake_text(m, 0));
    cfg_mistakes_free(m);
    const struct wire_setup setup = {&lab.config, lab.faults, lab.loop, lab.resolver};
    lab.wire = wire_new(&setup, &e);
    ck_assert_msg(lab.wire != NULL, "%s", e.text);
}

/* A server, and the relay a-b in front of it, with the faults given as YAML rows. */
static void lab_open(const char *faults) {
    static const struct cfg_pairs none;
    struct err e = {0};
    AUTO(char) address = NULL;
    AUTO_BUF text = BUF_INIT(8192);
    signal(SIGPIPE, SIG_IGN);
    lab = (struct lab){.dir = temporary_new(), .loop = event_base_new()};
    lab.resolver = resolver_new(lab.loop, NULL, &none, &e);
    lab.listener = listen_tcp("127.0.0.1:0", &address, &e);
    ck_assert_int_ge(lab.listener, 0);
    buf_printf(&text, "log: %s/wire.log\nrelays: [{name: a-b, to: '%s'}]\nfaults:\n%s", lab.dir,
               address, faults);
    serve_configured(buf_str(&text));
}

static void lab_close(void) {
    wire_free(lab.wire);
    fault_set_free(lab.faults);
    wire_tables_free(&lab.tables);
    cfg_doc_free(lab.doc);
    resolver_free(lab.resolver);
    event_base_free(lab.loop);
    if (lab.listener >= 0)
        close(lab.listener);
    temporary_remove(&lab.dir);
}

static void turn(void) {
    struct timeval soon = {.tv_usec = 1000};
    event_base_loopexit(lab.loop, &soon);
    event_base_loop(lab.loop, EVLOOP_ONCE);
}

static void on_readable(evutil_socket_t fd, short what, void *user) {
    struct end *end = user;
    char chunk[4096];
    (void)what;
    ssize_t n = recv(fd, chunk, sizeof chunk, 0);
    if (n > 0) {
        buf_put(&end->got, chunk, (size_t)n);
        return;
    }
    end->ended = n == 0;
    end->failure = n < 0 ? errno : 0;
    event_del(end->event);
}

static void end_start(struct end *end, int fd) {
    *end = (struct end){.fd = fd, .got = BUF_INIT(32 << 20)};
    evutil_make_socket_nonblocking(fd);
    end->event = event_new(lab.loop, fd, EV_READ | EV_PERSIST, on_readable, end);
    event_add(end->event, NULL);
}

static void end_close(struct end *end) {
    if (end->event == NULL)
        return;
    event_free(end->event);
    close(end->fd);
    buf_free(&end->got);
    *end = (struct end){0};
}

static int connect_client(void) {
    AUTO(char) host = NULL;
    struct err e = {0};
    struct sockaddr_in to = {.sin_family = AF_INET};
    uint16_t port = 0;
    ck_assert_ok(split_host_port(wire_address(lab.wire, "a-b"), &host, &port, &e), e);
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    int failure = errno;
    close(fd);
    return -failure;
}

static void client_start(struct end *client) {
    int fd = connect_client();
    ck_assert_int_ge(fd, 0);
    end_start(client, fd);
}

/* The connection that the relay opens. */
static void server_accept(struct end *server) {
    int fd = -1;
    while ((fd = accept(lab.listener, NULL, NULL)) < 0)
        turn();
    end_start(server, fd);
}

static void say(const struct end *end, const char *text) {
    ck_assert_int_eq((int)send(end->fd, text, strlen(text), MSG_NOSIGNAL), (int)strlen(text));
}

static void expect(const struct end *end, const char *text) {
    while (end->got.len < strlen(text) && !end->ended && end->failure == 0)
        turn();
    ck_assert_str_eq(buf_str(&end->got), text);
}

static void expect_end(const struct end *end) {
    while (!end->ended && end->failure == 0)
        turn();
    ck_assert_int_eq(end->failure, 0);
}

static void expect_reset(const struct end *end) {
    while (!end->ended && end->failure == 0)
        turn();
    ck_assert_int_eq(end->failure, ECONNRESET);
}

static void expect_no_links(void) {
    while (wire_links(lab.wire) > 0)
        turn();
}

/* A whole connection in which everything passes. */
static void expect_healthy(void) {
    struct end client, server;
    client_start(&client);
    server_accept(&server);
    say(&client, "hello");
    expect(&server, "hello");
    say(&server, "world");
    expect(&client, "world");
    shutdown(client.fd, SHUT_WR);
    expect_end(&server);
    say(&server, "!");
    shutdown(server.fd, SHUT_WR);
    expect_end(&client);
    ck_assert_str_eq(buf_str(&client.got), "world!");
    end_close(&client);
    end_close(&server);
    expect_no_links();
}

static void finish(struct end *client, struct end *server) {
    end_close(client);
    end_close(server);
    expect_no_links();
    expect_healthy();
    lab_close();
}

START_TEST(everything_passes_and_ends_pass_apart) {
    lab_open("");
    expect_healthy();
    expect_healthy();
    lab_close();
}
END_TEST

START_TEST(a_reset_passes_as_a_reset) {
    const struct linger reset = {.l_onoff = 1};
    struct end client, server;
    lab_open("");
    client_start(&client);
    server_accept(&server);
    say(&client, "x");
    expect(&server, "x");
    setsockopt(server.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    end_close(&server);
    expect_reset(&client);
    finish(&client, &server);
}
END_TEST

START_TEST(a_server_that_is_not_there_is_a_reset) {
    struct end client;
    lab_open("");
    close(lab.listener);
    lab.listener = -1;
    client_start(&client);
    expect_reset(&client);
    end_close(&client);
    expect_no_links();
    lab_close();
}
END_TEST

/* ---- Back-pressure ---- */

/* Writes until nothing more goes in for a while; how much went in. */
static size_t fill(const struct end *from, size_t most) {
    static const char chunk[65536];
    size_t sum = 0;
    for (unsigned still = 0; still < 50 && sum < most;) {
        ssize_t n = send(from->fd, chunk, sizeof chunk, MSG_NOSIGNAL);
        still = n > 0 ? 0 : still + 1;
        sum += n > 0 ? (size_t)n : 0;
        turn();
    }
    return sum;
}

START_TEST(a_slow_reader_slows_the_writer_down) {
    enum { MOST = 64 << 20 };
    struct end client, server;
    lab_open("");
    client_start(&client);
    server_accept(&server);
    event_del(client.event);
    size_t sent = fill(&server, MOST);
    ck_assert_uint_lt(sent, MOST);
    event_add(client.event, NULL);
    shutdown(server.fd, SHUT_WR);
    expect_end(&client);
    ck_assert_uint_eq(client.got.len, sent);
    finish(&client, &server);
}
END_TEST

START_TEST(many_connections_at_once) {
    enum { MANY = 200 };
    static struct end clients[MANY], servers[MANY];
    lab_open("");
    for (size_t i = 0; i < MANY; i++) {
        client_start(&clients[i]);
        server_accept(&servers[i]);
    }
    ck_assert_uint_eq(wire_links(lab.wire), MANY);
    for (size_t i = 0; i < MANY; i++)
        say(&clients[i], "ping");
    for (size_t i = 0; i < MANY; i++)
        expect(&servers[i], "ping");
    for (size_t i = 0; i < MANY; i++) {
        end_close(&clients[i]);
        end_close(&servers[i]);
    }
    expect_no_links();
    lab_close();
}
END_TEST

/* ---- Refusing ---- */

START_TEST(refused_from_the_third_connection_on) {
    lab_open("- {at: 'wire:a-b', nth: 3, times: always, do: refuse}\n");
    expect_healthy();
    ck_assert_ptr_nonnull(strstr(wire_address(lab.wire, "a-b"), "127.0.0.1:"));
    expect_healthy();
    ck_assert_int_eq(connect_client(), -ECONNREFUSED);
    ck_assert_int_eq(connect_client(), -ECONNREFUSED);
    lab_close();
}
END_TEST

/* Timers may fire a few real milliseconds early. */
START_TEST(refused_from_the_start_for_a_while) {
    struct end client, server;
    clock_configure(0, 1000);
    lab_open("- {at: 'wire:a-b', do: refuse-for 200s}\n");
    int64_t from = clock_mono_us();
    ck_assert_int_eq(connect_client(), -ECONNREFUSED);
    int fd = -1;
    while ((fd = connect_client()) < 0)
        turn();
    ck_assert_int_ge(clock_mono_us() - from, 150 * SECOND);
    end_start(&client, fd);
    server_accept(&server);
    finish(&client, &server);
}
END_TEST

/* ---- Ends ---- */

START_TEST(reset_after_bytes_of_the_server) {
    struct end client, server;
    lab_open("- {at: 'wire:a-b', do: reset-after 4}\n");
    client_start(&client);
    server_accept(&server);
    say(&client, "hello");
    expect(&server, "hello");
    say(&server, "world");
    expect_reset(&client);
    ck_assert_str_eq(buf_str(&client.got), "worl");
    expect_reset(&server);
    finish(&client, &server);
}
END_TEST

START_TEST(reset_after_bytes_of_the_client) {
    struct end client, server;
    lab_open("- {at: 'wire:a-b', do: reset-after-client 3}\n");
    client_start(&client);
    server_accept(&server);
    say(&client, "hello");
    expect_reset(&server);
    ck_assert_str_eq(buf_str(&server.got), "hel");
    expect_reset(&client);
    finish(&client, &server);
}
END_TEST

START_TEST(reset_at_once) {
    struct end client;
    lab_open("- {at: 'wire:a-b', do: reset-after 0}\n");
    client_start(&client);
    expect_reset(&client);
    end_close(&client);
    expect_no_links();
    close(accept(lab.listener, NULL, NULL));
    expect_healthy();
    lab_close();
}
END_TEST

START_TEST(cut_cleanly) {
    struct end client, server;
    lab_open("- {at: 'wire:a-b', do: cut 2}\n");
    client_start(&client);
    server_accept(&server);
    say(&server, "world");
    expect_end(&client);
    ck_assert_str_eq(buf_str(&client.got), "wo");
    expect_end(&server);
    say(&server, "into the void");
    finish(&client, &server);
}
END_TEST

START_TEST(half_closed_towards_the_client) {
    struct end client, server;
    lab_open("- {at: 'wire:a-b', do: half-close 2}\n");
    client_start(&client);
    server_accept(&server);
    say(&server, "world");
    expect_end(&client);
    ck_assert_str_eq(buf_str(&client.got), "wo");
    say(&client, "still here");
    expect(&server, "still here");
    say(&server, "nobody hears");
    shutdown(client.fd, SHUT_WR);
    expect_end(&server);
    finish(&client, &server);
}
END_TEST

START_TEST(half_closed_from_the_start) {
    struct end client, server;
    lab_open("- {at: 'wire:a-b', do: half-close}\n");
    client_start(&client);
    server_accept(&server);
    expect_end(&client);
    say(&client, "hello");
    expect(&server, "hello");
    finish(&client, &server);
}
END_TEST

/* ---- Silence ---- */

START_TEST(silent) {
    struct end client;
    lab_open("- {at: 'wire:a-b', do: silent}\n");
    client_start(&client);
    say(&client, "hello?");
    for (int i = 0; i < 20; i++)
        turn();
    ck_assert_uint_eq(wire_links(lab.wire), 1);
    ck_assert_int_lt(accept(lab.listener, NULL, NULL), 0);
    ck_assert(!client.ended && client.failure == 0 && client.got.len == 0);
    end_close(&client);
    expect_no_links();
    expect_healthy();
    lab_close();
}
END_TEST

/* Neither side hears of the other, nor of its end, but for a client that gives up. */
static void expect_stalled(struct end *client, struct end *server, const char *to_client,
                           const char *to_server) {
    shutdown(server->fd, SHUT_WR);
    for (int i = 0; i < 20; i++)
        turn();
    ck_assert_str_eq(buf_str(&client->got), to_client);
    ck_assert_str_eq(buf_str(&server->got), to_server);
    ck_assert(!client->ended && !server->ended);
    end_close(client);
    while (!server->ended && server->failure == 0)
        turn();
    finish(client, server);
}

START_TEST(stalled_before_the_hello) {
    struct end client, server;
    lab_open("- {at: 'wire:a-b', do: stall-before-hello}\n");
    client_start(&client);
    server_accept(&server);
    say(&client, "hello");
    say(&server, "world");
    expect_stalled(&client, &server, "", "");
}
END_TEST

START_TEST(stalled_behind_the_hello_of_the_client) {
    struct end client, server;
    lab_open("- {at: 'wire:a-b', do: stall-after-hello client}\n");
    client_start(&client);
    server_accept(&server);
    say(&client, "hel");
    expect(&server, "hel");
    say(&client, "lo");
    expect(&server, "hello");
    say(&server, "world");
    turn();
    say(&client, "more");
    expect_stalled(&client, &server, "", "hello");
}
END_TEST

START_TEST(stalled_behind_the_hello_of_the_server) {
    struct end client, server;
    lab_open("- {at: 'wire:a-b', do: stall-after-hello}\n");
    client_start(&client);
    server_accept(&server);
    say(&client, "hello");
    expect(&server, "hello");
    say(&server, "wor");
    expect(&client, "wor");
    say(&server, "ld");
    expect(&client, "world");
    say(&client, "finished");
    turn();
    say(&server, "more");
    expect_stalled(&client, &server, "world", "hello");
}
END_TEST

/* ---- Time ---- */

START_TEST(dribbling) {
    struct end client, server;
    clock_configure(0, 1000);
    lab_open("- {at: 'wire:a-b', do: dribble 5s}\n");
    client_start(&client);
    server_accept(&server);
    int64_t from = clock_mono_us();
    say(&server, "0123456789");
    shutdown(server.fd, SHUT_WR);
    say(&client, "abc");
    expect_end(&client);
    ck_assert_str_eq(buf_str(&client.got), "0123456789");
    ck_assert_int_ge(clock_mono_us() - from, 20 * SECOND);
    expect(&server, "abc");
    finish(&client, &server);
}
END_TEST

START_TEST(a_delay_goes_with_another_fault) {
    struct end client, server;
    clock_configure(0, 1000);
    lab_open("- {at: 'wire:a-b', do: cut 3}\n- {at: 'wire:a-b', do: delay 50s}\n");
    int64_t from = clock_mono_us();
    client_start(&client);
    say(&client, "hello");
    server_accept(&server);
    ck_assert_int_ge(clock_mono_us() - from, 30 * SECOND);
    expect(&server, "hello");
    say(&server, "world");
    expect_end(&client);
    ck_assert_str_eq(buf_str(&client.got), "wor");
    finish(&client, &server);
}
END_TEST

START_TEST(freed_in_the_middle_of_everything) {
    struct end client, late, server;
    lab_open("- {at: 'wire:a-b', nth: 2, do: delay 1h}\n"
             "- {at: 'wire:a-b', nth: 3, times: always, do: refuse}\n");
    client_start(&client);
    server_accept(&server);
    client_start(&late);
    while (lab.faults->items[0].seen < 2)
        turn();
    end_close(&client);
    end_close(&late);
    end_close(&server);
    lab_close();
}
END_TEST

/* ---- Configuration and log ---- */

START_TEST(mistakes_of_the_configuration) {
    static const struct {
        const char *text, *mistake;
    } rows[] = {
        {"relays: [{name: a-b, to: x:1}]\nfaults: [{at: 'wire:a-c', do: cut 1}]",
         "wire.yaml:2:15: unknown fault point \"wire:a-c\", did you mean \"wire:a-b\"?"},
        {"relays: [{name: a-b, to: x:1}]\nfaults: [{at: 'wire:a-b', do: cut}]",
         "wire.yaml:2:31: cut needs an argument: BYTES"},
        {"relays: [{name: a-b, to: x:1}]\nfaults: [{at: 'wire:a-b', do: dribble 0s}]",
         "wire.yaml:2:31: dribble: 0s is out of bounds"},
        {"relays: [{name: a-b, to: x:1}]\nfaults: [{at: 'wire:a-b', do: refuse}]",
         "wire.yaml:2:31: refuse lasts: write times: always"},
        {"relays: [{name: a-b, to: x:1}]\nfaults: [{at: 'wire:a-b', do: stall-after-hello cleint}]",
         "wire.yaml:2:31: unknown stall-after-hello \"cleint\", did you mean \"client\"?"},
        {"relays: [{name: a-b}]", "wire.yaml:1:10: the required key \"to\" is missing"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cfg_mistakes *m = cfg_mistakes_new();
        lab = (struct lab){0};
        read_config(rows[i].text, m);
        ck_assert_ptr_null(lab.faults);
        ck_assert_str_eq(cfg_mistake_text(m, 0), rows[i].mistake);
        wire_tables_free(&lab.tables);
        cfg_doc_free(lab.doc);
        cfg_mistakes_free(m);
    }
}
END_TEST

START_TEST(relays_that_cannot_be) {
    struct wire_tables tables;
    struct err e = {0};
    struct relay_config twice[] = {{(char[]){"a"}, NULL, NULL}, {(char[]){"a"}, NULL, NULL}};
    struct wire_config config = {.relays = {twice, 2}};
    ck_assert_int_eq(wire_tables_make(&tables, &config, &e), -1);
    ck_assert_err(e, CONFIG_BAD_VALUE);
    wire_tables_free(&tables);
    config.relays.count = 0;
    ck_assert_int_eq(wire_tables_make(&tables, &config, &e), -1);
    ck_assert_err(e, CONFIG_MISSING);
}
END_TEST

START_TEST(targets_that_cannot_be) {
    struct err e = {0};
    struct relay_config relay = {(char[]){"a"}, (char[]){"127.0.0.1:0"}, (char[]){"nowhere"}};
    const struct wire_config config = {.relays = {&relay, 1}};
    const struct wire_setup setup = {.config = &config, .loop = event_base_new()};
    ck_assert_ptr_null(wire_new(&setup, &e));
    ck_assert_err(e, ARG_USAGE);
    relay.to = (char[]){"127.0.0.1:1"};
    relay.listen = (char[]){"192.0.2.1:1"};
    ck_assert_ptr_null(wire_new(&setup, &e));
    ck_assert_err(e, SYS_IO);
    event_base_free(setup.loop);
}
END_TEST

START_TEST(the_log_counts_and_names) {
    struct end client, server;
    struct err e = {0};
    AUTO_BUF text = BUF_INIT(8192);
    lab_open("- {at: 'wire:a-b', do: cut 2}\n");
    client_start(&client);
    server_accept(&server);
    say(&client, "hello");
    expect(&server, "hello");
    say(&server, "world");
    expect_end(&client);
    end_close(&client);
    end_close(&server);
    expect_no_links();
    AUTO(char) path = path_join(lab.dir, "wire.log");
    ck_assert_ok(file_read(path, &text, &e), e);
    ck_assert_ptr_nonnull(strstr(buf_str(&text), " a-b 1: to 127.0.0.1:"));
    ck_assert_ptr_nonnull(strstr(buf_str(&text), ", fault: cut 2\n"));
    ck_assert_ptr_nonnull(
        strstr(buf_str(&text), " a-b 1: ended; 5 bytes to the server, 2 to the client\n"));
    lab_close();
}
END_TEST

TEST_MAIN("wire", everything_passes_and_ends_pass_apart, a_reset_passes_as_a_reset,
          a_server_that_is_not_there_is_a_reset, a_slow_reader_slows_the_writer_down,
          many_connections_at_once, refused_from_the_third_connection_on,
          refused_from_the_start_for_a_while, reset_after_bytes_of_the_server,
          reset_after_bytes_of_the_client, reset_at_once, cut_cleanly,
          half_closed_towards_the_client, half_closed_from_the_start, silent,
          stalled_before_the_hello, stalled_behind_the_hello_of_the_client,
          stalled_behind_the_hello_of_the_server, dribbling, a_delay_goes_with_another_fault,
          freed_in_the_middle_of_everything, mistakes_of_the_configuration, relays_that_cannot_be,
          targets_that_cannot_be, the_log_counts_and_names)
