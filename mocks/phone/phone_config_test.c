/* Tests of phone.yaml: templates, lists and counts of phones; of the certificate files; of a fleet.
 */
#include "mocks/phone/phone_test_lab.h"

/* ---- Configuration ---- */

struct loaded {
    struct phone_file file;
    struct phone_list list;
    struct cfg_doc *doc;
    struct cfg_mistakes *mistakes;
};
static void loaded_free(struct loaded *l) {
    phone_list_free(&l->list);
    cfg_doc_free(l->doc);
    cfg_mistakes_free(l->mistakes);
}
#define AUTO_LOADED __attribute__((cleanup(loaded_free))) struct loaded

static int load(struct loaded *l, const char *text) {
    *l = (struct loaded){.mistakes = cfg_mistakes_new()};
    l->doc =
        cfg_load_text("phone.yaml", bytes_of_str(text), phone_file_fields, &l->file, l->mistakes);
    if (l->doc == NULL)
        return -1;
    return phone_list_make(&l->list, &l->file, l->doc, l->mistakes);
}

START_TEST(an_empty_file_is_the_phone_of_the_seeds) {
    AUTO_LOADED l;
    ck_assert_int_eq(load(&l, ""), 0);
    ck_assert_uint_eq(l.list.count, 1);
    const struct phone_config *phone = &l.list.items[0];
    ck_assert_str_eq(phone->name, "SEP74A02FC0A675");
    ck_assert_str_eq(phone->capf.host, "capf.michamen.com");
    ck_assert_int_eq(phone->capf.port, 3804);
    ck_assert_int_eq(phone->version, 3);
    ck_assert_int_eq(phone->authentication.mode, CAPF_AUTH_TYPE_NULL_STRING);
    ck_assert_int_eq(phone->progress, 1);
    ck_assert_int_eq(phone->behaviour[PHONE_AT_KEY_GENERATION], PHONE_ANSWER);
    ck_assert(phone->sign && phone->keys.rsa && phone->keys.ec);
}
END_TEST

START_TEST(names_count_up_and_go_into_paths) {
    AUTO_LOADED l;
    ck_assert_int_eq(load(&l, "name: SEP74A02FC0A6FF\n"
                              "count: 3\n"
                              "log: logs/phone-{name}.log\n"
                              "key-file: pool/{index}-{name}.pem\n"),
                     0);
    ck_assert_uint_eq(l.list.count, 3);
    ck_assert_str_eq(l.list.items[0].name, "SEP74A02FC0A6FF");
    ck_assert_str_eq(l.list.items[1].name, "SEP74A02FC0A700");
    ck_assert_str_eq(l.list.items[2].name, "SEP74A02FC0A701");
    ck_assert_str_eq(l.list.items[0].log, "logs/phone-SEP74A02FC0A6FF.log");
    ck_assert_str_eq(l.list.items[2].log, "logs/phone-SEP74A02FC0A701.log");
    ck_assert_str_eq(l.list.items[1].key_file, "pool/1-SEP74A02FC0A700.pem");
}
END_TEST

START_TEST(a_name_without_digits_gets_some) {
    AUTO_LOADED l;
    ck_assert_int_eq(load(&l, "name: telephone_\ncount: 3\n"), 0);
    ck_assert_str_eq(l.list.items[0].name, "telephone_");
    ck_assert_str_eq(l.list.items[2].name, "telephone_2");
}
END_TEST

START_TEST(entries_change_what_they_name) {
    AUTO_LOADED l;
    ck_assert_int_eq(load(&l, "version: 2\n"
                              "capf: {host: a.example, port: 4000}\n"
                              "behaviour: {store-cert: refuse}\n"
                              "phones:\n"
                              "  - {name: SEP000000000001}\n"
                              "  - name: SEP000000000002\n"
                              "    version: 3\n"
                              "    capf: {port: 4001}\n"
                              "    behaviour: {key-generation: never}\n"),
                     0);
    ck_assert_uint_eq(l.list.count, 2);
    const struct phone_config *first = &l.list.items[0], *second = &l.list.items[1];
    ck_assert_int_eq(first->version, 2);
    ck_assert_int_eq(second->version, 3);
    ck_assert_int_eq(first->capf.port, 4000);
    ck_assert_int_eq(second->capf.port, 4001);
    ck_assert_str_eq(second->capf.host, "a.example");
    ck_assert_int_eq(first->behaviour[PHONE_AT_KEY_GENERATION], PHONE_ANSWER);
    ck_assert_int_eq(second->behaviour[PHONE_AT_KEY_GENERATION], PHONE_NEVER);
    ck_assert_int_eq(second->behaviour[PHONE_AT_STORE_CERT], PHONE_REFUSE);
}
END_TEST

START_TEST(a_phone_with_file_servers) {
    AUTO_LOADED l;
    ck_assert_int_eq(load(&l, "state: phones/{name}\n"
                              "before: {itl: \"old/{name}.tlv\"}\n"
                              "tftp:\n"
                              "  servers:\n"
                              "    - {host: cucm-pub.michamen.com}\n"
                              "    - {host: 127.0.0.1, http-port: 0, tftp-port: 40069}\n"
                              "routes: {\"cucm-pub.michamen.com:6970\": \"127.0.0.1:40001\"}\n"
                              "lsc-fallback: none\n"
                              "unresolved: no-capf-server\n"),
                     0);
    const struct phone_config *phone = &l.list.items[0];
    const struct phone_file_server *servers = phone->tftp.servers.items;
    ck_assert_uint_eq(phone->tftp.servers.count, 2);
    ck_assert_str_eq(servers[0].host, "cucm-pub.michamen.com");
    ck_assert_int_eq(servers[0].http_port, 6970);
    ck_assert_int_eq(servers[0].tftp_port, 69);
    ck_assert_int_eq(servers[1].http_port, 0);
    ck_assert_int_eq(servers[1].tftp_port, 40069);
    ck_assert_str_eq(phone->routes.items[0].value, "127.0.0.1:40001");
    ck_assert_str_eq(phone->state, "phones/SEP74A02FC0A675");
    ck_assert_str_eq(phone->before.itl, "old/SEP74A02FC0A675.tlv");
    ck_assert_int_eq(phone->lsc_fallback, PHONE_LSC_FALLBACK_NONE);
    ck_assert_int_eq(phone->unresolved, PHONE_UNRESOLVED_NO_SERVER);
    ck_assert_int_eq(phone->resets, 1);
}
END_TEST

START_TEST(entries_keep_or_replace_faults) {
    AUTO_LOADED l;
    ck_assert_int_eq(load(&l, "faults: [{at: phone.store-cert, do: close}]\n"
                              "count: 2\n"
                              "phones:\n"
                              "  - {name: SEP000000000001}\n"
                              "  - {name: SEP000000000003, faults: [{at: phone.signature, nth: 2, "
                              "do: wrong}]}\n"),
                     0);
    ck_assert_uint_eq(l.list.count, 4);
    const struct fault_set *first = l.list.items[1].fault_set, *other = l.list.items[2].fault_set;
    ck_assert_ptr_eq(first, l.list.items[0].fault_set);
    ck_assert_uint_eq(first->items[0].point, PHONE_AT_STORE_CERT);
    ck_assert_uint_eq(first->items[0].action, PHONE_CLOSE);
    ck_assert_uint_eq(other->count, 1);
    ck_assert_uint_eq(other->items[0].action, PHONE_WRONG);
}
END_TEST

static void check_mistake(const char *text, const char *expected) {
    AUTO_LOADED l;
    ck_assert_int_eq(load(&l, text), -1);
    ck_assert_uint_eq(cfg_mistakes_count(l.mistakes), 1);
    ck_assert_ptr_nonnull(strstr(cfg_mistake_text(l.mistakes, 0), expected));
}

START_TEST(mistakes_have_their_place) {
    check_mistake("tftp: {servers: [{host: a}, {host: b}, {host: c}]}\n",
                  "tftp.servers: a phone has at most 2");
    check_mistake("phones:\n  - tftp: {servers: [{host: a}, {host: b}, {host: c}]}\n",
                  "phone.yaml:2:5: tftp.servers: a phone has at most 2");
    check_mistake("versoin: 3\n", "phone.yaml:1:1: unknown key \"versoin\"");
    check_mistake("version: 4\n", "phone.yaml:1:10:");
    check_mistake("behaviour: {store-cert: refus}\n", "phone.yaml:1:25:");
    check_mistake("phones:\n  - {nam: x}\n", "phone.yaml:2:6: unknown key \"nam\"");
    check_mistake("faults: [{at: phone.store-crt, do: close}]\n",
                  "phone.yaml:1:15: unknown fault point \"phone.store-crt\", did you mean "
                  "\"phone.store-cert\"?");
    check_mistake("faults: [{at: phone.store-cert, do: wrong}]\n",
                  "phone.yaml:1:37: action \"wrong\" is not possible at phone.store-cert");
    check_mistake("phones:\n  - {faults: [{at: phone.signature, do: clos}]}\n  - {name: x}\n",
                  "phone.yaml:2:41: unknown action \"clos\", did you mean \"close\"?");
    check_mistake("phones: SEP1\n", "phone.yaml:1:9: phones: expected a list");
}
END_TEST

/* ---- Certificate files ---- */

/* A crash between the new certificate and its key. */
START_TEST(an_installation_that_was_cut_short_is_completed) {
    AUTO_LAB lab;
    struct err e = {0};
    struct identity old = {0}, found = {0};
    lab_open(&lab);
    lab_give_lsc(&lab);
    ck_assert_ok(identity_load(&old, &lab.config.lsc, &e), e);
    AUTO(EVP_PKEY) key = key_generate(KEY_RSA, 1024, &e);
    AUTO(X509) lsc = lab_issue(&lab, key, "CN=CP-8845-SEP74A02FC0A675");
    AUTO(char) waiting = path_join(lab.dir, "lsc.key.new");
    ck_assert_ok(key_write_file(waiting, key, &e), e);
    ck_assert_ok(identity_load(&found, &lab.config.lsc, &e), e);
    ck_assert_int_eq(EVP_PKEY_eq(found.key, old.key), 1);
    identity_free(&found);
    lab_write_certificate(lab.config.lsc.certificate, lsc);
    ck_assert_ok(identity_load(&found, &lab.config.lsc, &e), e);
    ck_assert_int_eq(EVP_PKEY_eq(found.key, key), 1);
    ck_assert(!file_exists(waiting));
    identity_free(&found);
    identity_free(&old);
}
END_TEST

START_TEST(a_key_of_another_certificate_is_refused) {
    AUTO_LAB lab;
    struct err e = {0};
    struct identity found = {0};
    lab_open(&lab);
    lab_give_lsc(&lab);
    AUTO(EVP_PKEY) key = key_generate(KEY_RSA, 1024, &e);
    ck_assert_ok(key_write_file(lab.config.lsc.key, key, &e), e);
    ck_assert_int_eq(identity_load(&found, &lab.config.lsc, &e), -1);
    ck_assert_err(e, X509_KEY_MISMATCH);
    ck_assert(!identity_present(&found));
}
END_TEST

START_TEST(an_lsc_that_cannot_be_written_is_not_installed) {
    AUTO_LAB lab;
    struct err e = {0};
    struct identity lsc = {0};
    lab_open(&lab);
    struct phone_files nowhere = {(char *)"/nonexistent/lsc.pem", (char *)"/nonexistent/lsc.key"};
    AUTO(EVP_PKEY) key = key_generate(KEY_RSA, 1024, &e);
    X509 *certificate = lab_issue(&lab, key, "CN=x");
    EVP_PKEY_up_ref(key);
    ck_assert_int_eq(identity_store(&lsc, certificate, key, &nowhere, &e), -1);
    ck_assert_err(e, SYS_IO);
    ck_assert(!identity_present(&lsc));
}
END_TEST

/* ---- Fleet ---- */

static void end_at_once(struct lab *lab, const struct capf_message *m) {
    (void)m;
    lab_end(lab, CAPF_REASON_NO_ACTION);
}

static void on_fleet_done(void *user) {
    event_base_loopbreak(user);
}

static size_t count_lines(const char *text, const char *part) {
    size_t n = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
        n++;
    return n;
}

/* The lab's server has one connection at a time, and so has the fleet. */
START_TEST(a_fleet_reports_every_phone) {
    AUTO_LAB lab;
    AUTO_BUF lines = BUF_INIT(65536);
    struct err e = {0};
    lab_open(&lab);
    lab.script = end_at_once;
    struct phone_config phones[4] = {lab.config, lab.config, lab.config, lab.config};
    phones[1].name = (char *)"SEP000000000002";
    phones[2].capf.certificate = (char *)"/nonexistent.pem";
    phones[3].authentication.mode = CAPF_AUTH_TYPE_MIC;
    struct phone_list list = {.items = phones, .count = 4};
    AUTO(char) path = path_join(lab.dir, "out.json");
    FILE *out = fopen(path, "w");
    struct fleet *fleet = fleet_new(&lab.shared, &list, 1, out, on_fleet_done, lab.loop, &e);
    ck_assert_ptr_nonnull(fleet);
    event_base_dispatch(lab.loop);
    ck_assert_uint_eq(fleet_ended(fleet), 4);
    ck_assert_uint_eq(fleet_failed(fleet), 2);
    fleet_free(fleet);
    fclose(out);
    ck_assert_ok(file_read(path, &lines, &e), e);
    ck_assert_uint_eq(count_lines(buf_str(&lines), "\n"), 4);
    ck_assert_uint_eq(count_lines(buf_str(&lines), "\"result\":\"nothing\""), 2);
    ck_assert_uint_eq(count_lines(buf_str(&lines), "\"device\":\"SEP000000000002\""), 1);
    ck_assert_uint_eq(count_lines(buf_str(&lines), "\"error\":\"SYS_IO\""), 1);
}
END_TEST

START_TEST(a_fleet_can_be_stopped_in_the_middle) {
    AUTO_LAB lab;
    struct err e = {0};
    lab_open(&lab);
    lab.silent = true;
    struct phone_list list = {.items = &lab.config, .count = 1};
    struct fleet *fleet = fleet_new(&lab.shared, &list, 8, stdout, on_fleet_done, lab.loop, &e);
    while (lab.connections == 0)
        event_base_loop(lab.loop, EVLOOP_ONCE);
    ck_assert_uint_eq(fleet_ended(fleet), 0);
    fleet_free(fleet);
}
END_TEST

TEST_MAIN("phone configuration", an_empty_file_is_the_phone_of_the_seeds,
          names_count_up_and_go_into_paths, a_name_without_digits_gets_some,
          entries_change_what_they_name, a_phone_with_file_servers, entries_keep_or_replace_faults,
          mistakes_have_their_place, an_installation_that_was_cut_short_is_completed,
          a_key_of_another_certificate_is_refused, an_lsc_that_cannot_be_written_is_not_installed,
          a_fleet_reports_every_phone, a_fleet_can_be_stopped_in_the_middle)
