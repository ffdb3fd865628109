/* What a run does with programs under test: starts and reaches them, tells the others of them, and
 * leaves out what cannot be seen from outside. Without --sut every function here does nothing. */
#ifndef SCENARIOS_RUNNER_SUT_RUN_H
#define SCENARIOS_RUNNER_SUT_RUN_H

#include "scenarios/runner/run.h"
#include "scenarios/runner/sut.h"

/* Gives the component its address: that of --sut, or a free port for the command. -1 SYS_IO. */
int sut_place(struct run *r, enum component c, struct err *e);
/* Starts the command and waits until its port takes connections. config: path of the file for our
 * own program. -1 SYS_IO, SYS_TIMEOUT. */
int sut_start(struct run *r, enum component c, const char *config, struct err *e);
/* Whether it ended with 77 or 89, which skips the scenario. */
bool sut_skips(const struct run *r, enum component c);
/* Whether it ended as it should after SIGTERM: by it, or with status 0. */
bool sut_ended_well(const struct run *r, enum component c);

/* Host, trust and credentials in the configuration of a client of c. trust: name of that key. */
void sut_set_server(json_t *client, const struct run *r, enum component c, const char *trust);

/* Notes once in the result what was not judged. */
void sut_leave_out(struct run *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Whether that row of `then`, or that log, is judged; notes it when it is not. */
bool sut_judges(struct run *r, enum expect_kind kind);
bool sut_judges_log(struct run *r, enum log_kind kind);
/* The patterns of events that our programs write; free with sut_events_free. */
struct pattern_list sut_events(struct run *r);
void sut_events_free(struct pattern_list *list);
/* Puts our texts in the place of theirs. */
void sut_translate(const struct run *r, struct buf *text);
/* The file with the CA of LSCs that a program under test issues; NULL: ours. *known: false when
 * nobody said which CA that is. */
const char *sut_issuer(const struct run *r, bool *known);

#endif
