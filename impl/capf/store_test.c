/* The device store and its numbers: the enums of the notes, the statement of the trace, lockout,
 * outcomes, enrolments, and that what was committed is there again after a reopening. */
#include "base/file.h"
#include "base/owned.h"
#include "base/temporary_test.h"
#include "capf/store.h"
#include "capf/store_internal.h"
#include <string.h>

static struct store *open_in(const char *folder) {
    struct err e = {0};
    AUTO(char) path = path_join(folder, "devices.sqlite");
    struct store *s = store_open(path, &e);
    ck_assert_msg(s != NULL, "%s", e.text);
    return s;
}

static void add(struct store *s, const char *name) {
    struct err e = {0};
    struct device d;
    device_defaults(&d);
    snprintf(d.name, sizeof d.name, "%s", name);
    d.operation = OPERATION_UPGRADE;
    snprintf(d.auth_string, sizeof d.auth_string, "%s", "1234");
    ck_assert_ok(store_add(s, &d, &e), e);
}

static struct device get(struct store *s, const char *name) {
    struct err e = {0};
    struct device d;
    ck_assert_ok(store_device(s, name, &d, &e), e);
    return d;
}

START_TEST(numbers_are_those_of_the_notes) {
    ck_assert_str_eq(enum_symbol(capf_operations, 2), "OPERATION_UPGRADE");
    ck_assert_str_eq(enum_symbol(capf_auth_modes, 2), "AUTH_BY_NULL_STR");
    ck_assert_str_eq(enum_symbol(capf_key_sizes, 3), "KEY_SIZE_2048");
    ck_assert_str_eq(enum_symbol(capf_ec_key_sizes, 0), "INVALID");
    ck_assert_str_eq(enum_symbol(capf_key_orders, 1), "KEYORDER_RSA_ONLY");
    ck_assert_str_eq(enum_symbol(capf_statuses, 3), "CERT_STATUS_UPGRADE_SUCCESS");
    ck_assert_str_eq(enum_symbol(capf_results, 6), "CAPF_OP_INVALID_CRENDENTIALS");
    ck_assert_str_eq(enum_text(capf_statuses, 34),
                     "Upgrade Failed: No Support for EC only in CAPF version 3");
    ck_assert_str_eq(enum_symbol(capf_statuses, 35), "INVALID");
    for (int status = 1; status <= 34; status++)
        ck_assert(enum_has(capf_statuses, status));
}
END_TEST

START_TEST(words_are_read) {
    ck_assert_int_eq(enum_parse(capf_operations, "install"), OPERATION_UPGRADE);
    ck_assert_int_eq(enum_parse(capf_operations, "Install/Upgrade"), OPERATION_UPGRADE);
    ck_assert_int_eq(enum_parse(capf_operations, "operation_none"), OPERATION_NONE);
    ck_assert_int_eq(enum_parse(capf_key_sizes, "2048"), KEY_SIZE_2048);
    ck_assert_int_eq(enum_parse(capf_statuses, "34"), CERT_STATUS_UPGRADE_NO_EC_SUPPORT);
    ck_assert_int_eq(enum_parse(capf_operations, "9"), -1);
    ck_assert_int_eq(enum_parse(capf_operations, ""), -1);
    ck_assert_uint_eq(key_size_bits(KEY_SIZE_4096), 4096);
    ck_assert_uint_eq(ec_key_size_bits(EC_KEY_SIZE_521), 521);
    ck_assert_uint_eq(ec_key_size_bits(EC_KEY_SIZE_UNSET), 0);
}
END_TEST

START_TEST(results_map_to_status) {
    static const struct {
        enum capf_result result;
        int upgrade, del, troubleshoot;
        bool keeps;
    } cases[] = {
        {CAPF_OP_SUCCESS, 3, 4, 5, false},
        {CAPF_OP_FETCH_NO_CERT, 6, 7, 5, false},
        {CAPF_OP_FAIL, 6, 7, 8, false},
        {CAPF_OP_INVALID_AUTH_STR, 10, 19, 28, true},
        {CAPF_OP_INVALID_LSC, 9, 18, 27, true},
        {CAPF_OP_INVALID_MIC, 11, 20, 29, true},
        {CAPF_OP_INVALID_CREDENTIALS, 12, 21, 30, true},
        {CAPF_OP_PHONE_COMM_ERROR, 13, 22, 31, true},
        {CAPF_OP_TIMED_OUT, 14, 23, 32, false},
        {CAPF_OP_CA_COMM_ERROR, 15, 24, 8, false},
        {CAPF_OP_CA_REJECTED, 16, 25, 8, false},
        {CAPF_OP_LATE_REQUEST, 17, 26, 33, false},
        {CAPF_OP_NO_EC_SUPPORT, 34, 7, 8, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum capf_result r = cases[i].result;
        ck_assert_int_eq(status_of_result(OPERATION_UPGRADE, r), cases[i].upgrade);
        ck_assert_int_eq(status_of_result(OPERATION_DELETE, r), cases[i].del);
        ck_assert_int_eq(status_of_result(OPERATION_TROUBLESHOOT, r), cases[i].troubleshoot);
        ck_assert_int_eq(result_keeps_operation(r), cases[i].keeps);
    }
}
END_TEST

START_TEST(names_are_checked) {
    struct err e = {0};
    char statement[STORE_STATEMENT_MAX];
    struct store_outcome o = {.device = "x') OR ('1'='1", .operation = 1, .status = 3};
    ck_assert_int_eq(store_outcome_statement(&o, statement, &e), -1);
    ck_assert_err(e, STORE_SQL);
    ck_assert(!device_name_ok(""));
    ck_assert(!device_name_ok("SEP 1"));
    ck_assert(!device_name_ok("SEP'1"));
    ck_assert(device_name_ok("CSF_user-1.a"));
}
END_TEST

START_TEST(statement_is_the_seeds) {
    struct err e = {0};
    char statement[STORE_STATEMENT_MAX];
    struct store_outcome o = {.device = "SEP74A02FC0A675", .operation = 1, .status = 3};
    ck_assert_ok(store_outcome_statement(&o, statement, &e), e);
    ck_assert_str_eq(statement, "UPDATE Device SET tkCertificateOperation=1, "
                                "tkcertificatestatus='3' WHERE "
                                "my_lower(name)=my_lower('SEP74A02FC0A675')");
}
END_TEST

START_TEST(outcome_survives_reopening) {
    TEMPORARY(folder);
    struct err e = {0};
    struct store *s = open_in(folder);
    add(s, "SEP74A02FC0A675");
    struct store_outcome o = {.device = "sep74a02fc0a675",
                              .operation = OPERATION_NONE,
                              .status = CERT_STATUS_UPGRADE_SUCCESS,
                              .installed = true,
                              .public_key = bytes_of_str("key"),
                              .certificate = bytes_of_str("certificate")};
    ck_assert_ok(store_outcome(s, &o, &e), e);
    store_close(s);
    s = open_in(folder);
    struct device d = get(s, "SEP74A02fc0a675");
    ck_assert_int_eq(d.operation, OPERATION_NONE);
    ck_assert_int_eq(d.status, CERT_STATUS_UPGRADE_SUCCESS);
    ck_assert_uint_eq(d.public_key_len, 3);
    ck_assert_str_eq(d.auth_string, ""); /* was for this operation only */
    o.installed = false;
    o.deleted = true;
    ck_assert_ok(store_outcome(s, &o, &e), e);
    ck_assert_uint_eq(get(s, "SEP74A02FC0A675").public_key_len, 0);
    store_close(s);
}
END_TEST

START_TEST(outcome_that_keeps_the_operation_keeps_the_string) {
    TEMPORARY(folder);
    struct err e = {0};
    struct store *s = open_in(folder);
    add(s, "SEP1");
    struct store_outcome o = {.device = "SEP1",
                              .operation = OPERATION_UPGRADE,
                              .status = CERT_STATUS_UPGRADE_PHONE_COMM_ERROR};
    ck_assert_ok(store_outcome(s, &o, &e), e);
    ck_assert_str_eq(get(s, "SEP1").auth_string, "1234");
    store_close(s);
}
END_TEST

START_TEST(lockout) {
    TEMPORARY(folder);
    struct err e = {0};
    struct store *s = open_in(folder);
    add(s, "SEP1");
    for (int i = 0; i < 9; i++)
        ck_assert_ok(store_wrong_string(s, "SEP1", 10, 1000, 600, &e), e);
    ck_assert_int_eq(get(s, "SEP1").locked_until, 0);
    ck_assert_int_eq(get(s, "SEP1").wrong_strings, 9);
    ck_assert_ok(store_wrong_string(s, "SEP1", 10, 1000, 600, &e), e);
    store_close(s);
    s = open_in(folder);
    ck_assert_int_eq(get(s, "SEP1").locked_until, 1600);
    ck_assert_int_eq(get(s, "SEP1").wrong_strings, 0);
    ck_assert_ok(store_right_string(s, "SEP1", &e), e);
    ck_assert_int_eq(get(s, "SEP1").locked_until, 0);
    store_close(s);
}
END_TEST

START_TEST(missing_and_double_devices) {
    TEMPORARY(folder);
    struct err e = {0};
    struct device d;
    struct store *s = open_in(folder);
    ck_assert_int_eq(store_device(s, "SEP1", &d, &e), -1);
    ck_assert_err(e, STORE_NOT_FOUND);
    add(s, "SEP1");
    device_defaults(&d);
    snprintf(d.name, sizeof d.name, "%s", "sep1");
    ck_assert_int_eq(store_add(s, &d, &e), -1);
    ck_assert_err(e, STORE_EXISTS);
    snprintf(d.name, sizeof d.name, "%s", "SEP2");
    ck_assert_int_eq(store_update(s, &d, false, &e), -1);
    ck_assert_err(e, STORE_NOT_FOUND);
    store_close(s);
}
END_TEST

START_TEST(enrolment_life) {
    TEMPORARY(folder);
    struct err e = {0};
    struct enrolment x;
    int64_t first = 0, second = 0;
    struct store *s = open_in(folder);
    add(s, "SEP1");
    struct bytes key = bytes_of_str("spki"), csr = bytes_of_str("csr");
    ck_assert_ok(store_enrolment_new(s, "SEP1", ISSUER_ONLINE_CA, key, csr, 5, &first, &e), e);
    ck_assert_ok(store_enrolment_issued(s, first, bytes_of_str("cert"), &e), e);
    store_close(s);
    s = open_in(folder);
    ck_assert_ok(store_enrolment_open(s, "sep1", &x, &e), e);
    ck_assert_int_eq(x.id, first);
    ck_assert_int_eq(x.state, ENROLMENT_ISSUED);
    ck_assert_uint_eq(x.certificate_len, 4);
    ck_assert_ok(store_enrolment_new(s, "SEP1", ISSUER_ONLINE_CA, key, csr, 6, &second, &e), e);
    ck_assert_ok(store_enrolment_open(s, "SEP1", &x, &e), e);
    ck_assert_int_eq(x.id, second);
    /* A late answer for the first one must not bring it back. */
    ck_assert_ok(store_enrolment_issued(s, first, bytes_of_str("late"), &e), e);
    ck_assert_ok(store_enrolment_open(s, "SEP1", &x, &e), e);
    ck_assert_int_eq(x.id, second);
    struct device d = get(s, "SEP1");
    ck_assert_ok(store_update(s, &d, true, &e), e);
    ck_assert_int_eq(store_enrolment_open(s, "SEP1", &x, &e), -1);
    ck_assert_err(e, STORE_NOT_FOUND);
    store_close(s);
}
END_TEST

/* With every statement that a session may run. */
static void run_session(struct store *s, const char *name) {
    struct err e = {0};
    struct enrolment x;
    struct store_outcome o = {.device = name, .operation = OPERATION_UPGRADE, .status = 14};
    get(s, name);
    ck_assert_ok(store_wrong_string(s, name, 10, 0, 60, &e), e);
    ck_assert_ok(store_right_string(s, name, &e), e);
    ck_assert_ok(store_no_sign(s, name, 2, &e), e);
    ck_assert_ok(store_outcome(s, &o, &e), e);
    o = (struct store_outcome){.device = name,
                               .operation = OPERATION_NONE,
                               .status = CERT_STATUS_UPGRADE_SUCCESS,
                               .installed = true,
                               .public_key = bytes_of_str("key"),
                               .certificate = bytes_of_str("cert")};
    ck_assert_ok(store_enrolment_new(s, name, ISSUER_ONLINE_CA, bytes_of_str("spki"),
                                     bytes_of_str("csr"), 5, &o.enrolment, &e),
                 e);
    ck_assert_ok(store_enrolment_issued(s, o.enrolment, bytes_of_str("cert"), &e), e);
    ck_assert_ok(store_enrolment_open(s, name, &x, &e), e);
    ck_assert_ok(store_enrolment_offered(s, o.enrolment, &e), e);
    ck_assert_ok(store_enrolment_state(s, o.enrolment, ENROLMENT_FAILED, &e), e);
    ck_assert_ok(store_outcome(s, &o, &e), e);
}

START_TEST(a_session_looks_at_no_other_device) {
    TEMPORARY(folder);
    struct store *s = open_in(folder);
    for (unsigned i = 0; i < 50; i++) {
        char name[16];
        snprintf(name, sizeof name, "SEP%u", i);
        add(s, name);
    }
    run_session(s, "sep7");
    run_session(s, "SEP31");
    ck_assert_int_eq(sql_scanned(s->db), 0);
    store_close(s);
}
END_TEST

START_TEST(a_reader_sees_what_is_written_and_writes_nothing) {
    TEMPORARY(dir);
    struct err e = {0};
    struct device d;
    AUTO(char) path = path_join(dir, "devices.sqlite");
    ck_assert_ptr_null(store_open_to_read(path, &e));
    ck_assert_err(e, STORE_OPEN);
    ck_assert(!file_exists(path));
    struct store *s = open_in(dir);
    struct store *reader = store_open_to_read(path, &e);
    ck_assert_msg(reader != NULL, "%s", e.text);
    ck_assert_int_eq(store_device(reader, "SEP001122334455", &d, &e), -1);
    ck_assert_err(e, STORE_NOT_FOUND);
    add(s, "SEP001122334455");
    ck_assert_ok(store_device(reader, "sep001122334455", &d, &e), e);
    ck_assert_int_eq(d.operation, OPERATION_UPGRADE);
    ck_assert_int_eq(store_add(reader, &d, &e), -1);
    ck_assert_err(e, STORE_SQL);
    store_close(reader);
    store_close(s);
}
END_TEST

START_TEST(a_copy_is_like_its_original) {
    TEMPORARY(folder);
    struct store *s = open_in(folder);
    struct err e = {0};
    int64_t id = 0;
    add(s, "SEP1");
    ck_assert_ok(store_enrolment_new(s, "SEP1", ISSUER_ONLINE_CA, bytes_of_str("spki"),
                                     bytes_of_str("csr"), 7, &id, &e),
                 e);
    ck_assert_ok(store_enrolment_issued(s, id, bytes_of_str("certificate"), &e), e);
    ck_assert_ok(store_copy_device(s, "sep1", "SEP2", &e), e);
    struct device original = get(s, "SEP1");
    struct device copy = get(s, "SEP2");
    ck_assert_int_eq(copy.operation, original.operation);
    ck_assert_int_eq(copy.key_order, original.key_order);
    struct enrolment *x = calloc(1, sizeof *x);
    ck_assert_ok(store_enrolment_open(s, "SEP2", x, &e), e);
    ck_assert_int_ne(x->id, id);
    ck_assert_uint_eq(x->certificate_len, 11);
    free(x);
    ck_assert_int_eq(store_copy_device(s, "SEP1", "SEP2", &e), -1);
    ck_assert_err(e, STORE_EXISTS);
    ck_assert_int_eq(store_copy_device(s, "SEP9", "SEP3", &e), -1);
    ck_assert_err(e, STORE_NOT_FOUND);
    ck_assert_int_eq(store_copy_device(s, "SEP1", "SEP'3", &e), -1);
    ck_assert_err(e, ARG_USAGE);
    store_close(s);
}
END_TEST

START_TEST(cannot_open_a_folder) {
    TEMPORARY(folder);
    struct err e = {0};
    ck_assert_ptr_null(store_open(folder, &e));
    ck_assert_err(e, STORE_OPEN);
}
END_TEST

START_TEST(a_full_store_says_so_and_keeps_what_it_has) {
    TEMPORARY(folder);
    struct err e = {0};
    struct store *s = open_in(folder);
    add(s, "SEP001122334455");
    ck_assert_ok(store_limit(s, 1, &e), e);
    struct device d;
    char name[32];
    int result = 0;
    device_defaults(&d);
    for (int i = 0; i < 2000 && result == 0; i++) {
        snprintf(name, sizeof name, "SEP00112233%04X", (unsigned)i);
        snprintf(d.name, sizeof d.name, "%s", name);
        result = store_add(s, &d, &e);
    }
    ck_assert_int_eq(result, -1);
    ck_assert_err(e, STORE_SQL);
    ck_assert_ptr_nonnull(strstr(e.text, "database or disk is full"));
    ck_assert_str_eq(get(s, "SEP001122334455").name, "SEP001122334455");
    store_close(s);
}
END_TEST

TEST_MAIN("capf store", numbers_are_those_of_the_notes, words_are_read, results_map_to_status,
          names_are_checked, statement_is_the_seeds, outcome_survives_reopening,
          outcome_that_keeps_the_operation_keeps_the_string, lockout, missing_and_double_devices,
          a_session_looks_at_no_other_device, a_reader_sees_what_is_written_and_writes_nothing,
          enrolment_life, a_copy_is_like_its_original, cannot_open_a_folder,
          a_full_store_says_so_and_keeps_what_it_has)
