/* A scripted certsrv for test programs: answers each path as its table says and remembers what was
 * asked. Test programs only; never included by product code. */
#ifndef CERTSRV_SCRIPT_H
#define CERTSRV_SCRIPT_H

#include "base/file.h"
#include "base/http_server.h"
#include "base/owned.h"
#include "base/resolver.h"
#include "base/test.h"
#include <event2/event.h>
#include <string.h>

#ifndef SCRIPT_DATA
#define SCRIPT_DATA TESTDATA
#endif

struct script_row {
    const char *method;
    const char *path;
    unsigned status;  /* 0: held until script_release(); SCRIPT_HANGS_UP: no answer */
    const char *file; /* of SCRIPT_DATA; NULL: no body */
};

enum { SCRIPT_SEEN_MAX = 64, SCRIPT_HANGS_UP = 1 };
struct script_seen {
    char what[512]; /* "GET /certsrv" or "GET /certsrv/certnew.cer?ReqID=..." */
    char referer[256];
    char agent[64];
    char authorization[256];
    uint64_t connection;
};

struct script {
    struct event_base *loop;
    struct resolver *resolver;
    struct http_server *server;
    const struct script_row *rows; /* ends with {NULL} */
    struct script_seen seen[SCRIPT_SEEN_MAX];
    size_t count;
    struct http_request *held;
    char body[8192]; /* of the last POST */
    char via[64];
};

static inline const struct script_row *script_find(const struct script *s, const char *method,
                                                   const char *path) {
    for (const struct script_row *row = s->rows; row->method != NULL; row++)
        if (strcmp(row->method, method) == 0 && strcmp(row->path, path) == 0)
            return row;
    return NULL;
}

static inline void script_copy(char *out, size_t size, const char *text) {
    snprintf(out, size, "%s", text != NULL ? text : "");
}

static inline void script_note(struct script *s, const struct http_request *r) {
    struct script_seen *seen = &s->seen[s->count++];
    const char *query = http_request_query(r);
    ck_assert_uint_lt(s->count, SCRIPT_SEEN_MAX);
    snprintf(seen->what, sizeof seen->what, "%s %s%s%s", http_request_method(r),
             http_request_path(r), *query != '\0' ? "?" : "", query);
    script_copy(seen->referer, sizeof seen->referer, http_request_header(r, "Referer"));
    script_copy(seen->agent, sizeof seen->agent, http_request_header(r, "User-Agent"));
    script_copy(seen->authorization, sizeof seen->authorization,
                http_request_header(r, "Authorization"));
    seen->connection = http_request_connection_id(r);
    if (strcmp(http_request_method(r), "POST") == 0) {
        struct bytes body = http_request_body(r);
        snprintf(s->body, sizeof s->body, "%.*s", (int)body.len, (const char *)body.data);
    }
}

static inline void script_answer(const struct script *s, struct http_request *r) {
    AUTO_BUF body = BUF_INIT(1024 * 1024);
    struct err e;
    const struct script_row *row = script_find(s, http_request_method(r), http_request_path(r));
    if (row != NULL && row->file != NULL) {
        AUTO(char) path = path_join(SCRIPT_DATA, "%s", row->file);
        ck_assert_ok(file_read(path, &body, &e), e);
    }
    http_reply(r, row != NULL ? row->status : 404, buf_view(&body), false);
}

static inline void script_request(void *user, struct http_request *r) {
    struct script *s = user;
    script_note(s, r);
    const struct script_row *row = script_find(s, http_request_method(r), http_request_path(r));
    if (row != NULL && row->status == 0)
        s->held = r;
    else if (row != NULL && row->status == SCRIPT_HANGS_UP)
        http_hang_up(r);
    else
        script_answer(s, r);
}

/* Answers the request held last, by the rows as they are now. */
static inline void script_release(struct script *s) {
    ck_assert_ptr_nonnull(s->held);
    script_answer(s, TAKE(s->held));
}

static inline void script_completed(void *user, struct http_request *r, bool sent) {
    (void)user;
    (void)r;
    (void)sent;
}

/* On a loop of somebody else. */
static inline void script_serve(struct script *s, struct event_base *loop,
                                const struct script_row *rows) {
    struct http_server_options options = {.listen = "127.0.0.1:0",
                                          .certificate_file = SCRIPT_DATA "/server.pem",
                                          .key_file = SCRIPT_DATA "/server.key",
                                          .body_max = 64 * 1024};
    struct http_server_callbacks callbacks = {
        .request = script_request, .completed = script_completed, .user = s};
    struct err e;
    *s = (struct script){.loop = loop, .rows = rows};
    s->server = http_server_new(s->loop, &options, &callbacks, &e);
    ck_assert_msg(s->server != NULL, "%s", e.text);
    script_copy(s->via, sizeof s->via, http_server_address(s->server));
}

static inline void script_open(struct script *s, const struct script_row *rows) {
    static const struct cfg_strings servers = {NULL, 0};
    static const struct cfg_pairs hosts = {NULL, 0};
    struct err e;
    script_serve(s, event_base_new(), rows);
    s->resolver = resolver_new(s->loop, &servers, &hosts, &e);
    ck_assert_ptr_nonnull(s->resolver);
}

static inline void script_close(struct script *s) {
    http_server_free(s->server);
    resolver_free(s->resolver);
    event_base_free(s->loop);
}

/* Runs the loop until *flag. */
static inline void script_run_until(struct script *s, const bool *flag) {
    while (!*flag)
        ck_assert_int_ge(event_base_loop(s->loop, EVLOOP_ONCE), 0);
}

#endif
