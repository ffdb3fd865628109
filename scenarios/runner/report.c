/* The report for people, and JSON. */
#include "scenarios/runner/report.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/owned.h"

#include <string.h>

enum { FAILURES_SHOWN = 8, EVIDENCE_BYTES_MAX = 1024 * 1024, JSON_BYTES_MAX = 256 * 1024 * 1024 };

static const char *text_of(const json_t *o, const char *key) {
    const char *text = json_string_value(json_object_get(o, key));
    return text == NULL ? "" : text;
}

bool result_is(const json_t *result, const char *word) {
    return strcmp(text_of(result, "result"), word) == 0;
}

struct tally tally_of(const json_t *results) {
    struct tally t = {0};
    size_t i;
    json_t *result;
    json_array_foreach(results, i, result) {
        if (result_is(result, "ok"))
            t.passed++;
        else if (result_is(result, "skipped"))
            t.skipped++;
        else
            t.failed++;
        t.seconds += json_number_value(json_object_get(result, "seconds"));
    }
    return t;
}

static void put_tail(struct buf *out, const char *title, const json_t *lines) {
    size_t i;
    json_t *line;
    if (json_array_size(lines) == 0)
        return;
    buf_printf(out, "    %s:\n", title);
    json_array_foreach(lines, i, line) {
        buf_printf(out, "        %s\n", json_string_value(line));
    }
}

/* Whether an earlier failure has shown that log. */
static bool shown_before(const json_t *failures, size_t index) {
    const char *log = text_of(json_array_get(failures, index), "log");
    for (size_t i = 0; i < index; i++)
        if (strcmp(text_of(json_array_get(failures, i), "log"), log) == 0)
            return true;
    return false;
}

static void put_failure(struct buf *out, const json_t *failures, size_t index) {
    const json_t *failure = json_array_get(failures, index);
    const char *where = text_of(failure, "where");
    const char *log = text_of(failure, "log");
    buf_printf(out, "  %s%s%s: %s\n", text_of(failure, "step"), where[0] != '\0' ? ", " : "", where,
               text_of(failure, "text"));
    if (log[0] == '\0' || shown_before(failures, index))
        return;
    AUTO(char) title = NULL;
    if (asprintf(&title, "last lines of %s", log) < 0)
        title = NULL;
    put_tail(out, title == NULL ? log : title, json_object_get(failure, "tail"));
    put_tail(out, "standard error", json_object_get(failure, "stderr"));
}

char *report_evidence(const json_t *failures, size_t first) {
    AUTO_BUF out = BUF_INIT(EVIDENCE_BYTES_MAX);
    size_t count = json_array_size(failures);
    size_t limit = first > 0 && first < count ? first : count;
    buf_put_str(&out, "");
    for (size_t i = 0; i < limit; i++)
        put_failure(&out, failures, i);
    if (limit < count)
        buf_printf(&out, "  and %zu more in result.json\n", count - limit);
    return buf_take_str(&out);
}

char *report_left_out(const json_t *result) {
    size_t i;
    const json_t *text;
    AUTO_BUF out = BUF_INIT(EVIDENCE_BYTES_MAX);
    buf_put_str(&out, "");
    json_array_foreach(json_object_get(result, "left-out"), i, text) {
        buf_printf(&out, "%s%s", i == 0 ? "" : ", ", json_string_value(text));
    }
    return buf_take_str(&out);
}

void report_result(FILE *to, const json_t *result, int width, const char *again) {
    bool ok = result_is(result, "ok");
    bool skipped = result_is(result, "skipped");
    fprintf(to, "%-*s  %-7s  %6.1f s\n", width, text_of(result, "name"),
            ok        ? "ok"
            : skipped ? "skipped"
                      : "FAILED",
            json_number_value(json_object_get(result, "seconds")));
    AUTO(char) left_out = report_left_out(result);
    if (left_out != NULL && left_out[0] != '\0')
        fprintf(to, "  not judged: %s\n", left_out);
    if (ok)
        return;
    AUTO(char) evidence = report_evidence(json_object_get(result, "failures"), FAILURES_SHOWN);
    fprintf(to, "%s", evidence == NULL ? "" : evidence);
    if (!skipped)
        fprintf(to, "  artifacts: %s\n  again: %s\n", text_of(result, "folder"), again);
}

void report_counts(FILE *to, const struct tally *t) {
    fprintf(to, "%zu passed, %zu failed", t->passed, t->failed);
    if (t->skipped > 0)
        fprintf(to, ", %zu skipped", t->skipped);
    fprintf(to, "\n");
}

int report_json(const char *path, const json_t *results, struct err *e) {
    struct tally t = tally_of(results);
    json_t *o = json_pack("{s:I, s:I, s:I, s:f, s:O}", "passed", (json_int_t)t.passed, "failed",
                          (json_int_t)t.failed, "skipped", (json_int_t)t.skipped, "seconds",
                          t.seconds, "scenarios", results);
    AUTO(char) text = json_dumps(o, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    json_decref(o);
    AUTO_BUF content = BUF_INIT(JSON_BYTES_MAX);
    if (text == NULL || buf_put_str(&content, text) != 0 || buf_put_str(&content, "\n") != 0)
        return err_set(e, ERR_SYS_NOMEM, "%s", path);
    return file_write(path, buf_view(&content), 0644, e);
}
