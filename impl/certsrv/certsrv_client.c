/* Sessions with the certsrv pages over libcurl. A session owns its connection cache, because NTLM
 * state belongs to a connection and must never be shared by two users. The password goes to libcurl
 * and nowhere else. */
#include "certsrv/certsrv_client.h"
#include "base/clock.h"
#include "certsrv/certsrv_form.h"
#include <openssl/crypto.h>
#include <string.h>

struct certsrv_client {
    struct event_base *loop;
    struct resolver *resolver;
    struct certsrv_options options;
    struct event *reaper;
    struct certsrv_session *dead; /* freed by their users, maybe from inside libcurl's call */
    /* The form is mostly the same page as before; parsing it takes longer than comparing it. */
    struct buf form;
    struct certsrv_templates offered; /* by that form */
};

/* What a step makes of its response; fills answer->err on failure. */
typedef void read_fn(struct certsrv_client *client, struct bytes body,
                     struct certsrv_answer *answer);

struct certsrv_session {
    struct certsrv_client *client;
    struct http_client *http;
    CURL *easy;
    char *username;
    char *password;
    struct event *unsent; /* answers a step that could not be started */
    struct err unsent_err;
    bool running;
    read_fn *read;
    certsrv_fn *fn;
    void *user;
    struct buf url;
    struct buf form;
    size_t form_given; /* bytes of it that curl took */
    struct buf body;
    struct certsrv_session *next;
};

static const char page_login[] = "/certsrv";
static const char page_form[] = "/certsrv/certrqxt.asp";
static const char page_finish[] = "/certsrv/certfnsh.asp";
static const char page_ca[] = "/certsrv/certcarc.asp";

int certsrv_check_library(enum certsrv_authentication authentication, struct err *e) {
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    if (authentication == CERTSRV_NTLM && !http_client_has_ntlm())
        return err_set(e, ERR_CERTSRV_NO_NTLM,
                       "libcurl %s was built without NTLM (opt-in since 8.20): install a libcurl "
                       "that has it, or set certsrv.authentication to negotiate or basic",
                       info->version);
    if (authentication == CERTSRV_NEGOTIATE && (info->features & CURL_VERSION_SPNEGO) == 0)
        return err_set(e, ERR_CERTSRV_NO_NTLM,
                       "libcurl %s was built without SPNEGO: set certsrv.authentication to ntlm",
                       info->version);
    return 0;
}

static void session_destroy(struct certsrv_session *s) {
    http_client_free(s->http);
    curl_easy_cleanup(s->easy);
    if (s->unsent != NULL)
        event_free(s->unsent);
    if (s->password != NULL)
        OPENSSL_cleanse(s->password, strlen(s->password));
    free(s->password);
    free(s->username);
    buf_free(&s->url);
    buf_free(&s->form);
    buf_free(&s->body);
    free(s);
}

static void reap(evutil_socket_t fd, short what, void *user) {
    (void)fd;
    (void)what;
    struct certsrv_client *c = user;
    while (c->dead != NULL) {
        struct certsrv_session *s = c->dead;
        c->dead = s->next;
        session_destroy(s);
    }
}

struct certsrv_client *certsrv_client_new(struct event_base *loop, struct resolver *resolver,
                                          const struct certsrv_options *options, struct err *e) {
    if (certsrv_check_library(options->authentication, e) != 0)
        return NULL;
    struct certsrv_client *c = calloc(1, sizeof *c);
    struct event *reaper = c != NULL ? event_new(loop, -1, 0, reap, c) : NULL;
    if (reaper == NULL) {
        free(c);
        err_set(e, ERR_SYS_NOMEM, "certsrv client");
        return NULL;
    }
    *c = (struct certsrv_client){.loop = loop,
                                 .resolver = resolver,
                                 .options = *options,
                                 .reaper = reaper,
                                 .form = BUF_INIT(CERTSRV_PAGE_MAX)};
    return c;
}

void certsrv_client_free(struct certsrv_client *c) {
    if (c == NULL)
        return;
    reap(-1, 0, c);
    event_free(c->reaper);
    certsrv_templates_clear(&c->offered);
    buf_free(&c->form);
    free(c);
}

static void answer_unsent(evutil_socket_t fd, short what, void *user);

struct certsrv_session *certsrv_session_new(struct certsrv_client *c, const char *username,
                                            const char *password, struct err *e) {
    struct certsrv_session *s = calloc(1, sizeof *s);
    if (s == NULL) {
        err_set(e, ERR_SYS_NOMEM, "certsrv session");
        return NULL;
    }
    s->client = c;
    s->url.max = 1024;
    s->form.max = CERTSRV_FORM_MAX;
    s->body.max = CERTSRV_BODY_MAX;
    s->http = http_client_new(c->loop, c->resolver, e);
    s->easy = curl_easy_init();
    s->username = strdup(username);
    s->password = strdup(password);
    s->unsent = event_new(c->loop, -1, 0, answer_unsent, s);
    if (s->http != NULL && s->easy != NULL && s->username != NULL && s->password != NULL &&
        s->unsent != NULL)
        return s;
    if (s->http != NULL)
        err_set(e, ERR_SYS_NOMEM, "certsrv session");
    session_destroy(s);
    return NULL;
}

void certsrv_session_free(struct certsrv_session *s) {
    if (s == NULL)
        return;
    if (s->running)
        http_client_cancel(s->http, s->easy);
    s->running = false;
    s->fn = NULL;
    event_del(s->unsent);
    s->next = s->client->dead;
    s->client->dead = s;
    event_active(s->client->reaper, EV_TIMEOUT, 0);
}

bool certsrv_session_belongs_to(const struct certsrv_session *s, const char *username,
                                const char *password) {
    return strcmp(s->username, username) == 0 &&
           bytes_equal_constant_time(bytes_of_str(s->password), bytes_of_str(password));
}

static void deliver(struct certsrv_session *s, struct certsrv_answer *answer) {
    certsrv_fn *fn = s->fn;
    s->running = false;
    s->fn = NULL;
    answer->url = buf_str(&s->url);
    if (fn != NULL)
        fn(s->user, answer);
    X509_free(answer->certificate);
    x509_stack_free(answer->chain);
}

static void answer_unsent(evutil_socket_t fd, short what, void *user) {
    (void)fd;
    (void)what;
    struct certsrv_session *s = user;
    struct certsrv_answer answer = {.err = s->unsent_err, .text = ""};
    deliver(s, &answer);
}

/* Refused: 401. With the right password it is most often Extended Protection, for which libcurl's
 * NTLM has no channel binding (certsrv.md 3.5). */
static int check_status(const struct certsrv_session *s, long status, struct err *e) {
    bool login = s->read == NULL;
    if (status == 200 || (login && status == 301))
        return 0;
    if (status == 401)
        return err_set(e, ERR_CERTSRV_AUTH,
                       "%s: HTTP 401 for %s: check user name and password, and whether IIS demands "
                       "Extended Protection",
                       buf_str(&s->url), s->username);
    return err_set(e, ERR_HTTP_STATUS, "%s: HTTP %ld", buf_str(&s->url), status);
}

static void on_done(void *user, CURL *easy, const struct http_result *result) {
    (void)easy;
    struct certsrv_session *s = user;
    struct certsrv_answer answer = {.err = result->err,
                                    .curl = result->code,
                                    .text = result->text,
                                    .status = result->status,
                                    .received = s->body.len};
    if (result->code == CURLE_OK) {
        answer.err.code = ERR_OK;
        if (check_status(s, result->status, &answer.err) == 0 && s->read != NULL)
            s->read(s->client, buf_view(&s->body), &answer);
    }
    deliver(s, &answer);
}

static void set_credentials(const struct certsrv_session *s) {
    static const unsigned long schemes[] = {
        [CERTSRV_NTLM] = CURLAUTH_NTLM,
        [CERTSRV_BASIC] = CURLAUTH_BASIC,
        [CERTSRV_NEGOTIATE] = CURLAUTH_NEGOTIATE,
    };
    curl_easy_setopt(s->easy, CURLOPT_HTTPAUTH, schemes[s->client->options.authentication]);
    curl_easy_setopt(s->easy, CURLOPT_USERNAME, s->username);
    curl_easy_setopt(s->easy, CURLOPT_PASSWORD, s->password);
}

static size_t give_form(char *out, size_t size, size_t count, void *user) {
    struct certsrv_session *s = user;
    size_t left = s->form.len - s->form_given;
    size_t given = size * count < left ? size * count : left;
    memcpy(out, s->form.data + s->form_given, given);
    s->form_given += given;
    return given;
}

/* curl sends a request again by itself when a kept connection ends without an answer. What the CA
 * may have taken must not be submitted twice: only an answer (another leg of the login) makes the
 * form go out again. */
static int rewind_form(void *user, curl_off_t offset, int origin) {
    struct certsrv_session *s = user;
    long status = 0;
    curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status == 0 || origin != SEEK_SET || offset < 0 || (size_t)offset > s->form.len)
        return CURL_SEEKFUNC_FAIL;
    s->form_given = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

/* Only the POST has a Referer, with the port also when it is 443 (seed 1, IIS log). */
static int set_form(struct certsrv_session *s, struct err *e) {
    const struct http_endpoint *to = &s->client->options.endpoint;
    AUTO_BUF referer = BUF_INIT(1024);
    buf_printf(&referer, "https://%s:%u%s", to->host, to->port, page_form);
    if (referer.failed)
        return err_set(e, ERR_SYS_LIMIT, "host name too long");
    curl_easy_setopt(s->easy, CURLOPT_REFERER, buf_str(&referer));
    s->form_given = 0;
    curl_easy_setopt(s->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(s->easy, CURLOPT_POSTFIELDSIZE, (long)s->form.len);
    curl_easy_setopt(s->easy, CURLOPT_READFUNCTION, give_form);
    curl_easy_setopt(s->easy, CURLOPT_READDATA, s);
    curl_easy_setopt(s->easy, CURLOPT_SEEKFUNCTION, rewind_form);
    curl_easy_setopt(s->easy, CURLOPT_SEEKDATA, s);
    return 0;
}

static int prepare(struct certsrv_session *s, const char *path, struct err *e) {
    const struct http_endpoint *to = &s->client->options.endpoint;
    buf_printf(&s->url, "https://%s:%u%s", to->host, to->port, path);
    if (s->url.failed)
        return err_set(e, ERR_SYS_LIMIT, "host name too long");
    curl_easy_reset(s->easy);
    if (http_client_target(s->easy, to, path, e) != 0)
        return -1;
    set_credentials(s);
    curl_easy_setopt(s->easy, CURLOPT_USERAGENT, CERTSRV_USER_AGENT);
    curl_easy_setopt(s->easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(s->easy, CURLOPT_WRITEFUNCTION, http_client_to_buf);
    curl_easy_setopt(s->easy, CURLOPT_WRITEDATA, &s->body);
    return s->form.len > 0 ? set_form(s, e) : 0;
}

/* Starts a step; the form, if any, is in s->form already. setup: an error found before. */
static void start(struct certsrv_session *s, const char *path, read_fn *read, certsrv_fn *fn,
                  void *user, const struct err *setup) {
    struct err e = {.code = ERR_OK};
    s->read = read;
    s->fn = fn;
    s->user = user;
    buf_reset(&s->url);
    buf_reset(&s->body);
    if (setup != NULL)
        e = *setup;
    else if (prepare(s, path, &e) == 0) {
        s->running = true;
        http_client_start(s->http, s->easy, &s->client->options.endpoint,
                          s->client->options.timeout_us, on_done, s);
        return;
    }
    s->unsent_err = e;
    event_active(s->unsent, EV_TIMEOUT, 0);
}

static void get(struct certsrv_session *s, const char *path, read_fn *read, certsrv_fn *fn,
                void *user) {
    buf_reset(&s->form);
    start(s, path, read, fn, user, NULL);
}

void certsrv_login(struct certsrv_session *s, certsrv_fn *fn, void *user) {
    get(s, page_login, NULL, fn, user);
}

static void parse_form(struct certsrv_client *c, struct bytes body, struct err *e) {
    certsrv_templates_clear(&c->offered);
    buf_reset(&c->form);
    if (certsrv_templates_read(body, &c->offered, e) != 0 || buf_put_bytes(&c->form, body) == 0)
        return;
    c->form.failed = false;
}

static void read_templates(struct certsrv_client *c, struct bytes body,
                           struct certsrv_answer *answer) {
    if (c->form.len == 0 || !bytes_equal(buf_view(&c->form), body))
        parse_form(c, body, &answer->err);
    answer->templates = c->offered;
}

void certsrv_list_templates(struct certsrv_session *s, certsrv_fn *fn, void *user) {
    get(s, page_form, read_templates, fn, user);
}

static void read_verdict(struct certsrv_client *c, struct bytes body,
                         struct certsrv_answer *answer) {
    (void)c;
    struct certsrv_page page;
    if (certsrv_page_read(body, &page, &answer->err) != 0)
        return;
    answer->request_id = page.request_id;
    answer->hresult = page.hresult;
    certsrv_page_verdict(&page, &answer->err);
    certsrv_page_clear(&page);
}

void certsrv_submit(struct certsrv_session *s, const X509_REQ *request, const char *template_name,
                    certsrv_fn *fn, void *user) {
    struct err e = {.code = ERR_OK};
    buf_reset(&s->form);
    bool made =
        certsrv_form_new_request(&s->form, request, template_name, clock_wall_us(), &e) == 0;
    start(s, page_finish, read_verdict, fn, user, made ? NULL : &e);
}

void certsrv_check_pending(struct certsrv_session *s, uint32_t request_id, certsrv_fn *fn,
                           void *user) {
    struct err e = {.code = ERR_OK};
    buf_reset(&s->form);
    bool made = certsrv_form_check_pending(&s->form, request_id, &e) == 0;
    start(s, page_finish, read_verdict, fn, user, made ? NULL : &e);
}

static void read_certificate(struct certsrv_client *c, struct bytes body,
                             struct certsrv_answer *answer) {
    (void)c;
    answer->certificate = certsrv_certificate_read(body, &answer->err);
    if (answer->certificate != NULL)
        return;
    struct certsrv_page page;
    if (certsrv_page_read(body, &page, NULL) == 0)
        answer->hresult = page.hresult;
    certsrv_page_clear(&page);
}

/* ENC here and Enc for the chain: as CiscoRA writes them (certsrv.md 1.2). */
void certsrv_fetch(struct certsrv_session *s, uint32_t request_id, certsrv_fn *fn, void *user) {
    AUTO_BUF path = BUF_INIT(128);
    buf_printf(&path, "/certsrv/certnew.cer?ReqID=%u&ENC=b64", request_id);
    get(s, buf_str(&path), read_certificate, fn, user);
}

static void read_chain(struct certsrv_client *c, struct bytes body, struct certsrv_answer *answer) {
    (void)c;
    answer->chain = certsrv_chain_read(body, &answer->err);
}

void certsrv_chain(struct certsrv_session *s, uint32_t renewal, certsrv_fn *fn, void *user) {
    AUTO_BUF path = BUF_INIT(128);
    buf_printf(&path, "/certsrv/certnew.p7b?ReqID=CACert&Renewal=%u&Enc=bin", renewal);
    get(s, buf_str(&path), read_chain, fn, user);
}

static void read_renewals(struct certsrv_client *c, struct bytes body,
                          struct certsrv_answer *answer) {
    (void)c;
    certsrv_renewals_read(body, &answer->renewals, &answer->err);
}

void certsrv_renewals(struct certsrv_session *s, certsrv_fn *fn, void *user) {
    get(s, page_ca, read_renewals, fn, user);
}
