/* CAPF in two workers: phones that come back to the other one, requests that are under way there,
 * and a worker that dies with one. Connections go to the workers in turn, so that the first of a
 * test is worker 1's and the second worker 2's. */
#include "base/workers.h"
#include "capf/service_test_lab.h"
#include <fcntl.h>
#include <jansson.h>

enum { LINE_MAX_LEN = 4096 };

/* ---- a CA that answers when it is told to ---- */

static int asked[2]; /* each request: the digit of the worker that made it */
static int go[2];    /* one octet answers one request */

static void on_go(evutil_socket_t fd, short what, void *call) {
    char octet;
    if (read(fd, &octet, 1) == 1)
        fake_answer(fd, what, call);
    else
        event_base_once(fake_loop, fd, EV_READ, on_go, call, NULL);
}

static int held_start(void *self, struct bytes request, EVP_PKEY *key, est_done_fn *done,
                      void *user, struct err *e) {
    (void)key;
    char worker = (char)('0' + worker_number());
    struct fake_call *call = calloc(1, sizeof *call);
    *call = (struct fake_call){.lab = self, .done = done, .user = user};
    call->csr = csr_read(request, NULL, e);
    ck_assert_ptr_nonnull(call->csr);
    ck_assert_int_eq(write(asked[1], &worker, 1), 1);
    return event_base_once(fake_loop, go[0], EV_READ, on_go, call, NULL);
}

static void open_ca(void) {
    ck_assert_int_eq(pipe2(asked, O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(go, O_CLOEXEC | O_NONBLOCK), 0);
}

static char who_asked(void) {
    char worker = '-';
    ck_assert_int_eq(read(asked[0], &worker, 1), 1);
    return worker;
}

static void let_ca_answer(void) {
    ck_assert_int_eq(write(go[1], "g", 1), 1);
}

static void check_nobody_asked_again(void) {
    char worker;
    fcntl(asked[0], F_SETFL, O_NONBLOCK);
    ck_assert_int_eq(read(asked[0], &worker, 1), -1);
}

/* ---- the service ---- */

static void serve(struct lab *lab, const struct process_options *options) {
    struct err e = {0};
    struct capf_enroller ca = {held_start, lab};
    struct process *process = process_new(&lab->config.process, options, &e);
    fake_loop = process_loop(process);
    struct capf_service *service =
        capf_service_new(&lab->config, fake_loop, NULL, &ca, "127.0.0.1:0", &e);
    if (service == NULL ||
        process_ready(process, json_pack("{s:s}", "listen", service->address), &e) != 0)
        exit(1);
    process_run(process);
    capf_service_free(service);
    process_free(process);
    exit(0);
}

static void run_service(struct lab *lab, int ready_fd) {
    struct process_options options = {.ready_fd = ready_fd, .die_with_parent = true};
    const struct workers_plan plan = {2, "127.0.0.1:0", &lab->config.process};
    int code = 0;
    if (workers_split(&plan, &options, &code))
        serve(lab, &options);
    exit(code);
}

static void read_ready(struct lab *lab, int fd, pid_t workers[2]) {
    char line[LINE_MAX_LEN] = "";
    size_t used = 0;
    ssize_t n;
    while ((n = read(fd, line + used, sizeof line - 1 - used)) > 0)
        used += (size_t)n;
    json_t *facts = json_loads(line, 0, NULL);
    ck_assert_ptr_nonnull(facts);
    const char *listen = json_string_value(json_object_get(facts, "listen"));
    const json_t *pids = json_object_get(facts, "workers");
    lab->port = (uint16_t)atoi(strrchr(listen, ':') + 1);
    for (size_t i = 0; i < 2; i++)
        workers[i] = (pid_t)json_integer_value(json_array_get(pids, i));
    json_decref(facts);
}

static void start(struct lab *lab, pid_t workers[2]) {
    int fds[2];
    open_ca();
    lab->config.process.clock_rate = 1;
    ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
    fflush(NULL);
    lab->pid = fork();
    if (lab->pid == 0)
        run_service(lab, fds[1]);
    close(fds[1]);
    read_ready(lab, fds[0], workers);
    close(fds[0]);
}

#define SETUP(lab_name, what_ca)                                                                   \
    TEMPORARY(folder);                                                                             \
    struct lab lab_name;                                                                           \
    pid_t workers[2];                                                                              \
    struct client one;                                                                             \
    struct client two;                                                                             \
    lab_init(&lab_name, folder);                                                                   \
    lab_name.ca = what_ca;                                                                         \
    lab_name.config.issuer = ISSUER_ONLINE_CA;                                                     \
    lab_schedule(&lab_name, OPERATION_UPGRADE);                                                    \
    start(&lab_name, workers)
#define TEARDOWN(lab_name)                                                                         \
    lab_end(&lab_name, SIGTERM);                                                                   \
    lab_free(&lab_name)

static void expect_given_up(struct client *c) {
    ck_assert_int_le(SSL_read(c->ssl, c->frame, sizeof c->frame), 0);
    client_close(c);
}

static void finish(struct client *c) {
    AUTO(X509) certificate = client_take_certificate(c);
    ck_assert(x509_has_key(certificate, c->key));
    client_reason(c, CAPF_MSG_STORE_CERT_RES, CAPF_REASON_OK);
    client_expect_end(c, CAPF_REASON_OK);
    client_close(c);
}

/* The answer comes behind everything that went before. */
static void await_turn(struct client *c) {
    client_send(c, (struct capf_message){.type = CAPF_MSG_STATUS_REQUEST});
    client_expect(c, CAPF_MSG_STATUS_RESPONSE);
}

/* Up to the wait for the request that the other worker has under way. */
static void come_back_with_the_same_key(struct client *c, const struct lab *lab) {
    client_log_on(c, lab, 3);
    client_expect(c, CAPF_MSG_KEY_GEN_REQ);
    client_send_key(c);
    await_turn(c);
}

START_TEST(a_device_is_under_operation_in_one_worker) {
    SETUP(lab, CA_ISSUES);
    client_log_on(&one, &lab, 3);
    client_expect(&one, CAPF_MSG_KEY_GEN_REQ);
    client_log_on(&two, &lab, 3);
    client_enrol(&two, CAPF_MSG_ENCRYPT_REQ);
    expect_given_up(&one);
    ck_assert_int_eq(who_asked(), '2');
    let_ca_answer();
    finish(&two);
    check_nobody_asked_again();
    ck_assert_int_eq(lab_log_count(&lab, "another worker serves this device"), 1);
    ck_assert_int_eq(lab_device(&lab).status, CERT_STATUS_UPGRADE_SUCCESS);
    (void)workers;
    TEARDOWN(lab);
}
END_TEST

START_TEST(a_request_under_way_in_another_worker_is_joined) {
    SETUP(lab, CA_ISSUES);
    client_log_on(&one, &lab, 3);
    client_enrol(&one, CAPF_MSG_ENCRYPT_REQ);
    ck_assert_int_eq(who_asked(), '1');
    come_back_with_the_same_key(&two, &lab);
    expect_given_up(&one);
    let_ca_answer();
    finish(&two);
    check_nobody_asked_again();
    ck_assert_int_eq(lab_log_count(&lab, "under way in another worker"), 1);
    (void)workers;
    TEARDOWN(lab);
}
END_TEST

START_TEST(its_failure_is_that_of_the_device) {
    SETUP(lab, CA_SSL_READ);
    client_log_on(&one, &lab, 3);
    client_enrol(&one, CAPF_MSG_ENCRYPT_REQ);
    ck_assert_int_eq(who_asked(), '1');
    come_back_with_the_same_key(&two, &lab);
    expect_given_up(&one);
    let_ca_answer();
    client_expect_end(&two, CAPF_REASON_REFUSED);
    client_close(&two);
    check_nobody_asked_again();
    ck_assert_int_eq(lab_device(&lab).status, CERT_STATUS_UPGRADE_CA_COMM_ERROR);
    (void)workers;
    TEARDOWN(lab);
}
END_TEST

START_TEST(what_came_while_the_phone_was_away_is_offered_by_the_other_worker) {
    SETUP(lab, CA_ISSUES);
    client_log_on(&one, &lab, 3);
    client_enrol(&one, CAPF_MSG_ENCRYPT_REQ);
    ck_assert_int_eq(who_asked(), '1');
    client_close(&one);
    come_back_with_the_same_key(&two, &lab);
    let_ca_answer();
    finish(&two);
    check_nobody_asked_again();
    (void)workers;
    TEARDOWN(lab);
}
END_TEST

START_TEST(the_request_of_a_dead_worker_is_made_again) {
    SETUP(lab, CA_ISSUES);
    client_log_on(&one, &lab, 3);
    client_enrol(&one, CAPF_MSG_ENCRYPT_REQ);
    ck_assert_int_eq(who_asked(), '1');
    come_back_with_the_same_key(&two, &lab);
    kill(workers[0], SIGKILL);
    expect_given_up(&one);
    ck_assert_int_eq(who_asked(), '2');
    let_ca_answer();
    finish(&two);
    ck_assert_int_eq(lab_device(&lab).status, CERT_STATUS_UPGRADE_SUCCESS);
    TEARDOWN(lab);
}
END_TEST

START_TEST(a_phone_of_a_dead_worker_is_served_by_the_other) {
    SETUP(lab, CA_ISSUES);
    client_log_on(&one, &lab, 3);
    client_expect(&one, CAPF_MSG_KEY_GEN_REQ);
    kill(workers[0], SIGKILL);
    expect_given_up(&one);
    client_log_on(&two, &lab, 3);
    client_enrol(&two, CAPF_MSG_ENCRYPT_REQ);
    who_asked();
    let_ca_answer();
    finish(&two);
    TEARDOWN(lab);
}
END_TEST

/* Sessions are told apart in trace and on the wire over all workers. */
START_TEST(sessions_are_numbered_over_all_workers) {
    SETUP(lab, CA_ISSUES);
    client_open(&one, &lab);
    client_open(&two, &lab);
    ck_assert_uint_eq(client_expect(&one, CAPF_MSG_AUTH_REQ).session_id, 1);
    ck_assert_uint_eq(client_expect(&two, CAPF_MSG_AUTH_REQ).session_id, 2);
    client_close(&one);
    client_close(&two);
    (void)workers;
    TEARDOWN(lab);
}
END_TEST

TEST_MAIN("capf workers", a_device_is_under_operation_in_one_worker,
          a_request_under_way_in_another_worker_is_joined, its_failure_is_that_of_the_device,
          what_came_while_the_phone_was_away_is_offered_by_the_other_worker,
          the_request_of_a_dead_worker_is_made_again,
          a_phone_of_a_dead_worker_is_served_by_the_other, sessions_are_numbered_over_all_workers)
