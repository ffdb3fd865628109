/* The table of waiting enrolments. */
#include "base/owned.h"
#include "base/test.h"
#include "est/est_pending.h"
#include <stdio.h>
#include <string.h>

static struct err e;

static struct est_pending_key key_of(const char *identity, const char *label, const char *spki) {
    struct est_pending_key key;
    ck_assert_ok(est_pending_key_of(identity, label, bytes_of_str(spki), &key, &e), e);
    return key;
}

START_TEST(a_token_comes_back_for_the_same_client_and_key) {
    struct est_pending_table *t = est_pending_new(10, &e);
    struct est_pending_key mine = key_of("ann", "", "key 1");
    struct est_pending_key others[] = {key_of("bob", "", "key 1"), key_of("ann", "x", "key 1"),
                                       key_of("ann", "", "key 2"), key_of("an", "n", "key 1")};
    ck_assert_ok(est_pending_put(t, &mine, "17", &e), e);
    struct est_pending_key again = key_of("ann", "", "key 1");
    ck_assert_str_eq(est_pending_find(t, &again), "17");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_ptr_null(est_pending_find(t, &others[i]));
    ck_assert_ok(est_pending_put(t, &mine, "18", &e), e);
    ck_assert_str_eq(est_pending_find(t, &mine), "18");
    est_pending_drop(t, &mine);
    est_pending_drop(t, &mine);
    ck_assert_ptr_null(est_pending_find(t, &mine));
    est_pending_free(t);
}
END_TEST

START_TEST(the_oldest_is_forgotten) {
    struct est_pending_table *t = est_pending_new(100, &e);
    char name[32];
    for (int i = 0; i < 250; i++) {
        snprintf(name, sizeof name, "%d", i);
        struct est_pending_key key = key_of(name, "", "k");
        ck_assert_ok(est_pending_put(t, &key, name, &e), e);
    }
    for (int i = 0; i < 250; i++) {
        snprintf(name, sizeof name, "%d", i);
        struct est_pending_key key = key_of(name, "", "k");
        const char *token = est_pending_find(t, &key);
        if (i < 150)
            ck_assert_ptr_null(token);
        else
            ck_assert_str_eq(token, name);
    }
    est_pending_free(t);
    est_pending_free(NULL);
}
END_TEST

TEST_MAIN("est pending", a_token_comes_back_for_the_same_client_and_key, the_oldest_is_forgotten)
