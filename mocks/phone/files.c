/* The phone's downloads (phone-behaviour.md 1): each file by HTTP, then by TFTP, from each of its
 * servers until one has an answer; that a server does not have it is an answer. */
#include "base/process.h"
#include "mocks/phone/phone_impl.h"
#include <string.h>

/* On an event loop libcurl sends no TFTP request again: the phone does, so often in its limit. */
enum { TFTP_BLOCK = 1428, TFTP_TRIES = 3 };

static const char *const results[] = {
#define X(result, word) [PHONE_FILE_##result] = word,
    PHONE_FILE_TABLE(X)
#undef X
};

static void next_way(struct phone *p);

static const struct phone_file_server *server_of(const struct phone *p) {
    return (const struct phone_file_server *)p->config->tftp.servers.items + p->fetch.server;
}

static bool has_server(const struct phone *p) {
    return p->fetch.server < p->config->tftp.servers.count;
}

static uint16_t port_of(const struct phone *p) {
    const struct phone_file_server *s = server_of(p);
    return (uint16_t)(p->fetch.tftp ? s->tftp_port : s->http_port);
}

static const char *protocol_of(const struct phone *p) {
    return p->fetch.tftp ? "tftp" : "http";
}

static void report(struct phone *p, enum phone_file_result result) {
    struct phone_fetch *f = &p->fetch;
    const char *by = result == PHONE_FILE_FAILED ? NULL : protocol_of(p);
    console_line(p->console, result == PHONE_FILE_FAILED ? CONSOLE_ERR : CONSOLE_NOT,
                 CONSOLE_CONFIGMGR, "cip.cfg.FileProperty:? - %s %s%s%s", f->name, results[result],
                 by != NULL ? " by " : "", by != NULL ? by : "");
    json_array_append_new(p->files, json_pack("{s:s, s:s, s:s?}", "name", f->name, "result",
                                              results[result], "by", by));
    f->done(p, result, buf_view(&f->content));
}

/* Another protocol, another server, or the end. */
static void go_on(struct phone *p, const struct err *e) {
    struct phone_fetch *f = &p->fetch;
    console_line(p->console, CONSOLE_WRN, CONSOLE_CONFIGMGR, "cip.cfg.FileProperty:? - %s: %s: %s",
                 f->name, protocol_of(p), e->text);
    if (f->tftp)
        f->server++;
    f->tftp = !f->tftp;
    f->tries = 0;
    next_way(p);
}

static void transfer(struct phone *p);

/* Whether the same server is asked once more: datagrams get lost. */
static bool ask_again(struct phone *p, const struct http_result *r) {
    struct phone_fetch *f = &p->fetch;
    if (!f->tftp || r->code != CURLE_OPERATION_TIMEDOUT || ++f->tries >= TFTP_TRIES)
        return false;
    transfer(p);
    return true;
}

/* Why the transfer of a file failed, in words of files: curl only says that nobody took it. */
static void explain(const struct phone_fetch *f, const struct http_result *r, struct err *e) {
    if (r->code == CURLE_OK)
        err_set(e, ERR_HTTP_STATUS, "HTTP status %ld", r->status);
    else if (f->content.failed)
        err_set(e, ERR_SYS_LIMIT, "larger than %d bytes", PHONE_FILE_MAX);
}

static bool is_missing(const struct http_result *r) {
    return r->code == CURLE_TFTP_NOTFOUND || (r->code == CURLE_OK && r->status == 404);
}

static void on_transfer(void *user, CURL *easy, const struct http_result *r) {
    struct phone *p = user;
    struct err e = r->err;
    (void)easy;
    p->fetch.running = false;
    if (is_missing(r)) {
        buf_reset(&p->fetch.content);
        report(p, PHONE_FILE_MISSING);
    } else if (r->code == CURLE_OK && (p->fetch.tftp || r->status == 200)) {
        report(p, PHONE_FILE_FOUND);
    } else if (!ask_again(p, r)) {
        explain(&p->fetch, r, &e);
        go_on(p, &e);
    }
}

/* "Host: 10.1.1.1:6970": the address, and the port that the phone knows (phone-behaviour.md 1). */
static int set_headers(struct phone_fetch *f, const char *address, uint16_t port) {
    char host[PHONE_HOST_MAX + 16] = "Host: ";
    size_t len = strlen(host);
    join_host_port(address, port, host + len, sizeof host - len);
    curl_slist_free_all(f->headers);
    f->headers = curl_slist_append(NULL, host);
    curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, f->headers);
    return f->headers != NULL ? 0 : -1;
}

static int prepare(struct phone *p, const char *address, struct err *e) {
    struct phone_fetch *f = &p->fetch;
    char url[PHONE_HOST_MAX + 2 * PHONE_FILE_NAME_MAX], where[PHONE_HOST_MAX + 8];
    join_host_port(address, f->place.port, where, sizeof where);
    snprintf(url, sizeof url, "%s://%s/%s", protocol_of(p), where, f->name);
    curl_easy_reset(f->easy);
    buf_reset(&f->content);
    curl_easy_setopt(f->easy, CURLOPT_WRITEFUNCTION, http_client_to_buf);
    curl_easy_setopt(f->easy, CURLOPT_WRITEDATA, &f->content);
    curl_easy_setopt(f->easy, CURLOPT_TFTP_BLKSIZE, (long)TFTP_BLOCK);
    if (set_headers(f, address, port_of(p)) != 0)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    return http_client_target_plain(f->easy, url, e);
}

static void transfer(struct phone *p) {
    struct phone_fetch *f = &p->fetch;
    struct err e = {0};
    if (prepare(p, f->address, &e) != 0) {
        go_on(p, &e);
        return;
    }
    f->endpoint = (struct http_endpoint){.host = f->address, .port = f->place.port};
    f->running = true;
    http_client_start(p->shared->http, f->easy, &f->endpoint,
                      p->config->tftp.timeout_us / (f->tftp ? TFTP_TRIES : 1), on_transfer, p);
}

static void on_address(struct phone *p, const char *address, const struct err *e) {
    struct phone_fetch *f = &p->fetch;
    if (address == NULL) {
        f->known[0] = '\0';
        go_on(p, e);
        return;
    }
    snprintf(f->address, sizeof f->address, "%s", address);
    snprintf(f->known, sizeof f->known, "%s", f->place.host);
    transfer(p);
}

/* The address of the host that it used last is not asked for again in the same boot. */
static void next_way(struct phone *p) {
    struct phone_fetch *f = &p->fetch;
    struct err e = {0};
    if (!has_server(p))
        report(p, PHONE_FILE_FAILED);
    else if (port_of(p) == 0) {
        err_set(&e, ERR_CONFIG_MISSING, "not served");
        go_on(p, &e);
    } else if (phone_route(p, server_of(p)->host, port_of(p), &f->place, &e) != 0)
        go_on(p, &e);
    else if (strcmp(f->known, f->place.host) == 0)
        transfer(p);
    else
        phone_look_up(p, f->place.host, on_address);
}

void phone_fetch(struct phone *p, const char *name, phone_file_fn *done) {
    struct phone_fetch *f = &p->fetch;
    snprintf(f->name, sizeof f->name, "%s", name);
    f->server = 0;
    f->tries = 0;
    f->tftp = false;
    f->done = done;
    buf_reset(&f->content);
    next_way(p);
}

void phone_fetch_stop(struct phone *p) {
    struct phone_fetch *f = &p->fetch;
    if (f->running)
        http_client_cancel(p->shared->http, f->easy);
    f->running = false;
    f->known[0] = '\0';
}

int phone_fetch_open(struct phone *p, struct err *e) {
    p->fetch.easy = curl_easy_init();
    p->fetch.content = (struct buf)BUF_INIT(PHONE_FILE_MAX);
    return p->fetch.easy != NULL ? 0 : err_set(e, ERR_SYS_NOMEM, "transfers");
}

void phone_fetch_close(struct phone *p) {
    phone_fetch_stop(p);
    if (p->fetch.easy != NULL)
        curl_easy_cleanup(p->fetch.easy);
    curl_slist_free_all(p->fetch.headers);
    buf_free(&p->fetch.content);
}
