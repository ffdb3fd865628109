/* Every known page variant, whole and damaged, as files in testdata/. */
#include "base/file.h"
#include "base/test.h"
#include "certsrv/certsrv_page.h"
#include <string.h>

static void load(const char *name, struct buf *out) {
    AUTO(char) path = path_join(TESTDATA, "%s", name);
    struct err e;
    ck_assert_ok(file_read(path, out, &e), e);
}

#define RPC "The RPC server is unavailable. 0x800706ba (WIN32: 1722 RPC_S_SERVER_UNAVAILABLE)"
#define TEMPLATE                                                                                   \
    "Denied by Policy Module 0x80094800, The request was for a certificate template that is not "  \
    "supported by the Active Directory Certificate Services policy: CiscoRAA."

static const struct {
    const char *file;
    enum certsrv_page_kind kind;
    uint32_t id;
    enum err_code verdict;
    uint32_t hresult;
    const char *message;
} pages[] = {
    {"issued-links.html", CERTSRV_PAGE_ISSUED, 10, ERR_OK, 0, NULL},
    {"issued-script.html", CERTSRV_PAGE_ISSUED, 61108, ERR_OK, 0, NULL},
    {"issued-both.html", CERTSRV_PAGE_ISSUED, 85, ERR_OK, 0, NULL},
    {"issued-lower-case.html", CERTSRV_PAGE_ISSUED, 10, ERR_OK, 0, NULL},
    {"issued-upper-case.html", CERTSRV_PAGE_ISSUED, 10, ERR_OK, 0, NULL},
    {"issued-lf.html", CERTSRV_PAGE_ISSUED, 10, ERR_OK, 0, NULL},
    {"issued-german.html", CERTSRV_PAGE_ISSUED, UINT32_MAX, ERR_OK, 0, NULL},
    {"issued-truncated-in-id.html", CERTSRV_PAGE_OTHER, 0, ERR_CERTSRV_PAGE_UNKNOWN, 0, NULL},
    {"issued-truncated-before-link.html", CERTSRV_PAGE_OTHER, 0, ERR_CERTSRV_PAGE_UNKNOWN, 0, NULL},
    {"issued-script-truncated-in-id.html", CERTSRV_PAGE_OTHER, 0, ERR_CERTSRV_PAGE_UNKNOWN, 0,
     NULL},
    {"issued-id-too-large.html", CERTSRV_PAGE_OTHER, 0, ERR_CERTSRV_PAGE_UNKNOWN, 0, NULL},
    {"issued-id-zero.html", CERTSRV_PAGE_OTHER, 0, ERR_CERTSRV_PAGE_UNKNOWN, 0, NULL},
    {"issued-in-comment.html", CERTSRV_PAGE_OTHER, 0, ERR_CERTSRV_PAGE_UNKNOWN, 0, NULL},
    {"issued-ca-link-only.html", CERTSRV_PAGE_OTHER, 0, ERR_CERTSRV_PAGE_UNKNOWN, 0, NULL},
    {"pending.html", CERTSRV_PAGE_PENDING, 89, ERR_CERTSRV_PENDING, 0, NULL},
    {"pending-japanese.html", CERTSRV_PAGE_PENDING, 89, ERR_CERTSRV_PENDING, 0, NULL},
    {"still-pending.html", CERTSRV_PAGE_PENDING, 0, ERR_CERTSRV_PENDING, 0, NULL},
    {"denied-template.html", CERTSRV_PAGE_DENIED, 85, ERR_CERTSRV_DENIED, 0x80094800, TEMPLATE},
    {"denied-bare.html", CERTSRV_PAGE_DENIED, 86, ERR_CERTSRV_DENIED, 0, "Denied by Policy Module"},
    {"denied-garbage.html", CERTSRV_PAGE_DENIED, 87, ERR_CERTSRV_DENIED, 0x8009310b,
     "Error Parsing Request ASN1 bad tag value met. 0x8009310b (ASN: 267 CRYPT_E_ASN1_BADTAG)"},
    {"denied-upper-case.html", CERTSRV_PAGE_DENIED, 86, ERR_CERTSRV_DENIED, 0,
     "DENIED BY POLICY MODULE"},
    {"denied-german.html", CERTSRV_PAGE_DENIED, 88, ERR_CERTSRV_DENIED, 0x80094800,
     "Verweigert vom Richtlinienmodul 0x80094800, Die Zertifikatvorlage wird nicht unterst\u00fctzt"
     "."},
    {"denied-no-message.html", CERTSRV_PAGE_DENIED, 0, ERR_CERTSRV_DENIED, 0, NULL},
    {"denied-with-link.html", CERTSRV_PAGE_DENIED, 90, ERR_CERTSRV_DENIED, 0, "Denied"},
    {"error-pending.html", CERTSRV_PAGE_PENDING, 0, ERR_CERTSRV_PENDING, 0,
     "Taken Under Submission"},
    {"error-denied-policy.html", CERTSRV_PAGE_DENIED, 0, ERR_CERTSRV_DENIED, 0x80094012,
     "Denied by Policy Module"},
    {"error-denied-officer.html", CERTSRV_PAGE_DENIED, 0, ERR_CERTSRV_DENIED, 0x80094014,
     "Denied by MICHAMEN\\officer"},
    {"error-unknown-id.html", CERTSRV_PAGE_ERROR, 0, ERR_CERTSRV_ERROR_PAGE, 0x80094004, NULL},
    {"error-rpc.html", CERTSRV_PAGE_ERROR, 0, ERR_CERTSRV_ERROR_PAGE, 0x800706ba, NULL},
    {"error-german.html", CERTSRV_PAGE_PENDING, 0, ERR_CERTSRV_PENDING, 0,
     "In Bearbeitung genommen"},
    {"error-without-list.html", CERTSRV_PAGE_DENIED, 0, ERR_CERTSRV_DENIED, 0x80094811,
     "Denied by Policy Module"},
    {"form.html", CERTSRV_PAGE_OTHER, 0, ERR_CERTSRV_PAGE_UNKNOWN, 0, NULL},
    {"401.html", CERTSRV_PAGE_UNAUTHORIZED, 0, ERR_CERTSRV_AUTH, 0, NULL},
    {"moved.html", CERTSRV_PAGE_OTHER, 0, ERR_CERTSRV_PAGE_UNKNOWN, 0, NULL},
    {"hostile-attributes.html", CERTSRV_PAGE_ISSUED, 10, ERR_OK, 0, NULL},
    {"hostile-deep.html", CERTSRV_PAGE_OTHER, 0, ERR_CERTSRV_PAGE_UNKNOWN, 0, NULL},
    {"hostile-unclosed.html", CERTSRV_PAGE_OTHER, 0, ERR_CERTSRV_PAGE_UNKNOWN, 0, NULL},
    {"hostile-entities.html", CERTSRV_PAGE_OTHER, 0, ERR_CERTSRV_PAGE_UNKNOWN, 0, NULL},
    {"empty.html", CERTSRV_PAGE_OTHER, 0, ERR_CERTSRV_PAGE_UNKNOWN, 0, NULL},
};

static void check_page(size_t i) {
    AUTO_BUF body = BUF_INIT(CERTSRV_BODY_MAX);
    load(pages[i].file, &body);
    struct certsrv_page page;
    struct err e;
    ck_assert_ok(certsrv_page_read(buf_view(&body), &page, &e), e);
    ck_assert_msg(page.kind == pages[i].kind, "%s: kind %d", pages[i].file, (int)page.kind);
    ck_assert_msg(page.request_id == pages[i].id, "%s: id %u", pages[i].file, page.request_id);
    ck_assert_msg(page.hresult == pages[i].hresult, "%s: 0x%x", pages[i].file, page.hresult);
    if (pages[i].message == NULL)
        ck_assert_msg(page.message == NULL, "%s: '%s'", pages[i].file, page.message);
    else
        ck_assert_msg(page.message != NULL && strcmp(page.message, pages[i].message) == 0,
                      "%s: '%s'", pages[i].file, page.message);
    e.code = ERR_OK;
    certsrv_page_verdict(&page, &e);
    ck_assert_msg(e.code == pages[i].verdict, "%s: %s", pages[i].file, err_name(e.code));
    certsrv_page_clear(&page);
}

START_TEST(pages_are_told_apart) {
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
        check_page(i);
}
END_TEST

START_TEST(error_page_shows_its_last_status) {
    AUTO_BUF body = BUF_INIT(CERTSRV_BODY_MAX);
    load("error-rpc.html", &body);
    struct certsrv_page page;
    struct err e;
    ck_assert_ok(certsrv_page_read(buf_view(&body), &page, &e), e);
    ck_assert_str_eq(page.last_status, RPC);
    ck_assert_int_eq(page.disposition, -1);
    certsrv_page_verdict(&page, &e);
    ck_assert_str_eq(e.text, "the CA says: " RPC);
    certsrv_page_clear(&page);
}
END_TEST

/* Every prefix and a flipped byte at every place of a page: the reader may say anything but must
 * neither crash nor find an id that is not there. */
START_TEST(damaged_pages_never_change_the_id) {
    AUTO_BUF body = BUF_INIT(CERTSRV_BODY_MAX);
    load("issued-both.html", &body);
    for (size_t len = 0; len < body.len; len++) {
        struct certsrv_page page;
        struct err e;
        ck_assert_ok(certsrv_page_read(bytes_of(body.data, len), &page, &e), e);
        ck_assert(page.request_id == 0 || page.request_id == 85);
        certsrv_page_clear(&page);
    }
}
END_TEST

START_TEST(bytes_that_are_no_text_are_taken) {
    AUTO_BUF body = BUF_INIT(CERTSRV_BODY_MAX);
    load("hostile-nul.html", &body);
    struct certsrv_page page;
    struct err e;
    ck_assert_ok(certsrv_page_read(buf_view(&body), &page, &e), e);
    certsrv_page_clear(&page);
    uint8_t *large = calloc(1, CERTSRV_PAGE_MAX + 1);
    ck_assert_int_eq(certsrv_page_read(bytes_of(large, CERTSRV_PAGE_MAX + 1), &page, &e), -1);
    ck_assert_err(e, SYS_LIMIT);
    free(large);
}
END_TEST

static int templates_of(const char *file, struct certsrv_templates *list, struct err *e) {
    AUTO_BUF body = BUF_INIT(CERTSRV_BODY_MAX);
    load(file, &body);
    return certsrv_templates_read(buf_view(&body), list, e);
}

static void check_full_list(const char *file) {
    struct certsrv_templates list;
    struct err e;
    ck_assert_ok(templates_of(file, &list, &e), e);
    ck_assert_uint_eq(list.count, 3);
    const struct certsrv_template *t = certsrv_template_find(&list, "ciscora");
    ck_assert_ptr_nonnull(t);
    ck_assert_str_eq(t->kind, "E");
    ck_assert_str_eq(t->name, "CiscoRA");
    ck_assert_str_eq(t->key_storage, "16");
    ck_assert_str_eq(t->name_flags, "1");
    ck_assert_str_eq(t->providers, "Microsoft RSA SChannel Cryptographic Provider");
    ck_assert_str_eq(t->major_version, "100");
    ck_assert_str_eq(t->force_minor, "");
    ck_assert_str_eq(t->minor_version, "7");
    ck_assert_str_eq(t->friendly_name, "Cisco RA");
    ck_assert_ptr_eq(certsrv_template_find(&list, t->oid), t);
    ck_assert_ptr_null(certsrv_template_find(&list, "CiscoRAA"));
    ck_assert_ptr_null(certsrv_template_find(&list, "Cisco"));
    ck_assert_ptr_null(certsrv_template_find(&list, ""));
    certsrv_templates_clear(&list);
}

START_TEST(templates_have_fourteen_fields) {
    check_full_list("form.html");
    check_full_list("form-lower-case.html");
    check_full_list("form-by-name.html");
}
END_TEST

START_TEST(template_lists_may_be_short) {
    struct certsrv_templates list;
    struct err e;
    ck_assert_ok(templates_of("form-short-fields.html", &list, &e), e);
    ck_assert_uint_eq(list.count, 2);
    ck_assert_str_eq(certsrv_template_find(&list, "CiscoRA")->friendly_name, "");
    certsrv_templates_clear(&list);
    ck_assert_ok(templates_of("form-empty.html", &list, &e), e);
    ck_assert_uint_eq(list.count, 0);
    ck_assert_ok(templates_of("form-none-found.html", &list, &e), e);
    ck_assert_uint_eq(list.count, 0);
    ck_assert_ok(templates_of("form-none-found-german.html", &list, &e), e);
    ck_assert_uint_eq(list.count, 0);
    ck_assert_ok(templates_of("form-truncated.html", &list, &e), e);
    ck_assert_uint_eq(list.count, 2);
    certsrv_templates_clear(&list);
}
END_TEST

START_TEST(another_page_is_no_template_list) {
    struct certsrv_templates list;
    struct err e;
    ck_assert_int_eq(templates_of("401.html", &list, &e), -1);
    ck_assert_err(e, CERTSRV_AUTH);
    ck_assert_int_eq(templates_of("error-rpc.html", &list, &e), -1);
    ck_assert_err(e, CERTSRV_ERROR_PAGE);
    ck_assert_int_eq(templates_of("issued-both.html", &list, &e), -1);
    ck_assert_err(e, CERTSRV_PAGE_UNKNOWN);
    ck_assert_int_eq(templates_of("moved.html", &list, &e), -1);
    ck_assert_err(e, CERTSRV_PAGE_UNKNOWN);
}
END_TEST

static int renewals_of(const char *file, uint32_t *renewals, struct err *e) {
    AUTO_BUF body = BUF_INIT(CERTSRV_BODY_MAX);
    load(file, &body);
    return certsrv_renewals_read(buf_view(&body), renewals, e);
}

START_TEST(renewals_are_counted) {
    uint32_t n = 7;
    struct err e;
    ck_assert_ok(renewals_of("ca.html", &n, &e), e);
    ck_assert_uint_eq(n, 2);
    ck_assert_ok(renewals_of("ca-spaced.html", &n, &e), e);
    ck_assert_uint_eq(n, 0);
    ck_assert_int_eq(renewals_of("ca-truncated.html", &n, &e), -1);
    ck_assert_err(e, CERTSRV_PAGE_UNKNOWN);
    ck_assert_int_eq(renewals_of("ca-hostile.html", &n, &e), -1);
    ck_assert_err(e, CERTSRV_PAGE_UNKNOWN);
    ck_assert_int_eq(renewals_of("401.html", &n, &e), -1);
    ck_assert_err(e, CERTSRV_AUTH);
}
END_TEST

static X509 *certificate_of(const char *file, struct err *e) {
    AUTO_BUF body = BUF_INIT(CERTSRV_BODY_MAX);
    load(file, &body);
    return certsrv_certificate_read(buf_view(&body), e);
}

static void refuse_certificate(const char *file, enum err_code code) {
    struct err e = {.code = ERR_OK};
    ck_assert_ptr_null(certificate_of(file, &e));
    ck_assert_msg(e.code == code, "%s: %s %s", file, err_name(e.code), e.text);
}

START_TEST(certificates_are_read_by_content) {
    struct err e;
    AUTO(X509) pem = certificate_of("leaf-crlf.pem", &e);
    AUTO(X509) der = certificate_of("leaf.der", &e);
    ck_assert_ptr_nonnull(pem);
    ck_assert_ptr_nonnull(der);
    ck_assert_int_eq(X509_cmp(pem, der), 0);
    refuse_certificate("error-pending.html", ERR_CERTSRV_PENDING);
    refuse_certificate("error-denied-officer.html", ERR_CERTSRV_DENIED);
    refuse_certificate("error-unknown-id.html", ERR_CERTSRV_ERROR_PAGE);
    refuse_certificate("issued-both.html", ERR_CERTSRV_PAGE_UNKNOWN);
    refuse_certificate("empty.html", ERR_CERTSRV_PAGE_UNKNOWN);
    refuse_certificate("leaf-truncated.der", ERR_X509_PARSE);
    refuse_certificate("leaf-truncated.pem", ERR_X509_PARSE);
}
END_TEST

START_TEST(a_page_of_another_kind_is_said_to_stand_for_the_download) {
    struct err e;
    ck_assert_ptr_null(certificate_of("form.html", &e));
    ck_assert_err(e, CERTSRV_PAGE_UNKNOWN);
    ck_assert_str_eq(e.text, "a page came in place of the download");
}
END_TEST

START_TEST(chains_are_read_by_content) {
    static const char *const files[] = {"chain.der", "chain-iis.pem"};
    struct err e;
    for (size_t i = 0; i < 2; i++) {
        AUTO_BUF body = BUF_INIT(CERTSRV_BODY_MAX);
        load(files[i], &body);
        AUTO(X509_STACK) chain = certsrv_chain_read(buf_view(&body), &e);
        ck_assert_msg(chain != NULL, "%s: %s", files[i], e.text);
        ck_assert_int_eq(sk_X509_num(chain), 2);
    }
    AUTO_BUF page = BUF_INIT(CERTSRV_BODY_MAX);
    load("401.html", &page);
    ck_assert_ptr_null(certsrv_chain_read(buf_view(&page), &e));
    ck_assert_err(e, CERTSRV_AUTH);
    ck_assert_ptr_null(certsrv_chain_read(bytes_of_str("0\x82"), &e));
    ck_assert_err(e, PKCS7_PARSE);
}
END_TEST

/* A mark of the encoding, blanks and line ends may stand first; a page behind them is still one. */
START_TEST(what_stands_before_a_download_is_skipped) {
    AUTO_BUF body = BUF_INIT(CERTSRV_BODY_MAX), page = BUF_INIT(CERTSRV_BODY_MAX);
    struct err e = {0};
    buf_put_str(&body, "\xef\xbb\xbf \r\n");
    load("leaf-crlf.pem", &body);
    AUTO(X509) certificate = certsrv_certificate_read(buf_view(&body), &e);
    ck_assert_msg(certificate != NULL, "%s", e.text);
    buf_put_str(&page, "\r\n\t");
    load("error-pending.html", &page);
    ck_assert_ptr_null(certsrv_certificate_read(buf_view(&page), &e));
    ck_assert_err(e, CERTSRV_PENDING);
}
END_TEST

START_TEST(a_page_that_is_too_long_is_refused) {
    AUTO(char) text = calloc(1, CERTSRV_BODY_MAX + 2);
    struct err e = {0};
    memset(text, '<', CERTSRV_BODY_MAX + 1);
    ck_assert_ptr_null(certsrv_certificate_read(bytes_of(text, CERTSRV_BODY_MAX + 1), &e));
    ck_assert_err(e, SYS_LIMIT);
}
END_TEST

TEST_MAIN("certsrv pages", pages_are_told_apart, error_page_shows_its_last_status,
          damaged_pages_never_change_the_id, bytes_that_are_no_text_are_taken,
          templates_have_fourteen_fields, template_lists_may_be_short,
          another_page_is_no_template_list, renewals_are_counted, certificates_are_read_by_content,
          a_page_of_another_kind_is_said_to_stand_for_the_download, chains_are_read_by_content,
          what_stands_before_a_download_is_skipped, a_page_that_is_too_long_is_refused)
