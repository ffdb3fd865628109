/* The state of a run and the list of its failures. */
#include "scenarios/runner/run.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/owned.h"
#include "scenarios/runner/place.h"
#include "scenarios/runner/torture_lab.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { TAIL_LINES = 8, TAIL_BYTES_MAX = 8 * 1024 };

char *run_path(const struct run *r, const char *fmt, ...) {
    AUTO(char) below = NULL;
    va_list args;
    va_start(args, fmt);
    int n = vasprintf(&below, fmt, args);
    va_end(args);
    if (n < 0) {
        below = NULL;
        return NULL;
    }
    return path_join(r->dir, "%s", below);
}

int64_t run_deadline(const struct run *r, int64_t real_us) {
    int64_t at = deadline_in((int64_t)((double)real_us * r->options->patience));
    return at < r->end ? at : r->end;
}

char *actor_log(const struct run *r, const char *actor) {
    enum component c = component_of(actor);
    if (c != COMPONENT_COUNT)
        return run_path(r, "logs/%s", component_log(c));
    return run_path(r, "logs/phone-%s.log", actor);
}

static json_t *tail_of(const char *path) {
    AUTO_BUF text = BUF_INIT(TAIL_BYTES_MAX);
    file_tail(path, TAIL_LINES, "", &text);
    json_t *tail = json_array();
    struct lines l = lines_of(buf_view(&text));
    for (size_t i = 0; i < l.count; i++)
        json_array_append_new(tail,
                              json_stringn_nocheck((const char *)l.items[i].data, l.items[i].len));
    lines_free(&l);
    return tail;
}

static void add_log(const struct run *r, json_t *failure, const char *actor) {
    AUTO(char) log = actor_log(r, actor);
    AUTO(char) errors = run_path(r, "logs/%s.stderr", actor);
    if (log == NULL || errors == NULL)
        return;
    json_object_set_new(failure, "actor", json_string(actor));
    json_object_set_new(failure, "log", json_string(log));
    json_object_set_new(failure, "tail", tail_of(log));
    json_object_set_new(failure, "stderr", tail_of(errors));
}

/* Text of peers need not be UTF-8: what is not becomes '?'. */
static json_t *text_value(char *text) {
    json_t *value = json_string(text);
    for (char *p = text; value == NULL && *p != '\0'; p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    return value != NULL ? value : json_string(text);
}

void run_fail(struct run *r, const struct cfg_node *node, const char *actor, const char *fmt, ...) {
    AUTO(char) text = NULL;
    va_list args;
    va_start(args, fmt);
    int n = vasprintf(&text, fmt, args);
    va_end(args);
    if (n < 0)
        text = NULL;
    json_t *failure = json_object();
    json_object_set_new(failure, "step", json_string(r->step));
    if (node != NULL)
        json_object_set_new(failure, "where",
                            json_sprintf("%s:%zu", r->scenario->path, cfg_node_line(node)));
    json_object_set_new(failure, "text", text == NULL ? json_string("") : text_value(text));
    if (actor != NULL)
        add_log(r, failure, actor);
    json_array_append_new(r->failures, failure);
}

bool run_failed(const struct run *r) {
    return json_array_size(r->failures) > 0;
}

int run_open(struct run *r, const struct scenario *s, const struct run_options *options,
             const char *dir, struct err *e) {
    *r = (struct run){.scenario = s,
                      .options = options,
                      .dir = dir,
                      .step = "prepare",
                      .held_http = -1,
                      .begun = deadline_in(0),
                      .end = deadline_in((int64_t)((double)s->deadline_us * options->patience)),
                      .failures = json_array(),
                      .phones = calloc(s->phone_count, sizeof *r->phones)};
    for (size_t i = 0; i < COMPONENT_COUNT; i++) {
        r->components[i] = (struct actor){.pidfd = -1, .out_fd = -1, .ready_fd = -1};
        r->held[i] = -1;
    }
    if (r->failures == NULL || r->phones == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    for (size_t i = 0; i < s->phone_count; i++)
        r->phones[i].settings = &s->phones[i];
    return place_prepare(dir, e);
}

static void phone_close(struct run_phone *p) {
    if (p->started)
        actor_release(&p->actor);
    json_decref(p->result);
    free(p->config);
    free(p->mic_key);
    free(p->lsc_key);
    free(p->new_key);
    free(p->lsc_before);
}

void run_close(struct run *r) {
    for (size_t i = 0; r->phones != NULL && i < r->scenario->phone_count; i++)
        phone_close(&r->phones[i]);
    free(r->phones);
    for (size_t i = 0; i < COMPONENT_COUNT; i++) {
        actor_release(&r->components[i]);
        free(r->addresses[i]);
        if (r->held[i] >= 0)
            close(r->held[i]);
        json_decref(r->changes[i]);
        json_decref(r->workers[i]);
    }
    free(r->http_address);
    if (r->held_http >= 0)
        close(r->held_http);
    lab_certs_free(&r->certs);
    keypool_close(&r->pool);
    json_decref(r->failures);
    json_decref(r->left_out);
    torture_lab_close(r->torture);
    *r = (struct run){0};
}
