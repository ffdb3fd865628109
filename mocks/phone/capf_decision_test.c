/* Tests of the decision table: a row for each of phone-behaviour.md 4, and its neighbours. */
#include "base/test.h"
#include "capf/names.h"
#include "mocks/phone/capf_decision.h"

enum { NONE = CAPF_AUTH_TYPE_NONE, STRING, NULL_STRING, LSC, MIC };

static const struct {
    struct capf_facts facts;
    struct capf_decision decision;
} decided[] = {
    {{.mode = NONE}, {CAPF_NOT_NOW, CAPF_WHY_AUTO, NONE}},
    {{.mode = NONE, .lsc = true, .mic = true}, {CAPF_NOT_NOW, CAPF_WHY_AUTO, NONE}},
    {{.mode = NONE, .hash = true}, {CAPF_GO, CAPF_WHY_PUBKEY_MISMATCH, NULL_STRING}},
    {{.mode = NONE, .hash = true, .string = true}, {CAPF_GO, CAPF_WHY_PUBKEY_MISMATCH, STRING}},
    {{.mode = NONE, .hash = true, .encrypted = true},
     {CAPF_GO, CAPF_WHY_PUBKEY_MISMATCH, NULL_STRING}},
    {{.mode = NONE, .encrypted = true}, {CAPF_GO, CAPF_WHY_DECRYPT_FILE_FAILED, NULL_STRING}},
    {{.mode = LSC, .encrypted = true, .lsc = true, .string = true},
     {CAPF_GO, CAPF_WHY_DECRYPT_FILE_FAILED, STRING}},
    {{.mode = STRING}, {CAPF_WAIT_FOR_USER, CAPF_WHY_MANUAL, STRING}},
    {{.mode = STRING, .string = true}, {CAPF_GO, CAPF_WHY_MANUAL, STRING}},
    {{.mode = NULL_STRING}, {CAPF_GO, CAPF_WHY_AUTO, NULL_STRING}},
    {{.mode = NULL_STRING, .hash = true}, {CAPF_GO, CAPF_WHY_AUTO, NULL_STRING}},
    {{.mode = LSC, .lsc = true, .mic = true}, {CAPF_GO, CAPF_WHY_AUTO, LSC}},
    {{.mode = LSC, .mic = true, .fall_back = true}, {CAPF_GO, CAPF_WHY_AUTO, MIC}},
    {{.mode = LSC, .mic = true}, {CAPF_NO_CERTIFICATE, CAPF_WHY_AUTO, LSC}},
    {{.mode = LSC, .fall_back = true}, {CAPF_NO_CERTIFICATE, CAPF_WHY_AUTO, LSC}},
    {{.mode = MIC, .mic = true, .lsc = true}, {CAPF_GO, CAPF_WHY_AUTO, MIC}},
    {{.mode = MIC, .lsc = true}, {CAPF_NO_CERTIFICATE, CAPF_WHY_AUTO, MIC}},
};

START_TEST(rows) {
    for (size_t i = 0; i < sizeof decided / sizeof decided[0]; i++) {
        struct capf_decision d = capf_decide(&decided[i].facts);
        ck_assert_msg(d.action == decided[i].decision.action && d.why == decided[i].decision.why &&
                          d.prove == decided[i].decision.prove,
                      "row %zu: action %d, %s, proves by %d", i, d.action, capf_why_name(d.why),
                      d.prove);
    }
}
END_TEST

START_TEST(names_of_the_console) {
    ck_assert_str_eq(capf_why_name(CAPF_WHY_AUTO), "AUTO");
    ck_assert_str_eq(capf_why_name(CAPF_WHY_PUBKEY_MISMATCH), "PUBKEY_MISMATCH");
    ck_assert_int_eq(CAPF_WHY_AUTO, 1);
}
END_TEST

TEST_MAIN("CAPF decision", rows, names_of_the_console)
