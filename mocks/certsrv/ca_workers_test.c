/* Two processes with one CA database: ids and serial numbers are told apart, and what a manager has
 * approved is issued once, whichever of them is asked first. */
#include "base/random.h"
#include "mocks/certsrv/manager.h"
#include "mocks/certsrv/test_lab.h"
#include <inttypes.h>
#include <sys/wait.h>

enum { EACH = 20, SERIAL_TEXT_MAX = 64 };

/* What a process made of its part, as it tells the test. */
struct made {
    int64_t id;
    char serial[SERIAL_TEXT_MAX];
};

/* Runs fn with a CA of its own in a new process, which begins when go closes. */
static pid_t in_process(struct lab *lab, int go[2], int out, void (*fn)(struct lab *, int)) {
    fflush(NULL);
    pid_t child = fork();
    if (child != 0)
        return child;
    char octet;
    close(go[1]);
    lab_open(lab);
    if (read(go[0], &octet, 1) == 0)
        fn(lab, out);
    ca_close(lab->ca);
    _exit(0);
}

static void put(int out, const struct store_row *row) {
    struct made made = {.id = row->id};
    snprintf(made.serial, sizeof made.serial, "%s", row->serial);
    ck_assert_int_eq(write(out, &made, sizeof made), (ssize_t)sizeof made);
}

/* Both at the same time; what they made is in out. */
static void run_both(struct lab *lab, void (*fn)(struct lab *, int), struct made out[2 * EACH]) {
    int go[2], results[2];
    pid_t children[2];
    ck_assert_int_eq(pipe(go), 0);
    ck_assert_int_eq(pipe(results), 0);
    for (int i = 0; i < 2; i++)
        children[i] = in_process(lab, go, results[1], fn);
    close(go[0]);
    close(go[1]);
    close(results[1]);
    for (size_t i = 0; i < 2 * EACH; i++)
        ck_assert_int_eq(read(results[0], &out[i], sizeof out[i]), (ssize_t)sizeof out[i]);
    for (int i = 0; i < 2; i++) {
        int status = -1;
        ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        ck_assert_int_eq(status, 0);
    }
    close(results[0]);
}

static void submit_some(struct lab *lab, int out) {
    for (int i = 0; i < EACH; i++) {
        AUTO_ROW row;
        submit(lab, 0, "plain.pem", TEMPLATE("CiscoRA"), &row);
        put(out, &row);
    }
}

START_TEST(ids_and_serials_are_told_apart) {
    struct lab lab;
    struct made made[2 * EACH];
    bool seen[2 * EACH] = {false};
    lab_init(&lab);
    lab_open(&lab); /* the first of several makes the database alone, as a supervisor sees to */
    ca_close(TAKE(lab.ca));
    run_both(&lab, submit_some, made);
    for (size_t i = 0; i < 2 * EACH; i++) {
        size_t n = (size_t)(made[i].id - 10);
        ck_assert_uint_lt(n, 2 * EACH);
        ck_assert(!seen[n]);
        seen[n] = true;
        for (size_t j = 0; j < i; j++)
            ck_assert_str_ne(made[i].serial, made[j].serial);
    }
    lab_free(&lab);
}
END_TEST

static void retrieve_all(struct lab *lab, int out) {
    for (int64_t id = 10; id < 10 + EACH; id++) {
        AUTO_ROW row;
        struct err e;
        store_row_init(&row);
        ck_assert_ok(ca_retrieve(lab->ca, &users[0], id, &row, &e), e);
        ck_assert_int_eq(row.disposition, DISPOSITION_ISSUED);
        put(out, &row);
    }
}

static void approve(struct lab *lab) {
    struct err e = {0};
    for (int64_t id = 10; id < 10 + EACH; id++) {
        AUTO_ROW row;
        char text[24];
        submit(lab, 0, "plain.pem", TEMPLATE("Manager"), &row);
        snprintf(text, sizeof text, "%" PRId64, row.id);
        ck_assert_ok(manager_run("issue", lab->database, text, "MICHAMEN\\officer", &e), e);
    }
}

START_TEST(what_was_approved_is_issued_once) {
    struct lab lab;
    struct made made[2 * EACH];
    lab_init(&lab);
    lab_open(&lab);
    approve(&lab);
    ca_close(TAKE(lab.ca));
    run_both(&lab, retrieve_all, made);
    for (size_t i = 0; i < 2 * EACH; i++)
        for (size_t j = 0; j < i; j++)
            if (made[i].id == made[j].id)
                ck_assert_str_eq(made[i].serial, made[j].serial);
    lab_free(&lab);
}
END_TEST

TEST_MAIN("ca workers", ids_and_serials_are_told_apart, what_was_approved_is_issued_once)
