/* What is judged when programs under test take part: only what can be seen from outside. */
#include "scenarios/runner/sut_run.h"

#include "base/owned.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void sut_leave_out(struct run *r, const char *fmt, ...) {
    AUTO(char) text = NULL;
    va_list args;
    va_start(args, fmt);
    int n = vasprintf(&text, fmt, args);
    va_end(args);
    if (n < 0) {
        text = NULL;
        return;
    }
    size_t i;
    const json_t *noted;
    json_array_foreach(r->left_out, i, noted) {
        if (strcmp(json_string_value(noted), text) == 0)
            return;
    }
    if (r->left_out == NULL)
        r->left_out = json_array();
    json_array_append_new(r->left_out, json_string(text));
}

bool sut_judges(struct run *r, enum expect_kind kind) {
    const struct suts *s = r->options->suts;
    bool capf = sut_hides(s, COMPONENT_CAPF);
    bool certsrv = sut_hides(s, COMPONENT_CERTSRV);
    bool hidden = false;
    if (kind == EXPECT_device || kind == EXPECT_est || kind == EXPECT_files)
        hidden = capf;
    else if (kind == EXPECT_iis_requests)
        hidden = certsrv;
    else if (kind == EXPECT_diagnosis)
        hidden = capf || certsrv || sut_hides(s, COMPONENT_RA);
    if (hidden)
        sut_leave_out(r, "%s", expect_name(kind));
    return !hidden;
}

bool sut_judges_log(struct run *r, enum log_kind kind) {
    if (kind == LOG_PHONE || !sut_hides(r->options->suts, log_writer(kind)))
        return true;
    sut_leave_out(r, "log %s", log_word(kind));
    return false;
}

static bool has_word(const char *text, size_t len, const char *word) {
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= len; i++)
        if (strncmp(text + i, word, n) == 0 && (i == 0 || text[i - 1] == ' ') &&
            (i + n == len || text[i + n] == ' '))
            return true;
    return false;
}

/* An exchange is written by the one that serves it. */
static bool event_is_ours(const struct run *r, const char *text) {
    static const enum component servers[] = {COMPONENT_CERTSRV, COMPONENT_RA, COMPONENT_CAPF};
    const char *colon = text == NULL ? NULL : strchr(text, ':');
    for (size_t i = 0; colon != NULL && i < sizeof servers / sizeof servers[0]; i++)
        if (has_word(text, (size_t)(colon - text), component_name(servers[i])))
            return !sut_hides(r->options->suts, servers[i]);
    return true;
}

static size_t keep_ours(const struct run *r, const struct pattern *from, size_t count,
                        struct pattern *to) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (event_is_ours(r, from[i].text))
            to[kept++] = from[i];
    return kept;
}

struct pattern_list sut_events(struct run *r) {
    const struct pattern_list *all = &r->scenario->then.events;
    struct pattern_list list = {.items = calloc(all->count + 1, sizeof *list.items), .given = true};
    size_t left_out = 0;
    if (list.items == NULL)
        return list;
    list.count = keep_ours(r, all->items, all->count, list.items);
    left_out = all->count - list.count;
    for (size_t i = 0; i < list.count; i++) {
        struct pattern *group = &list.items[i];
        const struct pattern *whole = group->each;
        if (whole == NULL)
            continue;
        group->each = calloc(group->each_count + 1, sizeof *group->each);
        size_t kept = group->each == NULL ? 0 : keep_ours(r, whole, group->each_count, group->each);
        left_out += group->each_count - kept;
        group->each_count = kept;
    }
    if (left_out > 0)
        sut_leave_out(r, "%zu events", left_out);
    return list;
}

void sut_events_free(struct pattern_list *list) {
    for (size_t i = 0; list->items != NULL && i < list->count; i++)
        free(list->items[i].each);
    free(list->items);
    *list = (struct pattern_list){0};
}

static void replace(struct buf *text, const struct sut_text *x) {
    struct buf out = BUF_INIT(text->max);
    const uint8_t *from = text->data;
    const uint8_t *end = from + text->len;
    size_t len = strlen(x->theirs);
    if (text->len == 0 || len == 0 || memmem(from, text->len, x->theirs, len) == NULL)
        return;
    for (const uint8_t *at; (at = memmem(from, (size_t)(end - from), x->theirs, len)) != NULL;) {
        buf_put(&out, from, (size_t)(at - from));
        buf_put_str(&out, x->ours);
        from = at + len;
    }
    buf_put(&out, from, (size_t)(end - from));
    buf_free(text);
    *text = out;
}

void sut_translate(const struct run *r, struct buf *text) {
    const struct suts *s = r->options->suts;
    for (size_t kind = 0; s != NULL && kind < SUT_COUNT; kind++) {
        const struct cfg_list *texts = &s->file.of[kind].texts;
        for (size_t i = 0; s->items[kind].given && i < texts->count; i++)
            replace(text, (const struct sut_text *)texts->items + i);
    }
}

const char *sut_issuer(const struct run *r, bool *known) {
    const struct suts *s = r->options->suts;
    int issuer = r->scenario->lab.capf.issuer;
    *known = !(issuer == ISSUER_ONLINE_CA ? sut_hides(s, COMPONENT_CERTSRV)
                                          : sut_hides(s, COMPONENT_CAPF));
    for (size_t kind = 0; s != NULL && kind < SUT_COUNT; kind++)
        if (s->items[kind].given && s->file.of[kind].issuer != NULL) {
            *known = true;
            return s->file.of[kind].issuer;
        }
    return NULL;
}
