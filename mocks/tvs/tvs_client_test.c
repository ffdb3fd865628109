/* The phone's client against the server over real TLS: answers, each fault as the phone sees it,
 * the walk along a list of servers, and a client that goes away at a bad time. */
#include "mocks/tvs/tvs_answer.h"
#include "mocks/tvs/tvs_test_lab.h"

struct outcome {
    bool done;
    int calls;
    enum err_code code;
    char text[ERR_TEXT_MAX];
    bool valid;
    uint8_t roles[TVS_ROLES_MAX];
    size_t role_count;
    uint32_t ttl;
    struct buf certificate;
    char host[64];
};
#define OUTCOME_INIT                                                                               \
    { .certificate = BUF_INIT(TVS_BODY_MAX) }

static void outcome_free(struct outcome *o) {
    buf_free(&o->certificate);
}
#define AUTO_OUTCOME __attribute__((cleanup(outcome_free))) struct outcome

static void on_done(void *user, const struct tvs_result *r, const struct err *e) {
    struct outcome *o = user;
    o->done = true;
    o->calls++;
    ck_assert((r == NULL) != (e == NULL));
    o->code = e != NULL ? e->code : ERR_OK;
    snprintf(o->text, sizeof o->text, "%s", e != NULL ? e->text : "");
    if (r == NULL)
        return;
    o->valid = r->valid;
    o->ttl = r->ttl;
    o->role_count = r->roles.len;
    ck_assert_uint_le(r->roles.len, sizeof o->roles);
    if (r->roles.len > 0)
        memcpy(o->roles, r->roles.data, r->roles.len);
    buf_reset(&o->certificate);
    buf_put_bytes(&o->certificate, r->certificate);
    snprintf(o->host, sizeof o->host, "%s", r->server->host);
}

/* What the phone's console would have: one word a step. */
struct steps {
    struct buf text;
};

static void on_step(void *user, enum tvs_step step, const struct tvs_member *server,
                    const char *text) {
    static const char *const words[] = {"resolved", "unresolved", "connected",
                                        "asked",    "answered",   "left"};
    struct steps *s = user;
    (void)text;
    buf_printf(&s->text, "%s:%s ", server->host, words[step]);
}

/* Nothing runs out of time, however slow the machine is. */
static struct tvs_client_options options_of(const struct lab *lab, const struct tvs_member *members,
                                            size_t count) {
    int64_t patience = 20 * SECOND * (int64_t)clock_rate() * test_patience();
    return (struct tvs_client_options){.loop = lab->loop,
                                       .resolver = lab->resolver,
                                       .members = members,
                                       .member_count = count,
                                       .device = lab_device,
                                       .connect_timeout_us = patience,
                                       .answer_timeout_us = patience};
}

static struct tvs_client *client_new(const struct tvs_client_options *options) {
    struct err e = {0};
    struct tvs_client *c = tvs_client_new(options, &e);
    ck_assert_msg(c != NULL, "%s", e.text);
    return c;
}

static struct tvs_member the_server(const struct lab *lab) {
    return (struct tvs_member){.host = "ao115pub.michamen.com", .port = lab->port};
}

static struct tvs_client *client_of(const struct lab *lab) {
    const struct tvs_member member = the_server(lab);
    const struct tvs_client_options options = options_of(lab, &member, 1);
    return client_new(&options);
}

static struct tvs_client *client_in_a_hurry(const struct lab *lab) {
    const struct tvs_member member = the_server(lab);
    struct tvs_client_options options = options_of(lab, &member, 1);
    options.connect_timeout_us = options.answer_timeout_us = 10 * SECOND;
    return client_new(&options);
}

static void put_der(const X509 *certificate, struct buf *out) {
    struct err e = {0};
    ck_assert_ok(x509_put_der(certificate, out, &e), e);
}

static void verify(const struct lab *lab, struct tvs_client *c, const X509 *certificate,
                   struct outcome *o) {
    AUTO_BUF der = BUF_INIT(TVS_BODY_MAX);
    struct err e = {0};
    put_der(certificate, &der);
    o->done = false;
    ck_assert_ok(tvs_client_verify(c, buf_view(&der), on_done, o, &e), e);
    ck_assert(!o->done);
    lab_run_until(lab, &o->done);
}

static void query(const struct lab *lab, struct tvs_client *c, const char *subject,
                  const X509 *certificate, struct outcome *o) {
    AUTO_BUF serial = BUF_INIT(TVS_SERIAL_MAX);
    struct err e = {0};
    buf_put_u8(&serial, 0);
    buf_put_bytes(&serial, itl_serial_of(certificate));
    o->done = false;
    ck_assert_ok(tvs_client_query(c, subject, subject, buf_view(&serial), on_done, o, &e), e);
    lab_run_until(lab, &o->done);
}

static const char pub[] = "CN=ao115pub;OU=TAC;O=Cisco Systems;L=Boxborough;ST=MA;C=US";
static const char pub_tlvfile[] = "CN=ao115pub,OU=TAC,O=Cisco Systems,L=Boxborough,ST=MA,C=US";
static const char capf_name[] = "CN=CAPF-7f0ae8d7;OU=TAC;O=Cisco Systems;L=Boxborough;ST=MA;C=US";

START_TEST(known_certificates_are_vouched_for) {
    AUTO_LAB lab;
    AUTO_OUTCOME o = OUTCOME_INIT;
    lab_open(&lab, 1, "");
    struct tvs_client *c = client_of(&lab);
    verify(&lab, c, lab.callmanager, &o);
    ck_assert(o.valid);
    ck_assert_uint_eq(o.role_count, 2);
    ck_assert_uint_eq(o.roles[0], ITL_ROLE_SAST);
    ck_assert_uint_eq(o.roles[1], ITL_ROLE_CCM_TFTP);
    ck_assert_uint_eq(o.ttl, 86400);
    verify(&lab, c, lab.capf, &o);
    ck_assert(o.valid && o.role_count == 1 && o.roles[0] == ITL_ROLE_CAPF);
    verify(&lab, c, lab.stranger, &o);
    ck_assert_int_eq(o.code, ERR_OK);
    ck_assert(!o.valid && o.role_count == 0 && o.ttl == 0);
    ck_assert_int_eq(o.calls, 3);
    ck_assert_int_eq(lab_logged(&lab, "Got a new ph conn"), 1);
    tvs_client_free(c);
}
END_TEST

static void check_found(const struct outcome *o, const X509 *expected) {
    AUTO_BUF der = BUF_INIT(TVS_BODY_MAX);
    put_der(expected, &der);
    ck_assert_msg(o->code == ERR_OK, "%s", o->text);
    ck_assert(o->valid);
    ck_assert(bytes_equal(buf_view(&o->certificate), buf_view(&der)));
}

START_TEST(certificates_are_found_by_name_and_number) {
    AUTO_LAB lab;
    AUTO_OUTCOME o = OUTCOME_INIT;
    lab_open(&lab, 1, "");
    struct tvs_client *c = client_of(&lab);
    query(&lab, c, pub, lab.callmanager, &o);
    check_found(&o, lab.callmanager);
    ck_assert_uint_eq(o.role_count, 2);
    query(&lab, c, pub_tlvfile, lab.callmanager, &o);
    check_found(&o, lab.callmanager);
    query(&lab, c, pub, lab.capf, &o); /* the number of another one */
    ck_assert(o.code == ERR_OK && !o.valid && o.certificate.len == 0);
    query(&lab, c, capf_name, lab.stranger, &o); /* the name of one that is known */
    ck_assert(o.code == ERR_OK && !o.valid && o.certificate.len == 0);
    tvs_client_free(c);
}
END_TEST

/* A certificate that fits in all but one way is none that was asked for. */
static enum err_code code_of_answer(const X509 *found, const char *subject, const char *issuer,
                                    struct bytes serial) {
    AUTO_BUF der = BUF_INIT(TVS_BODY_MAX);
    struct err e = {0};
    put_der(found, &der);
    const struct tvs_message asked = {.command = TVS_QUERY_CERT_REQ,
                                      .subject = TVS_OCTETS(bytes_of_str(subject)),
                                      .issuer = TVS_OCTETS(bytes_of_str(issuer)),
                                      .serial = TVS_OCTETS(serial)};
    const struct tvs_message answer = {.command = TVS_QUERY_CERT_RES,
                                       .status = TVS_NUMBER(TVS_STATUS_VALID),
                                       .certificate = TVS_OCTETS(buf_view(&der))};
    int rc = tvs_answer_check(&asked, &answer, &e);
    ck_assert_int_eq(rc, e.code == ERR_OK ? 0 : -1);
    return e.code;
}

START_TEST(a_found_certificate_is_compared_with_the_request) {
    AUTO_LAB lab;
    lab_open(&lab, 1, "");
    struct bytes serial = itl_serial_of(lab.callmanager);
    struct bytes other = itl_serial_of(lab.tvs);
    ck_assert_int_eq(code_of_answer(lab.callmanager, pub, pub, serial), ERR_OK);
    ck_assert_int_eq(code_of_answer(lab.callmanager, pub, pub, other), ERR_TVS_ANSWER);
    ck_assert_int_eq(code_of_answer(lab.callmanager, capf_name, pub, serial), ERR_TVS_ANSWER);
    ck_assert_int_eq(code_of_answer(lab.callmanager, pub, capf_name, serial), ERR_TVS_ANSWER);
    ck_assert_int_eq(code_of_answer(lab.callmanager, "CN=AO115PUB", pub, serial), ERR_TVS_ANSWER);
    ck_assert_int_eq(code_of_answer(lab.callmanager, "", pub, serial), ERR_TVS_ANSWER);
}
END_TEST

START_TEST(pem_is_no_certificate_here) {
    static const char pem[] = "-----BEGIN CERTIFICATE-----";
    const struct tvs_message asked = {.command = TVS_QUERY_CERT_REQ};
    const struct tvs_message answer = {.command = TVS_QUERY_CERT_RES,
                                       .status = TVS_NUMBER(TVS_STATUS_VALID),
                                       .certificate = TVS_OCTETS(bytes_of_str(pem))};
    struct err e = {0};
    ck_assert_int_eq(tvs_answer_check(&asked, &answer, &e), -1);
    ck_assert_err(e, TVS_ELEMENT);
}
END_TEST

/* ---- Faults ---- */

struct fault_case {
    const char *fault; /* point and action */
    enum err_code code;
    bool valid;
};

static const struct fault_case faults[] = {
    {"tvs.query, do: says-no", ERR_OK, false},
    {"tvs.query, do: roles tftp", ERR_OK, true},
    {"tvs.query, do: delay 50ms", ERR_OK, true},
    {"tvs.query, do: silence", ERR_SYS_TIMEOUT, false},
    {"tvs.query, do: delay 1h", ERR_SYS_TIMEOUT, false},
    {"tvs.query, do: close", ERR_TCP_CLOSED, false},
    {"tvs.query, do: truncate 0", ERR_TCP_CLOSED, false},
    {"tvs.query, do: truncate 3", ERR_TCP_CLOSED, false},
    {"tvs.query, do: truncate 200", ERR_TCP_CLOSED, false},
    {"tvs.query, do: garbage", ERR_TVS_FRAME, false},
    {"tvs.query, do: wrong-id", ERR_TVS_ANSWER, false},
    {"tvs.query, do: wrong-command", ERR_TVS_ANSWER, false},
    {"tvs.query, do: other-certificate", ERR_TVS_ANSWER, false},
    {"tvs.query, do: no-certificate", ERR_TVS_MISSING_ELEMENT, false},
    {"tvs.connect, do: silence", ERR_SYS_TIMEOUT, false},
    {"tvs.connect, do: delay 1h", ERR_SYS_TIMEOUT, false},
    {"tvs.connect, do: delay 50ms", ERR_OK, true},
};

START_TEST(each_fault_is_seen_for_what_it_is) {
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        AUTO_LAB lab;
        AUTO_OUTCOME o = OUTCOME_INIT;
        AUTO_BUF yaml = BUF_INIT(1024);
        buf_printf(&yaml, "handshake-timeout: 1h\nidle-timeout: 2h\nfaults: [{at: %s}]\n",
                   faults[i].fault);
        bool runs_out = faults[i].code == ERR_SYS_TIMEOUT;
        lab_open(&lab, runs_out ? 100 : 1, buf_str(&yaml));
        struct tvs_client *c = runs_out ? client_in_a_hurry(&lab) : client_of(&lab);
        query(&lab, c, pub, lab.callmanager, &o);
        ck_assert_msg(o.code == faults[i].code && o.valid == faults[i].valid, "%s: %s: %s",
                      faults[i].fault, err_name(o.code), o.text);
        if (strstr(faults[i].fault, "roles") != NULL)
            ck_assert(o.role_count == 1 && o.roles[0] == ITL_ROLE_TFTP);
        tvs_client_free(c);
    }
}
END_TEST

/* Nobody asked for it, and nothing was compared with it. */
START_TEST(a_certificate_beside_a_verification_is_not_handed_on) {
    AUTO_LAB lab;
    AUTO_OUTCOME o = OUTCOME_INIT;
    lab_open(&lab, 1, "faults: [{at: tvs.verify, do: other-certificate}]\n");
    struct tvs_client *c = client_of(&lab);
    verify(&lab, c, lab.capf, &o);
    ck_assert_msg(o.valid, "%s", o.text);
    ck_assert_uint_eq(o.certificate.len, 0);
    tvs_client_free(c);
}
END_TEST

START_TEST(a_connection_closed_at_once) {
    AUTO_LAB lab;
    AUTO_OUTCOME o = OUTCOME_INIT;
    lab_open(&lab, 1, "faults: [{at: tvs.connect, do: close}]\n");
    struct tvs_client *c = client_of(&lab);
    verify(&lab, c, lab.capf, &o);
    /* The client's hello may meet the end or a reset. */
    ck_assert_msg(o.code == ERR_TCP_CLOSED || o.code == ERR_TCP_RESET, "%s", o.text);
    verify(&lab, c, lab.capf, &o);
    ck_assert(o.valid);
    tvs_client_free(c);
}
END_TEST

/* ---- The list of servers ---- */

START_TEST(servers_are_asked_in_the_order_of_their_priority) {
    AUTO_LAB lab;
    AUTO_OUTCOME o = OUTCOME_INIT;
    struct steps steps = {.text = BUF_INIT(4096)};
    lab_open(&lab, 1, "");
    const struct tvs_member members[] = {
        {.priority = 2, .host = "127.0.0.1", .port = lab.port},
        {.priority = 0, .host = "127.0.0.1", .port = 1},
        {.priority = 1, .host = "nowhere", .via = "300.1.1.1:2445"},
        {.priority = 3, .host = "127.0.0.1", .port = 1},
    };
    struct tvs_client_options options = options_of(&lab, members, 4);
    options.tell = on_step;
    options.user = &steps;
    struct tvs_client *c = client_new(&options);
    verify(&lab, c, lab.capf, &o);
    ck_assert_msg(o.valid, "%s", o.text);
    ck_assert_str_eq(buf_str(&steps.text),
                     "127.0.0.1:resolved 127.0.0.1:left "
                     "nowhere:unresolved nowhere:left "
                     "127.0.0.1:resolved 127.0.0.1:connected 127.0.0.1:asked 127.0.0.1:answered ");
    buf_reset(&steps.text);
    verify(&lab, c, lab.capf, &o);
    ck_assert_str_eq(buf_str(&steps.text), "127.0.0.1:asked 127.0.0.1:answered ");
    tvs_client_free(c);
    buf_free(&steps.text);
}
END_TEST

START_TEST(when_none_is_left_the_last_reason_is_told) {
    AUTO_LAB lab;
    AUTO_OUTCOME o = OUTCOME_INIT;
    lab_open(&lab, 1, "");
    const struct tvs_member members[] = {{.host = "nowhere", .via = "no port"},
                                         {.host = "127.0.0.1", .port = 1}};
    const struct tvs_client_options two = options_of(&lab, members, 2);
    const struct tvs_client_options none = options_of(&lab, NULL, 0);
    struct tvs_client *c = client_new(&two);
    verify(&lab, c, lab.capf, &o);
    ck_assert_int_eq(o.code, ERR_TCP_REFUSED);
    tvs_client_free(c);
    c = client_new(&none);
    verify(&lab, c, lab.capf, &o);
    ck_assert_int_eq(o.code, ERR_CONFIG_MISSING);
    tvs_client_free(c);
}
END_TEST

/* A server that answers nonsense is left as one that is silent. */
START_TEST(a_wrong_answer_leads_to_the_next_server) {
    AUTO_LAB lab;
    AUTO_OUTCOME o = OUTCOME_INIT;
    lab_open(&lab, 1, "faults: [{at: tvs.verify, do: wrong-id}]\n");
    const char *via = tvs_server_address(lab.server);
    const struct tvs_member members[] = {{.host = "first", .via = via},
                                         {.host = "second", .via = via}};
    const struct tvs_client_options options = options_of(&lab, members, 2);
    struct tvs_client *c = client_new(&options);
    verify(&lab, c, lab.capf, &o);
    ck_assert_msg(o.valid, "%s", o.text);
    ck_assert_str_eq(o.host, "second");
    ck_assert_int_eq(lab_logged(&lab, "Got a new ph conn"), 2);
    tvs_client_free(c);
}
END_TEST

static bool trusts_nothing(void *user, struct bytes der) {
    struct steps *s = user;
    buf_printf(&s->text, "shown:%s ", der.len > 0 && der.data[0] == 0x30 ? "DER" : "?");
    return false;
}

START_TEST(a_server_without_tvs_record_is_refused) {
    AUTO_LAB lab;
    AUTO_OUTCOME o = OUTCOME_INIT;
    struct steps steps = {.text = BUF_INIT(4096)};
    lab_open(&lab, 1, "");
    const struct tvs_member member = the_server(&lab);
    struct tvs_client_options options = options_of(&lab, &member, 1);
    options.trusts = trusts_nothing;
    options.user = &steps;
    struct tvs_client *c = client_new(&options);
    verify(&lab, c, lab.capf, &o);
    ck_assert_int_eq(o.code, ERR_TLS_UNTRUSTED);
    ck_assert_str_eq(buf_str(&steps.text), "shown:DER ");
    tvs_client_free(c);
    buf_free(&steps.text);
}
END_TEST

/* A server that began anew, or does not keep idle connections: no reason to ask another one. */
START_TEST(a_connection_that_ended_is_opened_again) {
    AUTO_LAB lab;
    AUTO_OUTCOME o = OUTCOME_INIT;
    struct err e = {0};
    lab_open(&lab, 1, "");
    struct tvs_client *c = client_of(&lab);
    verify(&lab, c, lab.capf, &o);
    AUTO(char) same = strdup(tvs_server_address(lab.server));
    tvs_server_free(lab.server);
    lab.config.listen = same;
    lab.server = tvs_server_new(lab.loop, &lab.config, lab.faults, &e);
    ck_assert_msg(lab.server != NULL, "%s", e.text);
    verify(&lab, c, lab.capf, &o);
    ck_assert_msg(o.valid, "%s", o.text);
    ck_assert_int_eq(lab_logged(&lab, "Got a new ph conn"), 2);
    tvs_client_free(c);
}
END_TEST

/* As the open-source server does, which ends each connection behind its answer: the request may
 * already be on its way. */
START_TEST(a_server_of_one_answer_is_asked_again) {
    AUTO_LAB lab;
    AUTO_OUTCOME first = OUTCOME_INIT, second = OUTCOME_INIT;
    AUTO_BUF der = BUF_INIT(TVS_BODY_MAX);
    struct err e = {0};
    lab_open(&lab, 1, "faults: [{at: tvs.verify, do: truncate 65535}]\n");
    struct tvs_client *c = client_of(&lab);
    put_der(lab.capf, &der);
    ck_assert_ok(tvs_client_verify(c, buf_view(&der), on_done, &first, &e), e);
    ck_assert_ok(tvs_client_verify(c, buf_view(&der), on_done, &second, &e), e);
    lab_run_until(&lab, &second.done);
    ck_assert_msg(first.valid && second.valid, "%s", second.text);
    ck_assert_int_eq(lab_logged(&lab, "Got a new ph conn"), 2);
    tvs_client_free(c);
}
END_TEST

START_TEST(the_phone_shows_its_certificate_when_asked) {
    AUTO_LAB lab;
    AUTO_OUTCOME o = OUTCOME_INIT;
    lab_open(&lab, 1, "client-certificate: yes\n");
    const struct tvs_member member = the_server(&lab);
    struct tvs_client_options options = options_of(&lab, &member, 1);
    options.certificate = lab.stranger;
    options.key = lab.key;
    struct tvs_client *c = client_new(&options);
    verify(&lab, c, lab.capf, &o);
    ck_assert(o.valid);
    ck_assert_int_eq(lab_logged(&lab, "client certificate of CN=CAPF-7f0ae8d7"), 1);
    tvs_client_free(c);
    c = client_of(&lab); /* and without one it is served, too */
    verify(&lab, c, lab.capf, &o);
    ck_assert(o.valid);
    tvs_client_free(c);
}
END_TEST

/* ---- A client that goes away ---- */

struct leaver {
    struct tvs_client *client;
    bool done;
};

static void leave_at_once(void *user, const struct tvs_result *r, const struct err *e) {
    struct leaver *l = user;
    (void)r;
    (void)e;
    tvs_client_free(l->client);
    l->done = true;
}

static void check_leaving(const char *yaml) {
    AUTO_LAB lab;
    AUTO_BUF der = BUF_INIT(TVS_BODY_MAX);
    struct err e = {0};
    lab_open(&lab, 1, yaml);
    struct leaver l = {.client = client_of(&lab)};
    put_der(lab.capf, &der);
    ck_assert_ok(tvs_client_verify(l.client, buf_view(&der), leave_at_once, &l, &e), e);
    ck_assert_ok(tvs_client_verify(l.client, buf_view(&der), leave_at_once, &l, &e), e);
    lab_run_until(&lab, &l.done);
}

START_TEST(a_client_may_be_freed_in_its_callback) {
    check_leaving("");
    check_leaving("faults: [{at: tvs.verify, do: close}]\n");
    check_leaving("faults: [{at: tvs.connect, do: close}]\n");
    check_leaving("faults: [{at: tvs.verify, do: garbage}]\n");
}
END_TEST

/* Freed behind each number of turns of the loop: no callback comes afterwards. */
START_TEST(a_client_may_be_freed_at_any_time) {
    for (int turns = 0; turns < 12; turns++) {
        AUTO_LAB lab;
        AUTO_OUTCOME o = OUTCOME_INIT;
        AUTO_BUF der = BUF_INIT(TVS_BODY_MAX);
        struct err e = {0};
        lab_open(&lab, 1, "faults: [{at: tvs.verify, do: silence}]\n");
        struct tvs_client *c = client_of(&lab);
        put_der(lab.capf, &der);
        ck_assert_ok(tvs_client_verify(c, buf_view(&der), on_done, &o, &e), e);
        for (int i = 0; i < turns; i++)
            event_base_loop(lab.loop, EVLOOP_NONBLOCK);
        tvs_client_free(c);
        event_base_loop(lab.loop, EVLOOP_NONBLOCK);
        ck_assert_int_eq(o.calls, 0);
    }
}
END_TEST

START_TEST(what_cannot_be_asked_is_refused_at_once) {
    AUTO_LAB lab;
    AUTO_OUTCOME o = OUTCOME_INIT;
    static uint8_t big[TVS_BODY_MAX];
    static const uint8_t der[] = {0x30, 0x00};
    struct err e = {0};
    lab_open(&lab, 1, "");
    struct tvs_client *c = client_of(&lab);
    ck_assert_int_eq(tvs_client_verify(c, bytes_of(big, sizeof big), on_done, &o, &e), -1);
    ck_assert_err(e, SYS_LIMIT);
    ck_assert_int_eq(
        tvs_client_query(c, pub, pub, bytes_of(big, TVS_SERIAL_MAX + 1), on_done, &o, &e), -1);
    ck_assert_err(e, SYS_LIMIT);
    e = (struct err){0};
    int taken = 0;
    while (tvs_client_verify(c, bytes_of(der, sizeof der), on_done, &o, &e) == 0)
        taken++;
    ck_assert_int_eq(taken, 64);
    ck_assert_err(e, SYS_LIMIT);
    tvs_client_free(c);
    ck_assert_int_eq(o.calls, 0);
}
END_TEST

TEST_MAIN("tvs client", known_certificates_are_vouched_for,
          certificates_are_found_by_name_and_number,
          a_found_certificate_is_compared_with_the_request, pem_is_no_certificate_here,
          each_fault_is_seen_for_what_it_is, a_certificate_beside_a_verification_is_not_handed_on,
          a_connection_closed_at_once, servers_are_asked_in_the_order_of_their_priority,
          when_none_is_left_the_last_reason_is_told, a_wrong_answer_leads_to_the_next_server,
          a_server_without_tvs_record_is_refused, a_connection_that_ended_is_opened_again,
          a_server_of_one_answer_is_asked_again, the_phone_shows_its_certificate_when_asked,
          a_client_may_be_freed_in_its_callback, a_client_may_be_freed_at_any_time,
          what_cannot_be_asked_is_refused_at_once)
