/* Online and offline CA: the trace of seed 1 line by line, what a wrong certificate cannot do, and
 * that an enrolment is neither lost nor made twice. */
#include "capf/cli.h"
#include "capf/service_test_lab.h"

#define SETUP(lab_name, what_ca)                                                                   \
    TEMPORARY(folder);                                                                             \
    struct lab lab_name;                                                                           \
    lab_init(&lab_name, folder);                                                                   \
    lab_name.ca = what_ca;                                                                         \
    lab_name.config.issuer = ISSUER_ONLINE_CA;                                                     \
    struct client c
#define TEARDOWN(lab_name)                                                                         \
    lab_end(&lab_name, SIGTERM);                                                                   \
    lab_free(&lab_name)

/* What differs from run to run is made equal: stamps, lengths, descriptors, keys, blanks in rows.
 */
static char *normal_line(const char *line, size_t len) {
    static const char *const varying[] = {"pkcs7 length = ", "cacert length : ", "debug added ",
                                          "pubKey: ", "Finish By="};
    AUTO_BUF out = BUF_INIT(8192);
    size_t at = len > 13 && line[2] == ':' && line[8] == '.' ? 13 : 0;
    buf_put(&out, line + at, len - at);
    char *text = buf_take_str(&out);
    for (size_t i = 0; i < sizeof varying / sizeof varying[0]; i++) {
        char *found = strstr(text, varying[i]);
        if (found != NULL)
            found[strlen(varying[i])] = '\0';
    }
    return text;
}

/* The lines of expected stand in that order in actual, others may stand between them. */
static void assert_lines_in_order(const char *expected_file, const char *actual_file) {
    AUTO(char) expected = lab_read(expected_file);
    AUTO(char) actual = lab_read(actual_file);
    const char *at = actual;
    for (char *line = expected; *line != '\0'; line += strcspn(line, "\n") + 1) {
        if (strncmp(line, "[...]", 5) == 0)
            continue;
        AUTO(char) wanted = normal_line(line, strcspn(line, "\n"));
        bool found = false;
        while (!found && *at != '\0') {
            size_t len = strcspn(at, "\n");
            AUTO(char) have = normal_line(at, len);
            found = strcmp(have, wanted) == 0;
            at += len + 1;
        }
        ck_assert_msg(found, "not in the trace, or not in this order: %s", wanted);
    }
}

/* Seed 1 is about session 2. */
static void use_up_session_one(struct lab *lab) {
    struct client c;
    client_open(&c, lab);
    client_expect(&c, CAPF_MSG_AUTH_REQ);
    client_close(&c);
}

static void install_online(struct lab *lab, unsigned version) {
    struct client c;
    client_log_on(&c, lab, version);
    client_enrol(&c, CAPF_MSG_ENCRYPT_REQ);
    AUTO(X509) certificate = client_take_certificate(&c);
    ck_assert(x509_has_key(certificate, c.key));
    client_reason(&c, CAPF_MSG_STORE_CERT_RES, CAPF_REASON_OK);
    client_expect_end(&c, CAPF_REASON_OK);
    client_close(&c);
}

static bool csr_is_there(const char *folder) {
    AUTO(char) path = path_join(folder, "tmp/capf/csr/" LAB_DEVICE ".csr");
    return file_exists(path);
}

START_TEST(trace_is_the_seeds) {
    SETUP(lab, CA_ISSUES);
    (void)c;
    lab_schedule(&lab, OPERATION_UPGRADE);
    lab_start(&lab);
    use_up_session_one(&lab);
    install_online(&lab, 3);
    assert_lines_in_order(TESTDATA "/seed-install.txt", lab.log);
    ck_assert(!csr_is_there(folder));
    struct device d = lab_device(&lab);
    ck_assert_int_eq(d.operation, OPERATION_NONE);
    ck_assert_int_eq(d.status, CERT_STATUS_UPGRADE_SUCCESS);
    ck_assert_uint_eq(d.public_key_len, 270);
    TEARDOWN(lab);
}
END_TEST

START_TEST(start_lines_are_the_seeds) {
    SETUP(lab, CA_NONE);
    (void)c;
    lab.config.online_ca =
        (struct capf_online_ca_config){(char *)"lab-dc.michamen.com", 443, (char *)"CiscoRA"};
    lab.config.est = (struct capf_est_config){.host = (char *)"ra.michamen.com",
                                              .port = 8084,
                                              .via = (char *)"127.0.0.1:1",
                                              .ca_file = (char *)LAB("online-ca.pem"),
                                              .username = (char *)"MICHAMEN\\ciscora",
                                              .password = (char *)"not in any log",
                                              .timeout_us = 1000000};
    lab_start(&lab);
    lab_end(&lab, SIGTERM);
    assert_lines_in_order(TESTDATA "/seed-start.txt", lab.log);
    ck_assert_int_eq(lab_log_count(&lab, "not in any log"), 0);
    lab_free(&lab);
}
END_TEST

START_TEST(failure_lines_are_the_seeds) {
    SETUP(lab, CA_SSL_READ);
    struct err e = {0};
    struct device d;
    device_defaults(&d);
    snprintf(d.name, sizeof d.name, "%s", "SEP001F6C81118B");
    d.operation = OPERATION_UPGRADE;
    struct store *s = store_open(lab.config.store, &e);
    ck_assert_ok(store_add(s, &d, &e), e);
    store_close(s); /* a connection must not be carried over a fork */
    lab_start(&lab);
    use_up_session_one(&lab);
    client_open(&c, &lab);
    client_expect(&c, CAPF_MSG_AUTH_REQ);
    client_send(&c, client_auth_res(3, "SEP001F6C81118B"));
    client_enrol(&c, CAPF_MSG_ENCRYPT_REQ);
    client_expect_end(&c, CAPF_REASON_REFUSED);
    client_close(&c);
    assert_lines_in_order(TESTDATA "/seed-failure.txt", lab.log);
    s = store_open(lab.config.store, &e);
    ck_assert_ok(store_device(s, "SEP001F6C81118B", &d, &e), e);
    ck_assert_int_eq(d.status, CERT_STATUS_UPGRADE_CA_COMM_ERROR);
    store_close(s);
    TEARDOWN(lab);
}
END_TEST

static void expect_nothing_reaches_the_phone(struct lab *lab) {
    struct client c;
    lab_schedule(lab, OPERATION_UPGRADE);
    lab_start(lab);
    client_log_on(&c, lab, 3);
    client_enrol(&c, CAPF_MSG_ENCRYPT_REQ);
    client_expect_end(&c, CAPF_REASON_REFUSED);
    client_close(&c);
    ck_assert_int_eq(lab_device(lab).status, CERT_STATUS_UPGRADE_FAILED);
    ck_assert_uint_eq(lab_device(lab).public_key_len, 0);
    ck_assert_int_eq(lab_log_count(lab, "STORE_CERT_REQ"), 0);
}

START_TEST(certificate_for_another_key_stays_here) {
    SETUP(lab, CA_WRONG_KEY);
    (void)c;
    expect_nothing_reaches_the_phone(&lab);
    ck_assert_int_eq(lab_log_count(&lab, "X509_KEY_MISMATCH"), 1);
    TEARDOWN(lab);
}
END_TEST

START_TEST(certificate_for_another_device_stays_here) {
    SETUP(lab, CA_WRONG_NAME);
    (void)c;
    expect_nothing_reaches_the_phone(&lab);
    TEARDOWN(lab);
}
END_TEST

START_TEST(wrong_signature_asks_no_ca) {
    SETUP(lab, CA_ISSUES);
    struct err e = {0};
    lab_schedule(&lab, OPERATION_UPGRADE);
    lab_start(&lab);
    client_log_on(&c, &lab, 3);
    client_expect(&c, CAPF_MSG_KEY_GEN_REQ);
    client_send_key(&c);
    struct capf_message request = client_expect(&c, CAPF_MSG_ENCRYPT_REQ);
    EVP_PKEY_free(c.key);
    c.key = key_read_file(LAB("other.key"), &e);
    client_sign(&c, &request);
    client_expect_end(&c, CAPF_REASON_REFUSED);
    client_close(&c);
    ck_assert_int_eq(lab_log_count(&lab, "CSR_SIGNATURE"), 1);
    ck_assert_int_eq(lab_log_count(&lab, "Initiating Automatic"), 0);
    TEARDOWN(lab);
}
END_TEST

START_TEST(version_two_signs_too) {
    SETUP(lab, CA_ISSUES);
    (void)c;
    lab_schedule(&lab, OPERATION_UPGRADE);
    lab_start(&lab);
    install_online(&lab, 2);
    TEARDOWN(lab);
}
END_TEST

START_TEST(ec_key_signs_the_request) {
    SETUP(lab, CA_ISSUES);
    struct err e = {0};
    struct device d;
    device_defaults(&d);
    d.key_order = KEY_ORDER_EC_ONLY;
    d.ec_key_size = EC_KEY_SIZE_384;
    lab_put_device(&lab, &d, OPERATION_UPGRADE);
    lab_start(&lab);
    client_log_on(&c, &lab, 3);
    EVP_PKEY_free(c.key);
    c.key = key_read_file(LAB("phone-ec.key"), &e);
    client_enrol(&c, CAPF_MSG_SIGN_CERT_REQ);
    AUTO(X509) certificate = client_take_certificate(&c);
    ck_assert_ptr_nonnull(certificate);
    client_reason(&c, CAPF_MSG_STORE_CERT_RES, CAPF_REASON_OK);
    client_expect_end(&c, CAPF_REASON_OK);
    client_close(&c);
    ck_assert_uint_eq(lab_device(&lab).public_key_len, 97);
    TEARDOWN(lab);
}
END_TEST

START_TEST(pending_request_is_sent_again_not_made_again) {
    SETUP(lab, CA_PENDING);
    lab_schedule(&lab, OPERATION_UPGRADE);
    lab_start(&lab);
    client_log_on(&c, &lab, 3);
    client_enrol(&c, CAPF_MSG_ENCRYPT_REQ);
    client_expect_end(&c, CAPF_REASON_REFUSED);
    client_close(&c);
    ck_assert_int_eq(lab_device(&lab).status, CERT_STATUS_OPERATION_PENDING);
    ck_assert(csr_is_there(folder));
    lab_end(&lab, SIGKILL);
    lab.ca = CA_ISSUES;
    lab_start(&lab);
    client_log_on(&c, &lab, 3);
    client_expect(&c, CAPF_MSG_KEY_GEN_REQ);
    client_send_key(&c); /* the same key: no other signature is asked for */
    AUTO(X509) certificate = client_take_certificate(&c);
    ck_assert_ptr_nonnull(certificate);
    client_reason(&c, CAPF_MSG_STORE_CERT_RES, CAPF_REASON_OK);
    client_expect_end(&c, CAPF_REASON_OK);
    client_close(&c);
    TEARDOWN(lab);
}
END_TEST

static void reach_encrypt_req(struct lab *lab, struct client *c) {
    client_log_on(c, lab, 3);
    client_expect(c, CAPF_MSG_KEY_GEN_REQ);
    client_send_key(c);
    client_expect(c, CAPF_MSG_ENCRYPT_REQ);
}

static void refuse_to_sign(struct lab *lab) {
    struct client c;
    reach_encrypt_req(lab, &c);
    client_reason(&c, CAPF_MSG_ENCRYPT_RES, CAPF_REASON_REFUSED);
    client_expect_end(&c, CAPF_REASON_REFUSED);
    client_close(&c);
}

START_TEST(phone_that_does_not_sign_is_remembered) {
    SETUP(lab, CA_ISSUES);
    lab_schedule(&lab, OPERATION_UPGRADE);
    lab_start(&lab);
    refuse_to_sign(&lab);
    ck_assert_int_eq(lab_device(&lab).status, CERT_STATUS_UPGRADE_PHONE_COMM_ERROR);
    client_log_on(&c, &lab, 3);
    client_expect_end(&c, CAPF_REASON_REFUSED); /* before it makes another key */
    client_close(&c);
    install_online(&lab, 2); /* another version may mean another phone */
    TEARDOWN(lab);
}
END_TEST

static void expect_refusal_before_a_key(struct lab *lab) {
    struct client c;
    client_log_on(&c, lab, 3);
    client_expect_end(&c, CAPF_REASON_REFUSED);
    client_close(&c);
    lab_schedule(lab, OPERATION_UPGRADE); /* forgets it */
}

/* Soft clients drop the connection on an unknown message; others abort or say nothing. */
START_TEST(phone_that_goes_instead_of_signing_is_remembered) {
    SETUP(lab, CA_ISSUES);
    lab.config.message_timeout_us = INT64_C(300000) * test_patience();
    lab_schedule(&lab, OPERATION_UPGRADE);
    lab_start(&lab);
    reach_encrypt_req(&lab, &c);
    client_close(&c);
    expect_refusal_before_a_key(&lab);
    reach_encrypt_req(&lab, &c);
    client_send(&c, (struct capf_message){.type = CAPF_MSG_ABORT_REQ});
    client_expect(&c, CAPF_MSG_ABORT_RES);
    client_expect_end(&c, CAPF_REASON_REFUSED);
    client_close(&c);
    expect_refusal_before_a_key(&lab);
    reach_encrypt_req(&lab, &c);
    client_expect_end(&c, CAPF_REASON_REFUSED);
    client_close(&c);
    expect_refusal_before_a_key(&lab);
    TEARDOWN(lab);
}
END_TEST

START_TEST(lost_connection_says_nothing_about_signing) {
    SETUP(lab, CA_ISSUES);
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    lab_schedule(&lab, OPERATION_UPGRADE);
    lab_start(&lab);
    reach_encrypt_req(&lab, &c);
    setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    client_close(&c);
    install_online(&lab, 3);
    TEARDOWN(lab);
}
END_TEST

START_TEST(local_policy_signs_for_it) {
    SETUP(lab, CA_ISSUES);
    lab.config.no_csr_policy = NO_CSR_LOCAL;
    lab_schedule(&lab, OPERATION_UPGRADE);
    lab_start(&lab);
    client_log_on(&c, &lab, 3);
    client_expect(&c, CAPF_MSG_KEY_GEN_REQ);
    client_send_key(&c);
    client_expect(&c, CAPF_MSG_ENCRYPT_REQ);
    client_reason(&c, CAPF_MSG_ENCRYPT_RES, CAPF_REASON_REFUSED);
    AUTO(X509) certificate = client_take_certificate(&c);
    AUTO(char) issuer = x509_name_cn(X509_get_issuer_name(certificate));
    ck_assert_str_eq(issuer, "CAPF-eb606ac0");
    client_close(&c);
    TEARDOWN(lab);
}
END_TEST

/* ---- offline ---- */

static int run_cli(struct lab *lab, int (*command)(struct cli *, int, char **),
                   const struct cli_options *options, const char *verb, const char *operand) {
    struct err e = {0};
    static const struct program program = {.name = "test"};
    char *argv[] = {(char *)verb, (char *)operand, NULL};
    struct cli cli = {&program, options, &lab->config, store_open(lab->config.store, &e),
                      fopen("/dev/null", "we")};
    ck_assert_ptr_nonnull(cli.store);
    int rc = command(&cli, operand == NULL ? 1 : 2, argv);
    store_close(cli.store);
    fclose(cli.out);
    return rc;
}

/* What a person at the CA does with the dumped request. */
static void sign_by_hand(const char *csr_file, const char *out_file, enum fake_ca how) {
    struct err e = {0};
    AUTO(char) pem = lab_read(csr_file);
    struct lab manner = {.ca = how};
    struct fake_call call = {.lab = &manner};
    call.csr = csr_read(bytes_of_str(pem), NULL, &e);
    ck_assert_ptr_nonnull(call.csr);
    AUTO(X509) certificate = fake_issue(&call);
    AUTO_BUF der = BUF_INIT(8192);
    ck_assert_ok(x509_put_der(certificate, &der, &e), e);
    ck_assert_ok(file_write(out_file, buf_view(&der), 0600, &e), e);
    X509_REQ_free(call.csr);
}

START_TEST(offline_request_waits_and_is_delivered) {
    SETUP(lab, CA_NONE);
    lab.config.issuer = ISSUER_OFFLINE_CA;
    AUTO(char) out = path_join(folder, "out");
    AUTO(char) csr = path_join(folder, "out/" LAB_DEVICE ".csr");
    AUTO(char) wrong = path_join(folder, "out/wrong.der");
    AUTO(char) right = path_join(folder, "right.der");
    AUTO(char) archive = path_join(folder, "certs.tgz");
    struct cli_options options = {.output = out, .all = true};
    lab_schedule(&lab, OPERATION_UPGRADE);
    lab_start(&lab);
    client_log_on(&c, &lab, 3);
    client_enrol(&c, CAPF_MSG_ENCRYPT_REQ);
    client_expect_end(&c, CAPF_REASON_NO_ACTION);
    client_close(&c);
    ck_assert_int_eq(lab_device(&lab).status, CERT_STATUS_OPERATION_PENDING);
    ck_assert(csr_is_there(folder));
    client_log_on(&c, &lab, 3); /* comes too early: no other key, no other request */
    client_expect_end(&c, CAPF_REASON_NO_ACTION);
    client_close(&c);
    ck_assert_int_eq(run_cli(&lab, cli_csr, &options, "list", NULL), EXIT_DONE);
    ck_assert_int_eq(run_cli(&lab, cli_csr, &options, "count", NULL), EXIT_DONE);
    ck_assert_int_eq(run_cli(&lab, cli_csr, &options, "dump", NULL), EXIT_DONE);
    sign_by_hand(csr, wrong, CA_WRONG_KEY);
    ck_assert_int_eq(run_cli(&lab, cli_cert, &options, "import", wrong), EXIT_FAILED);
    sign_by_hand(csr, right, CA_ISSUES);
    AUTO(char) pack = NULL;
    ck_assert_int_gt(asprintf(&pack, "tar -czf %s -C %s right.der", archive, folder), 0);
    ck_assert_int_eq(system(pack), 0);
    ck_assert_int_eq(run_cli(&lab, cli_cert, &options, "import", archive), EXIT_DONE);
    ck_assert(!csr_is_there(folder));
    client_log_on(&c, &lab, 3);
    AUTO(X509) certificate = client_take_certificate(&c);
    ck_assert(x509_has_key(certificate, c.key));
    client_reason(&c, CAPF_MSG_STORE_CERT_RES, CAPF_REASON_OK);
    client_expect_end(&c, CAPF_REASON_OK);
    client_close(&c);
    ck_assert_int_eq(lab_device(&lab).status, CERT_STATUS_UPGRADE_SUCCESS);
    TEARDOWN(lab);
}
END_TEST

START_TEST(deleted_request_is_made_anew) {
    SETUP(lab, CA_NONE);
    lab.config.issuer = ISSUER_OFFLINE_CA;
    struct cli_options options = {0};
    lab_schedule(&lab, OPERATION_UPGRADE);
    lab_start(&lab);
    client_log_on(&c, &lab, 3);
    client_enrol(&c, CAPF_MSG_ENCRYPT_REQ);
    client_expect_end(&c, CAPF_REASON_NO_ACTION);
    client_close(&c);
    ck_assert_int_eq(run_cli(&lab, cli_csr, &options, "delete", NULL), EXIT_USAGE);
    ck_assert_int_eq(run_cli(&lab, cli_csr, &options, "delete", LAB_DEVICE), EXIT_DONE);
    ck_assert_int_eq(run_cli(&lab, cli_csr, &options, "delete", LAB_DEVICE), EXIT_FAILED);
    ck_assert(!csr_is_there(folder));
    client_log_on(&c, &lab, 3);
    client_expect(&c, CAPF_MSG_KEY_GEN_REQ);
    client_close(&c);
    TEARDOWN(lab);
}
END_TEST

TEST_MAIN("capf online and offline CA", trace_is_the_seeds, start_lines_are_the_seeds,
          failure_lines_are_the_seeds, certificate_for_another_key_stays_here,
          certificate_for_another_device_stays_here, wrong_signature_asks_no_ca,
          version_two_signs_too, ec_key_signs_the_request,
          pending_request_is_sent_again_not_made_again, phone_that_does_not_sign_is_remembered,
          phone_that_goes_instead_of_signing_is_remembered,
          lost_connection_says_nothing_about_signing, local_policy_signs_for_it,
          offline_request_waits_and_is_delivered, deleted_request_is_made_anew)
