/* Judging logs and events by patterns. A miss is told with the pattern, where the search stood and
 * what stands there. */
#include "scenarios/runner/judge.h"

#include "base/file.h"
#include "base/owned.h"
#include "scenarios/runner/sut_run.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LOG_BYTES_MAX = 64 * 1024 * 1024, SHOWN_MAX = 300 };

/* A text and its lines. */
struct content {
    struct buf text;
    struct lines lines;
};

static void content_free(struct content *c) {
    lines_free(&c->lines);
    buf_free(&c->text);
}
#define AUTO_CONTENT __attribute__((cleanup(content_free))) struct content

/* A file that is not there is an empty one. */
static int content_read(struct run *r, const struct cfg_node *node, const char *path,
                        struct content *c) {
    struct err e = {0};
    c->text = (struct buf)BUF_INIT(LOG_BYTES_MAX);
    if (path == NULL)
        return -1;
    if (file_exists(path) && file_read(path, &c->text, &e) != 0) {
        run_fail(r, node, NULL, "%s", e.text);
        return -1;
    }
    sut_translate(r, &c->text);
    c->lines = lines_of(buf_view(&c->text));
    return 0;
}

static int shown(struct bytes line) {
    return (int)(line.len < SHOWN_MAX ? line.len : SHOWN_MAX);
}

static const char *of_phone(const struct pattern_miss *miss, char out[160]) {
    out[0] = '\0';
    if (miss->phone != NULL)
        snprintf(out, 160, " (for %.128s)", miss->phone);
    return out;
}

static void fail_in_order(struct run *r, const char *log, const char *actor,
                          const struct content *c, const struct pattern_miss *miss) {
    char phone[160];
    if (miss->earlier != SIZE_MAX) {
        run_fail(r, miss->pattern->node, actor,
                 "%s: expected behind line %zu%s: \"%s\"; it stands before, in line %zu", log,
                 miss->after, of_phone(miss, phone), miss->pattern->text, miss->earlier + 1);
        return;
    }
    if (miss->after == 0) {
        run_fail(r, miss->pattern->node, actor, "%s: expected%s: \"%s\"; no line of %zu has it",
                 log, of_phone(miss, phone), miss->pattern->text, c->lines.count);
        return;
    }
    struct bytes last = c->lines.items[miss->after - 1];
    run_fail(r, miss->pattern->node, actor,
             "%s: expected%s: \"%s\"; no line behind line %zu has it, which is: %.*s", log,
             of_phone(miss, phone), miss->pattern->text, miss->after, shown(last),
             (const char *)last.data);
}

static void judge_order(struct run *r, const struct cfg_node *node, const char *path,
                        const char *log, const char *actor, const struct pattern_list *list,
                        const struct phone_names *phones) {
    AUTO_CONTENT c = {.text = BUF_INIT(0)};
    if (content_read(r, node, path, &c) != 0)
        return;
    struct pattern_miss miss = patterns_in_order(list, phones, &c.lines);
    if (miss.pattern != NULL)
        fail_in_order(r, log, actor, &c, &miss);
}

static void judge_absence(struct run *r, const struct cfg_node *node, const char *path,
                          const char *log, const char *actor, const struct pattern_list *list,
                          const struct phone_names *phones) {
    AUTO_CONTENT c = {.text = BUF_INIT(0)};
    if (content_read(r, node, path, &c) != 0)
        return;
    struct pattern_miss miss = patterns_absent(list, phones, &c.lines);
    if (miss.pattern == NULL)
        return;
    struct bytes line = c.lines.items[miss.after];
    run_fail(r, miss.pattern->node, actor, "%s: expected nowhere: \"%s\"; line %zu: %.*s", log,
             miss.pattern->text, miss.after + 1, shown(line), (const char *)line.data);
}

typedef void judge_log_fn(struct run *, const struct cfg_node *, const char *, const char *,
                          const char *, const struct pattern_list *, const struct phone_names *);

static void judge_phone_logs(struct run *r, const struct cfg_node *node,
                             const struct pattern_list *list, judge_log_fn *fn) {
    for (size_t i = 0; i < r->scenario->phone_count; i++) {
        const char *name = r->scenario->phones[i].name;
        const struct phone_names one = {.names = &name, .count = 1};
        char file[192];
        snprintf(file, sizeof file, "phone-%s.log", name);
        AUTO(char) path = run_path(r, "logs/%s", file);
        fn(r, node, path, file, name, list, &one);
    }
}

/* The report of CAPF's devices is no log that grows: it is asked for at the end. */
static int write_report(struct run *r, const char *path) {
    static const char *const args[] = {"device", "report", "--csv", NULL};
    struct err e = {0};
    AUTO_BUF report = BUF_INIT(LOG_BYTES_MAX);
    if (path == NULL || capf_command(r, args, &report) != 0)
        return -1;
    return file_write(path, buf_view(&report), 0644, &e);
}

static void judge_each_log(struct run *r, const struct cfg_node *node,
                           const struct pattern_list *lists, judge_log_fn *fn) {
    struct phone_names phones = scenario_phone_names(r->scenario);
    for (size_t kind = 0; kind < LOG_COUNT; kind++) {
        if (!lists[kind].given || !sut_judges_log(r, (enum log_kind)kind))
            continue;
        if (kind == LOG_PHONE) {
            judge_phone_logs(r, node, &lists[kind], fn);
            continue;
        }
        const char *file = log_file((enum log_kind)kind);
        AUTO(char) path = run_path(r, "logs/%s", file);
        if (kind == LOG_REPORT && write_report(r, path) != 0)
            continue;
        const char *writer = component_name(log_writer((enum log_kind)kind));
        fn(r, node, path, file, writer, &lists[kind], &phones);
    }
}

void judge_logs(struct run *r, const struct cfg_node *node) {
    judge_each_log(r, node, r->scenario->then.logs, judge_order);
}

void judge_no_logs(struct run *r, const struct cfg_node *node) {
    judge_each_log(r, node, r->scenario->then.no_logs, judge_absence);
}

/* The request lines of iis.log: what is not a directive. */
static void keep_requests(struct lines *l) {
    size_t kept = 0;
    for (size_t i = 0; i < l->count; i++)
        if (l->items[i].len > 0 && l->items[i].data[0] != '#')
            l->items[kept++] = l->items[i];
    l->count = kept;
}

static void fail_exactly(struct run *r, const struct content *c, const struct pattern_miss *miss) {
    char phone[160];
    bool left = miss->after < c->lines.count;
    struct bytes line = left ? c->lines.items[miss->after] : bytes_of_str("(no more requests)");
    if (!left)
        run_fail(r, miss->pattern->node, "certsrv",
                 "iis.log: expected as request %zu%s: \"%s\"; there are %zu", miss->after + 1,
                 of_phone(miss, phone), miss->pattern->text, c->lines.count);
    else
        run_fail(r, miss->pattern->node, "certsrv",
                 "iis.log: request %zu: expected%s: \"%s\", actual: %.*s", miss->after + 1,
                 of_phone(miss, phone), miss->pattern->text, shown(line), (const char *)line.data);
}

void judge_iis_requests(struct run *r, const struct cfg_node *node) {
    const struct then *t = &r->scenario->then;
    struct phone_names phones = scenario_phone_names(r->scenario);
    AUTO(char) path = run_path(r, "logs/iis.log");
    AUTO_CONTENT c = {.text = BUF_INIT(0)};
    if (content_read(r, node, path, &c) != 0)
        return;
    keep_requests(&c.lines);
    if (!t->iis_requests.given) {
        if ((int64_t)c.lines.count != t->iis_count)
            run_fail(r, node, "certsrv", "iis.log: expected %" PRId64 " requests, actual %zu",
                     t->iis_count, c.lines.count);
        return;
    }
    struct pattern_miss miss = patterns_exactly(&t->iis_requests, &phones, &c.lines);
    if (miss.pattern != NULL)
        fail_exactly(r, &c, &miss);
}

/* "capf -> SEP74A02FC0A675: AUTH_REQ version 3", one line for each event in events.ndjson. */
static void put_event(struct bytes line, struct buf *out) {
    json_t *event = json_loadb((const char *)line.data, line.len, 0, NULL);
    const char *from = json_string_value(json_object_get(event, "from"));
    const char *to = json_string_value(json_object_get(event, "to"));
    const char *what = json_string_value(json_object_get(event, "what"));
    const char *detail = json_string_value(json_object_get(event, "detail"));
    if (from != NULL && to != NULL && what != NULL)
        buf_printf(out, "%s -> %s: %s %s\n", from, to, what, detail == NULL ? "" : detail);
    json_decref(event);
}

void judge_events(struct run *r, const struct cfg_node *node) {
    struct phone_names phones = scenario_phone_names(r->scenario);
    AUTO(char) path = run_path(r, "events.ndjson");
    AUTO_CONTENT c = {.text = BUF_INIT(0)};
    AUTO_CONTENT told = {.text = BUF_INIT(LOG_BYTES_MAX)};
    if (content_read(r, node, path, &c) != 0)
        return;
    for (size_t i = 0; i < c.lines.count; i++)
        put_event(c.lines.items[i], &told.text);
    told.lines = lines_of(buf_view(&told.text));
    struct pattern_list list = sut_events(r);
    struct pattern_miss miss = patterns_in_order(&list, &phones, &told.lines);
    if (miss.pattern != NULL)
        fail_in_order(r, "events", NULL, &told, &miss);
    sut_events_free(&list);
}

/* "Enrollment rv = 22 (EST_ERR_AUTH_FAIL) with ...": the name in the parentheses. */
static bool enrolment_result(struct bytes line, char *out, size_t size) {
    static const char lead[] = "Enrollment rv = ";
    const uint8_t *found = memmem(line.data, line.len, lead, sizeof lead - 1);
    const uint8_t *end = line.data + line.len;
    const uint8_t *open = found == NULL ? NULL : memchr(found, '(', (size_t)(end - found));
    const uint8_t *close = open == NULL ? NULL : memchr(open, ')', (size_t)(end - open));
    if (close == NULL)
        return false;
    snprintf(out, size, "%.*s", (int)(close - open - 1), (const char *)open + 1);
    return true;
}

void judge_est(struct run *r, const struct cfg_node *node) {
    const char *expected = r->scenario->then.est;
    bool wanted = strcmp(expected, "none") != 0;
    size_t seen = 0;
    AUTO(char) path = run_path(r, "logs/capf.log");
    AUTO_CONTENT c = {.text = BUF_INIT(0)};
    if (content_read(r, node, path, &c) != 0)
        return;
    for (size_t i = 0; i < c.lines.count; i++) {
        char result[64];
        if (!enrolment_result(c.lines.items[i], result, sizeof result))
            continue;
        seen++;
        if (strcmp(result, expected) != 0)
            run_fail(r, node, "capf", "capf.log line %zu: enrolment: expected %s, actual %s", i + 1,
                     expected, result);
    }
    if (wanted && seen == 0)
        run_fail(r, node, "capf", "capf.log: expected an enrolment with %s, but there was none",
                 expected);
}
