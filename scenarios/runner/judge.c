/* Judging what phones, the device store and the files show at the end. */
#include "scenarios/runner/judge.h"

#include "base/file.h"
#include "base/owned.h"
#include "base/sql.h"
#include "scenarios/runner/sut_run.h"

#include <inttypes.h>
#include <string.h>

enum { PEM_BYTES_MAX = 64 * 1024, STATUS_BYTES_MAX = 64 * 1024 };

/* Said once for all phones. */
static void note_issuer(struct run *r) {
    bool known = true;
    sut_issuer(r, &known);
    if (!known)
        sut_leave_out(r, "issuer of the LSCs");
}

void judge(struct run *r) {
    typedef void judge_fn(struct run *, const struct cfg_node *);
    static judge_fn *const judges[] = {
#define X(name, suffix, argument, help) judge_##suffix,
        EXPECT_TABLE(X)
#undef X
    };
    r->step = "then";
    note_issuer(r);
    for (size_t i = 0; i < EXPECT_COUNT; i++)
        if (r->scenario->then.nodes[i] != NULL && sut_judges(r, (enum expect_kind)i))
            judges[i](r, r->scenario->then.nodes[i]);
}

static void judge_lsc(struct run *r, const struct phone_expect *x, const struct run_phone *p) {
    const struct phone_settings *s = p->settings;
    struct err e = {0};
    bool there = lsc_is_there(r, s);
    if (x->lsc == LSC_IS_NONE && there)
        run_fail(r, x->node, s->name, "%s: expected no LSC, but it holds one", s->name);
    else if (x->lsc > LSC_IS_NONE && !there)
        run_fail(r, x->node, s->name, "%s: expected an LSC, but it holds none", s->name);
    else if (x->lsc == LSC_IS_INSTALLED && lsc_verify(r, s, &e) != 0)
        run_fail(r, x->node, s->name, "%s: expected a valid LSC: %s", s->name, e.text);
    if (x->lsc != LSC_IS_KEPT || !there)
        return;
    AUTO(char) path = run_path(r, "lsc/%s.pem", s->name);
    AUTO_BUF pem = BUF_INIT(PEM_BYTES_MAX);
    if (path == NULL || file_read(path, &pem, &e) != 0 || p->lsc_before == NULL ||
        strcmp(buf_str(&pem), p->lsc_before) != 0)
        run_fail(r, x->node, s->name, "%s: expected the LSC of the start, but it holds another one",
                 s->name);
}

static bool is_about_lsc(const char *message) {
    return strncmp(message, "LSC: ", 5) == 0 || strcmp(message, "No valid CAPF server") == 0;
}

/* The last message about the LSC; without one, the last of all; NULL: there is none. */
static const char *last_status(const json_t *result) {
    const json_t *all = json_object_get(result, "status");
    const char *last = NULL;
    size_t i;
    const json_t *message;
    json_array_foreach(all, i, message) {
        const char *text = json_string_value(message);
        if (text != NULL && (last == NULL || is_about_lsc(text) || !is_about_lsc(last)))
            last = text;
    }
    return last;
}

static void judge_text(struct run *r, const struct cfg_node *node, const char *actor,
                       const char *what, const char *expected, const char *actual) {
    AUTO_BUF own = BUF_INIT(STATUS_BYTES_MAX);
    if (actual != NULL && buf_put_str(&own, actual) == 0) {
        sut_translate(r, &own);
        actual = buf_str(&own);
    }
    if (expected == NULL || (actual != NULL && strcmp(expected, actual) == 0))
        return;
    if (actual == NULL)
        run_fail(r, node, actor, "%s: %s: expected \"%s\", but there is none", actor, what,
                 expected);
    else
        run_fail(r, node, actor, "%s: %s: expected \"%s\", actual \"%s\"", actor, what, expected,
                 actual);
}

/* All messages, none left out and none added. */
static void judge_statuses(struct run *r, const struct phone_expect *x, const struct run_phone *p) {
    const json_t *all = json_object_get(p->result, "status");
    AUTO_BUF actual = BUF_INIT(STATUS_BYTES_MAX);
    AUTO_BUF expected = BUF_INIT(STATUS_BYTES_MAX);
    if (x->statuses.count == 0)
        return;
    for (size_t i = 0; i < json_array_size(all); i++)
        buf_printf(&actual, "%s%s", i > 0 ? ", " : "", json_string_value(json_array_get(all, i)));
    for (size_t i = 0; i < x->statuses.count; i++)
        buf_printf(&expected, "%s%s", i > 0 ? ", " : "", x->statuses.items[i]);
    if (strcmp(buf_str(&actual), buf_str(&expected)) != 0)
        run_fail(r, x->node, p->settings->name, "%s: statuses: expected %s; actual %s",
                 p->settings->name, buf_str(&expected), buf_str(&actual));
}

static void judge_phone(struct run *r, const struct phone_expect *x, const struct run_phone *p) {
    const char *name = p->settings->name;
    const json_t *reason = json_object_get(p->result, "reason");
    judge_lsc(r, x, p);
    judge_text(r, x->node, name, "status", x->status, last_status(p->result));
    judge_statuses(r, x, p);
    judge_text(r, x->node, name, "result", x->result,
               json_string_value(json_object_get(p->result, "result")));
    if (x->reason >= 0 && !json_is_integer(reason))
        run_fail(r, x->node, name, "%s: reason: expected %" PRId64 ", but there is none", name,
                 x->reason);
    else if (x->reason >= 0 && json_integer_value(reason) != x->reason)
        run_fail(r, x->node, name, "%s: reason: expected %" PRId64 ", actual %" JSON_INTEGER_FORMAT,
                 name, x->reason, json_integer_value(reason));
}

void judge_phones(struct run *r, const struct cfg_node *node) {
    (void)node;
    const struct then *t = &r->scenario->then;
    for (size_t i = 0; i < t->phone_count; i++)
        for (size_t j = 0; j < r->scenario->phone_count; j++)
            if (t->phones[i].name == NULL ||
                phone_is_meant(r->phones[j].settings, t->phones[i].name))
                judge_phone(r, &t->phones[i], &r->phones[j]);
}

void judge_certificates(struct run *r, const struct cfg_node *node) {
    for (size_t i = 0; i < r->scenario->phone_count; i++) {
        const struct phone_settings *s = r->phones[i].settings;
        struct err e = {0};
        bool there = lsc_is_there(r, s);
        if (r->scenario->then.certificates == CERTIFICATES_NONE) {
            if (there)
                run_fail(r, node, s->name, "%s: expected no LSC, but it holds one", s->name);
        } else if (!there) {
            run_fail(r, node, s->name, "%s: expected an LSC, but it holds none", s->name);
        } else if (lsc_verify(r, s, &e) != 0) {
            run_fail(r, node, s->name, "%s: expected a valid LSC: %s", s->name, e.text);
        }
    }
}

/* A path of `files` for one phone. */
static void expand_phone(const char *path, const char *name, struct buf *out) {
    static const char word[] = "{phone}";
    for (const char *found; (found = strstr(path, word)) != NULL; path = found + sizeof word - 1) {
        buf_put(out, path, (size_t)(found - path));
        buf_put_str(out, name);
    }
    buf_put_str(out, path);
}

static void judge_file(struct run *r, const struct cfg_node *node, const char *below,
                       bool expected) {
    AUTO(char) path = run_path(r, "%s", below);
    if (path != NULL && file_exists(path) != expected)
        run_fail(r, node, NULL, "%s: expected to be %s, but it is %s", below,
                 expected ? "there" : "absent", expected ? "absent" : "there");
}

static void judge_paths(struct run *r, const struct cfg_node *node, const struct cfg_strings *paths,
                        bool expected) {
    for (size_t i = 0; i < paths->count; i++) {
        bool each = strstr(paths->items[i], "{phone}") != NULL;
        for (size_t j = 0; j < (each ? r->scenario->phone_count : 1); j++) {
            AUTO_BUF below = BUF_INIT(4096);
            expand_phone(paths->items[i], r->scenario->phones[j].name, &below);
            judge_file(r, node, buf_str(&below), expected);
        }
    }
}

void judge_files(struct run *r, const struct cfg_node *node) {
    judge_paths(r, node, &r->scenario->then.files_present, true);
    judge_paths(r, node, &r->scenario->then.files_absent, false);
}
