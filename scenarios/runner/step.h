/* The steps of `when`: one table from which the parser, --help and the reference page come. */
#ifndef SCENARIOS_RUNNER_STEP_H
#define SCENARIOS_RUNNER_STEP_H

#include "base/config.h"
#include "scenarios/runner/component.h"
#include "scenarios/runner/expect.h"
#include "scenarios/runner/pattern.h"
#include <stdbool.h>
#include <stddef.h>

struct run; /* run.h */
struct step;
struct scenario;

/* X(enum suffix, name, function of run that does it, arguments, key that `NAME: VALUE` gives or
 * NULL, help) */
#define STEP_TABLE(X)                                                                              \
    X(INSTALL, "install-lsc", step_install, phone_step, NULL,                                      \
      "set the devices' operation to install/upgrade, then let the phones contact CAPF")           \
    X(DELETE, "delete-lsc", step_delete, phone_step, NULL,                                         \
      "set the devices' operation to delete, then let the phones contact CAPF")                    \
    X(TROUBLESHOOT, "troubleshoot", step_troubleshoot, phone_step, NULL,                           \
      "set the devices' operation to troubleshoot, then let the phones contact CAPF")              \
    X(RENEW, "renew-lsc", step_renew, phone_step, NULL,                                            \
      "`capflab capf device renew`: schedule an install for the devices whose LSC is due, then "   \
      "let the phones contact CAPF")                                                               \
    X(CONNECT, "connect", step_connect, phone_step, NULL,                                          \
      "let the phones contact CAPF; the devices' operations stay as they are")                     \
    X(RESET, "reset", step_connect, phone_step, NULL,                                              \
      "reset the phones: those with a file service boot anew, and contact CAPF if their "          \
      "configuration says so")                                                                     \
    X(FINISH, "finish", step_finish, no_step, NULL,                                                \
      "wait until the phones in the background are done")                                          \
    X(IMPORT_OFFLINE, "import-offline", step_import_offline, choice_step, NULL,                    \
      "sign the waiting requests with the offline CA and import the certificates into CAPF")       \
    X(SET_DEVICE, "set-device", step_set_device, device_step, NULL,                                \
      "change the devices' rows as `capflab capf device set` does")                                \
    X(KILL, "kill", step_kill, kill_step, "actor", "end a program with SIGKILL")                   \
    X(STOP, "stop", step_stop, actor_step, "actor", "end a program with SIGTERM")                  \
    X(START, "start", step_start, actor_step, "actor",                                             \
      "start a program again that was stopped or killed, at the address that it had")              \
    X(RESTART, "restart", step_restart, actor_step, "actor",                                       \
      "stop a program and start it again, at the address that it had")                             \
    X(PAUSE, "pause", step_pause, actor_step, "actor",                                             \
      "stop a program as SIGSTOP does: it hangs, its connections stay")                            \
    X(RESUME, "resume", step_resume, actor_step, "actor", "let a paused program go on")            \
    X(RELEASE, "release", step_release, actor_step, "actor",                                       \
      "let a relay pass what its faults hold back")                                                \
    X(SET, "set", step_set, set_step, NULL,                                                        \
      "change keys of a program's configuration, and restart it if it runs")                       \
    X(ADVANCE_CLOCK, "advance-clock", step_advance_clock, clock_step, "by",                        \
      "restart a program, or all of them, with a clock that is so much ahead")                     \
    X(REGENERATE, "regenerate", step_regenerate, certificate_step, "certificate",                  \
      "a new certificate and key for a part of the cluster; the service that has it is "           \
      "restarted and phones are reset, as by CUCM; trust lists stay until the file service is "    \
      "restarted")                                                                                 \
    X(RESET_LOCALKEY, "itl-reset-localkey", step_reset_localkey, no_step, NULL,                    \
      "`utils itl reset localkey`: the trust lists are made anew and signed by ITLRecovery")       \
    X(WAIT_FOR, "wait-for", step_wait_for, wait_step, NULL,                                        \
      "wait until patterns stand in a log, in this order, or until a fault was met")               \
    X(ISSUE, "issue", step_issue, request_step, "request",                                         \
      "issue requests that wait at the CA, as its manager does")                                   \
    X(DENY, "deny", step_deny, request_step, "request",                                            \
      "deny requests that wait at the CA, as its manager does")

enum step_kind {
#define X(suffix, name, run, fields, value, help) STEP_##suffix,
    STEP_TABLE(X)
#undef X
        STEP_COUNT
};

struct step {
    enum step_kind kind;
    struct cfg_strings phones; /* none: all */
    bool together;
    bool background;
    int certificate;        /* of regenerate: enum lab_cert_id */
    char *actor;            /* name of a component; of kill: or of a phone */
    int64_t worker;         /* of kill: one worker as it was started; 0: the whole program */
    int64_t by_us;          /* of advance-clock */
    struct cfg_pairs keys;  /* of set: dotted key: value; of set-device: option: value */
    struct cfg_node *log;   /* of wait-for: mapping of one log to patterns */
    enum log_kind log_kind; /* and what that says */
    struct pattern_list patterns;
    char *fault;               /* of wait-for, instead of log: a fault point */
    enum component fault_side; /* and who has it */
    int64_t within_us;         /* component time */
    int64_t request;           /* 0: all that wait */
    const struct cfg_node *node;
};

/* What can be regenerated; values are of enum lab_cert_id. */
extern const struct cfg_word certificate_words[];

const char *step_name(enum step_kind kind);
const char *step_help(enum step_kind kind);
const struct cfg_field *step_fields(enum step_kind kind);
/* The key that stands for `NAME: VALUE`, or NULL. */
const char *step_value_key(enum step_kind kind);

/* Reads `when` into a malloc'ed array; mistakes go to m. */
void steps_read(struct cfg_doc *doc, const struct cfg_node *node, struct scenario *s,
                struct cfg_mistakes *m);
void steps_free(struct step *steps, size_t count);

#endif
