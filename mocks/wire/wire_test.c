/* Relays between real sockets: each fault, both ends' view of it, and that the next connection
 * passes. */
#include "mocks/wire/wire_test_lab.h"

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

/* ---- Hostile ends ---- */

static void end_reset(struct end *end) {
    const struct linger reset = {.l_onoff = 1};
    setsockopt(end->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    end_close(end);
}

/* A client that is reset ends its connection whatever the fault; the server hears of it. */
START_TEST(clients_that_are_reset) {
    static const char *const faults[] = {
        "stall-before-hello", "dribble 1h", "half-close", "cut 100", "delay 1h", "silent"};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct end client, server = {0};
        AUTO_BUF row = BUF_INIT(1024);
        buf_printf(&row, "- {at: 'wire:a-b', do: %s}\n", faults[i]);
        lab_open(buf_str(&row));
        client_start(&client);
        if (i < 4)
            server_accept(&server);
        while (wire_links(lab.wire) == 0)
            turn();
        say(&client, "\x16\x03 whatever");
        turn();
        end_reset(&client);
        expect_no_links();
        end_close(&server);
        expect_healthy();
        lab_close();
    }
}
END_TEST

/* A stall hides what the server does, also its reset. */
START_TEST(a_server_that_is_reset_behind_a_stall) {
    struct end client, server;
    lab_open("- {at: 'wire:a-b', do: stall-before-hello}\n");
    client_start(&client);
    server_accept(&server);
    end_reset(&server);
    for (int i = 0; i < 20; i++)
        turn();
    ck_assert(!client.ended && client.failure == 0);
    finish(&client, &server);
}
END_TEST

/* Whatever the relay has connected to the server is closed there. */
static void hang_up_all(void) {
    int fd = -1;
    turn();
    while ((fd = accept(lab.listener, NULL, NULL)) >= 0)
        close(fd);
}

/* Out of descriptors, the relay serves whom it can, and the others later. */
START_TEST(out_of_descriptors) {
    enum { WAITING = 12 };
    struct end clients[WAITING];
    struct rlimit before, few;
    unsigned served = 0;
    lab_open("");
    for (size_t i = 0; i < WAITING; i++)
        client_start(&clients[i]);
    int highest = dup(0);
    close(highest);
    getrlimit(RLIMIT_NOFILE, &before);
    few = before;
    few.rlim_cur = (rlim_t)highest + 3;
    setrlimit(RLIMIT_NOFILE, &few);
    for (int i = 0; i < 50; i++)
        turn();
    ck_assert_uint_lt(wire_links(lab.wire), WAITING);
    setrlimit(RLIMIT_NOFILE, &before);
    for (size_t i = 0; i < WAITING; i++) {
        while (!clients[i].ended && clients[i].failure == 0)
            hang_up_all();
        served += clients[i].ended;
        end_close(&clients[i]);
    }
    ck_assert_uint_gt(served, 0);
    expect_no_links();
    expect_healthy();
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

START_TEST(a_held_flight_passes_at_its_release_and_a_reset_behind_it) {
    struct end client, server;
    lab_open("- {at: 'wire:a-b', do: reset-held 2}\n");
    client_start(&client);
    server_accept(&server);
    say(&server, "first");
    expect(&client, "first");
    say(&client, "hello");
    expect(&server, "hello");
    say(&server, "second");
    while (!log_has("holds flight 2 of the server"))
        turn();
    ck_assert_str_eq(buf_str(&client.got), "first");
    raise(SIGUSR1);
    expect_reset(&client);
    ck_assert_str_eq(buf_str(&client.got), "firstsecond");
    finish(&client, &server);
}
END_TEST

START_TEST(a_release_without_anything_held_does_nothing) {
    lab_open("- {at: 'wire:a-b', nth: 9, do: reset-held 1}\n");
    raise(SIGUSR1);
    expect_healthy();
    lab_close();
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

TEST_MAIN("wire", everything_passes_and_ends_pass_apart, a_reset_passes_as_a_reset,
          a_server_that_is_not_there_is_a_reset, a_slow_reader_slows_the_writer_down,
          many_connections_at_once, clients_that_are_reset, a_server_that_is_reset_behind_a_stall,
          out_of_descriptors, refused_from_the_third_connection_on,
          refused_from_the_start_for_a_while, reset_after_bytes_of_the_server,
          reset_after_bytes_of_the_client,
          a_held_flight_passes_at_its_release_and_a_reset_behind_it,
          a_release_without_anything_held_does_nothing, reset_at_once, cut_cleanly,
          half_closed_towards_the_client, half_closed_from_the_start, silent,
          stalled_before_the_hello, stalled_behind_the_hello_of_the_client,
          stalled_behind_the_hello_of_the_server, dribbling, a_delay_goes_with_another_fault,
          freed_in_the_middle_of_everything)
