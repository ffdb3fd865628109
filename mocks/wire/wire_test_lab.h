/* A relay between real sockets: a server behind it, clients before it, all on one loop. Test
 * programs only. */
#ifndef MOCKS_WIRE_WIRE_TEST_LAB_H
#define MOCKS_WIRE_WIRE_TEST_LAB_H

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
#include <sys/resource.h>
#include <sys/socket.h>

#define SECOND INT64_C(1000000)

/* One end of a relayed connection, read as the loop runs. */
struct end {
    int fd;
    struct event *event;
    struct buf got;
    bool ended;  /* FIN */
    int failure; /* errno; 0: none */
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

static inline void read_config(const char *text, struct cfg_mistakes *m) {
    struct err e = {0};
    lab.doc = cfg_load_text("wire.yaml", bytes_of_str(text), wire_fields, &lab.config, m);
    if (lab.doc == NULL)
        return;
    ck_assert_ok(wire_tables_make(&lab.tables, &lab.config, &e), e);
    const struct fault_tables *const tables[] = {&lab.tables.tables, NULL};
    lab.faults = fault_set_new(&lab.config.faults, lab.doc, tables, m);
}

static inline void serve_configured(const char *text) {
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
static inline void lab_open(const char *faults) {
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

static inline void lab_close(void) {
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

static inline void turn(void) {
    struct timeval soon = {.tv_usec = 1000};
    event_base_loopexit(lab.loop, &soon);
    event_base_loop(lab.loop, EVLOOP_ONCE);
}

static inline void on_readable(evutil_socket_t fd, short what, void *user) {
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

static inline void end_start(struct end *end, int fd) {
    *end = (struct end){.fd = fd, .got = BUF_INIT(32 << 20)};
    evutil_make_socket_nonblocking(fd);
    end->event = event_new(lab.loop, fd, EV_READ | EV_PERSIST, on_readable, end);
    event_add(end->event, NULL);
}

static inline void end_close(struct end *end) {
    if (end->event == NULL)
        return;
    event_free(end->event);
    close(end->fd);
    buf_free(&end->got);
    *end = (struct end){0};
}

static inline int connect_client(void) {
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

static inline void client_start(struct end *client) {
    int fd = connect_client();
    ck_assert_int_ge(fd, 0);
    end_start(client, fd);
}

/* The connection that the relay opens. */
static inline void server_accept(struct end *server) {
    int fd = -1;
    while ((fd = accept(lab.listener, NULL, NULL)) < 0)
        turn();
    end_start(server, fd);
}

static inline void say(const struct end *end, const char *text) {
    ck_assert_int_eq((int)send(end->fd, text, strlen(text), MSG_NOSIGNAL), (int)strlen(text));
}

static inline void expect(const struct end *end, const char *text) {
    while (end->got.len < strlen(text) && !end->ended && end->failure == 0)
        turn();
    ck_assert_str_eq(buf_str(&end->got), text);
}

static inline void expect_end(const struct end *end) {
    while (!end->ended && end->failure == 0)
        turn();
    ck_assert_int_eq(end->failure, 0);
}

static inline void expect_reset(const struct end *end) {
    while (!end->ended && end->failure == 0)
        turn();
    ck_assert_int_eq(end->failure, ECONNRESET);
}

static inline bool log_has(const char *text) {
    AUTO_BUF log = BUF_INIT(1 << 20);
    AUTO(char) path = path_join(lab.dir, "wire.log");
    struct err e = {0};
    return file_read(path, &log, &e) == 0 && strstr(buf_str(&log), text) != NULL;
}

static inline void expect_no_links(void) {
    while (wire_links(lab.wire) > 0)
        turn();
}

/* A whole connection in which everything passes. */
static inline void expect_healthy(void) {
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

static inline void finish(struct end *client, struct end *server) {
    end_close(client);
    end_close(server);
    expect_no_links();
    expect_healthy();
    lab_close();
}

#endif
