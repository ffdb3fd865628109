/* What a lab is made of: keys from the pool, certificates, configuration text, places. */
#include "base/file.h"
#include "base/owned.h"
#include "base/test.h"
#include "base/x509.h"
#include "pki/csr.h"
#include "scenarios/runner/lab_certs.h"
#include "scenarios/runner/place.h"
#include "scenarios/runner/yaml_write.h"

#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

static char folder[64];

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *ftw) {
    (void)status;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static const char *new_folder(void) {
    snprintf(folder, sizeof folder, "/tmp/capflab-lab-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    return folder;
}

static void remove_folder(void) {
    ck_assert_int_eq(nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* Small keys make the tests fast; what a pool does is the same. */
START_TEST(the_pool_makes_each_key_once) {
    struct keypool a;
    struct keypool b;
    struct err e = {0};
    ck_assert_ok(keypool_open(&a, new_folder(), &e), e);
    ck_assert_ok(keypool_open(&b, folder, &e), e);
    AUTO(char) first = keypool_take(&a, KEY_EC, 256, &e);
    AUTO(char) second = keypool_take(&a, KEY_EC, 256, &e);
    AUTO(char) other = keypool_take(&a, KEY_EC, 384, &e);
    AUTO(char) again = keypool_take(&b, KEY_EC, 256, &e);
    ck_assert_str_eq(first, again);
    ck_assert_str_ne(first, second);
    ck_assert_ptr_nonnull(strstr(other, "/ec384-00.pem"));
    AUTO(EVP_PKEY) key = key_read_file(second, &e);
    ck_assert_int_eq(EVP_PKEY_get_bits(key), 256);
    ck_assert_ptr_null(keypool_take(&a, KEY_EC, 100, &e));
    ck_assert_err(e, KEY_UNSUPPORTED);
    keypool_close(&a);
    keypool_close(&b);
    remove_folder();
}
END_TEST

static struct keypool pool;
static struct lab_certs certs;

static void make_lab(const struct lab_settings *settings) {
    struct err e = {0};
    /* The build tree's pool, which scenarios use as well: build/test/scenarios/runner/../../.. */
    AUTO(char) tests = place_programs();
    AUTO(char) keys = path_join(tests, "../../../keypool");
    ck_assert_ok(keypool_open(&pool, keys, &e), e);
    ck_assert_ok(lab_certs_make(&certs, settings, &pool, new_folder(), &e), e);
}

static void free_lab(void) {
    lab_certs_free(&certs);
    keypool_close(&pool);
    remove_folder();
}

/* The first certificate of file against all of trust, through the rest of file. */
static enum err_code verify(const char *file, const char *trust) {
    struct err e = {0};
    AUTO(char) path = lab_certs_path(&certs, file);
    AUTO(char) trust_path = lab_certs_path(&certs, trust);
    AUTO(X509_STACK) chain = x509_read_all_file(path, &e);
    AUTO(X509_STACK) anchors = x509_read_all_file(trust_path, &e);
    ck_assert_ptr_nonnull(chain);
    ck_assert_ptr_nonnull(anchors);
    return x509_verify(sk_X509_value(chain, 0), chain, anchors, &e) == 0 ? ERR_OK : e.code;
}

static char *subject_of(enum lab_cert_id id) {
    return x509_name_slashes(X509_get_subject_name(certs.certs[id]));
}

START_TEST(certificates_have_the_names_of_the_seeds) {
    const struct lab_settings settings = {0};
    make_lab(&settings);
    AUTO(char) capf = subject_of(CERT_CAPF);
    AUTO(char) ca = subject_of(CERT_LAB_DC_RTP);
    AUTO(char) web = subject_of(CERT_WEB);
    ck_assert_str_eq(capf, "/C=US/O=cisco/OU=tac/CN=CAPF-eb606ac0/ST=nc/L=rtp");
    ck_assert_str_eq(ca, "/DC=com/DC=michamen/CN=LAB-DC-RTP");
    ck_assert_str_eq(web, "/CN=lab-dc.michamen.com");
    ck_assert_int_eq(X509_check_host(certs.certs[CERT_WEB], "lab-dc.michamen.com", 0, 0, NULL), 1);
    ck_assert_int_eq(verify("web-chain.pem", "web-trust.pem"), ERR_OK);
    ck_assert_int_eq(verify("ra.pem", "ra-trust.pem"), ERR_OK);
    ck_assert_int_eq(verify("cisco-manufacturing-ca-sha2.pem", "mic-ca.pem"), ERR_OK);
    ck_assert_int_eq(verify("foreign-ca.pem", "mic-ca.pem"), ERR_X509_CHAIN);
    free_lab();
}
END_TEST

static void check_web(int certificate, int trusts, enum err_code expected) {
    const struct lab_settings settings = {.certsrv = {.certificate = certificate},
                                          .ra = {.trusts = trusts}};
    make_lab(&settings);
    ck_assert_int_eq(verify("web-chain.pem", "web-trust.pem"), expected);
    free_lab();
}

START_TEST(the_web_server_gets_what_the_scenario_says) {
    check_web(WEB_SELF_SIGNED, TRUSTS_CA, ERR_X509_CHAIN);
    check_web(WEB_EXPIRED, TRUSTS_CA, ERR_X509_EXPIRED);
    check_web(WEB_NOT_YET_VALID, TRUSTS_CA, ERR_X509_NOT_YET_VALID);
    check_web(WEB_GOOD, TRUSTS_NOTHING, ERR_X509_CHAIN);
    check_web(WEB_GOOD, TRUSTS_ROOT, ERR_OK);
    check_web(WEB_WITHOUT_CHAIN, TRUSTS_ROOT, ERR_X509_CHAIN);
    check_web(WEB_WITHOUT_CHAIN, TRUSTS_CA, ERR_OK);
    check_web(WEB_EXPIRED_INTERMEDIATE, TRUSTS_CA, ERR_X509_EXPIRED);
    check_web(WEB_EXPIRED_INTERMEDIATE, TRUSTS_ROOT, ERR_X509_EXPIRED);
    const struct lab_settings other = {.certsrv = {.certificate = WEB_OTHER_NAME}};
    make_lab(&other);
    ck_assert_int_eq(X509_check_host(certs.certs[CERT_WEB], "lab-dc.michamen.com", 0, 0, NULL), 0);
    AUTO(char) web = subject_of(CERT_WEB);
    ck_assert_str_eq(web, "/CN=lab-dc");
    free_lab();
}
END_TEST

START_TEST(phones_get_mics_and_lscs) {
    const struct lab_settings settings = {0};
    struct phone_settings phone = {.name = (char *)"SEP74A02FC0A675", .model = (char *)"CP-8845"};
    struct err e = {0};
    make_lab(&settings);
    AUTO(char) key_path = keypool_take(&pool, KEY_RSA, 2048, &e);
    AUTO(EVP_PKEY) key = key_read_file(key_path, &e);
    ck_assert_ok(lab_certs_mic(&certs, &phone, key_path, &e), e);
    ck_assert_int_eq(verify("mic-SEP74A02FC0A675.pem", "mic-ca.pem"), ERR_OK);
    AUTO(char) path = lab_certs_path(&certs, "mic-SEP74A02FC0A675.pem");
    AUTO(X509) mic = x509_read_file(path, &e);
    AUTO(char) name = x509_name_slashes(X509_get_subject_name(mic));
    ck_assert_str_eq(name, "/serialNumber=PID:CP-8845 SN:FCH2FC0A675/O=Cisco Systems Inc./OU=CTG/"
                           "CN=CP-8845-SEP74A02FC0A675");
    ck_assert(x509_has_key(mic, key));
    AUTO(char) lsc = lab_certs_path(&certs, "lsc.pem");
    ck_assert_ok(lab_certs_lsc(&certs, &phone, lab_lsc_issuer(ISSUER_CAPF), key_path, lsc, &e), e);
    ck_assert_int_eq(verify("lsc.pem", "capf-trust.pem"), ERR_OK);
    phone.mic = MIC_UNTRUSTED;
    ck_assert_ok(lab_certs_mic(&certs, &phone, key_path, &e), e);
    ck_assert_int_eq(verify("mic-SEP74A02FC0A675.pem", "mic-ca.pem"), ERR_X509_CHAIN);
    free_lab();
}
END_TEST

START_TEST(the_offline_ca_signs_requests) {
    const struct lab_settings settings = {0};
    struct err e = {0};
    make_lab(&settings);
    AUTO(char) key_path = keypool_take(&pool, KEY_RSA, 2048, &e);
    AUTO(EVP_PKEY) key = key_read_file(key_path, &e);
    AUTO(X509_NAME) name = x509_name_parse("CN=CP-8845-SEP1", &e);
    const struct csr_template t = {.subject = name, .key = key};
    AUTO(X509_REQ) request = csr_sign(&t, key, &e);
    AUTO(X509) cert = lab_certs_sign(&certs, CERT_OFFLINE, request, &e);
    ck_assert_ptr_nonnull(cert);
    ck_assert(x509_has_key(cert, key));
    AUTO(EVP_PKEY) ca = X509_get_pubkey(certs.certs[CERT_OFFLINE]);
    ck_assert_int_eq(X509_verify(cert, ca), 1);
    X509_REQ_set_pubkey(request, certs.keys[CERT_CAPF]);
    ck_assert_ptr_null(lab_certs_sign(&certs, CERT_OFFLINE, request, &e));
    ck_assert_err(e, CSR_SIGNATURE);
    free_lab();
}
END_TEST

START_TEST(configuration_text_reads_back) {
    json_t *o = json_pack("{s:s, s:s, s:s, s:i, s:b, s:f, s:{s:s}, s:[s,s], s:[{s:s,s:b}], s:[]}",
                          "plain", "a/b.pem", "quoted", "a: \"b\" \\c", "word", "no", "number", 7,
                          "flag", 1, "rate", 1.5, "map", "key", "10s", "list", "x", "y z", "maps",
                          "name", "ciscora", "enroll", 0, "empty");
    AUTO_BUF out = BUF_INIT(4096);
    yaml_put(&out, o);
    ck_assert_str_eq(buf_str(&out), "plain: a/b.pem\n"
                                    "quoted: \"a: \\\"b\\\" \\\\c\"\n"
                                    "word: \"no\"\n"
                                    "number: 7\n"
                                    "flag: true\n"
                                    "rate: 1.5\n"
                                    "map:\n"
                                    "  key: 10s\n"
                                    "list:\n"
                                    "  - x\n"
                                    "  - \"y z\"\n"
                                    "maps:\n"
                                    "  - name: ciscora\n"
                                    "    enroll: false\n"
                                    "empty: []\n");
    json_decref(o);
    json_t *whole = yaml_duration(-3600 * INT64_C(1000000));
    json_t *part = yaml_duration(1500000);
    ck_assert_str_eq(json_string_value(whole), "-3600s");
    ck_assert_str_eq(json_string_value(part), "1500ms");
    json_decref(whole);
    json_decref(part);
}
END_TEST

static void check_name(const char *path, const char *root, const char *expected) {
    AUTO(char) name = place_scenario_name(path, root);
    ck_assert_str_eq(name, expected);
}

START_TEST(scenarios_are_named_by_their_place) {
    check_name("scenarios/healthy/online-ca.yaml", NULL, "healthy/online-ca");
    check_name("/x/scenarios/a/scenarios/b.yaml", "/x", "b");
    check_name("my/tests/deep/b.yaml", "my/tests", "deep/b");
    check_name("my/tests/deep/b.yaml", "my/tests/", "deep/b");
    check_name("my-scenarios/b.yaml", NULL, "b");
    check_name(".yaml", NULL, ".yaml");
}
END_TEST

START_TEST(foreign_folders_are_left_alone) {
    struct err e = {0};
    AUTO(char) logs = path_join(new_folder(), "logs");
    AUTO(char) mine = path_join(logs, "mine.txt");
    ck_assert_ok(file_mkdirs(logs, &e), e);
    ck_assert_ok(file_write(mine, bytes_of_str("x"), 0644, &e), e);
    ck_assert_int_eq(place_prepare(folder, &e), -1);
    ck_assert_err(e, SYS_IO);
    ck_assert(file_exists(mine));
    remove_folder();
}
END_TEST

START_TEST(a_second_run_starts_with_empty_folders) {
    struct err e = {0};
    AUTO(char) dir = path_join(new_folder(), "run");
    AUTO(char) old = path_join(dir, "logs/capf.log");
    AUTO(char) other = path_join(dir, "notes.txt");
    ck_assert_ok(place_prepare(dir, &e), e);
    ck_assert_ok(file_write(old, bytes_of_str("x"), 0644, &e), e);
    ck_assert_ok(file_write(other, bytes_of_str("x"), 0644, &e), e);
    ck_assert_ok(place_prepare(dir, &e), e);
    ck_assert(!file_exists(old));
    ck_assert(file_exists(other));
    remove_folder();
}
END_TEST

TEST_MAIN("lab", the_pool_makes_each_key_once, certificates_have_the_names_of_the_seeds,
          the_web_server_gets_what_the_scenario_says, phones_get_mics_and_lscs,
          the_offline_ca_signs_requests, configuration_text_reads_back,
          scenarios_are_named_by_their_place, foreign_folders_are_left_alone,
          a_second_run_starts_with_empty_folders)
