/* One run of one scenario: its folder, certificates, programs, phones, and what went wrong. Lives
 * in a process of its own, the leader of the scenario's process group (worker.h). */
#ifndef SCENARIOS_RUNNER_RUN_H
#define SCENARIOS_RUNNER_RUN_H

#include "scenarios/runner/actor.h"
#include "scenarios/runner/component.h"
#include "scenarios/runner/lab_certs.h"
#include "scenarios/runner/scenario.h"
#include <jansson.h>

struct suts;
struct torture_options;
struct torture_lab;

struct run_options {
    const char *programs;                  /* folder of the lab's programs */
    const char *keys;                      /* folder of the key pool */
    const char *seed;                      /* repeats the random choices of every component */
    const char *wrap;                      /* command put in front of every component, or NULL */
    double patience;                       /* deadlines are this many times longer */
    const char *listen[COMPONENT_COUNT];   /* HOST:PORT, or NULL for any port of 127.0.0.1 */
    const struct suts *suts;               /* programs under test, or NULL */
    const struct torture_options *torture; /* this is a round of torture, or NULL */
};

struct run_phone {
    const struct phone_settings *settings;
    char *config;     /* path of its configuration file */
    char *mic_key;    /* pool members; NULL: it has none */
    char *lsc_key;    /* of an existing LSC */
    char *new_key;    /* for the next LSC */
    char *lsc_before; /* the LSC of the start as PEM, or NULL */
    json_t *result;   /* what its last session printed, or NULL */
    struct actor actor;
    bool started;
    bool running; /* in the background, its result is still to come */
    bool killed;
};

struct run {
    const struct scenario *scenario;
    const struct run_options *options;
    const char *dir;
    struct keypool pool;
    struct lab_certs certs;
    struct actor components[COMPONENT_COUNT];
    char *addresses[COMPONENT_COUNT]; /* HOST:PORT once ready, also while it does not run */
    char *http_address;               /* of the file service, beside that for TFTP */
    int held[COMPONENT_COUNT];        /* keep the ports for it; -1: none */
    int held_http;
    json_t *workers[COMPONENT_COUNT];     /* pids at its start; NULL: it is one process */
    int64_t first_start[COMPONENT_COUNT]; /* real time; 0: not yet */
    int64_t ahead_us[COMPONENT_COUNT];    /* by advance-clock */
    json_t *changes[COMPONENT_COUNT];     /* by set: dotted key to value; NULL: none */
    int64_t begun;                        /* real time when the lab's clock was set */
    int64_t lab_ahead_us;        /* of the lab's clock, and so of phones, by advance-clock */
    size_t waited[LOG_COUNT];    /* lines of each log that wait-for has used up */
    size_t met[COMPONENT_COUNT]; /* and of each component's events */
    struct run_phone *phones;
    const char *step;            /* what is being done, for failures */
    int64_t end;                 /* real time at which the scenario's deadline passes */
    json_t *failures;            /* array of {step, where, actor, text, log, tail} */
    bool skipped;                /* failures tell why */
    json_t *left_out;            /* what was not judged, as texts; NULL: nothing */
    struct torture_lab *torture; /* NULL: nothing is tortured */
};

/* What the parent grants a scenario beyond its deadline, to stop its programs and to report. */
enum { RUN_GRACE_US = 30 * 1000000 };

/* Sets everything up in memory and makes the folder. release with run_close, also after -1. */
int run_open(struct run *r, const struct scenario *s, const struct run_options *options,
             const char *dir, struct err *e);
void run_close(struct run *r);

/* "DIR/logs/capf.log" and the like; malloc'ed, NULL without memory. */
char *run_path(const struct run *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Notes a failure. node: its place in the scenario file, or NULL. actor: whose log's tail goes with
 * it, or NULL. */
void run_fail(struct run *r, const struct cfg_node *node, const char *actor, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
bool run_failed(const struct run *r);

/* The moment real_us from now, longer with patience, but never behind the scenario's deadline. */
int64_t run_deadline(const struct run *r, int64_t real_us);

/* Path of the log that tells most about an actor ("capf", a phone's name); malloc'ed. */
char *actor_log(const struct run *r, const char *actor);

/* The configuration of each program, from the scenario. Owned by the caller. */
json_t *certsrv_config(const struct run *r);
json_t *ra_config(const struct run *r);
json_t *capf_config(const struct run *r);
json_t *dns_config(const struct run *r);
json_t *ntp_config(const struct run *r);
json_t *tvs_config(const struct run *r);
json_t *tftp_config(const struct run *r);
/* What a phone that boots is told beyond phone_config. */
void phone_boot_config(json_t *o, const struct run *r, const struct phone_settings *p);
json_t *relay_config(const struct run *r, enum component relay);
/* That of any component, with all changes to it. */
json_t *component_config(const struct run *r, enum component c);

/* What the offset and the rate of a clock must be set to now. */
struct lab_clock component_clock(const struct run *r, enum component c);
struct lab_clock phone_clock(const struct run *r, const struct phone_settings *phone);

/* The faults of a mock ("dns") at a point that starts so (NULL: any), as its configuration takes
 * them; owned by the caller. */
json_t *faults_config(const struct run *r, const char *mock, const char *point);

/* Sets the value at a dotted path, making objects on the way. */
void config_set(json_t *config, const char *path, const char *value);
json_t *phone_config(const struct run *r, const struct run_phone *phone);

/* The trust lists that phones can hold at the start, into pki/. */
int lab_write_lists(struct run *r, struct err *e);
/* Certificates, key pool members and the folder's content before anything starts. */
int lab_prepare(struct run *r, struct err *e);
/* Whether the scenario needs that component. */
bool lab_needs(const struct run *r, enum component c);
/* Adds the phones' devices, with the LSCs that they hold. Failures are noted; -1 then. */
int lab_add_devices(struct run *r);
/* `capflab capf device set` with these options (NULL at the end) for the named devices, all in one
 * transaction. Failures are noted; -1 then. */
int lab_set_devices(struct run *r, const char *const *names, size_t count,
                    const char *const *options);
/* Writes the configuration files, starts the components in order and adds the devices. Failures
 * are noted; -1 then. */
int lab_start(struct run *r);
/* Writes the configuration of a component that does not run, starts it and waits until it is ready.
 * It listens where it listened before. -1 with e set. */
int lab_start_component(struct run *r, enum component c, struct err *e);
/* SIGTERM to each in reverse order; one that does not end well is a failure. */
void lab_stop(struct run *r);

/* Runs the program of a component with args to its end and returns its standard output in out
 * (NULL: not wanted). -1 when it fails (noted). */
int lab_command(struct run *r, enum component c, const char *const *args, struct buf *out);
/* The same for `capflab-capf ARGS... --config DIR/config/capf.yaml`. */
int capf_command(struct run *r, const char *const *args, struct buf *out);

/* Takes keys for the phones, writes their configuration files and schedules an install/upgrade for
 * the devices: for a lab whose phones somebody else will start. Failures are noted; -1 then. */
int lab_ready_phones(struct run *r);

/* lab_set_devices for those that a step is about. */
int step_set_devices(struct run *r, const struct step *step, const char *const *options);
/* Whether a step is about that phone. */
bool step_is_for(const struct step *step, const struct run_phone *p);
/* Waits for phones in the background. */
int step_finish(struct run *r, const struct step *step);

/* Does one step; failures are noted, -1 then. */
int step_run(struct run *r, const struct step *step);

/* The steps that change the cluster's trust; the same. */
int step_regenerate(struct run *r, const struct step *step);
int step_reset_localkey(struct run *r, const struct step *step);
/* Puts value at a dotted key over what a component's file would say, from its next start on. */
void lab_change(struct run *r, enum component c, const char *key, const char *value);
/* SIGTERM and start again, at the address that it had; failures are noted, -1 then. */
int lab_restart(struct run *r, const struct step *step, enum component c);
/* Lets the phones that a step is about contact CAPF, as `connect` does. */
int step_contact(struct run *r, const struct step *step);

/* The steps that change programs; the same. */
int step_kill(struct run *r, const struct step *step);
int step_stop(struct run *r, const struct step *step);
int step_start(struct run *r, const struct step *step);
int step_restart(struct run *r, const struct step *step);
int step_pause(struct run *r, const struct step *step);
int step_resume(struct run *r, const struct step *step);
int step_release(struct run *r, const struct step *step);
int step_set(struct run *r, const struct step *step);
int step_set_device(struct run *r, const struct step *step);
int step_advance_clock(struct run *r, const struct step *step);
int step_wait_for(struct run *r, const struct step *step);
int step_issue(struct run *r, const struct step *step);
int step_deny(struct run *r, const struct step *step);

/* All steps, then the wait for phones in the background. Ends at the first that fails. */
void run_steps(struct run *r);

/* Judges `then`; every unmet expectation is noted. */
void judge(struct run *r);

/* events.ndjson and timeline.txt from what the actors wrote. */
int artifacts_write(const struct run *r, struct err *e);

/* The whole: lab, steps, stop, judgement, artifacts. The result object (name, title, result,
 * seconds, failures ...) is also DIR/result.json; the caller owns it. */
json_t *run_scenario(const struct scenario *s, const struct run_options *options, const char *dir);
/* Writes DIR/result.json, if that can be done. */
void run_write_result(const char *dir, const json_t *result);

#endif
