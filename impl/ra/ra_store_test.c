/* Open request ids: what makes an enrolment the same, and that they outlive the process. */
#include "base/clock.h"
#include "base/test.h"
#include "base/x509.h"
#include "pki/csr.h"
#include "ra/ra_store.h"
#include <string.h>

static X509_REQ *request(const char *subject, EVP_PKEY *key) {
    struct err e;
    AUTO(X509_NAME) name = x509_name_parse(subject, &e);
    struct csr_template t = {.subject = name, .key = key};
    X509_REQ *r = csr_sign(&t, key, &e);
    ck_assert_ptr_nonnull(r);
    return r;
}

static struct ra_key key_of(const char *identity, const char *label, X509_REQ *r) {
    struct ra_key key;
    struct err e;
    ck_assert_ok(ra_key_of(identity, label, "CiscoRA", r, &key, &e), e);
    return key;
}

static bool same(const struct ra_key *a, const struct ra_key *b) {
    return memcmp(a->digest, b->digest, RA_KEY_SIZE) == 0;
}

START_TEST(the_same_client_key_and_subject_are_one_enrolment) {
    struct err e;
    AUTO(EVP_PKEY) one = key_generate(KEY_EC, 256, &e);
    AUTO(EVP_PKEY) two = key_generate(KEY_EC, 256, &e);
    AUTO(X509_REQ) a = request("CN=a", one);
    AUTO(X509_REQ) again = request("CN=a", one); /* another signature */
    AUTO(X509_REQ) b = request("CN=b", one);
    AUTO(X509_REQ) c = request("CN=a", two);
    struct ra_key key = key_of("u", "l", a);
    struct ra_key others[] = {key_of("u", "l", b), key_of("u", "l", c), key_of("v", "l", a),
                              key_of("u", "", a), key_of("ul", "", a)};
    struct ra_key retry = key_of("u", "l", again);
    ck_assert(same(&key, &retry));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_msg(!same(&key, &others[i]), "%zu", i);
}
END_TEST

static const struct ra_key some = {.digest = {1, 2, 3}};

static uint32_t get(struct ra_store *store) {
    uint32_t id = 99;
    struct err e;
    ck_assert_ok(ra_store_get(store, &some, &id, &e), e);
    return id;
}

START_TEST(ids_outlive_the_process) {
    char directory[] = "/tmp/ra-store-test-XXXXXX";
    char path[64];
    struct err e;
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/ra.sqlite", directory);
    struct ra_store *store = ra_store_open(path, &e);
    ck_assert_msg(store != NULL, "%s", e.text);
    ck_assert_uint_eq(get(store), 0);
    ck_assert_ok(ra_store_put(store, &some, UINT32_MAX, false, &e), e);
    ck_assert_ok(ra_store_put(store, &some, 10, true, &e), e);
    ra_store_close(store);
    store = ra_store_open(path, &e);
    ck_assert_uint_eq(get(store), 10);
    ck_assert_ok(ra_store_drop(store, &some, &e), e);
    ck_assert_uint_eq(get(store), 0);
    ra_store_close(store);
    unlink(path);
    ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

START_TEST(old_ids_are_forgotten) {
    struct err e;
    struct ra_store *store = ra_store_open(NULL, &e);
    ck_assert_ok(ra_store_put(store, &some, 10, false, &e), e);
    clock_configure((RA_OPEN_S + 60) * INT64_C(1000000), 1.0);
    ck_assert_uint_eq(get(store), 0);
    ck_assert_ok(ra_store_put(store, &some, 11, true, &e), e);
    clock_configure((RA_PENDING_S - 60) * INT64_C(1000000), 1.0);
    ck_assert_uint_eq(get(store), 11);
    ra_store_close(store);
}
END_TEST

START_TEST(a_bad_file_is_refused) {
    struct err e;
    ck_assert_ptr_null(ra_store_open(TESTDATA "/trust.pem", &e));
    ck_assert_err(e, STORE_OPEN);
    ck_assert_ptr_null(ra_store_open("/nonexistent/ra.sqlite", &e));
    ck_assert_err(e, STORE_OPEN);
}
END_TEST

START_TEST(an_answer_is_kept_for_the_very_same_request) {
    struct err e;
    struct ra_store *store = ra_store_open(NULL, &e);
    struct ra_key other = some;
    other.request[0] = 1;
    uint32_t id = 99;
    ck_assert_ok(ra_store_put(store, &some, 7, false, &e), e);
    ck_assert_ok(ra_store_answered(store, &some, 60, &e), e);
    ck_assert_uint_eq(get(store), 7);
    ck_assert_ok(ra_store_get(store, &other, &id, &e), e);
    ck_assert_uint_eq(id, 0);
    ck_assert_ok(ra_store_get_joined(store, &other, &id, &e), e);
    ck_assert_uint_eq(id, 7);
    clock_configure(61 * INT64_C(1000000), 1);
    ck_assert_uint_eq(get(store), 0);
    ck_assert_ok(ra_store_get_joined(store, &other, &id, &e), e);
    ck_assert_uint_eq(id, 0);
    clock_configure(0, 1);
    ra_store_close(store);
}
END_TEST

START_TEST(without_syncing_everything_else_is_the_same) {
    struct err e;
    struct ra_store *store = ra_store_open(NULL, &e);
    ck_assert_ok(ra_store_never_sync(store, &e), e);
    ck_assert_ok(ra_store_put(store, &some, 7, true, &e), e);
    ck_assert_uint_eq(get(store), 7);
    ra_store_close(store);
}
END_TEST

TEST_MAIN("ra store", the_same_client_key_and_subject_are_one_enrolment, ids_outlive_the_process,
          old_ids_are_forgotten, a_bad_file_is_refused, an_answer_is_kept_for_the_very_same_request,
          without_syncing_everything_else_is_the_same)
