/* Trust stores: shared while the file stays, read anew when it was replaced. */
#include "base/bytes.h"
#include "base/file.h"
#include "base/owned.h"
#include "base/temporary_test.h"
#include "base/test.h"
#include "base/trust_store.h"

static void put_file(const char *path, const char *from) {
    AUTO_BUF pem = BUF_INIT(65536);
    struct err e = {0};
    ck_assert_ok(file_read(from, &pem, &e), e);
    ck_assert_ok(file_write(path, buf_view(&pem), 0644, &e), e);
}

static int anchors_of(X509_STORE *store) {
    return sk_X509_OBJECT_num(X509_STORE_get0_objects(store));
}

START_TEST(a_file_that_stays_is_read_once) {
    AUTO(X509_STORE) first = trust_store_get(TESTDATA "/http-ca.pem");
    AUTO(X509_STORE) again = trust_store_get(TESTDATA "/http-ca.pem");
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_eq(first, again);
    ck_assert_int_eq(anchors_of(first), 1);
}
END_TEST

START_TEST(a_replaced_file_is_read_again) {
    TEMPORARY(dir);
    AUTO(char) path = path_join(dir, "trust.pem");
    put_file(path, TESTDATA "/http-ca.pem");
    AUTO(X509_STORE) first = trust_store_get(path);
    put_file(path, TESTDATA "/http-self.pem");
    AUTO(X509_STORE) second = trust_store_get(path);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_nonnull(second);
    ck_assert_ptr_ne(first, second);
}
END_TEST

START_TEST(a_removed_file_is_trusted_no_more) {
    TEMPORARY(dir);
    AUTO(char) path = path_join(dir, "trust.pem");
    put_file(path, TESTDATA "/http-ca.pem");
    AUTO(X509_STORE) store = trust_store_get(path);
    ck_assert_ptr_nonnull(store);
    ck_assert_int_eq(remove(path), 0);
    ck_assert_ptr_null(trust_store_get(path));
}
END_TEST

START_TEST(what_is_no_certificate_is_no_store) {
    TEMPORARY(dir);
    AUTO(char) path = path_join(dir, "trust.pem");
    struct err e = {0};
    ck_assert_ptr_null(trust_store_get(path));
    ck_assert_ok(file_write(path, bytes_of_str("nothing\n"), 0644, &e), e);
    ck_assert_ptr_null(trust_store_get(path));
}
END_TEST

START_TEST(many_files_make_room_for_each_other) {
    TEMPORARY(dir);
    for (int i = 0; i < 20; i++) {
        AUTO(char) path = path_join(dir, "%d.pem", i);
        put_file(path, TESTDATA "/http-ca.pem");
        AUTO(X509_STORE) store = trust_store_get(path);
        ck_assert_ptr_nonnull(store);
    }
    AUTO(char) first = path_join(dir, "0.pem");
    AUTO(X509_STORE) store = trust_store_get(first);
    ck_assert_ptr_nonnull(store);
}
END_TEST

START_TEST(a_forgotten_store_is_read_again) {
    AUTO(X509_STORE) first = trust_store_get(TESTDATA "/http-ca.pem");
    trust_store_forget(TESTDATA "/http-self.pem");
    AUTO(X509_STORE) same = trust_store_get(TESTDATA "/http-ca.pem");
    trust_store_forget(TESTDATA "/http-ca.pem");
    AUTO(X509_STORE) other = trust_store_get(TESTDATA "/http-ca.pem");
    ck_assert_ptr_eq(first, same);
    ck_assert_ptr_nonnull(other);
    ck_assert_ptr_ne(first, other);
}
END_TEST

TEST_MAIN("trust store", a_file_that_stays_is_read_once, a_replaced_file_is_read_again,
          a_removed_file_is_trusted_no_more, what_is_no_certificate_is_no_store,
          many_files_make_room_for_each_other, a_forgotten_store_is_read_again)
