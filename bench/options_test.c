/* Options that go together, and those that do not. */
#include "base/test.h"
#include "bench/options.h"

#include <string.h>

static void expect_refusal(struct bench_options o, const char *text) {
    struct err e = {0};
    ck_assert_int_eq(bench_options_settle(&o, &e), -1);
    ck_assert_err(e, ARG_USAGE);
    ck_assert_msg(strstr(e.text, text) != NULL, "\"%s\" does not hold \"%s\"", e.text, text);
}

START_TEST(defaults_are_a_whole) {
    struct bench_options o = BENCH_OPTIONS_INIT;
    struct err e = {0};
    ck_assert_ok(bench_options_settle(&o, &e), e);
    ck_assert_int_eq(o.stage, STAGE_ALL);
    ck_assert_int_eq(o.key, BENCH_KEY_RSA2048);
    ck_assert_int_eq(o.session, BENCH_SESSION_PER_ENROLLMENT);
    ck_assert_int_eq(o.phones, BENCH_PHONES);
    ck_assert_int_eq(o.concurrency, BENCH_CONCURRENCY);
    ck_assert_int_eq(bench_enrolments_max(&o), 20 + 3 * BENCH_PHONES);
}
END_TEST

START_TEST(words_are_read) {
    struct bench_options o = BENCH_OPTIONS_INIT;
    struct err e = {0};
    o.stage_word = "est";
    o.key_word = "ec256";
    o.session_word = "persistent";
    ck_assert_ok(bench_options_settle(&o, &e), e);
    ck_assert_str_eq(stage_word(o.stage), "est");
    ck_assert_str_eq(bench_key_word(o.key), "ec256");
    ck_assert_str_eq(bench_session_word(o.session), "persistent");
}
END_TEST

START_TEST(unknown_words_are_refused_with_the_known_ones) {
    struct bench_options stage = BENCH_OPTIONS_INIT, key = stage, session = stage;
    stage.stage_word = "everything";
    expect_refusal(stage, "all, capf, est, certsrv, itl, csr");
    key.key_word = "rsa1024";
    expect_refusal(key, "rsa2048, ec256");
    session.session_word = "";
    expect_refusal(session, "per-enrollment, persistent");
}
END_TEST

START_TEST(bounds_are_kept) {
    struct bench_options o = BENCH_OPTIONS_INIT, none = o, many = o, often = o, fast = o,
                         long_run = o, fewer = o;
    fewer.phones = -1;
    expect_refusal(fewer, "--phones -1: give 1 to");
    none.concurrency = -1;
    expect_refusal(none, "--concurrency -1");
    many.phones = BENCH_PHONES_MAX;
    expect_refusal(many, "enrolments in all");
    often.repeat = BENCH_REPEAT_MAX + 1;
    expect_refusal(often, "--repeat 100");
    fast.rate = BENCH_RATE_MAX + 1;
    expect_refusal(fast, "--rate 100001");
    long_run.duration_us = -1;
    expect_refusal(long_run, "--duration");
}
END_TEST

START_TEST(certsrv_is_driven_with_a_login) {
    struct bench_options o = BENCH_OPTIONS_INIT, nobody = o, elsewhere = o, scheme = o;
    struct err e = {0};
    o.stage_word = nobody.stage_word = "certsrv";
    o.certsrv = nobody.certsrv = elsewhere.certsrv = "127.0.0.1:443";
    o.trust = nobody.trust = elsewhere.trust = "ca.pem";
    o.user = elsewhere.user = "LAB\\joe:secret";
    o.login_word = "basic";
    ck_assert_ok(bench_options_settle(&o, &e), e);
    ck_assert_int_eq(o.login, BENCH_LOGIN_BASIC);
    expect_refusal(nobody, "--user");
    expect_refusal(elsewhere, "--stage certsrv");
    scheme.login_word = "kerberos";
    expect_refusal(scheme, "ntlm, basic");
}
END_TEST

START_TEST(servers_can_be_set) {
    struct bench_options o = BENCH_OPTIONS_INIT, many = o, half = o, inside = o;
    struct err e = {0};
    o.workers = 2;
    o.durability_word = "off";
    o.server_key_word = "ec256";
    ck_assert_ok(bench_options_settle(&o, &e), e);
    ck_assert(!o.durable);
    ck_assert_int_eq(o.server_key, BENCH_KEY_EC256);
    many.workers = BENCH_WORKERS_MAX + 1;
    expect_refusal(many, "--workers 65");
    half.durability_word = "half";
    expect_refusal(half, "off, on");
    inside.stage_word = "csr";
    inside.workers = 2;
    expect_refusal(inside, "--workers");
}
END_TEST

START_TEST(an_issuer_says_what_phones_drive) {
    struct bench_options o = BENCH_OPTIONS_INIT, capf = o, online = o, est = o, itl = o, who = o;
    struct err e = {0};
    ck_assert_ok(bench_options_settle(&o, &e), e);
    ck_assert_int_eq(o.issuer, BENCH_ISSUER_ONLINE_CA);
    capf.issuer_word = est.issuer_word = "capf";
    ck_assert_ok(bench_options_settle(&capf, &e), e);
    ck_assert_int_eq(capf.stage, STAGE_CAPF);
    online.stage_word = "capf";
    online.issuer_word = itl.issuer_word = "online-ca";
    ck_assert_ok(bench_options_settle(&online, &e), e);
    ck_assert_int_eq(online.stage, STAGE_ALL);
    est.stage_word = "est";
    expect_refusal(est, "--issuer capf goes with");
    itl.stage_word = "itl";
    expect_refusal(itl, "--issuer online-ca goes with");
    who.issuer_word = "me";
    expect_refusal(who, "capf, online-ca");
}
END_TEST

START_TEST(what_nobody_would_hear_is_refused) {
    struct bench_options o = BENCH_OPTIONS_INIT, outside = o, off = o, upstream = o, seed = o;
    outside.capf = off.capf = "127.0.0.1:3804";
    outside.trust = off.trust = "capf.pem";
    outside.workers = 2;
    expect_refusal(outside, "--workers");
    off.durability_word = "off";
    expect_refusal(off, "--durability");
    upstream.stage_word = "certsrv";
    upstream.upstream_word = "persistent";
    expect_refusal(upstream, "--upstream");
    seed.seed = 7;
    expect_refusal(seed, "--chaos");
}
END_TEST

START_TEST(copies_need_a_lab_and_an_original) {
    struct bench_options o = BENCH_OPTIONS_INIT, cold = o, many = o, outside = o;
    o.issued = cold.issued = outside.issued = 100000;
    struct err e = {0};
    ck_assert_ok(bench_options_settle(&o, &e), e);
    cold.warm_up = 0;
    expect_refusal(cold, "--warm-up");
    many.issued = BENCH_ISSUED_MAX + 1;
    expect_refusal(many, "--issued 1000001");
    outside.capf = "127.0.0.1:1";
    outside.trust = "capf.pem";
    expect_refusal(outside, "own lab");
}
END_TEST

START_TEST(a_duration_provides_phones) {
    struct bench_options o = BENCH_OPTIONS_INIT;
    struct err e = {0};
    o.duration_us = 2500000;
    ck_assert_ok(bench_options_settle(&o, &e), e);
    ck_assert_int_eq(o.phones, 2500);
}
END_TEST

START_TEST(a_long_duration_provides_what_there_may_be) {
    struct bench_options o = BENCH_OPTIONS_INIT, fast = o;
    struct err e = {0};
    o.duration_us = fast.duration_us = INT64_C(86400000000);
    ck_assert_ok(bench_options_settle(&o, &e), e);
    ck_assert_int_eq(o.phones, (BENCH_PHONES_MAX - 20) / 3);
    fast.rate = 1000;
    expect_refusal(fast, "--rate or --duration");
}
END_TEST

START_TEST(durations_are_seconds_or_have_a_unit) {
    int64_t us = 0;
    struct err e = {0};
    ck_assert_ok(bench_duration_parse("30", &us, &e), e);
    ck_assert_int_eq(us, 30000000);
    ck_assert_ok(bench_duration_parse("2m", &us, &e), e);
    ck_assert_int_eq(us, 120000000);
    static const char *const wrong[] = {"", "s", "1.5", "30 s", "99999999999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(bench_duration_parse(wrong[i], &us, &e), -1);
        ck_assert_err(e, ARG_USAGE);
    }
}
END_TEST

START_TEST(operations_inside_are_more_than_phones) {
    struct bench_options o = BENCH_OPTIONS_INIT, timed = o, open = o, many = o;
    struct err e = {0};
    o.stage_word = timed.stage_word = open.stage_word = "itl";
    timed.duration_us = 1000000;
    open.rate = 5;
    ck_assert_ok(bench_options_settle(&o, &e), e);
    ck_assert_int_eq(o.phones, BENCH_OPERATIONS);
    ck_assert_ok(bench_options_settle(&timed, &e), e);
    ck_assert_int_eq(timed.phones, BENCH_OPERATIONS_PER_SECOND);
    expect_refusal(open, "--rate");
    many.stage_word = "csr";
    many.concurrency = 4;
    expect_refusal(many, "--concurrency");
}
END_TEST

START_TEST(a_rate_sets_number_and_limit) {
    struct bench_options o = BENCH_OPTIONS_INIT, own = o;
    struct err e = {0};
    o.duration_us = 2500000;
    o.rate = own.rate = 30;
    ck_assert_ok(bench_options_settle(&o, &e), e);
    ck_assert_int_eq(o.phones, 75);
    ck_assert_int_eq(o.concurrency, BENCH_CONCURRENCY_AT_RATE);
    own.concurrency = 3;
    ck_assert_ok(bench_options_settle(&own, &e), e);
    ck_assert_int_eq(own.concurrency, 3);
}
END_TEST

START_TEST(keys_are_made_by_phones_only) {
    struct bench_options o = BENCH_OPTIONS_INIT;
    o.keygen = true;
    o.stage_word = "est";
    expect_refusal(o, "--keygen");
}
END_TEST

START_TEST(addresses_go_with_their_stage) {
    struct bench_options o = BENCH_OPTIONS_INIT, est = o, capf = o, blind = o, user = o, both = o,
                         name = o, odd = o;
    est.est = "127.0.0.1:8084";
    est.trust = "ra.pem";
    expect_refusal(est, "--stage est");
    capf.capf = "127.0.0.1:3804";
    capf.trust = "capf.pem";
    capf.stage_word = "est";
    expect_refusal(capf, "--stage all or capf");
    blind.capf = "127.0.0.1:3804";
    expect_refusal(blind, "--trust");
    user.user = "a:b";
    expect_refusal(user, "--capf, --est or --certsrv");
    name.capf = "127.0.0.1:3804";
    name.trust = "capf.pem";
    name.name = "capf";
    expect_refusal(name, "--server-name goes with");
    odd.stage_word = "est";
    odd.est = "nonsense";
    odd.trust = "ra.pem";
    expect_refusal(odd, "--est: \"nonsense\" is not HOST:PORT");
    both.capf = both.est = "127.0.0.1:1";
    expect_refusal(both, "one of them");
}
END_TEST

START_TEST(a_crowd_goes_with_an_own_lab) {
    struct bench_options o = BENCH_OPTIONS_INIT, both = o, est = o, silent = o, outside = o,
                         often = o;
    struct err e = {0};
    both.waiting = both.silent = 1;
    expect_refusal(both, "one of them");
    est.stage_word = "est";
    est.waiting = 1;
    expect_refusal(est, "--waiting goes with");
    silent.stage_word = "capf";
    silent.silent = 1;
    expect_refusal(silent, "--silent goes with --stage all");
    outside.capf = "127.0.0.1:3804";
    outside.trust = "capf.pem";
    outside.waiting = 1;
    expect_refusal(outside, "own lab");
    often.waiting = 1;
    often.repeat = BENCH_REPEAT_MAX / 3 + 1;
    expect_refusal(often, "--repeat");
    o.waiting = 7;
    ck_assert_ok(bench_options_settle(&o, &e), e);
    ck_assert_int_eq(bench_runs(&o), 9);
    ck_assert_int_eq(bench_enrolments_max(&o), 20 + 9 * BENCH_PHONES + 7);
}
END_TEST

TEST_MAIN("bench options", defaults_are_a_whole, words_are_read,
          unknown_words_are_refused_with_the_known_ones, bounds_are_kept,
          copies_need_a_lab_and_an_original, certsrv_is_driven_with_a_login, servers_can_be_set,
          an_issuer_says_what_phones_drive, what_nobody_would_hear_is_refused,
          a_duration_provides_phones, a_long_duration_provides_what_there_may_be,
          durations_are_seconds_or_have_a_unit, operations_inside_are_more_than_phones,
          a_rate_sets_number_and_limit, keys_are_made_by_phones_only, addresses_go_with_their_stage,
          a_crowd_goes_with_an_own_lab)
