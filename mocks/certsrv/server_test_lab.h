/* A whole mock on a loop, made from the text of its configuration, and curl as its client. Test
 * programs only. */
#ifndef MOCKS_CERTSRV_SERVER_TEST_LAB_H
#define MOCKS_CERTSRV_SERVER_TEST_LAB_H

#include "base/clock.h"
#include "base/file.h"
#include "base/http_client.h"
#include "base/temporary_test.h"
#include "base/test.h"
#include "base/x509.h"
#include "mocks/certsrv/directory.h"
#include "mocks/certsrv/made.h"
#include "mocks/certsrv/points.h"
#include "mocks/certsrv/server.h"
#include "pki/issue.h"
#include <signal.h>
#include <string.h>

#define SECOND INT64_C(1000000)

struct mock {
    char *dir, *log;
    struct certsrv_config config;
    struct cfg_doc *doc;
    struct fault_set *faults;
    struct directory directory;
    struct made made;
    struct ca *ca;
    struct certsrv_server *server;
    struct event_base *loop;
    struct resolver *resolver;
    struct http_client *client;
    char via[64];
};

/* One client with its connections. */
struct browser {
    struct mock *mock;
    CURL *easy;
    struct http_endpoint endpoint;
    struct buf body;
    struct http_result result;
    unsigned done;
};

static inline void mock_read(struct mock *m, const char *text) {
    struct cfg_mistakes *mistakes = cfg_mistakes_new();
    AUTO_BUF yaml = BUF_INIT(65536);
    buf_printf(&yaml, "log: %s\nstate: %s\n%s%s", m->log, m->dir,
               strstr(text, "users:") == NULL ? "users: [{name: ciscora, password: secret}]\n" : "",
               text);
    m->doc = cfg_load_text("certsrv.yaml", buf_view(&yaml), certsrv_fields, &m->config, mistakes);
    ck_assert_msg(m->doc != NULL, "%s", cfg_mistake_text(mistakes, 0));
    const struct fault_tables *const tables[] = {&certsrv_faults, NULL};
    m->faults = fault_set_new(&m->config.faults, m->doc, tables, mistakes);
    ck_assert_msg(m->faults != NULL, "%s", cfg_mistake_text(mistakes, 0));
    cfg_mistakes_free(mistakes);
}

static inline void write_pair(const struct mock *m, const char *name, X509 *cert, EVP_PKEY *key) {
    struct err e = {0};
    AUTO_BUF pem = BUF_INIT(16384);
    AUTO(char) file = path_join(m->dir, "%s.pem", name);
    AUTO(char) key_file = path_join(m->dir, "%s.key", name);
    ck_assert_msg(cert != NULL && x509_put_pem(cert, &pem, &e) == 0, "%s", e.text);
    ck_assert_ok(file_write(file, buf_view(&pem), 0644, &e), e);
    ck_assert_ok(key_write_file(key_file, key, &e), e);
}

/* CA and web server as the mock would make them, but without waiting for RSA keys. */
static inline void mock_certificates(const struct mock *m) {
    static const struct issue_extension web_extensions[] = {
        {.name = "subjectAltName", .value = "DNS:lab-dc.michamen.com"}, {.name = NULL}};
    struct err e = {0};
    AUTO(EVP_PKEY) ca_key = key_read_file(TESTDATA "/keys/ca.key", &e);
    AUTO(EVP_PKEY) web_key = key_generate(KEY_EC, 256, &e);
    AUTO(X509_NAME) ca_name = x509_name_parse("CN=LAB-DC-RTP", &e);
    AUTO(X509_NAME) web_name = x509_name_parse("CN=lab-dc.michamen.com", &e);
    struct issue_request request = {.subject = ca_name,
                                    .key = ca_key,
                                    .issuer_key = ca_key,
                                    .not_before = clock_wall() - 86400,
                                    .not_after = clock_wall() + 1000 * 86400,
                                    .extensions = issue_ca_extensions};
    AUTO(X509) ca = issue_certificate(&request, &e);
    write_pair(m, "ca", ca, ca_key);
    request.subject = web_name;
    request.key = web_key;
    request.issuer = ca;
    request.extensions = web_extensions;
    AUTO(X509) web = issue_certificate(&request, &e);
    write_pair(m, "web", web, web_key);
}

static inline void mock_serve(struct mock *m) {
    static const struct opt_strings none;
    struct err e = {0};
    ck_assert_ok(directory_fill(&m->config, &none, &none, &m->directory, &e), e);
    ck_assert_ok(made_fill(&m->config, &m->made, &e), e);
    const struct ca_setup ca = {&m->config.ca, &m->directory.accounts, &m->directory.templates,
                                m->config.host, m->config.database};
    m->ca = ca_open(&ca, &e);
    ck_assert_msg(m->ca != NULL, "%s", e.text);
    const struct certsrv_setup setup = {&m->config, &m->directory.accounts, &m->directory.templates,
                                        m->ca, m->faults};
    m->server = certsrv_server_new(m->loop, &setup, &e);
    ck_assert_msg(m->server != NULL, "%s", e.text);
    snprintf(m->via, sizeof m->via, "%s", certsrv_server_address(m->server));
}

/* text: YAML that is added to log, state and, unless it says so itself, the user ciscora. */
static inline void mock_open(struct mock *m, const char *text) {
    static const struct cfg_pairs none;
    struct err e = {0};
    signal(SIGPIPE, SIG_IGN);
    *m = (struct mock){.dir = temporary_new(), .loop = event_base_new()};
    m->log = path_join(m->dir, "iis.log");
    m->resolver = resolver_new(m->loop, NULL, &none, &e);
    m->client = http_client_new(m->loop, m->resolver, &e);
    ck_assert_msg(m->client != NULL, "%s", e.text);
    mock_certificates(m);
    mock_read(m, text);
    mock_serve(m);
}

static inline void mock_close(struct mock *m) {
    http_client_free(m->client);
    certsrv_server_free(m->server);
    ca_close(m->ca);
    made_free(&m->made);
    directory_free(&m->directory);
    fault_set_free(m->faults);
    cfg_doc_free(m->doc);
    resolver_free(m->resolver);
    event_base_free(m->loop);
    free(m->log);
    temporary_remove(&m->dir);
}

static inline void browser_open(struct browser *b, struct mock *m, long authentication) {
    *b = (struct browser){.mock = m, .easy = curl_easy_init(), .body = BUF_INIT(1 << 20)};
    b->endpoint = (struct http_endpoint){
        .host = m->config.host, .port = 443, .via = m->via, .ca_file = m->config.ca.certificate};
    curl_easy_setopt(b->easy, CURLOPT_WRITEFUNCTION, http_client_to_buf);
    curl_easy_setopt(b->easy, CURLOPT_WRITEDATA, &b->body);
    curl_easy_setopt(b->easy, CURLOPT_HTTPAUTH, authentication);
    curl_easy_setopt(b->easy, CURLOPT_USERPWD, "MICHAMEN\\ciscora:secret");
}

static inline void browser_close(struct browser *b) {
    http_client_cancel(b->mock->client, b->easy);
    curl_easy_cleanup(b->easy);
    buf_free(&b->body);
}

static inline void browser_on_done(void *user, CURL *easy, const struct http_result *result) {
    struct browser *b = user;
    (void)easy;
    b->result = *result;
    b->done++;
}

static inline void browser_start(struct browser *b, const char *path, int64_t timeout_us) {
    struct err e = {0};
    b->done = 0;
    buf_reset(&b->body);
    ck_assert_ok(http_client_target(b->easy, &b->endpoint, path, &e), e);
    http_client_start(b->mock->client, b->easy, &b->endpoint, timeout_us, browser_on_done, b);
}

static inline void browser_wait(struct browser *b) {
    while (b->done == 0)
        event_base_loop(b->mock->loop, EVLOOP_ONCE);
}

/* GET; the status, 0 without an answer. */
static inline long browser_get(struct browser *b, const char *path) {
    browser_start(b, path, 30000 * SECOND);
    browser_wait(b);
    return b->result.code == CURLE_OK ? b->result.status : 0;
}

/* POST of a request to certfnsh.asp. */
static inline long browser_submit(struct browser *b) {
    AUTO_BUF csr = BUF_INIT(65536), form = BUF_INIT(65536);
    struct err e = {0};
    ck_assert_ok(file_read(TESTDATA "/csr/plain.pem", &csr, &e), e);
    char *escaped = curl_easy_escape(b->easy, buf_str(&csr), (int)csr.len);
    buf_printf(&form, "Mode=newreq&CertRequest=%s&CertAttrib=CertificateTemplate:CiscoRA%%0d%%0a",
               escaped);
    curl_free(escaped);
    curl_easy_setopt(b->easy, CURLOPT_POSTFIELDS, buf_str(&form));
    long status = browser_get(b, "/certsrv/certfnsh.asp");
    curl_easy_setopt(b->easy, CURLOPT_POSTFIELDS, NULL);
    curl_easy_setopt(b->easy, CURLOPT_HTTPGET, 1L);
    return status;
}

/* Runs until the log has count lines below its head, then gives the status columns of each line,
 * "401.2.5 401.1.2148074254 200.0.0 ". The caller frees. */
static inline char *mock_log(struct mock *m, size_t count) {
    AUTO_BUF text = BUF_INIT(1 << 20), out = BUF_INIT(65536);
    size_t lines = 0;
    while (lines < count) {
        struct err e = {0};
        buf_reset(&text);
        ck_assert_ok(file_read(m->log, &text, &e), e);
        lines = 0;
        for (const char *at = buf_str(&text); (at = strchr(at, '\n')) != NULL; at++)
            lines += at[1] != '\0' && at[1] != '#';
        if (lines < count)
            event_base_loop(m->loop, EVLOOP_ONCE);
    }
    char *save = NULL;
    for (char *line = strtok_r((char *)text.data, "\r\n", &save); line != NULL;
         line = strtok_r(NULL, "\r\n", &save)) {
        unsigned status, sub;
        unsigned long win32;
        const char *at = line + strlen(line);
        for (int blanks = 0; at > line && blanks < 4; at--)
            blanks += at[-1] == ' ';
        if (line[0] != '#' && sscanf(at, " %u %u %lu", &status, &sub, &win32) == 3)
            buf_printf(&out, "%u.%u.%lu ", status, sub, win32);
    }
    char *made = buf_take_str(&out);
    return made != NULL ? made : strdup("");
}

#endif
