/* Tests of phones that are told to misbehave, and of a CAPF that does. */
#include "mocks/phone/phone_test_lab.h"

static void never_called(struct lab *lab, const struct capf_message *m) {
    (void)lab;
    ck_abort_msg("the phone sent %s", capf_message_name(m->type));
}

/* Whatever the phone answers, CAPF ends with 7. */
static void refuse_after_key(struct lab *lab, const struct capf_message *m) {
    if (m->type == CAPF_MSG_AUTH_RES)
        lab_ask_rsa(lab, 1024);
    else if (m->type != CAPF_MSG_REQUEST_IN_PROGRESS)
        lab_end(lab, CAPF_REASON_REFUSED);
}

/* ---- Behaviour ---- */

static void end_on_abort(struct lab *lab, const struct capf_message *m) {
    if (m->type == CAPF_MSG_ABORT_REQ)
        lab_send(lab, (struct capf_message){.type = CAPF_MSG_ABORT_RES});
    else
        refuse_after_key(lab, m);
}

START_TEST(behaviours_at_key_generation) {
    static const struct {
        enum phone_action action;
        const char *result, *error;
    } rows[] = {{PHONE_REFUSE, "refused", "CAPF_REFUSED"},
                {PHONE_CLOSE, "connection-lost", "TCP_CLOSED"},
                {PHONE_ABORT, "failed", "SYS_CANCELLED"},
                {PHONE_GARBAGE, "refused", "CAPF_REFUSED"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        AUTO_LAB lab;
        lab_open(&lab);
        lab.config.behaviour[PHONE_AT_KEY_GENERATION] = (int)rows[i].action;
        lab_run(&lab, end_on_abort);
        ck_assert_str_eq(lab_text(&lab, "result"), rows[i].result);
        ck_assert_str_eq(lab_text(&lab, "error"), rows[i].error);
    }
}
END_TEST

/* CAPF's timers decide, not the phone's. */
static void ask_three_times(struct lab *lab, const struct capf_message *m) {
    if (m->type == CAPF_MSG_AUTH_RES)
        lab_ask_rsa(lab, 1024);
    else if (m->type == CAPF_MSG_REQUEST_IN_PROGRESS && lab->type_count < 4)
        lab_ask_rsa(lab, 1024);
    else
        lab_end(lab, CAPF_REASON_REFUSED);
}

START_TEST(a_phone_may_never_answer_key_gen_req) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab.config.behaviour[PHONE_AT_KEY_GENERATION] = PHONE_NEVER;
    lab_run(&lab, ask_three_times);
    lab_expect(&lab, "refused", "LSC: Failed", "CAPF_REFUSED");
    lab_expect_sent(&lab, CAPF_MSG_AUTH_RES, CAPF_MSG_REQUEST_IN_PROGRESS,
                    CAPF_MSG_REQUEST_IN_PROGRESS, CAPF_MSG_REQUEST_IN_PROGRESS);
}
END_TEST

/* CAPF asks twice; the first answer is a refusal, the second a key. */
static unsigned keys_refused, keys_given;
static void ask_twice(struct lab *lab, const struct capf_message *m) {
    if (m->type == CAPF_MSG_AUTH_RES) {
        lab_ask_rsa(lab, 1024);
    } else if (m->type == CAPF_MSG_KEY_GEN_RES && !m->public_key.present) {
        keys_refused++;
        lab_ask_rsa(lab, 1024);
    } else if (m->type == CAPF_MSG_KEY_GEN_RES) {
        keys_given++;
        lab_end(lab, CAPF_REASON_REFUSED);
    }
}

static struct fault one_fault = {.tables = &phone_faults,
                                 .point = PHONE_AT_KEY_GENERATION,
                                 .action = PHONE_REFUSE,
                                 .nth = 1,
                                 .times = 1,
                                 .text = (char[]){""}};

START_TEST(a_fault_counts_visits) {
    const struct fault_set faults = {&one_fault, 1};
    AUTO_LAB lab;
    lab_open(&lab);
    lab.config.fault_set = &faults;
    lab_run(&lab, ask_twice);
    ck_assert_uint_eq(keys_refused, 1);
    ck_assert_uint_eq(keys_given, 1);
    ck_assert_int_eq(one_fault.seen, 0);
}
END_TEST

/* The fault goes before what the phone does otherwise; the name is the device's. */
START_TEST(a_fault_of_a_device_beats_behaviour) {
    const struct fault_set faults = {&one_fault, 1};
    AUTO_LAB lab;
    lab_open(&lab);
    one_fault.name = lab.config.name;
    lab.config.fault_set = &faults;
    lab.config.behaviour[PHONE_AT_KEY_GENERATION] = PHONE_CLOSE;
    lab_run(&lab, ask_twice);
    ck_assert_uint_eq(keys_refused, 1);
    ck_assert_str_eq(lab_text(&lab, "result"), "connection-lost");
}
END_TEST

START_TEST(a_fault_of_another_device) {
    const struct fault_set faults = {&one_fault, 1};
    AUTO_LAB lab;
    lab_open(&lab);
    one_fault.name = (char[]){"SEP000000000000"};
    lab.config.fault_set = &faults;
    lab_run(&lab, ask_twice);
    ck_assert_uint_eq(keys_refused, 0);
    ck_assert_uint_eq(keys_given, 1);
}
END_TEST

static void judge_proof(struct lab *lab, const struct capf_message *m) {
    struct err e = {0};
    AUTO(X509) certificate = NULL;
    ck_assert_int_eq(auth_check_certificate(m, 3, &certificate, &e), -1);
    ck_assert_err(e, CAPF_AUTH_CREDENTIALS);
    lab_end(lab, CAPF_REASON_REFUSED);
}

START_TEST(a_phone_may_prove_wrongly) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab_give_mic(&lab);
    lab.config.authentication.mode = CAPF_AUTH_TYPE_MIC;
    lab.config.behaviour[PHONE_AT_AUTHENTICATION] = PHONE_WRONG;
    lab_run(&lab, judge_proof);
    lab_expect(&lab, "refused", "LSC: Failed", "CAPF_REFUSED");
}
END_TEST

START_TEST(no_certificate_to_prove_with) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab.config.authentication.mode = CAPF_AUTH_TYPE_MIC;
    lab_run(&lab, never_called);
    lab_expect(&lab, "failed", "LSC: Failed", "CONFIG_MISSING");
}
END_TEST

/* ---- A hostile CAPF ---- */

static const uint8_t *hostile;
static size_t hostile_len;

static void send_hostile(struct lab *lab, const struct capf_message *m) {
    (void)m;
    bufferevent_write(lab->peer, hostile, hostile_len);
}

START_TEST(hostile_messages_end_the_session) {
    static const struct {
        uint8_t octets[16];
        size_t len;
        const char *error;
    } rows[] = {
        {{0x16, 3, 1}, 3, "CAPF_FRAME"},
        {{0x55, 15, 0, 0, 0, 0x2a, 0, 4, 1, 0, 2, 1}, 12, "CAPF_ELEMENT"},
        {{0x55, 15, 0, 0, 0, 0x2a, 0, 8, 1, 0, 1, 1, 1, 0, 1, 1}, 16, "CAPF_DUPLICATE_ELEMENT"},
        {{0x55, 15, 0, 0, 0, 0x2a, 0, 0}, 8, "CAPF_MISSING_ELEMENT"},
        {{0x55, 15, 0, 0, 0, 0x2b, 0, 4, 1, 0, 1, 1}, 12, "CAPF_SESSION_ID"},
        {{0x55, 99, 0, 0, 0, 0x2a, 0, 0}, 8, "CAPF_UNEXPECTED_MESSAGE"},
        {{0x55, 2, 0, 0, 0, 0x2a, 0, 0}, 8, "CAPF_MISSING_ELEMENT"},
        {{0x55, 1, 0, 0, 0, 0x2a, 0, 4, 7, 0, 1, 3}, 12, "CAPF_UNEXPECTED_MESSAGE"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        AUTO_LAB lab;
        lab_open(&lab);
        hostile = rows[i].octets;
        hostile_len = rows[i].len;
        lab_run(&lab, send_hostile);
        lab_expect(&lab, "protocol-error", "LSC: Failed", rows[i].error);
    }
}
END_TEST

static void abort_session(struct lab *lab, const struct capf_message *m) {
    if (m->type == CAPF_MSG_AUTH_RES)
        lab_send(lab, (struct capf_message){.type = CAPF_MSG_ABORT_REQ});
}

START_TEST(an_abort_is_answered) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab_run(&lab, abort_session);
    lab_expect(&lab, "refused", "LSC: Failed", "CAPF_REFUSED");
    lab_expect_sent(&lab, CAPF_MSG_AUTH_RES, CAPF_MSG_ABORT_RES);
}
END_TEST

START_TEST(version_0_is_refused) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab.offered = 0;
    lab_run(&lab, never_called);
    lab_expect(&lab, "protocol-error", "LSC: Failed", "CAPF_VERSION");
}
END_TEST

TEST_MAIN("phone misbehaviour", a_fault_counts_visits, a_fault_of_a_device_beats_behaviour,
          a_fault_of_another_device, behaviours_at_key_generation,
          a_phone_may_never_answer_key_gen_req, a_phone_may_prove_wrongly,
          no_certificate_to_prove_with, hostile_messages_end_the_session, an_abort_is_answered,
          version_0_is_refused)
