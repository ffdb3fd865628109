/* --sut and the file of --sut-config: values, every mistake's text, excuses, skipped scenarios. */
#include "scenarios/runner/sut_run.h"

#include "base/clock.h"
#include "base/owned.h"
#include "base/test.h"

#include <string.h>

enum { JULY_2026 = 1782864000 }; /* 2026-07-01T00:00:00Z */

static struct suts suts;

static void setup(void) {
    suts = (struct suts){0};
}

static void parse_well(const char *text) {
    struct err e = {0};
    ck_assert_ok(sut_parse(&suts, text, &e), e);
}

static void parse_badly(const char *text, const char *expected) {
    struct err e = {0};
    ck_assert_int_eq(sut_parse(&suts, text, &e), -1);
    ck_assert_err(e, CONFIG_BAD_VALUE);
    ck_assert_str_eq(e.text, expected);
}

START_TEST(addresses_and_commands_are_told_apart) {
    setup();
    parse_well("ra=https://ra.example.com:8084/");
    parse_well("capf=10.0.0.1:3804");
    parse_well("certsrv=./server --on {listen}");
    ck_assert_str_eq(suts.items[SUT_RA].address, "ra.example.com:8084");
    ck_assert_str_eq(suts.items[SUT_CAPF].address, "10.0.0.1:3804");
    ck_assert_str_eq(suts.items[SUT_CERTSRV].command, "./server --on {listen}");
    ck_assert_ptr_null(suts.items[SUT_CERTSRV].address);
    suts_free(&suts);
}
END_TEST

START_TEST(wrong_values_are_named) {
    setup();
    parse_badly("ra", "--sut takes COMPONENT=ADDRESS or =COMMAND");
    parse_badly("ra=", "--sut takes COMPONENT=ADDRESS or =COMMAND");
    parse_badly("rra=https://h:1", "--sut: unknown component \"rra\", did you mean \"ra\"?");
    parse_badly("phone=x", "--sut: unknown component \"phone\"; known here: ra, capf, certsrv");
    parse_badly("ra=h:8084", "--sut ra takes https://HOST:PORT or a command");
    parse_badly("ra=http://h:8084", "--sut ra takes https://HOST:PORT or a command");
    parse_badly("capf=https://h:3804", "--sut capf takes HOST:PORT or a command");
    parse_badly("ra=https://h", "--sut ra: \"https://h\" is not https://HOST:PORT");
    parse_badly("ra=https://h:0", "--sut ra: \"https://h:0\" is not https://HOST:PORT");
    parse_badly("ra=https://h:65536", "--sut ra: \"https://h:65536\" is not https://HOST:PORT");
    parse_badly("ra=https://h:1/est", "--sut ra: \"https://h:1/est\" is not https://HOST:PORT");
    parse_badly("ra=prog {prot}", "--sut ra: unknown placeholder {prot}");
    parse_well("ra=https://h:1");
    parse_badly("ra=https://h:2", "--sut ra was given twice");
    suts_free(&suts);
}
END_TEST

static void load_badly(const char *text, enum err_code code, const char *expected) {
    struct cfg_mistakes *m = cfg_mistakes_new();
    setup();
    ck_assert_int_eq(sut_load_text(&suts, "s", bytes_of_str(text), m), -1);
    ck_assert_uint_eq(cfg_mistakes_count(m), 1);
    ck_assert_str_eq(cfg_mistake_text(m, 0), expected);
    ck_assert_int_eq(cfg_mistake_code(m, 0), code);
    suts_free(&suts);
    cfg_mistakes_free(m);
}

static void load_well(const char *text) {
    struct cfg_mistakes *m = cfg_mistakes_new();
    int failed = sut_load_text(&suts, "s", bytes_of_str(text), m);
    ck_assert_msg(failed == 0, "%s", failed == 0 ? "" : cfg_mistake_text(m, 0));
    cfg_mistakes_free(m);
}

/* Sets this process's clock to a moment of 2026. */
static void set_clock(int64_t seconds) {
    clock_configure(0, 1);
    clock_configure(seconds * 1000000 - clock_wall_us(), 1);
}

START_TEST(mistakes_of_the_file_are_told_with_their_place) {
    set_clock(JULY_2026);
    load_badly("ra: {hots: x}", ERR_CONFIG_UNKNOWN_KEY,
               "s:1:6: unknown key \"hots\", did you mean \"host\"?");
    load_badly("ra: {capabilities: [ec-key]}", ERR_CONFIG_BAD_VALUE,
               "s:1:21: unknown capability \"ec-key\", did you mean \"ec-keys\"?");
    load_badly("ra: {capabilities: clock}", ERR_CONFIG_BAD_VALUE,
               "s:1:20: capabilities is a list of words");
    load_badly("ra: {texts: [{ours: x}]}", ERR_CONFIG_MISSING,
               "s:1:14: the required key \"theirs\" is missing");
    load_badly("excuses: [{scenario: a, reason: b}]", ERR_CONFIG_MISSING,
               "s:1:11: the required key \"expires\" is missing");
    load_badly("excuses: [{scenario: a, expires: 2026-12-31}]", ERR_CONFIG_MISSING,
               "s:1:11: the required key \"reason\" is missing");
    load_badly("excuses: [{scenario: a, reason: ' ', expires: 2026-12-31}]", ERR_CONFIG_BAD_VALUE,
               "s:1:33: reason: an excuse needs one");
    load_badly("ra: {host: a, trust: /no/such.pem}", ERR_CONFIG_BAD_VALUE,
               "s:1:22: trust: there is no file \"/no/such.pem\"");
    load_badly("excuses: [{scenario: a, reason: b, expires: 2026-02-30}]", ERR_CONFIG_BAD_VALUE,
               "s:1:45: expires is a date, YYYY-MM-DD");
    load_badly("excuses: [{scenario: a, reason: b, expires: soon}]", ERR_CONFIG_BAD_VALUE,
               "s:1:45: expires is a date, YYYY-MM-DD");
}
END_TEST

START_TEST(excuses_end_with_their_last_day) {
    static const char text[] =
        "excuses: [{scenario: 'online-ca/*', reason: b, expires: 2026-06-30}]";
    set_clock(JULY_2026 - 10);
    setup();
    load_well(text);
    const struct excuse *x = sut_excuse(&suts, "online-ca/wrong-password");
    ck_assert_ptr_nonnull(x);
    ck_assert_str_eq(x->reason, "b");
    ck_assert_ptr_null(sut_excuse(&suts, "healthy/online-ca"));
    ck_assert_ptr_null(sut_excuse(NULL, "online-ca/wrong-password"));
    suts_free(&suts);
    set_clock(JULY_2026);
    load_badly(text, ERR_CONFIG_BAD_VALUE,
               "s:1:57: the excuse for online-ca/* expired on 2026-06-30");
}
END_TEST

static void unfit(const char *head, const char *expected) {
    AUTO(char) text = NULL;
    char why[256] = "";
    struct cfg_mistakes *m = cfg_mistakes_new();
    const char *when = strstr(head, "when:") == NULL ? "when: [install-lsc]\n" : "";
    ck_assert_int_gt(asprintf(&text, "title: t\n%sthen: {est: EST_ERR_NONE}\n%s", when, head), 0);
    struct scenario *s = scenario_load_text("t.yaml", "t", bytes_of_str(text), m);
    ck_assert_msg(s != NULL, "%s", s != NULL ? "" : cfg_mistake_text(m, 0));
    ck_assert_int_eq(sut_unfit(&suts, s, why, sizeof why), expected[0] != '\0');
    ck_assert_str_eq(why, expected);
    scenario_free(s);
    cfg_mistakes_free(m);
}

START_TEST(scenarios_that_need_more_are_skipped) {
    setup();
    parse_well("ra=https://h:1");
    unfit("", "");
    unfit("lab: {capf: {issuer: capf}}\n", "ra has no part in it");
    unfit("lab: {clock: {rate: 50}}\n", "it needs clock of ra");
    unfit("lab: {ra: {timeout: 5s}}\n", "it needs settings of ra");
    unfit("lab: {dns: {ttl: 5s}}\n", "it needs settings of ra");
    unfit("lab: {online-ca: {template: Other}}\n", "it needs settings of ra");
    unfit("lab: {certsrv: {language: de}}\n", "it needs parts of the lab that are replaced");
    unfit("when: [{restart: ra}]\n", "it needs restart of ra");
    unfit("when: [{restart: certsrv}]\n",
          "its step restart cannot be done to a program under test");
    unfit("when: [issue]\n", "its step issue cannot be done to a program under test");
    load_well("ra: {capabilities: [clock]}");
    unfit("lab: {clock: {rate: 50}}\n", "");
    unfit("phones: [{version: 3, keys: {ec: true}, device: {key-order: ec-only}}]\n",
          "it needs ec-keys of ra");
    suts_free(&suts);
}
END_TEST

START_TEST(a_command_can_do_all_that_ours_can) {
    setup();
    parse_well("ra=program");
    unfit("lab: {clock: {rate: 50}, ra: {timeout: 5s}}\nwhen: [{restart: ra}]\n", "");
    ck_assert(!sut_absent(&suts, COMPONENT_CERTSRV));
    ck_assert(sut_hides(&suts, COMPONENT_RA));
    suts_free(&suts);
}
END_TEST

START_TEST(what_stands_behind_an_address_is_not_ours) {
    setup();
    parse_well("capf=h:1");
    ck_assert(!sut_absent(&suts, COMPONENT_CAPF));
    ck_assert(sut_hides(&suts, COMPONENT_CAPF));
    ck_assert(sut_absent(&suts, COMPONENT_RA));
    ck_assert(sut_absent(&suts, COMPONENT_CERTSRV));
    ck_assert(!sut_absent(&suts, COMPONENT_DNS));
    ck_assert(!sut_hides(NULL, COMPONENT_CAPF));
    suts_free(&suts);
}
END_TEST

START_TEST(their_texts_stand_for_ours) {
    setup();
    parse_well("ra=https://h:1");
    load_well("ra: {texts: [{ours: DENIED, theirs: 'no, no'}]}");
    const struct run_options options = {.suts = &suts};
    const struct run run = {.options = &options};
    AUTO_BUF text = BUF_INIT(100);
    buf_put_str(&text, "a no, no b no, no");
    sut_translate(&run, &text);
    ck_assert_str_eq(buf_str(&text), "a DENIED b DENIED");
    suts_free(&suts);
}
END_TEST

static struct scenario *scenario_of(const char *text) {
    struct cfg_mistakes *m = cfg_mistakes_new();
    struct scenario *s = scenario_load_text("t.yaml", "t", bytes_of_str(text), m);
    ck_assert_msg(s != NULL, "%s", s != NULL ? "" : cfg_mistake_text(m, 0));
    cfg_mistakes_free(m);
    return s;
}

static const char *est_key(const json_t *config, const char *key) {
    return json_string_value(json_object_get(json_object_get(config, "est"), key));
}

START_TEST(the_others_are_told_of_it) {
    setup();
    parse_well("ra=https://ra.example.com:8443");
    load_well("ra: {trust: /dev/null, username: u, password: p}");
    const struct run_options options = {.seed = "1", .patience = 1, .suts = &suts};
    struct scenario *s = scenario_of("title: t\nwhen: [connect]\nthen: {est: none}\n");
    struct run run = {.scenario = s, .options = &options, .dir = "/lab", .begun = deadline_in(0)};
    struct err e = {0};
    ck_assert_ok(sut_place(&run, COMPONENT_RA, &e), e);
    json_t *config = capf_config(&run);
    ck_assert_str_eq(est_key(config, "host"), "ra.example.com");
    ck_assert_str_eq(est_key(config, "via"), "ra.example.com:8443");
    ck_assert_str_eq(est_key(config, "ca-file"), "/dev/null");
    ck_assert_str_eq(est_key(config, "username"), "u");
    ck_assert_str_eq(est_key(config, "password"), "p");
    json_decref(config);
    free(run.addresses[COMPONENT_RA]);
    scenario_free(s);
    suts_free(&suts);
}
END_TEST

START_TEST(only_what_is_seen_from_outside_is_judged) {
    setup();
    parse_well("ra=https://h:1");
    const struct run_options options = {.suts = &suts};
    struct scenario *s =
        scenario_of("title: t\nwhen: [connect]\nthen:\n  events:\n    - each-phone:\n"
                    "        - 'capf -> {phone}: AUTH_REQ'\n        - 'capf -> ra: simpleenroll'\n"
                    "    - 'ra -> certsrv: POST'\n    - 'lab -> capf: started ra'\n");
    struct run run = {.scenario = s, .options = &options};
    struct pattern_list events = sut_events(&run);
    ck_assert_uint_eq(events.count, 2);
    ck_assert_uint_eq(events.items[0].each_count, 1);
    ck_assert_str_eq(events.items[0].each[0].text, "capf -> {phone}: AUTH_REQ");
    ck_assert_str_eq(events.items[1].text, "lab -> capf: started ra");
    sut_events_free(&events);
    ck_assert(sut_judges(&run, EXPECT_est));
    ck_assert(sut_judges(&run, EXPECT_device));
    ck_assert(!sut_judges(&run, EXPECT_iis_requests));
    ck_assert(!sut_judges(&run, EXPECT_iis_requests));
    ck_assert(sut_judges_log(&run, LOG_CAPF));
    ck_assert(sut_judges_log(&run, LOG_PHONE));
    ck_assert(!sut_judges_log(&run, LOG_RA));
    AUTO(char) told = json_dumps(run.left_out, JSON_COMPACT);
    ck_assert_str_eq(told, "[\"2 events\",\"iis-requests\",\"log ra\"]");
    json_decref(run.left_out);
    scenario_free(s);
    suts_free(&suts);
}
END_TEST

TEST_MAIN("programs under test", addresses_and_commands_are_told_apart, wrong_values_are_named,
          mistakes_of_the_file_are_told_with_their_place, excuses_end_with_their_last_day,
          scenarios_that_need_more_are_skipped, a_command_can_do_all_that_ours_can,
          what_stands_behind_an_address_is_not_ours, their_texts_stand_for_ours,
          the_others_are_told_of_it, only_what_is_seen_from_outside_is_judged)
