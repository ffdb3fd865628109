/* Logons on one connection: the flows of protocol/certsrv.md 3.2 to 3.4 and their log codes. */
#include "base/base64.h"
#include "base/file.h"
#include "base/owned.h"
#include "base/test.h"
#include "mocks/certsrv/auth.h"
#include "mocks/certsrv/iis_log.h"
#include "mocks/certsrv/ntlm_test_client.h"
#include "mocks/certsrv/spnego.h"
#include <string.h>

static struct user users[] = {{.name = "ciscora", .password = "secret"}};
static const struct accounts accounts = {{"MICHAMEN", "michamen.com", false}, users, 1};
static const uint8_t negotiate[] = "NTLMSSP\0\1\0\0\0\6\x82\x08";

struct lab {
    struct auth_policy policy;
    struct auth_connection connection;
    struct auth_result result;
};

static void lab_init(struct lab *lab, const char *first, const char *second) {
    struct err e;
    *lab = (struct lab){.policy = {.realm = "lab-dc.michamen.com", .accounts = &accounts}};
    lab->policy.names = (struct ntlm_names){"MICHAMEN", "LAB-DC", "michamen.com",
                                            "lab-dc.michamen.com", "michamen.com"};
    ck_assert_ok(auth_offer(&lab->policy, first, &e), e);
    if (second != NULL)
        ck_assert_ok(auth_offer(&lab->policy, second, &e), e);
}

static void send_header(struct lab *lab, const char *header) {
    struct err e = {0};
    auth_result_free(&lab->result);
    int rc = auth_request(&lab->policy, &lab->connection, header, &lab->result, &e);
    ck_assert_msg(rc == 0, "%s", e.text);
}

static void send_token(struct lab *lab, const char *scheme, struct bytes token) {
    AUTO_BUF header = BUF_INIT(64 * 1024);
    buf_printf(&header, "%s ", scheme);
    b64_encode(token, B64_ONE_LINE, &header);
    send_header(lab, buf_str(&header));
}

static void send_authenticate(struct lab *lab, const char *scheme, const char *user,
                              const char *domain, const char *password) {
    const struct client c = {user, domain, password, false, NULL};
    AUTO_BUF message = BUF_INIT(16384);
    put_authenticate(&message, &c, lab->connection.challenge);
    send_token(lab, scheme, buf_view(&message));
}

static void check_refused(const struct lab *lab, unsigned substatus, uint32_t win32) {
    ck_assert_ptr_null(lab->result.user);
    ck_assert_ptr_null(lab->result.log_name);
    ck_assert_uint_eq(lab->result.substatus, substatus);
    ck_assert_uint_eq(lab->result.win32, win32);
}

static void check_logged_on(const struct lab *lab, const char *name) {
    ck_assert_ptr_eq(lab->result.user, &users[0]);
    ck_assert_str_eq(lab->result.log_name, name);
}

static void start_ntlm(struct lab *lab, const char *scheme) {
    send_token(lab, scheme, bytes_of(negotiate, 16));
    check_refused(lab, 1, IIS_SEC_E_NO_CREDENTIALS);
    ck_assert(!lab->result.offer_all);
    ck_assert(strncmp(buf_str(&lab->result.header), scheme, strlen(scheme)) == 0);
}

START_TEST(ntlm_logs_a_connection_on) {
    static const char *const domains[] = {"MICHAMEN", "michamen", "", "michamen.com"};
    for (size_t i = 0; i < 4; i++) {
        struct lab lab;
        lab_init(&lab, "ntlm", NULL);
        start_ntlm(&lab, "NTLM");
        send_authenticate(&lab, "NTLM", "CiscoRA", domains[i], "secret");
        check_logged_on(&lab, "MICHAMEN\\ciscora");
        send_header(&lab, NULL);
        check_logged_on(&lab, "MICHAMEN\\ciscora");
        start_ntlm(&lab, "NTLM"); /* starts over */
        send_header(&lab, NULL);
        check_refused(&lab, 2, IIS_ACCESS_DENIED);
        auth_result_free(&lab.result);
    }
}
END_TEST

START_TEST(a_challenge_is_good_once) {
    struct lab lab;
    lab_init(&lab, "ntlm", NULL);
    start_ntlm(&lab, "NTLM");
    send_authenticate(&lab, "NTLM", "ciscora", "", "wrong");
    check_refused(&lab, 1, IIS_SEC_E_LOGON_DENIED);
    ck_assert(lab.result.offer_all);
    send_authenticate(&lab, "NTLM", "ciscora", "", "secret");
    check_refused(&lab, 1, IIS_SEC_E_INVALID_TOKEN);
    auth_result_free(&lab.result);
}
END_TEST

START_TEST(failed_logons_have_their_codes) {
    struct lab lab;
    lab_init(&lab, "negotiate", "ntlm");
    send_header(&lab, NULL);
    check_refused(&lab, 2, IIS_ACCESS_DENIED);
    send_header(&lab, "Basic Y2lzY29yYTpzZWNyZXQ="); /* not offered */
    check_refused(&lab, 2, IIS_ACCESS_DENIED);
    send_header(&lab, "NTLM !!!");
    check_refused(&lab, 1, IIS_SEC_E_INVALID_TOKEN);
    send_header(&lab, "NTLM");
    check_refused(&lab, 1, IIS_SEC_E_INVALID_TOKEN);
    send_authenticate(&lab, "NTLM", "ciscora", "", "secret"); /* without a challenge */
    check_refused(&lab, 1, IIS_SEC_E_INVALID_TOKEN);
    start_ntlm(&lab, "NTLM");
    send_authenticate(&lab, "NTLM", "ciscora", "OTHER", "secret");
    check_refused(&lab, 1, IIS_SEC_E_LOGON_DENIED);
    start_ntlm(&lab, "NTLM");
    lab.policy.epa = NTLM_EPA_REQUIRE;
    send_authenticate(&lab, "NTLM", "ciscora", "", "secret");
    check_refused(&lab, 1, IIS_SEC_E_BAD_BINDINGS);
    auth_result_free(&lab.result);
}
END_TEST

START_TEST(negotiate_takes_raw_ntlm) {
    struct lab lab;
    lab_init(&lab, "negotiate", NULL);
    start_ntlm(&lab, "Negotiate");
    send_authenticate(&lab, "Negotiate", "ciscora", "", "secret");
    check_logged_on(&lab, "MICHAMEN\\ciscora");
    auth_result_free(&lab.result);
}
END_TEST

/* Two more legs when the client hoped for Kerberos. */
static void spnego_logon(const char *first_file, bool asked) {
    struct lab lab;
    struct err e;
    AUTO_BUF first = BUF_INIT(4096), message = BUF_INIT(16384), token = BUF_INIT(16384);
    const struct client c = {"ciscora", "MICHAMEN", "secret", false, NULL};
    AUTO(char) path = path_join(TESTDATA "/ntlm", "%s", first_file);
    lab_init(&lab, "negotiate", "ntlm");
    ck_assert_ok(file_read(path, &first, &e), e);
    send_token(&lab, "Negotiate", buf_view(&first));
    check_refused(&lab, 1, IIS_SEC_E_NO_CREDENTIALS);
    if (asked) {
        ck_assert_ok(spnego_put(SPNEGO_INCOMPLETE, bytes_of(negotiate, 16), &token, &e), e);
        send_token(&lab, "Negotiate", buf_view(&token));
        buf_reset(&token);
    }
    put_authenticate(&message, &c, lab.connection.challenge);
    ck_assert_ok(spnego_put(SPNEGO_INCOMPLETE, buf_view(&message), &token, &e), e);
    send_token(&lab, "Negotiate", buf_view(&token));
    check_logged_on(&lab, "MICHAMEN\\ciscora");
    ck_assert_str_eq(buf_str(&lab.result.header), "Negotiate oQcwBaADCgEA");
    auth_result_free(&lab.result);
}

START_TEST(negotiate_takes_wrapped_ntlm) {
    spnego_logon("good-spnego-ntlm.bin", false);
    spnego_logon("good-spnego-offer.bin", true);
}
END_TEST

START_TEST(a_logon_can_count_for_one_request) {
    struct lab lab;
    lab_init(&lab, "ntlm", NULL);
    lab.policy.per_request = true;
    start_ntlm(&lab, "NTLM");
    send_authenticate(&lab, "NTLM", "ciscora", "", "secret");
    check_logged_on(&lab, "MICHAMEN\\ciscora");
    send_header(&lab, NULL);
    check_refused(&lab, 2, IIS_ACCESS_DENIED);
    auth_result_free(&lab.result);
}
END_TEST

static void send_basic(struct lab *lab, const char *text) {
    send_token(lab, "basic", bytes_of_str(text));
}

START_TEST(basic_is_judged_at_each_request) {
    static const char *const names[] = {"ciscora", "MICHAMEN\\CiscoRA", "ciscora@michamen.com"};
    struct lab lab;
    lab_init(&lab, "basic", NULL);
    for (size_t i = 0; i < 3; i++) {
        AUTO_BUF text = BUF_INIT(256);
        buf_printf(&text, "%s:secret", names[i]);
        send_basic(&lab, buf_str(&text));
        check_logged_on(&lab, names[i]);
    }
    send_header(&lab, NULL);
    check_refused(&lab, 2, IIS_ACCESS_DENIED);
    static const char *const wrong[] = {"ciscora:wrong",         "ciscora:", "ciscora", "",
                                        "OTHER\\ciscora:secret", "x:secret"};
    for (size_t i = 0; i < 6; i++) {
        send_basic(&lab, wrong[i]);
        check_refused(&lab, 1, IIS_LOGON_FAILURE);
    }
    auth_result_free(&lab.result);
}
END_TEST

START_TEST(schemes_are_named_once) {
    struct auth_policy policy = {0};
    struct err e;
    ck_assert_ok(auth_offer(&policy, "NTLM", &e), e);
    ck_assert_int_eq(auth_offer(&policy, "ntlm", &e), -1);
    ck_assert_err(e, CONFIG_BAD_VALUE);
    ck_assert_int_eq(auth_offer(&policy, "kerberos", &e), -1);
    ck_assert_err(e, CONFIG_BAD_VALUE);
}
END_TEST

TEST_MAIN("certsrv logon", ntlm_logs_a_connection_on, a_challenge_is_good_once,
          failed_logons_have_their_codes, negotiate_takes_raw_ntlm, negotiate_takes_wrapped_ntlm,
          a_logon_can_count_for_one_request, basic_is_judged_at_each_request,
          schemes_are_named_once)
