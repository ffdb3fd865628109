/* The pages with a CA behind them: parameters as clients spell them, and what each gets. */
#include "mocks/certsrv/handlers.h"
#include "mocks/certsrv/test_lab.h"
#include "pki/p7.h"

struct request {
    const char *query, *body, *agent;
};

static const struct certsrv_config by_agent = {.content_rule = CONTENT_BY_USER_AGENT};
static const struct damage undamaged;
static const struct certsrv_config as_html = {.content_rule = CONTENT_HTML};

/* Runs the handler; the caller frees location and body. */
static struct reply run(struct lab *lab, const struct certsrv_config *config, handler_fn *handler,
                        const struct request *r) {
    struct err e = {0};
    AUTO_FORM query, fields;
    struct reply reply = {200, "text/html", BUF_INIT(4096), BUF_INIT(PAGE_MAX)};
    ck_assert_ok(form_read(bytes_of_str(r->query), &query, &e), e);
    ck_assert_ok(form_read(bytes_of_str(r->body), &fields, &e), e);
    const struct call call = {.config = config,
                              .templates = &templates,
                              .ca = lab->ca,
                              .site = {"LAB-DC-RTP", LANGUAGE_EN, ca_renewals(lab->ca)},
                              .user = &users[0],
                              .query = &query,
                              .fields = &fields,
                              .user_agent = r->agent == NULL ? "CiscoRA 1.0" : r->agent,
                              .host = "lab-dc-iis.michamen.com",
                              .raw_query = r->query,
                              .damage = &undamaged};
    int rc = handler(&call, &reply, &e);
    ck_assert_msg(rc == 0, "%s", e.text);
    return reply;
}

static void check_reply(struct lab *lab, handler_fn *handler, const char *query, const char *body,
                        const char *expected) {
    const struct request r = {query, body, NULL};
    struct reply reply = run(lab, &by_agent, handler, &r);
    ck_assert_uint_eq(reply.status, 200);
    ck_assert_msg(strstr(buf_str(&reply.body), expected) != NULL, "%s %s: no '%s' in %s", query,
                  body, expected, buf_str(&reply.body));
    buf_free(&reply.location);
    buf_free(&reply.body);
}

static void open_with_request(struct lab *lab, const char *template) {
    AUTO_ROW row;
    lab_init(lab);
    lab_open(lab);
    submit(lab, 0, "plain.pem", template, &row);
    ck_assert_int_eq(row.id, 10);
}

START_TEST(login_is_moved) {
    struct lab lab;
    lab_init(&lab);
    lab_open(&lab);
    struct reply reply = run(&lab, &by_agent, handle_login, &(struct request){"", "", NULL});
    ck_assert_uint_eq(reply.status, 301);
    ck_assert_uint_eq(reply.body.len, 163);
    ck_assert_str_eq(buf_str(&reply.location), "https://lab-dc-iis.michamen.com/certsrv/");
    buf_free(&reply.location);
    buf_free(&reply.body);
    lab_free(&lab);
}
END_TEST

START_TEST(certificates_are_fetched_in_every_spelling) {
    static const char *const queries[] = {"ReqID=10&ENC=b64",
                                          "reqid=10&enc=B64",
                                          "ReqID=10",
                                          "ReqID=10&",
                                          "Enc=b64&ReqID=10&Mode=inst",
                                          "ReqID=CACert",
                                          "ReqID=CACert&Renewal=-1&Enc=b64",
                                          "ReqID=cacert&Renewal=0"};
    struct lab lab;
    open_with_request(&lab, TEMPLATE("CiscoRA"));
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++)
        check_reply(&lab, handle_certificate, queries[i], "", "-----BEGIN CERTIFICATE-----\r\n");
    check_reply(&lab, handle_chain, "ReqID=10", "", "-----BEGIN CERTIFICATE-----\r\n");
    lab_free(&lab);
}
END_TEST

START_TEST(what_is_not_there_is_an_error_page) {
    static const char *const queries[] = {"ReqID=-1",
                                          "ReqID=11",
                                          "ReqID=",
                                          "ReqID=abc",
                                          "",
                                          "ReqID=CACert&Renewal=1",
                                          "ReqID=99999999999999999999"};
    struct lab lab;
    open_with_request(&lab, TEMPLATE("CiscoRA"));
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        check_reply(&lab, handle_certificate, queries[i], "",
                    "\t\tThe requested property value is empty. 0x80094004");
        check_reply(&lab, handle_chain, queries[i], "", "<HTML>");
    }
    check_reply(&lab, handle_crl, "Type=delta", "", "0x80094004");
    check_reply(&lab, handle_crl, "Type=base&Renewal=7", "", "0x80094004");
    check_reply(&lab, handle_crl, "Type=base", "", "-----BEGIN X509 CRL-----\r\n");
    lab_free(&lab);
}
END_TEST

START_TEST(content_type_follows_the_user_agent) {
    static const struct {
        const struct certsrv_config *config;
        const char *agent, *type;
    } rules[] = {
        {&by_agent, "CiscoRA 1.0", "text/html"},
        {&by_agent, "Mozilla", "application/pkix-cert"},
        {&by_agent, "Mozilla/5.0 certsrv", "application/pkix-cert"},
        {&as_html, "Mozilla", "text/html"},
    };
    struct lab lab;
    open_with_request(&lab, TEMPLATE("CiscoRA"));
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        const struct request r = {"ReqID=10&Enc=bin", "", rules[i].agent};
        struct reply reply = run(&lab, rules[i].config, handle_certificate, &r);
        ck_assert_str_eq(reply.content_type, rules[i].type);
        ck_assert_uint_eq(reply.body.data[0], 0x30);
        buf_free(&reply.body);
    }
    lab_free(&lab);
}
END_TEST

START_TEST(pending_requests_are_asked_for) {
    struct lab lab;
    open_with_request(&lab, TEMPLATE("Manager"));
    check_reply(&lab, handle_certificate, "ReqID=10", "", "Taken Under Submission");
    check_reply(&lab, handle_submit, "", "Mode=chkpnd&ReqID=10", "still pending");
    check_reply(&lab, handle_submit, "", "Mode=CHKPND&ReqID=%!s(int=10)", "still pending");
    check_reply(&lab, handle_submit, "", "Mode=chkpnd&ReqID=77", "0x80094004");
    lab_free(&lab);
}
END_TEST

START_TEST(incomplete_forms_are_error_pages) {
    static const char *const bodies[] = {"", "Mode=newreq", "Mode=what&CertRequest=x", "&C&"};
    struct lab lab;
    lab_init(&lab);
    lab_open(&lab);
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        check_reply(&lab, handle_submit, "", bodies[i], "\t\tThe parameter is incorrect.");
    check_reply(&lab, handle_submit, "", "Mode=newreq&CertRequest=%00%ff%",
                "Error Parsing Request");
    lab_free(&lab);
}
END_TEST

START_TEST(only_own_templates_are_listed) {
    struct lab lab;
    lab_init(&lab);
    lab_open(&lab);
    const struct request r = {"", "", NULL};
    struct reply reply = run(&lab, &by_agent, handle_request_form, &r);
    ck_assert_ptr_nonnull(strstr(buf_str(&reply.body), "<Option Value=\"E;CiscoRA;"));
    ck_assert_ptr_null(strstr(buf_str(&reply.body), ";Guests;"));
    ck_assert_ptr_null(strstr(buf_str(&reply.body), ";Hidden;"));
    buf_free(&reply.body);
    lab_free(&lab);
}
END_TEST

TEST_MAIN("certsrv handlers", login_is_moved, certificates_are_fetched_in_every_spelling,
          what_is_not_there_is_an_error_page, content_type_follows_the_user_agent,
          pending_requests_are_asked_for, incomplete_forms_are_error_pages,
          only_own_templates_are_listed)
