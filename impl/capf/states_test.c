/* The state table is whole: every pair has a function, names are what the trace shows, and every
 * state can be reached and left. */
#include "base/bytes.h"
#include "base/test.h"
#include "capf/states.h"
#include <string.h>

START_TEST(every_pair_is_defined) {
    for (int state = 0; state < CAPF_STATE_COUNT; state++)
        for (int event = 0; event < CAPF_EVENT_COUNT; event++) {
            const struct transition *t =
                states_transition((enum capf_state)state, (enum capf_event)event);
            ck_assert_ptr_nonnull(t->fn);
            ck_assert_ptr_nonnull(t->fn_name);
            ck_assert_int_le(t->next, CAPF_STATE_COUNT);
        }
}
END_TEST

START_TEST(names_are_those_of_the_trace) {
    ck_assert_str_eq(capf_state_name(CAPF_STATE_AWAIT_CA_CERT_RESP),
                     "CAPF_STATE_AWAIT_CA_CERT_RESP");
    ck_assert_str_eq(capf_event_name(CAPF_EV_CA_CERT_REP), "CAPF_EV_CA_CERT_REP");
    ck_assert_str_eq(capf_event_name(CAPF_EVENT_COUNT), "CAPF_EV_UNKNOWN");
    ck_assert(capf_event_is_step(CAPF_EV_HAVE_CERT));
    ck_assert(!capf_event_is_step(CAPF_EV_CA_CERT_REP));
}
END_TEST

START_TEST(every_state_is_reached) {
    bool reached[CAPF_STATE_COUNT + 1] = {[CAPF_STATE_IDLE] = true};
    for (int round = 0; round < CAPF_STATE_COUNT; round++)
        for (int state = 0; state < CAPF_STATE_COUNT; state++)
            for (int event = 0; reached[state] && event < CAPF_EVENT_COUNT; event++)
                reached[states_transition((enum capf_state)state, (enum capf_event)event)->next] =
                    true;
    for (int state = 0; state < CAPF_STATE_COUNT; state++)
        ck_assert_msg(reached[state], "%s", capf_state_name((enum capf_state)state));
}
END_TEST

START_TEST(closed_stays_closed) {
    for (int event = 0; event < CAPF_EVENT_COUNT; event++) {
        const struct transition *t = states_transition(CAPF_STATE_CLOSED, (enum capf_event)event);
        ck_assert_int_eq(t->next, CAPF_STATE_CLOSED);
        ck_assert_str_eq(t->fn_name, "act_nothing");
    }
}
END_TEST

START_TEST(endings_close) {
    for (int state = 0; state < CAPF_STATE_COUNT; state++) {
        ck_assert_int_eq(states_transition((enum capf_state)state, CAPF_EV_OP_FAILED)->next,
                         CAPF_STATE_CLOSED);
        ck_assert_int_eq(states_transition((enum capf_state)state, CAPF_EV_PH_DISC)->next,
                         CAPF_STATE_CLOSED);
    }
}
END_TEST

START_TEST(messages_are_events) {
    struct capf_message m = {.type = CAPF_MSG_SIGN_CERT_RES};
    ck_assert_int_eq(capf_event_of_message(&m), CAPF_EV_SIGN_CERT_RES);
    m.type = CAPF_MSG_KEY_GEN_REQ; /* a server's message from a phone */
    ck_assert_int_eq(capf_event_of_message(&m), CAPF_EV_UNEXPECTED_MSG);
    m.type = 200;
    ck_assert_int_eq(capf_event_of_message(&m), CAPF_EV_UNEXPECTED_MSG);
}
END_TEST

static char *print(void (*printer)(FILE *)) {
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    printer(to);
    fclose(to);
    return text;
}

START_TEST(table_and_diagram_are_printed) {
    char *table = print(states_print_table);
    char *diagram = print(states_print_diagram);
    ck_assert_ptr_nonnull(strstr(table, "| CAPF_STATE_AWAIT_CA_CERT_RESP | CAPF_EV_CA_CERT_REP | "
                                        "act_take_ca_reply | CAPF_STATE_AWAIT_CA_CERT_RESP |\n"));
    ck_assert_ptr_nonnull(strstr(table, "| any other | CAPF_EV_PH_DISC | act_phone_gone | "));
    ck_assert_int_eq(strncmp(diagram, "digraph capf {\n", 15), 0);
    ck_assert_ptr_nonnull(strstr(diagram, "CAPF_STATE_IDLE -> CAPF_STATE_AWAIT_AUTH_RESP"));
    free(table);
    free(diagram);
}
END_TEST

TEST_MAIN("capf states", every_pair_is_defined, names_are_those_of_the_trace,
          every_state_is_reached, closed_stays_closed, endings_close, messages_are_events,
          table_and_diagram_are_printed)
