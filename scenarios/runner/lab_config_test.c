/* Configurations of a lab's programs from scenario text; nothing is started. */
#include "base/owned.h"
#include "base/test.h"
#include "scenarios/runner/run.h"

#include <string.h>

static struct scenario *scenario;
static struct run run;
static const struct run_options options = {.seed = "1", .patience = 1};

static char *const addresses[] = {
#define X(id, name, program, log) (char *)"127.0.0.1:7" #id,
    COMPONENT_TABLE(X)
#undef X
};

static void open_run(const char *head) {
    AUTO(char) text = NULL;
    struct cfg_mistakes *m = cfg_mistakes_new();
    ck_assert_int_gt(asprintf(&text, "title: t\nwhen: [connect]\nthen: {est: none}\n%s", head), 0);
    scenario = scenario_load_text("t.yaml", "t", bytes_of_str(text), m);
    ck_assert_msg(scenario != NULL, "%s", cfg_mistake_text(m, 0));
    cfg_mistakes_free(m);
    run = (struct run){.scenario = scenario, .options = &options, .dir = "/lab"};
    run.begun = deadline_in(0);
    memcpy(run.addresses, addresses, sizeof addresses);
}

static void close_run(void) {
    for (size_t c = 0; c < COMPONENT_COUNT; c++)
        json_decref(run.changes[c]);
    scenario_free(scenario);
}

static const json_t *at(const json_t *o, const char *path) {
    AUTO(char) copy = strdup(path);
    char *rest = NULL;
    for (char *key = strtok_r(copy, ".", &rest); key != NULL; key = strtok_r(NULL, ".", &rest))
        o = json_is_array(o) ? json_array_get(o, (size_t)(key[0] - '0')) : json_object_get(o, key);
    return o;
}

static void check_text(const json_t *o, const char *path, const char *expected) {
    const char *actual = json_string_value(at(o, path));
    ck_assert_msg((actual == NULL) == (expected == NULL), "%s", path);
    if (expected != NULL)
        ck_assert_str_eq(actual, expected);
}

static void check_config(enum component c, const char *path, const char *expected) {
    json_t *o = component_config(&run, c);
    check_text(o, path, expected);
    json_decref(o);
}

START_TEST(without_dns_names_are_in_the_files) {
    open_run("");
    check_config(COMPONENT_CAPF, "est.via", "127.0.0.1:7RA");
    check_config(COMPONENT_RA, "certsrv.via", "127.0.0.1:7CERTSRV");
    check_config(COMPONENT_RA, "process.ntp.server", NULL);
    json_t *o = component_config(&run, COMPONENT_RA);
    ck_assert_uint_eq(json_object_size(at(o, "process.hosts")), 3);
    ck_assert_ptr_null(at(o, "process.dns-servers"));
    json_decref(o);
    close_run();
}
END_TEST

START_TEST(with_dns_names_are_asked_for) {
    open_run("lab: {dns: {}}\n");
    check_config(COMPONENT_CAPF, "est.via", "ra.michamen.com:7RA");
    check_config(COMPONENT_RA, "certsrv.via", "lab-dc.michamen.com:7CERTSRV");
    check_config(COMPONENT_RA, "process.dns-servers.0", "127.0.0.1:7DNS");
    json_t *o = component_config(&run, COMPONENT_RA);
    ck_assert_ptr_null(at(o, "process.hosts"));
    json_decref(o);
    const struct run_phone phone = {.settings = &scenario->phones[0]};
    o = phone_config(&run, &phone);
    check_text(o, "capf.via", "cucm-pub.michamen.com:7CAPF");
    json_decref(o);
    close_run();
}
END_TEST

START_TEST(dns_records_can_be_others) {
    open_run("lab: {dns: {records: {RA.michamen.com: none, lab-dc: \"::1\"}}}\n");
    check_config(COMPONENT_DNS, "records.0.name", "lab-dc.michamen.com");
    check_config(COMPONENT_DNS, "records.1.name", "cucm-pub.michamen.com");
    check_config(COMPONENT_DNS, "records.1.a.0", "127.0.0.1");
    check_config(COMPONENT_DNS, "records.2.name", "lab-dc");
    check_config(COMPONENT_DNS, "records.2.aaaa.0", "::1");
    json_t *o = component_config(&run, COMPONENT_DNS);
    ck_assert_uint_eq(json_array_size(at(o, "records")), 3);
    json_decref(o);
    close_run();
}
END_TEST

START_TEST(faults_go_to_their_mocks) {
    open_run("faults:\n"
             "  - {at: certsrv.certfnsh, nth: 2, times: always, do: status 503}\n"
             "  - {at: \"wire:ra-certsrv\", do: reset-after 10}\n"
             "  - {at: phone.store-cert, name: SEP74A02FC0A675, do: close}\n"
             "  - {at: dns.query, name: x, do: nxdomain}\n");
    check_config(COMPONENT_CERTSRV, "faults.0.at", "certsrv.certfnsh");
    check_config(COMPONENT_CERTSRV, "faults.0.times", "always");
    check_config(COMPONENT_CERTSRV, "faults.0.do", "status 503");
    check_config(COMPONENT_CERTSRV, "faults.1.at", NULL);
    check_config(COMPONENT_DNS, "faults.0.name", "x");
    check_config(COMPONENT_WIRE_RA_CERTSRV, "faults.0.do", "reset-after 10");
    check_config(COMPONENT_WIRE_RA_CERTSRV, "relays.0.to", "127.0.0.1:7CERTSRV");
    check_config(COMPONENT_RA, "certsrv.via", "lab-dc.michamen.com:7WIRE_RA_CERTSRV");
    json_t *none = faults_config(&run, "wire", "wire:capf-ra");
    ck_assert_uint_eq(json_array_size(none), 0);
    json_decref(none);
    const struct run_phone phone = {.settings = &scenario->phones[0]};
    json_t *o = phone_config(&run, &phone);
    check_text(o, "faults.0.name", "SEP74A02FC0A675");
    json_decref(o);
    close_run();
}
END_TEST

START_TEST(keys_of_the_mock_are_handed_on) {
    open_run("lab:\n"
             "  certsrv:\n"
             "    users: [{name: x, password: y, locked: true}]\n"
             "    templates: [{name: T, approval: true, validity: 1d, enroll: [x]}]\n"
             "    language: ja\n"
             "    extended-protection: require\n"
             "    domain: {required: true}\n"
             "    ca: {renewed: true}\n");
    json_t *o = component_config(&run, COMPONENT_CERTSRV);
    ck_assert(json_is_true(at(o, "users.0.locked")));
    ck_assert(json_is_true(at(o, "templates.0.approval")));
    ck_assert(json_is_true(at(o, "domain.required")));
    check_text(o, "templates.0.validity", "86400s");
    check_text(o, "templates.0.enroll.0", "x");
    check_text(o, "language", "ja");
    check_text(o, "extended-protection", "require");
    check_text(o, "ca.previous.0.certificate", "/lab/pki/lab-dc-rtp-0.pem");
    json_decref(o);
    close_run();
}
END_TEST

START_TEST(further_keys_and_changes_come_last) {
    open_run(
        "lab: {ra: {timeout: 5s, config: {certsrv.mismatch-code: 60, certsrv.timeout: 6s}}}\n");
    check_config(COMPONENT_RA, "certsrv.mismatch-code", "60");
    check_config(COMPONENT_RA, "certsrv.timeout", "6s");
    run.changes[COMPONENT_RA] =
        json_pack("{s:s, s:s}", "certsrv.timeout", "7s", "new.deep.key", "x");
    check_config(COMPONENT_RA, "certsrv.timeout", "7s");
    check_config(COMPONENT_RA, "certsrv.template", "CiscoRA");
    check_config(COMPONENT_RA, "new.deep.key", "x");
    close_run();
}
END_TEST

START_TEST(clocks_add_up) {
    open_run("lab:\n"
             "  clock: {offset: 1h}\n"
             "  ra: {clock: {offset: -10m, rate: 5}, ntp: true}\n"
             "phones: {clock: {offset: 1m}}\n");
    run.first_start[COMPONENT_RA] = run.begun;
    run.ahead_us[COMPONENT_RA] = 7;
    struct lab_clock ra = component_clock(&run, COMPONENT_RA);
    struct lab_clock capf = component_clock(&run, COMPONENT_CAPF);
    ck_assert(capf.rate > 0.99 && capf.rate < 1.01);
    check_config(COMPONENT_RA, "handshake-timeout", "300s");
    check_config(COMPONENT_CAPF, "handshake-timeout", "60s");
    check_config(COMPONENT_TFTP, "handshake-timeout", NULL);
    ck_assert(ra.rate > 4.99 && ra.rate < 5.01);
    ck_assert_int_eq(capf.offset_us, INT64_C(3600) * 1000000);
    ck_assert_int_ge(ra.offset_us, INT64_C(3000) * 1000000 + 7);
    run.first_start[COMPONENT_RA] -= 1000000; /* it has gained four seconds in one */
    ck_assert_int_ge(component_clock(&run, COMPONENT_RA).offset_us, INT64_C(3004) * 1000000 + 7);
    run.lab_ahead_us = 3;
    ck_assert_int_eq(phone_clock(&run, &scenario->phones[0]).offset_us,
                     INT64_C(3660) * 1000000 + 3);
    check_config(COMPONENT_RA, "process.ntp.server", "127.0.0.1:7NTP");
    close_run();
}
END_TEST

TEST_MAIN("configurations of the lab", without_dns_names_are_in_the_files,
          with_dns_names_are_asked_for, dns_records_can_be_others, faults_go_to_their_mocks,
          keys_of_the_mock_are_handed_on, further_keys_and_changes_come_last, clocks_add_up)
