/* The RA in two workers: one enrolment is submitted once, whichever of them its requests meet. The
 * first connection is worker 1's, the second worker 2's. */
#include "base/workers.h"
#include "ra/ra_test_kit.h"
#include <signal.h>
#include <sys/wait.h>

static pid_t supervisor;
static pid_t workers[2];

/* ---- the service ---- */

static void serve(const struct process_options *options) {
    struct err e = {0};
    struct process *own = process_new(&config.process, options, &e);
    struct ra *ra = own == NULL ? NULL : ra_new(own, &config, &e);
    if (ra == NULL)
        _exit(1);
    ra_start(ra);
    process_run(own);
    ra_free(ra);
    process_free(own);
    _exit(0);
}

/* Forked before the test opens anything; the script's address comes later. */
static void run_service(int via_fd) {
    struct process_options options = {.ready_fd = ready[1], .die_with_parent = true};
    int code = 0;
    if (read(via_fd, script.via, sizeof script.via) != (ssize_t)sizeof script.via)
        _exit(1);
    set_config(RA_PER_ENROLLMENT, "CiscoRA");
    config.answer_memory_us = 120 * INT64_C(1000000);
    const struct workers_plan plan = {2, config.listen, &config.process};
    if (workers_split(&plan, &options, &code))
        serve(&options);
    _exit(code);
}

static void begin(const struct script_row *rows) {
    static const struct process_options options = PROCESS_OPTIONS_INIT;
    struct err e;
    int via[2];
    make_folder();
    ck_assert_int_eq(pipe2(ready, O_NONBLOCK | O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(via, O_CLOEXEC), 0);
    supervisor = fork();
    if (supervisor == 0)
        run_service(via[0]);
    close(ready[1]);
    config.process = (struct process_config){.actor = "ra", .clock_rate = 1.0};
    process = process_new(&config.process, &options, &e);
    script_serve(&script, process_loop(process), rows);
    http = http_client_new(process_loop(process), process_resolver(process), &e);
    ck_assert_int_eq(write(via[1], script.via, sizeof script.via), (ssize_t)sizeof script.via);
    close(via[0]);
    close(via[1]);
    await_ready();
    const char *pids = strstr(ready_line, "\"workers\":[");
    ck_assert_int_eq(sscanf(pids, "\"workers\":[%d,%d]", &workers[0], &workers[1]), 2);
}

static void finish(void) {
    int status = -1;
    kill(supervisor, SIGTERM);
    ck_assert_int_eq(waitpid(supervisor, &status, 0), supervisor);
    ck_assert_int_eq(status, 0);
    http_client_free(http);
    http_server_free(script.server);
    process_free(process);
    close(ready[0]);
    remove_folder();
}

static void run_until_held(void) {
    while (script.held == NULL)
        ck_assert_int_ge(event_base_loop(script.loop, EVLOOP_ONCE), 0);
}

static bool is_logged(const char *part) {
    AUTO_BUF text = BUF_INIT(1024 * 1024);
    struct err e;
    return file_read(paths[1], &text, &e) == 0 && strstr(buf_str(&text), part) != NULL;
}

static void run_until_logged(const char *part) {
    while (!is_logged(part))
        ck_assert_int_ge(event_base_loop(script.loop, EVLOOP_NONBLOCK), 0);
}

static void expect_certificate(struct exchange *x) {
    script_run_until(&script, &x->done);
    ck_assert_int_eq(x->status, 200);
    ck_assert(x->certificate);
    end(x);
}

static const struct script_row slow[] = {LOGIN, CHAIN, FORM, HELD_POST, FETCHED, END};

/* Worker 1 has submitted, worker 2 waits. */
static void meet_both(struct exchange *first, struct exchange *second) {
    begin(slow);
    send_enroll(first, "MICHAMEN\\ciscora");
    run_until_held();
    send_enroll(second, "MICHAMEN\\ciscora");
    run_until_logged("ra_certsrv_enroll: the same enrolment is under way in another worker");
}

START_TEST(what_meets_both_workers_is_submitted_once) {
    struct exchange first;
    struct exchange second;
    meet_both(&first, &second);
    script.rows = good;
    script_release(&script);
    expect_certificate(&first);
    expect_certificate(&second);
    ck_assert_uint_eq(posts(), 1);
    finish();
}
END_TEST

START_TEST(what_a_dead_worker_had_not_got_an_id_for_is_submitted_again) {
    struct exchange first;
    struct exchange second;
    meet_both(&first, &second);
    script.rows = good;
    kill(workers[0], SIGKILL);
    expect_certificate(&second);
    ck_assert_uint_eq(posts(), 2);
    script_run_until(&script, &first.done);
    ck_assert_int_ne(first.status, 200);
    end(&first);
    script_release(&script);
    finish();
}
END_TEST

START_TEST(a_repeated_request_gets_the_certificate_that_the_other_worker_got) {
    struct exchange x;
    begin(good);
    for (int i = 0; i < 2; i++) {
        send_enroll(&x, "MICHAMEN\\ciscora");
        expect_certificate(&x);
    }
    ck_assert_uint_eq(posts(), 1);
    finish();
}
END_TEST

static const struct script_row waits[] = {
    LOGIN, CHAIN, FORM, {"POST", "/certsrv/certfnsh.asp", 200, "pending.html"}, FETCHED, END};

START_TEST(what_waits_for_a_manager_is_known_to_both) {
    struct exchange x;
    begin(waits);
    send_enroll(&x, "MICHAMEN\\ciscora");
    script_run_until(&script, &x.done);
    ck_assert_int_eq(x.status, 202);
    end(&x);
    send_enroll(&x, "MICHAMEN\\ciscora");
    script_run_until(&script, &x.done);
    end(&x);
    ck_assert_uint_eq(posts(), 1);
    finish();
}
END_TEST

TEST_MAIN("ra workers", what_meets_both_workers_is_submitted_once,
          what_a_dead_worker_had_not_got_an_id_for_is_submitted_again,
          a_repeated_request_gets_the_certificate_that_the_other_worker_got,
          what_waits_for_a_manager_is_known_to_both)
