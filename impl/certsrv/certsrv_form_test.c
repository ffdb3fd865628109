/* The forms for certfnsh.asp: fields, encoding, and names that would add attributes. */
#include "base/file.h"
#include "base/test.h"
#include "certsrv/certsrv_form.h"
#include "pki/csr.h"
#include <string.h>

static X509_REQ *request(void) {
    AUTO_BUF text = BUF_INIT(CSR_MAX);
    struct err e;
    ck_assert_ok(file_read(TESTDATA "/request.pem", &text, &e), e);
    X509_REQ *r = csr_read(buf_view(&text), NULL, &e);
    ck_assert_ptr_nonnull(r);
    return r;
}

START_TEST(base64_letters_survive) {
    AUTO_BUF form = BUF_INIT(CERTSRV_FORM_MAX);
    certsrv_form_put(&form, "a", bytes_of_str("Az09-._~"));
    certsrv_form_put(&form, "b", bytes_of_str("+/= &\r\n%\xff"));
    certsrv_form_put(&form, "c d", bytes_of_str(""));
    ck_assert_str_eq(buf_str(&form), "a=Az09-._~&b=%2B%2F%3D%20%26%0D%0A%25%FF&c%20d=");
}
END_TEST

START_TEST(new_request_has_the_fields_of_a_browser) {
    AUTO_BUF form = BUF_INIT(CERTSRV_FORM_MAX);
    AUTO(X509_REQ) r = request();
    struct err e;
    int64_t wall_us = 1552558142 * INT64_C(1000000); /* 2019-03-14 10:09:02 */
    ck_assert_ok(certsrv_form_new_request(&form, r, "CiscoRA", wall_us, &e), e);
    const char *text = buf_str(&form);
    static const char start[] = "Mode=newreq&CertRequest=-----BEGIN%20CERTIFICATE%20REQUEST-----"
                                "%0D%0A";
    static const char end[] =
        "-----END%20CERTIFICATE%20REQUEST-----%0D%0A&CertAttrib=CertificateTemplate%3ACiscoRA"
        "%0D%0AUserAgent%3ACiscoRA%201.0%0D%0A&FriendlyType=Saved-Request%20Certificate%20%28"
        "3%2F14%2F2019%2C%2010%3A09%3A02%20AM%29&ThumbPrint=&TargetStoreFlags=0&SaveCert=yes";
    ck_assert_int_eq(strncmp(text, start, sizeof start - 1), 0);
    ck_assert_uint_gt(form.len, sizeof end);
    ck_assert_str_eq(text + form.len - (sizeof end - 1), end);
    ck_assert_ptr_null(strchr(text, '+'));
}
END_TEST

static void refuse_template(const char *name) {
    AUTO_BUF form = BUF_INIT(CERTSRV_FORM_MAX);
    AUTO(X509_REQ) r = request();
    struct err e;
    ck_assert_int_eq(certsrv_form_new_request(&form, r, name, 0, &e), -1);
    ck_assert_err(e, CONFIG_BAD_VALUE);
}

START_TEST(template_names_add_no_attribute) {
    refuse_template("CiscoRA\r\nSAN:dns=evil.example");
    refuse_template("CiscoRA\nx");
    refuse_template("a:b");
    refuse_template("");
}
END_TEST

START_TEST(pending_form_names_the_request) {
    AUTO_BUF form = BUF_INIT(CERTSRV_FORM_MAX);
    struct err e;
    ck_assert_ok(certsrv_form_check_pending(&form, UINT32_MAX, &e), e);
    ck_assert_str_eq(buf_str(&form), "Mode=chkpnd&ReqID=4294967295");
}
END_TEST

START_TEST(forms_are_bounded) {
    AUTO_BUF form = BUF_INIT(100);
    AUTO(X509_REQ) r = request();
    struct err e;
    ck_assert_int_eq(certsrv_form_new_request(&form, r, "CiscoRA", 0, &e), -1);
    ck_assert_err(e, SYS_LIMIT);
}
END_TEST

TEST_MAIN("certsrv forms", base64_letters_survive, new_request_has_the_fields_of_a_browser,
          template_names_add_no_attribute, pending_form_names_the_request, forms_are_bounded)
