/* Made of the runner's own functions. The deadlines are shorter than anybody's defaults, so that a
 * minute sees many of them pass. */
#include "bench/chaos_lab.h"

#include "base/owned.h"
#include "bench/chaos_phones.h"
#include "bench/lab.h"
#include "bench/usage.h"
#include "scenarios/runner/place.h"

#include <inttypes.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

enum {
    TEXT_MAX = 4 * 1024 * 1024,
    VISITS_MAX = 6000,
    VISITS_A_SECOND = 60,
    VISITS_LEAST = 300,
    NAMES_MAX = 512,
    BUSY_MS = 5000,
};

/* Added to where a fault strikes: nobody visits so often. */
static const int64_t never = INT64_C(900000000);

static const char head[] =
    "title: chaos\n"
    "deadline: 48h\n"
    "lab:\n"
    "  capf:\n"
    "    {issuer: online-ca, message-timeout: %ds, est: {timeout: 5s, session: %s}, config: {%s}}\n"
    "  ra:\n"
    "    {timeout: 2s, session: %s, chain-retry: 1s,\n"
    "     config: {request-timeout: %ds, idle-timeout: %ds, %s}}\n"
    "  certsrv:\n"
    "    {templates: [{name: CiscoRA, rsa-only: false}],\n"
    "     config: {request-timeout: %ds, idle-timeout: %ds, %s}}\n"
    "phones: {count: 1, device: {present: false}}\n"
    "when: [connect]\n"
    "then: {phones: {lsc: none}}\n"
    "faults:\n";

/* certsrv counts its faults in one process, and so has no workers. */
static void put_scenario(const struct bench_options *o, struct buf *text) {
    enum { T = CHAOS_DEADLINE_S };
    char limits[80];
    char shared[112];
    const char *session = bench_session_word(o->session);
    int64_t visits = o->duration_us / 1000000 * VISITS_A_SECOND;
    visits = visits < VISITS_LEAST ? VISITS_LEAST : visits > VISITS_MAX ? VISITS_MAX : visits;
    snprintf(limits, sizeof limits, "handshake-timeout: %ds, connections-per-address-max: %d", T,
             CHAOS_PER_ADDRESS);
    snprintf(shared, sizeof shared, "workers: %d, %s", (int)o->workers, limits);
    buf_printf(text, head, T, session, shared, session, T, T, shared, T, T, limits);
    chaos_put_faults((uint64_t)o->seed, (unsigned)visits, text);
}

static struct scenario *make_scenario(const struct bench_options *o, struct err *e) {
    AUTO_BUF text = BUF_INIT(TEXT_MAX);
    struct cfg_mistakes *m = cfg_mistakes_new();
    put_scenario(o, &text);
    struct scenario *s =
        m == NULL ? NULL : scenario_load_text("chaos", "chaos", buf_view(&text), m);
    if (s == NULL && m != NULL)
        cfg_mistakes_print(m, stderr);
    cfg_mistakes_free(m);
    if (s == NULL)
        err_set(e, ERR_SYS_INTERNAL, "the lab of the chaos cannot be described");
    return s;
}

static void put_off(struct chaos_lab *lab, bool off) {
    for (size_t i = 0; i < lab->scenario->faults->count; i++)
        lab->scenario->faults->items[i].nth += off ? never : -never;
    lab->disturbed = !off;
}

/* What went wrong last in the runner. */
static int last_failure(const struct run *r, struct err *e) {
    const json_t *failure = json_array_get(r->failures, json_array_size(r->failures) - 1);
    const char *text = json_string_value(json_object_get(failure, "text"));
    return err_set(e, ERR_SYS_IO, "%s; logs are in %s/logs", text == NULL ? "failed" : text,
                   r->dir);
}

static int add_devices(struct chaos_lab *lab, const struct bench_options *o, struct err *e) {
    char count[24];
    snprintf(count, sizeof count, "%" PRId64, o->phones);
    const char *const args[] = {"device",      "add",         BENCH_DEVICE_PATTERN,
                                "--first",     "0",           "--count",
                                count,         "--model",     "CP-8845",
                                "--mode",      "null-string", "--operation",
                                "install",     "--key-size",  "2048",
                                "--key-order", "ec-only",     "--ec-key-size",
                                "256",         NULL};
    return capf_command(&lab->run, args, NULL) != 0 ? last_failure(&lab->run, e) : 0;
}

int chaos_lab_start(struct chaos_lab *lab, const struct bench_options *o, struct err *e) {
    *lab = (struct chaos_lab){.scenario = make_scenario(o, e)};
    if (lab->scenario == NULL)
        return -1;
    lab->programs = place_programs();
    lab->keys = keypool_default_dir();
    if (asprintf(&lab->seed, "chaos %" PRId64, o->seed) < 0)
        lab->seed = NULL;
    if (lab->programs == NULL || lab->keys == NULL || lab->seed == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    put_off(lab, true);
    lab->options = (struct run_options){
        .programs = lab->programs, .keys = lab->keys, .seed = lab->seed, .patience = 1};
    lab->opened = true;
    if (run_open(&lab->run, lab->scenario, &lab->options, o->output, e) != 0 ||
        lab_prepare(&lab->run, e) != 0)
        return -1;
    lab->capf_certificate = run_path(&lab->run, "pki/capf.pem");
    lab->lsc_dir = run_path(&lab->run, "lsc");
    if (lab->capf_certificate == NULL || lab->lsc_dir == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    if (lab_start(&lab->run) != 0)
        return last_failure(&lab->run, e);
    return add_devices(lab, o, e);
}

int chaos_lab_stop(struct chaos_lab *lab, struct err *e) {
    if (!lab->opened)
        return 0;
    size_t before = json_array_size(lab->run.failures);
    lab_stop(&lab->run);
    return json_array_size(lab->run.failures) > before ? last_failure(&lab->run, e) : 0;
}

void chaos_lab_free(struct chaos_lab *lab) {
    if (lab->opened)
        run_close(&lab->run);
    scenario_free(lab->scenario);
    free(lab->programs);
    free(lab->keys);
    free(lab->seed);
    free(lab->capf_certificate);
    free(lab->lsc_dir);
}

int chaos_lab_disturb(struct chaos_lab *lab, bool on, struct err *e) {
    static const enum component mocks[] = {COMPONENT_CERTSRV, COMPONENT_WIRE_RA_CERTSRV,
                                           COMPONENT_WIRE_CAPF_RA, COMPONENT_WIRE_PHONE_CAPF};
    static const struct step none;
    if (on != lab->disturbed)
        put_off(lab, !on);
    lab->run.step = on ? "faults on" : "faults off";
    for (size_t i = 0; i < sizeof mocks / sizeof mocks[0]; i++)
        if (lab_restart(&lab->run, &none, mocks[i]) != 0)
            return last_failure(&lab->run, e);
    return 0;
}

int chaos_lab_kill(struct chaos_lab *lab, enum component c, struct err *e) {
    const struct step step = {.actor = (char *)(uintptr_t)component_name(c)};
    lab->run.step = "kill";
    return step_kill(&lab->run, &step) == 0 ? 0 : last_failure(&lab->run, e);
}

bool chaos_lab_kill_worker(struct chaos_lab *lab, enum component c) {
    pid_t worker = 0;
    if (usage_children(lab->run.components[c].pid, &worker, 1) == 0)
        return false;
    kill(worker, SIGKILL);
    return true;
}

int chaos_lab_start_again(struct chaos_lab *lab, enum component c, struct err *e) {
    lab->run.step = "start again";
    return lab->run.components[c].pid > 0 ? 0 : lab_start_component(&lab->run, c, e);
}

void chaos_lab_approval(struct chaos_lab *lab, bool on) {
    struct template *templates = lab->scenario->lab.certsrv.templates.items;
    templates[0].approval = on;
    lab->approval = on;
}

/* Ids of requests that wait; how many. */
static size_t waiting_requests(const struct chaos_lab *lab, int64_t ids[NAMES_MAX]) {
    AUTO(char) path = run_path(&lab->run, "db/ca.sqlite");
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    size_t count = 0;
    if (path != NULL && sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
        sqlite3_busy_timeout(db, BUSY_MS) == SQLITE_OK &&
        sqlite3_prepare_v2(db, "SELECT id FROM requests WHERE disposition = 9", -1, &q, NULL) ==
            SQLITE_OK)
        while (count < NAMES_MAX && sqlite3_step(q) == SQLITE_ROW)
            ids[count++] = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    sqlite3_close(db);
    return count;
}

int chaos_lab_approve(struct chaos_lab *lab, struct err *e) {
    static const struct step none;
    int64_t ids[NAMES_MAX];
    if (!lab->approval)
        return 0;
    lab->run.step = "approve";
    chaos_lab_approval(lab, false);
    if (lab_restart(&lab->run, &none, COMPONENT_CERTSRV) != 0)
        return last_failure(&lab->run, e);
    size_t count = waiting_requests(lab, ids);
    for (size_t i = 0; i < count; i++) {
        const struct step issue = {.request = ids[i]};
        if (step_issue(&lab->run, &issue) != 0)
            return last_failure(&lab->run, e);
    }
    return 0;
}

int chaos_lab_reschedule(struct chaos_lab *lab, const size_t *numbers, size_t count,
                         struct err *e) {
    static const char *const install[] = {"--operation", "install", NULL};
    char texts[NAMES_MAX][CHAOS_NAME_MAX];
    const char *names[NAMES_MAX];
    lab->run.step = "schedule";
    for (size_t i = 0; i < count && i < NAMES_MAX; i++) {
        chaos_phone_name(numbers[i], texts[i]);
        names[i] = texts[i];
    }
    return lab_set_devices(&lab->run, names, count < NAMES_MAX ? count : NAMES_MAX, install) == 0
               ? 0
               : last_failure(&lab->run, e);
}
