/* A TVS server with a store of three certificates, on the loop of the test, and what asks it. Test
 * programs only. */
#ifndef MOCKS_TVS_TVS_TEST_LAB_H
#define MOCKS_TVS_TVS_TEST_LAB_H

#include "base/clock.h"
#include "base/file.h"
#include "base/owned.h"
#include "base/resolver.h"
#include "base/temporary_test.h"
#include "base/test.h"
#include "base/x509.h"
#include "itl/itl.h"
#include "mocks/tvs/server.h"
#include "mocks/tvs/tvs_client.h"
#include "pki/issue.h"
#include <signal.h>
#include <string.h>

enum { LAB_YEAR = 365 * 86400, LAB_LOG_MAX = 16 * 1024 * 1024 };
#define SECOND INT64_C(1000000)

static const char lab_device[] = "CP-8861-SEPB000B4BA0AEE";

struct lab {
    char *dir;
    struct event_base *loop;
    struct resolver *resolver;
    struct cfg_pairs hosts;
    EVP_PKEY *key;                             /* of all certificates */
    X509 *tvs, *callmanager, *capf, *stranger; /* the stranger is not in the store */
    struct tvs_config config;
    struct cfg_doc *doc;
    struct fault_set *faults;
    struct tvs_server *server;
    uint16_t port;
};

/* subject as x509_name_parse reads it. Caller frees. */
static inline X509 *lab_issue(EVP_PKEY *key, const char *subject, struct bytes serial) {
    struct err e = {0};
    AUTO(X509_NAME) name = x509_name_parse(subject, &e);
    struct issue_request request = {.subject = name,
                                    .key = key,
                                    .issuer_key = key,
                                    .serial = serial,
                                    .not_before = clock_wall(),
                                    .not_after = clock_wall() + LAB_YEAR,
                                    .extensions = issue_capf_extensions};
    X509 *certificate = issue_certificate(&request, &e);
    ck_assert_msg(certificate != NULL, "%s", e.text);
    return certificate;
}

static inline void lab_write(const struct lab *lab, const char *name, const X509 *certificate) {
    AUTO_BUF pem = BUF_INIT(65536);
    AUTO(char) path = path_join(lab->dir, "%s", name);
    struct err e = {0};
    ck_assert_ok(x509_put_pem(certificate, &pem, &e), e);
    ck_assert_ok(file_write(path, buf_view(&pem), 0644, &e), e);
}

static inline void lab_make_certificates(struct lab *lab) {
    static const uint8_t serial[] = {0xf2, 0x01, 0x02, 0x03}; /* DER puts a zero in front */
    static const char rest[] = "OU=TAC, O=Cisco Systems, L=Boxborough, ST=MA, C=US";
    AUTO_BUF subject = BUF_INIT(1024);
    AUTO(char) key_path = path_join(lab->dir, "tvs.key");
    struct err e = {0};
    lab->key = key_generate(KEY_EC, 256, &e);
    ck_assert_msg(lab->key != NULL, "%s", e.text);
    ck_assert_ok(key_write_file(key_path, lab->key, &e), e);
    buf_printf(&subject, "CN=ao115pub, %s", rest);
    lab->tvs = lab_issue(lab->key, buf_str(&subject), bytes_of(NULL, 0));
    lab->callmanager = lab_issue(lab->key, buf_str(&subject), bytes_of(serial, sizeof serial));
    buf_reset(&subject);
    buf_printf(&subject, "CN=CAPF-7f0ae8d7, %s", rest);
    lab->capf = lab_issue(lab->key, buf_str(&subject), bytes_of(NULL, 0));
    lab->stranger = lab_issue(lab->key, buf_str(&subject), bytes_of(NULL, 0));
    lab_write(lab, "tvs.pem", lab->tvs);
    lab_write(lab, "callmanager.pem", lab->callmanager);
    lab_write(lab, "capf.pem", lab->capf);
}

static inline void lab_load(struct lab *lab, const char *yaml) {
    static const struct fault_tables *const tables[] = {&tvs_faults, NULL};
    struct cfg_mistakes *m = cfg_mistakes_new();
    AUTO_BUF text = BUF_INIT(65536);
    buf_printf(&text,
               "listen: 127.0.0.1:0\n"
               "certificate: %s/tvs.pem\n"
               "key: %s/tvs.key\n"
               "log: %s/tvs.log\n"
               "store:\n"
               "- {certificate: %s/callmanager.pem, roles: [sast, ccm+tftp]}\n"
               "- {certificate: %s/capf.pem, roles: capf}\n"
               "%s",
               lab->dir, lab->dir, lab->dir, lab->dir, lab->dir, yaml);
    lab->doc = cfg_load_text("tvs.yaml", buf_view(&text), tvs_fields, &lab->config, m);
    if (lab->doc != NULL)
        lab->faults = fault_set_new(&lab->config.faults, lab->doc, tables, m);
    if (cfg_mistakes_count(m) > 0)
        ck_abort_msg("%s", cfg_mistake_text(m, 0));
    cfg_mistakes_free(m);
}

/* yaml: further keys of the server's configuration. rate: of the clock. */
static inline void lab_open(struct lab *lab, double rate, const char *yaml) {
    static struct cfg_pair host = {(char *)(uintptr_t) "ao115pub.michamen.com",
                                   (char *)(uintptr_t) "127.0.0.1"};
    static char *nobody = (char *)(uintptr_t) "127.0.0.1:1";
    static const struct cfg_strings no_server = {&nobody, 1};
    struct err e = {0};
    AUTO(char) address = NULL;
    clock_configure(0, rate);
    signal(SIGPIPE, SIG_IGN);
    *lab = (struct lab){.dir = temporary_new(), .loop = precise_loop_new()};
    lab->hosts = (struct cfg_pairs){&host, 1};
    lab->resolver = resolver_new(lab->loop, &no_server, &lab->hosts, &e);
    ck_assert_msg(lab->resolver != NULL, "%s", e.text);
    lab_make_certificates(lab);
    lab_load(lab, yaml);
    lab->server = tvs_server_new(lab->loop, &lab->config, lab->faults, &e);
    ck_assert_msg(lab->server != NULL, "%s", e.text);
    ck_assert_ok(split_host_port(tvs_server_address(lab->server), &address, &lab->port, &e), e);
}

static inline void lab_close(struct lab *lab) {
    tvs_server_free(lab->server);
    resolver_free(lab->resolver);
    fault_set_free(lab->faults);
    cfg_doc_free(lab->doc);
    X509_free(lab->tvs);
    X509_free(lab->callmanager);
    X509_free(lab->capf);
    X509_free(lab->stranger);
    EVP_PKEY_free(lab->key);
    event_base_free(lab->loop);
    temporary_remove(&lab->dir);
}
#define AUTO_LAB __attribute__((cleanup(lab_close))) struct lab

static inline void lab_read_log(const struct lab *lab, struct buf *out) {
    AUTO(char) path = path_join(lab->dir, "tvs.log");
    struct err e = {0};
    buf_put_str(out, "");
    ck_assert_ok(file_read(path, out, &e), e);
}

/* How often the log has that text. */
static inline int lab_logged(const struct lab *lab, const char *text) {
    AUTO_BUF log = BUF_INIT(LAB_LOG_MAX);
    int count = 0;
    lab_read_log(lab, &log);
    for (const char *at = buf_str(&log); (at = strstr(at, text)) != NULL; at++)
        count++;
    return count;
}

static inline void lab_run_until(const struct lab *lab, const bool *flag) {
    while (!*flag)
        event_base_loop(lab->loop, EVLOOP_ONCE);
}

#endif
