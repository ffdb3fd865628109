/* Mistakes in scenario files: each testdata/lint/NAME.yaml against NAME.expected, one message a
 * line, and the tables that messages and the reference page come from. Runs in the folder of the
 * repository, as TESTDATA says too. */
#include "base/file.h"
#include "base/owned.h"
#include "base/temporary_test.h"
#include "base/test.h"
#include "scenarios/runner/collect.h"
#include "scenarios/runner/diagnosis_ids.h"
#include "scenarios/runner/scenario.h"
#include "scenarios/runner/words.h"

#include <dirent.h>
#include <string.h>

enum { FILE_MAX = 256 * 1024 };

static char *read_text(const char *path) {
    AUTO_BUF text = BUF_INIT(FILE_MAX);
    struct err e = {0};
    ck_assert_ok(file_read(path, &text, &e), e);
    buf_put_str(&text, "");
    return buf_take_str(&text);
}

static char *mistakes_of(const char *name, const char *text) {
    struct cfg_mistakes *m = cfg_mistakes_new();
    struct scenario *s = scenario_load_text(name, "lint/case", bytes_of_str(text), m);
    char *told = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&told, &size);
    cfg_mistakes_print(m, to);
    fclose(to);
    ck_assert_int_eq(s == NULL, size > 0);
    scenario_free(s);
    cfg_mistakes_free(m);
    return told;
}

static void check_case(const char *file) {
    char path[512];
    snprintf(path, sizeof path, TESTDATA "/lint/%s", file);
    AUTO(char) text = read_text(path);
    snprintf(path, sizeof path, TESTDATA "/lint/%.*s.expected", (int)strlen(file) - 5, file);
    AUTO(char) expected = read_text(path);
    AUTO(char) told = mistakes_of(file, text);
    ck_assert_str_eq(told, expected);
}

START_TEST(every_mistake_is_told_with_its_place) {
    DIR *dir = opendir(TESTDATA "/lint");
    size_t cases = 0;
    ck_assert_ptr_nonnull(dir);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        size_t len = strlen(entry->d_name);
        if (len < 5 || strcmp(entry->d_name + len - 5, ".yaml") != 0)
            continue;
        check_case(entry->d_name);
        cases++;
    }
    closedir(dir);
    ck_assert_uint_eq(cases, 12);
}
END_TEST

START_TEST(a_missing_file_is_a_mistake) {
    struct cfg_mistakes *m = cfg_mistakes_new();
    ck_assert_ptr_null(scenario_load("/nowhere/x.yaml", "x", m));
    ck_assert_uint_eq(cfg_mistakes_count(m), 1);
    ck_assert_int_eq(cfg_mistake_code(m, 0), ERR_SYS_IO);
    cfg_mistakes_free(m);
}
END_TEST

static struct scenario *load(const char *text) {
    struct cfg_mistakes *m = cfg_mistakes_new();
    struct scenario *s = scenario_load_text("t.yaml", "t", bytes_of_str(text), m);
    ck_assert_msg(s != NULL, "%s", cfg_mistake_text(m, 0));
    cfg_mistakes_free(m);
    return s;
}

START_TEST(the_healthy_lab_is_the_default) {
    struct scenario *s = load("title: t\nwhen: [connect]\nthen: {est: none}\n");
    ck_assert_str_eq(s->lab.online_ca.host, "lab-dc.michamen.com");
    ck_assert_str_eq(s->lab.online_ca.template, "CiscoRA");
    ck_assert_str_eq(s->lab.online_ca.username, "MICHAMEN\\ciscora");
    ck_assert_int_eq(s->lab.capf.issuer, ISSUER_ONLINE_CA);
    ck_assert_uint_eq(s->phone_count, 1);
    ck_assert_str_eq(s->phones[0].name, "SEP74A02FC0A675");
    ck_assert_int_eq(s->phones[0].authentication, AUTH_MODE_NULL_STRING);
    ck_assert_int_eq(s->phones[0].device.key_size, 2048);
    scenario_free(s);
}
END_TEST

START_TEST(phones_count_up_or_have_names) {
    struct scenario *s = load("title: t\nphones: {count: 3, version: 2}\nwhen: [connect]\n"
                              "then: {est: none}\n");
    ck_assert_uint_eq(s->phone_count, 3);
    ck_assert_str_eq(s->phones[2].name, "SEP74A02FC0A677");
    ck_assert_int_eq(s->phones[2].version, 2);
    scenario_free(s);
    s = load("title: t\nphones: [{name: CSFalice}, {}]\nwhen: [connect]\nthen: {est: none}\n");
    ck_assert_str_eq(s->phones[0].name, "CSFalice");
    ck_assert_str_eq(s->phones[1].name, "SEP74A02FC0A676");
    ck_assert_ptr_eq(scenario_phone(s, "csfALICE"), &s->phones[0]);
    ck_assert_ptr_null(scenario_phone(s, "SEP1"));
    scenario_free(s);
    s = load(
        "title: t\nphones: [{count: 2, group: slow, progress: 5}, {name: CSFbob}, {count: 2}]\n"
        "when: [connect: {phones: slow}]\nthen: {phones: [{name: slow, lsc: none}]}\n");
    ck_assert_uint_eq(s->phone_count, 5);
    ck_assert_str_eq(s->phones[1].name, "SEP74A02FC0A676");
    ck_assert_int_eq(s->phones[1].progress, 5);
    ck_assert_str_eq(s->phones[2].name, "CSFbob");
    ck_assert_str_eq(s->phones[4].name, "SEP74A02FC0A679");
    ck_assert(phone_is_meant(&s->phones[1], "slow") && !phone_is_meant(&s->phones[3], "slow"));
    scenario_free(s);
}
END_TEST

/* Those that take no arguments that must be given, and one of each other kind. */
static const char *const written[] = {
    "install-lsc: {phones: SEP74A02FC0A675, together: true, background: true}",
    "delete-lsc",
    "troubleshoot",
    "renew-lsc",
    "connect: {together: true}",
    "reset: {phones: SEP74A02FC0A675}",
    "finish",
    "import-offline",
    "set-device: {options: {mode: mic}}",
    "kill: SEP74A02FC0A675",
    "stop: {actor: ra}",
    "start: ra",
    "restart: certsrv",
    "pause: capf",
    "resume: {actor: capf}",
    "release: wire-capf-ra",
    "set: {actor: ra, keys: {certsrv.timeout: 90s}}",
    "advance-clock: -1h",
    "regenerate: callmanager",
    "itl-reset-localkey",
    "wait-for: {log: {capf: [a, b]}, within: 5s}",
    "issue",
    "deny: 3",
};

START_TEST(every_step_can_be_written) {
    ck_assert_uint_eq(sizeof written / sizeof written[0], STEP_COUNT);
    for (size_t i = 0; i < STEP_COUNT; i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "title: t\nlab: {tftp: {}}\nfaults: [{at: 'wire:capf-ra', do: cut 1}]\nwhen:\n  - "
                 "%s\nthen: {est: "
                 "none}\n",
                 written[i]);
        struct scenario *s = load(text);
        ck_assert_uint_eq(s->step_count, 1);
        ck_assert_uint_eq(s->steps[0].kind, i);
        ck_assert_str_ne(step_help((enum step_kind)i), "");
        scenario_free(s);
    }
}
END_TEST

START_TEST(a_step_reads_its_arguments) {
    struct scenario *s = load("title: t\nfaults: [{at: 'wire:capf-ra', do: silent}]\n"
                              "when: [advance-clock: 1d, deny: 3, "
                              "{wait-for: {log: {ra: x}, within: 5s}}, "
                              "{set: {actor: ra, keys: {certsrv.timeout: 90s}}}, "
                              "{wait-for: {fault: 'wire:capf-ra'}}]\n"
                              "then: {est: none}\n");
    ck_assert_int_eq(s->steps[0].by_us, INT64_C(86400) * 1000000);
    ck_assert_ptr_null(s->steps[0].actor);
    ck_assert_int_eq(s->steps[1].request, 3);
    ck_assert_int_eq(s->steps[2].log_kind, LOG_RA);
    ck_assert_uint_eq(s->steps[2].patterns.count, 1);
    ck_assert_int_eq(s->steps[2].within_us, 5000000);
    ck_assert_str_eq(s->steps[3].keys.items[0].name, "certsrv.timeout");
    ck_assert_int_eq(s->steps[4].fault_side, COMPONENT_WIRE_CAPF_RA);
    scenario_free(s);
}
END_TEST

START_TEST(a_lab_has_what_its_faults_and_keys_ask_for) {
    struct scenario *s = load("title: t\nlab: {ra: {ntp: true}}\n"
                              "faults: [{at: dns.query, do: nxdomain}, "
                              "{at: \"wire:capf-ra\", do: silent}]\n"
                              "when: [connect]\nthen: {est: none}\n");
    ck_assert(scenario_needs(s, COMPONENT_NTP) && scenario_needs(s, COMPONENT_DNS));
    ck_assert(scenario_needs(s, COMPONENT_WIRE_CAPF_RA));
    ck_assert(!scenario_needs(s, COMPONENT_WIRE_RA_CERTSRV));
    ck_assert(!scenario_needs(s, COMPONENT_WIRE_PHONE_CAPF));
    ck_assert_str_eq(component_connection(COMPONENT_WIRE_CAPF_RA), "capf-ra");
    ck_assert_ptr_null(component_connection(COMPONENT_RA));
    scenario_free(s);
}
END_TEST

/* Each in the forms that it takes. */
START_TEST(every_expectation_can_be_written) {
    struct scenario *s = load("title: t\nphones: {count: 2}\nwhen: [connect]\nthen:\n"
                              "  phones: [{name: SEP74A02FC0A676, lsc: kept}]\n"
                              "  device: Upgrade Success\n"
                              "  est: EST_ERR_NONE\n"
                              "  logs: {capf: x, phone: [y]}\n"
                              "  no-logs: {ra: []}\n"
                              "  iis-requests: [a, {each-phone: [b, c]}]\n"
                              "  events: [\"capf -> {phone}: AUTH_REQ\"]\n"
                              "  certificates: none\n"
                              "  files: {present: a, absent: [b, \"{phone}\"]}\n"
                              "  diagnosis: [certsrv-login, ra-down]\n");
    for (size_t i = 0; i < EXPECT_COUNT; i++)
        ck_assert_ptr_nonnull(s->then.nodes[i]);
    ck_assert_int_eq(s->then.phones[0].lsc, LSC_IS_KEPT);
    ck_assert_str_eq(s->then.devices[0].status, "Upgrade Success");
    ck_assert_uint_eq(s->then.logs[LOG_CAPF].count, 1);
    ck_assert_uint_eq(s->then.iis_requests.items[1].each_count, 2);
    ck_assert_int_eq(s->then.iis_count, -1);
    ck_assert_uint_eq(s->then.files_absent.count, 2);
    ck_assert_uint_eq(s->then.diagnosis.count, 2);
    scenario_free(s);
}
END_TEST

START_TEST(the_reference_page_is_the_printed_one) {
    char *printed = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&printed, &size);
    reference_print(to);
    fclose(to);
    AUTO(char) page = read_text("scenarios/REFERENCE.md");
    ck_assert_msg(strcmp(printed, page) == 0,
                  "scenarios/REFERENCE.md is not what capflab run --reference prints");
    free(printed);
}
END_TEST

START_TEST(all_scenarios_of_the_repository_are_right) {
    const char *const paths[] = {"scenarios"};
    struct cfg_mistakes *m = cfg_mistakes_new();
    struct collection c;
    collect(paths, 1, &c, m);
    ck_assert_msg(cfg_mistakes_count(m) == 0, "%s", cfg_mistake_text(m, 0));
    ck_assert_uint_ge(c.count, 16);
    ck_assert_ptr_null(collection_twice(&c));
    collection_free(&c);
    cfg_mistakes_free(m);
}
END_TEST

static void collect_all(struct collection *c) {
    const char *const paths[] = {"scenarios"};
    struct cfg_mistakes *m = cfg_mistakes_new();
    collect(paths, 1, c, m);
    cfg_mistakes_free(m);
}

START_TEST(tags_and_folders_select) {
    struct collection c;
    const char *const folder[] = {"phone"};
    const char *const tag[] = {"smoke"};
    collect_all(&c);
    collection_keep_tags(&c, folder, 1);
    ck_assert_uint_ge(c.count, 4);
    for (size_t i = 0; i < c.count; i++)
        ck_assert(strncmp(c.items[i]->name, "phone/", 6) == 0);
    collection_free(&c);
    collect_all(&c);
    collection_keep_tags(&c, tag, 1);
    ck_assert_uint_eq(c.count, 1);
    ck_assert_str_eq(c.items[0]->name, "healthy/online-ca");
    collection_free(&c);
}
END_TEST

START_TEST(shards_share_everything_once) {
    struct collection all;
    size_t sum = 0;
    collect_all(&all);
    for (size_t index = 1; index <= 3; index++) {
        struct collection part;
        collect_all(&part);
        collection_keep_shard(&part, index, 3);
        ck_assert_str_eq(part.items[0]->name, all.items[index - 1]->name);
        sum += part.count;
        collection_free(&part);
    }
    ck_assert_uint_eq(sum, all.count);
    collection_free(&all);
}
END_TEST

START_TEST(nodes_are_found_by_key) {
    struct scenario *s = load("title: t\nwhen: [connect]\nthen: {est: none}\n");
    const struct cfg_node *root = cfg_root(s->doc);
    ck_assert_str_eq(cfg_node_scalar(node_under(node_under(root, "then"), "est")), "none");
    ck_assert_ptr_null(node_under(node_under(root, "when"), "est"));
    ck_assert_ptr_null(node_under(NULL, "est"));
    scenario_free(s);
}
END_TEST

static char *id_mistakes_of(const char *programs, const char *text) {
    struct cfg_mistakes *m = cfg_mistakes_new();
    struct scenario *s = scenario_load_text("t.yaml", "t", bytes_of_str(text), m);
    const struct collection one = {.items = &s, .count = 1};
    char *told = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&told, &size);
    ck_assert_ptr_nonnull(s);
    diagnosis_ids_check(&one, programs, m);
    cfg_mistakes_print(m, to);
    fclose(to);
    scenario_free(s);
    cfg_mistakes_free(m);
    return told;
}

/* A list of two rules stands for the program's. */
START_TEST(ids_that_no_rule_has_are_mistakes) {
    static const char list[] = "#!/bin/sh\necho 'ra-dns   RA'\necho 'capf-store -'\n";
    static const char text[] = "title: t\nwhen: [connect]\n"
                               "then: {diagnosis: [ra-dns, ra-dsn, healthy, capf-store|capf]}\n";
    TEMPORARY(dir);
    struct err e = {0};
    AUTO(char) none = id_mistakes_of(dir, text);
    ck_assert_str_eq(none, "");
    AUTO(char) program = path_join(dir, "capflab-diagnose");
    ck_assert_ok(file_write(program, bytes_of_str(list), 0755, &e), e);
    AUTO(char) told = id_mistakes_of(dir, text);
    ck_assert_str_eq(told, "t.yaml:3:28: unknown diagnosis \"ra-dsn\", did you mean \"ra-dns\"?\n"
                           "t.yaml:3:45: unknown diagnosis \"capf\"; known here: ra-dns, "
                           "capf-store, healthy, unknown\n");
}
END_TEST

TEST_MAIN("scenario files", every_mistake_is_told_with_its_place, a_missing_file_is_a_mistake,
          the_healthy_lab_is_the_default, phones_count_up_or_have_names, every_step_can_be_written,
          a_step_reads_its_arguments, a_lab_has_what_its_faults_and_keys_ask_for,
          every_expectation_can_be_written, the_reference_page_is_the_printed_one,
          all_scenarios_of_the_repository_are_right, tags_and_folders_select,
          shards_share_everything_once, nodes_are_found_by_key, ids_that_no_rule_has_are_mistakes)
