/* The whole of a phone's world on one event loop, for the tests of its boot: the file service, two
 * TVS servers and the scripted CAPF of phone_test_lab.h, with certificates of their own. */
#ifndef PHONE_BOOT_TEST_LAB_H
#define PHONE_BOOT_TEST_LAB_H

#include "base/http_client.h"
#include "base/temporary_test.h"
#include "itl/sgn.h"
#include "mocks/phone/phone_test_lab.h"
#include "mocks/tftp/config.h"
#include "mocks/tftp/server.h"
#include "mocks/tvs/config.h"
#include "mocks/tvs/server.h"

enum { WORLD_TEXT_MAX = 16384, WORLD_CERTIFICATES = 5 };

struct world_mock {
    struct cfg_doc *doc;
    struct fault_set *faults;
    union {
        struct tftp_config tftp;
        struct tvs_config tvs;
    } config;
};

struct world {
    struct lab lab;
    char *dir;
    struct world_mock files, trust;
    struct tftp_server *tftp;
    struct tvs_server *tvs;
    struct cfg_pair hosts[4];
    struct phone_file_server servers[2];
    struct cfg_pair routes[8];
    char routed[8][2][64];
    /* The phone boots, then CAPF is asked: where CAPF and TVS are for it. */
    const char *capf, *tvs_members;
};

/* ---- Certificates ---- */

static inline void world_write(const struct world *w, const char *name, struct bytes content) {
    struct err e = {0};
    AUTO(char) path = path_join(w->dir, "%s", name);
    ck_assert_ok(file_write(path, content, 0644, &e), e);
}

/* NAME.pem and NAME.key, self-signed. */
static inline void world_certificate(const struct world *w, const char *name, enum key_kind kind) {
    struct err e = {0};
    AUTO_BUF subject = BUF_INIT(256), pem = BUF_INIT(65536);
    buf_printf(&subject, "C=US, ST=MA, O=Cisco Systems, OU=TAC, CN=%s", name);
    AUTO(EVP_PKEY) key = key_generate(kind, kind == KEY_RSA ? 1024 : 256, &e);
    AUTO(X509_NAME) parsed = x509_name_parse(buf_str(&subject), &e);
    const struct issue_request request = {.subject = parsed,
                                          .key = key,
                                          .issuer_key = key,
                                          .not_before = clock_wall() - 86400,
                                          .not_after = clock_wall() + LAB_YEAR,
                                          .extensions = issue_capf_extensions};
    AUTO(X509) certificate = issue_certificate(&request, &e);
    ck_assert_msg(certificate != NULL, "%s", e.text);
    ck_assert_ok(x509_put_pem(certificate, &pem, &e), e);
    AUTO(char) file = path_join(w->dir, "%s.pem", name);
    AUTO(char) key_file = path_join(w->dir, "%s.key", name);
    ck_assert_ok(file_write(file, buf_view(&pem), 0644, &e), e);
    ck_assert_ok(key_write_file(key_file, key, &e), e);
}

/* ---- Mocks ---- */

/* In text every @ stands for the folder. */
static inline void world_load(const struct world *w, struct world_mock *mock, const char *text,
                              const struct cfg_field *fields, const struct fault_tables *faults) {
    struct cfg_mistakes *m = cfg_mistakes_new();
    const struct fault_tables *const tables[] = {faults, NULL};
    AUTO_BUF yaml = BUF_INIT(WORLD_TEXT_MAX);
    for (; *text != '\0'; text++)
        buf_put_str(&yaml, *text == '@' ? w->dir : (const char[]){*text, '\0'});
    mock->doc = cfg_load_text("mock.yaml", buf_view(&yaml), fields, &mock->config, m);
    ck_assert_msg(mock->doc != NULL, "%s", cfg_mistake_text(m, 0));
    const struct cfg_list *rows =
        faults == &tftp_faults ? &mock->config.tftp.faults : &mock->config.tvs.faults;
    mock->faults = fault_set_new(rows, mock->doc, tables, m);
    ck_assert_msg(mock->faults != NULL, "%s", cfg_mistake_text(m, 0));
    cfg_mistakes_free(m);
}

static inline void world_unload(struct world_mock *mock) {
    fault_set_free(mock->faults);
    cfg_doc_free(mock->doc);
    *mock = (struct world_mock){0};
}

/* What most tests serve; more stands behind it. */
#define WORLD_SIGNER   "signer: {certificate: '@/pub.pem', key: '@/pub.key'}\n"
#define WORLD_RECOVERY "recovery: {certificate: '@/recovery.pem', key: '@/recovery.key'}\n"
#define WORLD_CAPF     "  - {certificate: '@/capf.pem', roles: capf}\n"
#define WORLD_TVS      "  - {certificate: '@/tvs.pem', roles: tvs}\n"
#define WORLD_SAST     "  - {certificate: '@/recovery.pem', roles: sast}\n"
#define WORLD_TFTP     "  - {certificate: '@/pub.pem', roles: [sast, tftp]}\n"
#define WORLD_ITL      WORLD_SIGNER WORLD_RECOVERY "itl:\n" WORLD_CAPF WORLD_TVS WORLD_SAST WORLD_TFTP

static inline void world_route(struct world *w, const char *known, const char *real) {
    struct cfg_pairs *routes = &w->lab.config.routes;
    size_t at = 0;
    while (at < routes->count && strcmp(w->routed[at][0], known) != 0)
        at++;
    ck_assert_uint_lt(at, 8);
    snprintf(w->routed[at][0], sizeof w->routed[at][0], "%s", known);
    snprintf(w->routed[at][1], sizeof w->routed[at][1], "%s", real);
    w->routes[at] = (struct cfg_pair){w->routed[at][0], w->routed[at][1]};
    routes->items = w->routes;
    routes->count = at < routes->count ? routes->count : at + 1;
}

/* Starts, or starts anew, the file service; the CAPF and TVS servers of cnf.xml behind yaml. */
static inline void world_serve(struct world *w, const char *yaml) {
    struct err e = {0};
    AUTO_BUF text = BUF_INIT(WORLD_TEXT_MAX);
    tftp_server_free(w->tftp);
    world_unload(&w->files);
    buf_printf(&text, "%s", yaml);
    if (strstr(yaml, "devices:") == NULL)
        buf_printf(&text, "override: {SEP74A02FC0A675.cnf.xml: '@/cnf.xml', "
                          "SEP74A02FC0A675.cnf.xml.sgn: '@/cnf.xml.sgn'}\n");
    world_load(w, &w->files, buf_str(&text), tftp_fields, &tftp_faults);
    w->tftp = tftp_server_new(w->lab.loop, &w->files.config.tftp, w->files.faults, &e);
    ck_assert_msg(w->tftp != NULL, "%s", e.text);
    world_route(w, "files:6970", tftp_server_http_address(w->tftp));
    world_route(w, "files:69", tftp_server_address(w->tftp));
}

/* Starts TVS, which vouches for what store (rows of its YAML) says. */
static inline void world_vouch(struct world *w, const char *store) {
    struct err e = {0};
    AUTO_BUF text = BUF_INIT(WORLD_TEXT_MAX);
    buf_printf(&text, "listen: 127.0.0.1:0\ncertificate: '@/tvs.pem'\nkey: '@/tvs.key'\n%s", store);
    world_load(w, &w->trust, buf_str(&text), tvs_fields, &tvs_faults);
    w->tvs = tvs_server_new(w->lab.loop, &w->trust.config.tvs, w->trust.faults, &e);
    ck_assert_msg(w->tvs != NULL, "%s", e.text);
    world_route(w, "tvs:2445", tvs_server_address(w->tvs));
}

/* The configuration as served and, signed by the certificate of that name, under .sgn. */
static inline void world_configure(struct world *w, const char *elements, const char *signer) {
    struct err e = {0};
    AUTO_BUF xml = BUF_INIT(WORLD_TEXT_MAX), signed_xml = BUF_INIT(WORLD_TEXT_MAX);
    buf_printf(&xml, "<device>%s<TVS><members>%s</members></TVS><capfList>%s</capfList></device>\n",
               elements, w->tvs_members, w->capf);
    world_write(w, "cnf.xml", buf_view(&xml));
    AUTO(char) file = path_join(w->dir, "%s.pem", signer);
    AUTO(char) key_file = path_join(w->dir, "%s.key", signer);
    AUTO(X509) certificate = x509_read_file(file, &e);
    AUTO(EVP_PKEY) key = key_read_file(key_file, &e);
    const struct sgn_plan plan = {.file_name = "SEP74A02FC0A675.cnf.xml.sgn",
                                  .timestamp = (uint32_t)clock_wall(),
                                  .signer = certificate,
                                  .signer_key = key};
    ck_assert_ok(sgn_sign(&plan, buf_view(&xml), &signed_xml, &e), e);
    world_write(w, "cnf.xml.sgn", buf_view(&signed_xml));
}

/* ---- World ---- */

#define WORLD_NULL_STRING "<capfAuthMode>2</capfAuthMode>"

static inline void world_names(struct world *w) {
    static const char *const names[] = {"files", "tvs", "capf", "elsewhere"};
    for (size_t i = 0; i < 4; i++)
        w->hosts[i] = (struct cfg_pair){(char *)(uintptr_t)names[i], (char *)"127.0.0.1"};
    w->lab.hosts = (struct cfg_pairs){w->hosts, 4};
    w->capf = "<capf><processNodeName>capf</processNodeName></capf>";
    w->tvs_members = "<member priority=\"0\"><address>tvs</address></member>";
}

static inline void world_open(struct world *w) {
    struct err e = {0};
    *w = (struct world){.dir = temporary_new()};
    lab_open(&w->lab);
    world_names(w);
    w->lab.shared.http = http_client_new(w->lab.loop, w->lab.resolver, &e);
    ck_assert_msg(w->lab.shared.http != NULL, "%s", e.text);
    world_certificate(w, "pub", KEY_RSA);
    world_certificate(w, "recovery", KEY_RSA);
    world_certificate(w, "tvs", KEY_EC);
    AUTO(char) capf = path_join(w->dir, "capf.pem");
    lab_write_certificate(capf, w->lab.certificate);
    w->servers[0] = (struct phone_file_server){(char *)"files", 6970, 69};
    struct phone_config *c = &w->lab.config;
    c->tftp.servers = (struct cfg_list){w->servers, 1};
    c->state = path_join(w->dir, "state");
    world_route(w, "capf:3804", w->lab.address);
    world_configure(w, WORLD_NULL_STRING, "pub");
}

static inline void world_close(struct world *w) {
    tftp_server_free(w->tftp);
    tvs_server_free(w->tvs);
    world_unload(&w->files);
    world_unload(&w->trust);
    http_client_free(w->lab.shared.http);
    free(w->lab.config.state);
    lab_close(&w->lab);
    temporary_remove(&w->dir);
}
#define AUTO_WORLD __attribute__((cleanup(world_close))) struct world

/* The phone is switched on; what it remembers of an earlier run is in its state folder. */
static inline void world_run(struct world *w, lab_script_fn *script) {
    json_decref(w->lab.result);
    w->lab.result = NULL;
    lab_run(&w->lab, script);
}

/* ---- Judging ---- */

/* The messages on the phone's screen, joined by " | ". */
static inline void world_expect_statuses(const struct world *w, const char *expected) {
    AUTO_BUF shown = BUF_INIT(WORLD_TEXT_MAX);
    json_t *list = json_object_get(w->lab.result, "status");
    for (size_t i = 0; i < json_array_size(list); i++)
        buf_printf(&shown, "%s%s", i > 0 ? " | " : "", json_string_value(json_array_get(list, i)));
    ck_assert_str_eq(buf_str(&shown), expected);
}

static inline void world_expect(const struct world *w, const char *result, const char *error) {
    ck_assert_msg(strcmp(lab_text(&w->lab, "result"), result) == 0, "result %s: %s %s",
                  lab_text(&w->lab, "result"), lab_text(&w->lab, "error"),
                  lab_text(&w->lab, "detail"));
    ck_assert_str_eq(lab_text(&w->lab, "error"), error);
}

static inline void world_expect_number(const struct world *w, const char *key, int number) {
    ck_assert_int_eq(json_integer_value(json_object_get(w->lab.result, key)), number);
}

/* Lines of the console, in this order, others between them. */
static inline void world_expect_lines(const struct world *w, const char *const *lines) {
    AUTO_BUF log = BUF_INIT(1 << 20);
    lab_read_log(&w->lab, &log);
    const char *at = buf_str(&log);
    for (; *lines != NULL; lines++) {
        const char *found = strstr(at, *lines);
        ck_assert_msg(found != NULL, "no \"%s\" in\n%s", *lines, at);
        at = found + strlen(*lines);
    }
}
#define world_expect_log(w, ...) world_expect_lines((w), (const char *const[]){__VA_ARGS__, NULL})

static inline void world_install(struct lab *lab, const struct capf_message *m) {
    if (m->type == CAPF_MSG_AUTH_RES) {
        lab_ask_rsa(lab, 1024);
    } else if (m->type == CAPF_MSG_KEY_GEN_RES) {
        lab_take_key(lab, m);
        lab_store(lab, lab->phone_key);
    } else if (m->type == CAPF_MSG_STORE_CERT_RES) {
        lab_end(lab, CAPF_REASON_OK);
    }
}

/* The first session installs; those behind it have nothing to do. */
static inline void world_install_once(struct lab *lab, const struct capf_message *m) {
    if (m->type == CAPF_MSG_AUTH_RES && lab->phone_key != NULL)
        lab_end(lab, CAPF_REASON_NO_ACTION);
    else
        world_install(lab, m);
}

#endif
