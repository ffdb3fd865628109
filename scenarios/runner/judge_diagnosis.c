/* Judging what `capflab diagnose` makes of the logs: every incident must be one that the scenario
 * names, and every cause that it names must be found. */
#include "scenarios/runner/judge.h"

#include "base/file.h"
#include "base/owned.h"

#include <string.h>

enum { DIAGNOSE_US = 20 * 1000000 };

AUTO_TYPE(json_t, json_decref);

/* What the program prints, or NULL (noted). It may end with any status that is not a signal. */
static json_t *diagnose(struct run *r, const struct cfg_node *node) {
    AUTO(char) program = path_join(r->options->programs, "capflab-diagnose");
    AUTO(char) logs = run_path(r, "logs");
    AUTO(char) errors = run_path(r, "tmp/diagnose.stderr");
    const char *const args[] = {"--json", logs, NULL};
    if (program == NULL || logs == NULL || errors == NULL)
        return NULL;
    const struct actor_command command = {
        .name = "diagnose", .program = program, .args = args, .stderr_path = errors};
    struct actor a;
    struct actor *const one[] = {&a};
    struct err e = {0};
    json_t *report = NULL;
    if (actor_start(&a, &command, &e) == 0 &&
        actors_wait(one, 1, run_deadline(r, DIAGNOSE_US), &e) == 0)
        report = json_loadb((const char *)a.out.data, a.out.len, 0, NULL);
    if (report == NULL)
        run_fail(r, node, NULL, "diagnosis: %s",
                 e.text[0] != '\0' ? e.text : "capflab-diagnose printed nothing that can be read");
    actor_release(&a);
    return report;
}

/* alternatives: ids with '|' between them, of which any will do. */
static bool is_one_of(const char *id, const char *alternatives) {
    size_t len = strlen(id);
    for (const char *at = alternatives; *at != '\0';) {
        size_t word = strcspn(at, "|");
        if (word == len && strncmp(at, id, len) == 0)
            return true;
        at += word + (at[word] == '|' ? 1 : 0);
    }
    return false;
}

static bool expects(const struct run *r, const char *id) {
    const struct cfg_strings *wanted = &r->scenario->then.diagnosis;
    for (size_t i = 0; i < wanted->count; i++)
        if (is_one_of(id, wanted->items[i]))
            return true;
    return false;
}

static bool names(const json_t *incidents, const char *wanted) {
    size_t i;
    size_t j;
    const json_t *incident;
    const json_t *id;
    json_array_foreach(incidents, i, incident) {
        json_array_foreach(json_object_get(incident, "ids"), j, id) {
            if (is_one_of(json_string_value(id), wanted))
                return true;
        }
    }
    return false;
}

/* An incident may have several readings; one that the scenario names is enough. */
static void judge_incident(struct run *r, const struct cfg_node *node, const json_t *incident) {
    const json_t *ids = json_object_get(incident, "ids");
    AUTO_BUF text = BUF_INIT(4096);
    size_t i;
    const json_t *id;
    json_array_foreach(ids, i, id) {
        if (expects(r, json_string_value(id)))
            return;
        buf_printf(&text, "%s%s", i > 0 ? " or " : "", json_string_value(id));
    }
    const json_t *line = json_array_get(json_object_get(incident, "evidence"), 0);
    run_fail(r, node, NULL, "diagnosis: not expected: %s, from: %s", buf_str(&text),
             json_string_value(json_object_get(line, "text")));
}

/* The incidents of all cases of the report, in one list. */
static json_t *all_incidents(const json_t *report) {
    json_t *all = json_array();
    size_t i;
    const json_t *one;
    json_array_foreach(json_object_get(report, "cases"), i, one) {
        json_array_extend(all, json_object_get(one, "incidents"));
    }
    return all;
}

void judge_diagnosis(struct run *r, const struct cfg_node *node) {
    const struct cfg_strings *wanted = &r->scenario->then.diagnosis;
    AUTO(json_t) report = diagnose(r, node);
    if (report == NULL)
        return;
    AUTO(json_t) incidents = all_incidents(report);
    size_t i;
    const json_t *incident;
    json_array_foreach(incidents, i, incident) {
        judge_incident(r, node, incident);
    }
    for (size_t k = 0; k < wanted->count; k++)
        if (!names(incidents, wanted->items[k]))
            run_fail(r, node, NULL, "diagnosis: %s was not found", wanted->items[k]);
    const char *verdict = json_string_value(json_object_get(report, "verdict"));
    if (wanted->count == 0 && verdict != NULL && strcmp(verdict, "healthy") != 0)
        run_fail(r, node, NULL, "diagnosis: expected healthy, actual %s", verdict);
}
