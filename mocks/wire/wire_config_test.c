/* What a relay's configuration may say, what it cannot do, and its log. */
#include "mocks/wire/wire_test_lab.h"

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

TEST_MAIN("wire configuration", mistakes_of_the_configuration, relays_that_cannot_be,
          targets_that_cannot_be, the_log_counts_and_names)
