/* When memory is given back, and when not. */
#include "base/slack.h"
#include "base/test.h"
#include <stdbool.h>

static struct event_base *loop;

static void count(void *user) {
    unsigned *calls = user;
    ++*calls;
    event_base_loopbreak(loop);
}

static bool pending(void) {
    return event_base_get_num_events(loop, EVENT_BASE_COUNT_ADDED) > 0;
}

START_TEST(a_crowd_that_has_gone_leaves_memory_once) {
    unsigned calls = 0;
    loop = event_base_new();
    struct slack *s = slack_new(loop, count, &calls);
    for (size_t i = 0; i <= 400; i++)
        slack_note(s, i);
    ck_assert(!pending());
    for (size_t i = 400; i-- > 101;)
        slack_note(s, i);
    ck_assert(!pending());
    for (size_t i = 101; i-- > 0;)
        slack_note(s, i);
    ck_assert(pending());
    event_base_dispatch(loop);
    ck_assert_uint_eq(calls, 1);
    ck_assert(!pending());
    slack_free(s);
    event_base_free(loop);
}
END_TEST

START_TEST(few_peers_never_call) {
    unsigned calls = 0;
    loop = event_base_new();
    struct slack *s = slack_new(loop, count, &calls);
    for (unsigned round = 0; round < 1000; round++)
        slack_note(s, round % SLACK_CROWD);
    ck_assert(!pending());
    ck_assert_uint_eq(calls, 0);
    slack_free(s);
    slack_free(NULL);
    event_base_free(loop);
}
END_TEST

START_TEST(the_c_library_gives_back_by_itself) {
    loop = event_base_new();
    struct slack *s = slack_new(loop, NULL, NULL);
    slack_note(s, SLACK_CROWD);
    slack_note(s, 0);
    ck_assert(pending());
    event_base_dispatch(loop);
    ck_assert(!pending());
    slack_free(s);
    event_base_free(loop);
}
END_TEST

TEST_MAIN("slack", a_crowd_that_has_gone_leaves_memory_once, few_peers_never_call,
          the_c_library_gives_back_by_itself)
