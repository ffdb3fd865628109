/* Forms, attributes, HRESULT strings and log lines: the small text formats. */
#include "base/owned.h"
#include "base/test.h"
#include "mocks/certsrv/attributes.h"
#include "mocks/certsrv/form.h"
#include "mocks/certsrv/hresult.h"
#include "mocks/certsrv/iis_log.h"
#include <string.h>

static void check_field(const char *encoded, const char *name, const char *expected) {
    AUTO_FORM form;
    struct err e;
    ck_assert_ok(form_read(bytes_of_str(encoded), &form, &e), e);
    AUTO(char) got = form_get_text(&form, name);
    ck_assert_str_eq(got, expected);
}

START_TEST(form_is_tolerant) {
    check_field("ReqID=7&ENC=b64", "reqid", "7");
    check_field("ReqID=7&ENC=b64", "Enc", "b64");
    check_field("a=%2b+%3D", "a", "+ =");
    check_field("ReqID=%!s(int=7)&b", "ReqID", "%!s(int=7)");
    check_field("a=100%", "a", "100%");
    check_field("a=%4", "a", "%4");
    check_field("&C&=x&&a=1&a=2", "a", "1");
    check_field("&C&a=1", "C", "");
    check_field("a=1", "missing", "");
    check_field("", "a", "");
    check_field("a=1%00rest", "a", "1");
}
END_TEST

START_TEST(paths_are_decoded) {
    AUTO_BUF out = BUF_INIT(256);
    form_decode_path(&out, "/cert%73rv/a+b%00c%zz");
    ck_assert_str_eq(buf_str(&out), "/certsrv/a+b%00c%zz");
}
END_TEST

START_TEST(form_floods_are_refused) {
    AUTO_BUF text = BUF_INIT(1024 * 1024);
    struct err e;
    for (int i = 0; i <= FORM_FIELDS_MAX; i++)
        buf_put_str(&text, "a&");
    struct form many, large;
    ck_assert_int_eq(form_read(buf_view(&text), &many, &e), -1);
    ck_assert_err(e, SYS_LIMIT);
    form_free(&many);
    while (text.len <= FORM_TEXT_MAX)
        buf_put_str(&text, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    ck_assert_int_eq(form_read(buf_view(&text), &large, &e), -1);
    ck_assert_err(e, SYS_LIMIT);
    form_free(&large);
}
END_TEST

static void check_attribute(const char *text, const char *name, const char *expected) {
    AUTO_ATTRIBUTES a;
    struct err e;
    ck_assert_ok(attributes_read(bytes_of_str(text), &a, &e), e);
    const char *got = attributes_get(&a, name);
    if (expected == NULL)
        ck_assert_ptr_null(got);
    else
        ck_assert_str_eq(got, expected);
}

START_TEST(attributes_follow_the_grammar) {
    check_attribute("CertificateTemplate:CiscoRA", "certificatetemplate", "CiscoRA");
    check_attribute("CertificateTemplate:CiscoRA\r\nUserAgent:Mozilla/5.0 (x: y)\r\n", "useragent",
                    "Mozilla/5.0 (x: y)");
    check_attribute("Certificate-Template : CiscoRA \n", "certificatetemplate", "CiscoRA");
    check_attribute("no colon\r\nsan:dns=a&dns=b", "san", "dns=a&dns=b");
    check_attribute("no colon", "nocolon", NULL);
    check_attribute("", "san", NULL);
}
END_TEST

START_TEST(attribute_floods_are_refused) {
    AUTO_BUF text = BUF_INIT(4096);
    struct attributes a;
    struct err e;
    for (int i = 0; i <= ATTRIBUTES_MAX; i++)
        buf_put_str(&text, "a:b\n");
    ck_assert_int_eq(attributes_read(buf_view(&text), &a, &e), -1);
    ck_assert_err(e, SYS_LIMIT);
    attributes_free(&a);
}
END_TEST

START_TEST(san_pairs_are_split) {
    AUTO_SAN_NAMES s;
    struct err e;
    ck_assert_ok(san_names_read("DNS=a.example & upn=u@d&junk&ipaddress=10.0.0.1", &s, &e), e);
    ck_assert_uint_eq(s.count, 3);
    ck_assert_str_eq(s.items[0].kind, "dns");
    ck_assert_str_eq(s.items[0].value, "a.example");
    ck_assert_str_eq(s.items[1].value, "u@d");
    ck_assert_str_eq(s.items[2].kind, "ipaddress");
}
END_TEST

START_TEST(san_floods_are_refused) {
    AUTO_BUF text = BUF_INIT(4096);
    struct san_names s;
    struct err e;
    for (int i = 0; i <= SAN_NAMES_MAX; i++)
        buf_put_str(&text, "dns=a&");
    ck_assert_int_eq(san_names_read(buf_str(&text), &s, &e), -1);
    ck_assert_err(e, SYS_LIMIT);
    san_names_free(&s);
}
END_TEST

static const struct {
    uint32_t code;
    const char *text;
} hresults[] = {
    {0, "The operation completed successfully. 0x0 (WIN32: 0)"},
    {0x80094800, "The requested certificate template is not supported by this CA. 0x80094800 "
                 "(-2146875392 CERTSRV_E_UNSUPPORTED_CERT_TYPE)"},
    {0x800706ba,
     "The RPC server is unavailable. 0x800706ba (WIN32: 1722 RPC_S_SERVER_UNAVAILABLE)"},
    {0x8009310b, "ASN1 bad tag value met. 0x8009310b (ASN: 267 CRYPT_E_ASN1_BADTAG)"},
    {0x80093102, "ASN1 unexpected end of data. 0x80093102 (ASN: 258 CRYPT_E_ASN1_EOD)"},
    {0x80094004,
     "The requested property value is empty. 0x80094004 (-2146877436 CERTSRV_E_PROPERTY_EMPTY)"},
    {0x80070005, "Access is denied. 0x80070005 (WIN32: 5 ERROR_ACCESS_DENIED)"},
    {0x80091234, "0x80091234 (-2146889164)"},
};

START_TEST(hresults_read_as_on_the_pages) {
    for (size_t i = 0; i < sizeof hresults / sizeof hresults[0]; i++) {
        AUTO_BUF out = BUF_INIT(1024);
        hresult_put(&out, hresults[i].code);
        ck_assert_str_eq(buf_str(&out), hresults[i].text);
    }
}
END_TEST

static struct iis_entry seed_entry(void) {
    return (struct iis_entry){.wall_us = 1551807075999999, /* 2019-03-05 17:31:15 UTC */
                              .server_ip = "14.48.31.152",
                              .method = "GET",
                              .stem = "/certsrv",
                              .query = "",
                              .port = 443,
                              .client_ip = "14.48.31.128",
                              .user_agent = "CiscoRA 1.0",
                              .status = 401,
                              .substatus = 1,
                              .win32 = IIS_SEC_E_NO_CREDENTIALS};
}

START_TEST(log_lines_are_those_of_the_seed) {
    AUTO_BUF out = BUF_INIT(4096);
    struct iis_entry entry = seed_entry();
    iis_put_entry(&out, &entry);
    ck_assert_str_eq(buf_str(&out),
                     "2019-03-05 17:31:15 14.48.31.152 GET /certsrv - 443 - 14.48.31.128 "
                     "CiscoRA+1.0 - 401 1 2148074254 0\r\n");
    buf_reset(&out);
    entry.stem = "/certsrv/certnew.p7b";
    entry.query = "ReqID=CACert&Renewal=0&Enc=bin";
    entry.username = "MICHAMEN\\ciscora";
    entry.status = 200;
    entry.substatus = 0;
    entry.win32 = 0;
    entry.taken_ms = 2;
    iis_put_entry(&out, &entry);
    ck_assert_str_eq(buf_str(&out),
                     "2019-03-05 17:31:15 14.48.31.152 GET /certsrv/certnew.p7b "
                     "ReqID=CACert&Renewal=0&Enc=bin 443 MICHAMEN\\ciscora 14.48.31.128 "
                     "CiscoRA+1.0 - 200 0 0 2\r\n");
}
END_TEST

START_TEST(log_lines_cannot_be_forged) {
    AUTO_BUF out = BUF_INIT(4096);
    struct iis_entry entry = seed_entry();
    entry.user_agent = "a\r\n2019-03-05 b";
    iis_put_entry(&out, &entry);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), " a\\x0D\\x0A2019-03-05+b "));
}
END_TEST

START_TEST(log_header_names_fifteen_columns) {
    AUTO_BUF out = BUF_INIT(4096);
    iis_put_header(&out, 1551807075000000);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "#Version: 1.0\r\n#Date: 2019-03-05 17:31:15\r\n"));
    const char *fields = strstr(buf_str(&out), "#Fields:");
    size_t blanks = 0;
    for (const char *at = fields; *at != '\0'; at++)
        blanks += *at == ' ';
    ck_assert_uint_eq(blanks, 15);
}
END_TEST

TEST_MAIN("certsrv texts", form_is_tolerant, paths_are_decoded, form_floods_are_refused,
          attributes_follow_the_grammar, attribute_floods_are_refused, san_pairs_are_split,
          san_floods_are_refused, hresults_read_as_on_the_pages, log_lines_are_those_of_the_seed,
          log_lines_cannot_be_forged, log_header_names_fifteen_columns)
