/* The CA: the requests of testdata/csr against templates, rights and switches; retrieval, approval,
 * revocation, renewal, chains. */
#include "mocks/certsrv/ca_internal.h"
#include "mocks/certsrv/hresult.h"
#include "mocks/certsrv/manager.h"
#include "mocks/certsrv/test_lab.h"
#include "pki/p7.h"
#include <inttypes.h>

static const struct {
    const char *csr, *attributes;
    size_t user;
    enum disposition disposition;
    uint32_t status;
    const char *message;
} judged[] = {
    {"plain.pem", TEMPLATE("CiscoRA"), 0, DISPOSITION_ISSUED, 0, "Issued"},
    {"crlf.pem", TEMPLATE("CiscoRA"), 0, DISPOSITION_ISSUED, 0, "Issued"},
    {"one-line.txt", TEMPLATE("CiscoRA"), 0, DISPOSITION_ISSUED, 0, "Issued"},
    {"bare.txt", TEMPLATE("CiscoRA"), 0, DISPOSITION_ISSUED, 0, "Issued"},
    {"new-label.pem", "certificatetemplate:ciscora", 0, DISPOSITION_ISSUED, 0, "Issued"},
    {"template-v1.pem", "", 0, DISPOSITION_ISSUED, 0, "Issued"},
    {"template-v2.pem", "", 0, DISPOSITION_PENDING, 0, "Taken Under Submission"},
    {"plain.pem", TEMPLATE("1.3.6.1.4.1.311.21.8.1.2.3"), 0, DISPOSITION_PENDING, 0,
     "Taken Under Submission"},
    {"no-subject.pem", TEMPLATE("CiscoRA"), 0, DISPOSITION_ISSUED, 0, "Issued"},
    {"ec256.pem", TEMPLATE("WebServer"), 0, DISPOSITION_ISSUED, 0, "Issued"},
    {"plain.pem", TEMPLATE("Guests"), 1, DISPOSITION_ISSUED, 0, "Issued"},
    {"plain.pem", TEMPLATE("Nonesuch"), 0, DISPOSITION_DENIED, 0x80094800,
     "Denied by Policy Module  0x80094800, The request was for a certificate template that is not "
     "supported by the Active Directory Certificate Services policy: Nonesuch.\r\n"},
    {"plain.pem", TEMPLATE("Hidden"), 0, DISPOSITION_DENIED, 0x80094800, NULL},
    {"plain.pem", "", 0, DISPOSITION_DENIED, 0x80094801, NULL},
    {"template-v1.pem", TEMPLATE("CiscoRA"), 0, DISPOSITION_DENIED, 0x80094802,
     "Denied by Policy Module"},
    {"plain.pem", TEMPLATE("CiscoRA"), 1, DISPOSITION_DENIED, 0x80094012,
     "Denied by Policy Module"},
    {"plain.pem", TEMPLATE("Guests"), 0, DISPOSITION_DENIED, 0x80094012, NULL},
    {"rsa1024.pem", TEMPLATE("CiscoRA"), 0, DISPOSITION_DENIED, 0x80094811,
     "Denied by Policy Module"},
    {"ec256.pem", TEMPLATE("CiscoRA"), 0, DISPOSITION_DENIED, 0x80094811, NULL},
    {"plain.pem", TEMPLATE("Signed"), 0, DISPOSITION_DENIED, 0x80094809, NULL},
    {"no-name.pem", TEMPLATE("CiscoRA"), 0, DISPOSITION_DENIED, 0x80094001, NULL},
    {"long-name.pem", TEMPLATE("CiscoRA"), 0, DISPOSITION_FAILED, 0x80094001,
     "Error Parsing Request  The request subject name is invalid or too long. 0x80094001 "
     "(-2146877439 CERTSRV_E_BAD_REQUESTSUBJECT)"},
    {"bad-signature.pem", TEMPLATE("CiscoRA"), 0, DISPOSITION_FAILED, 0x80090006, NULL},
    {"not-a-request.pem", TEMPLATE("CiscoRA"), 0, DISPOSITION_FAILED, 0x8009310b,
     "Error Parsing Request  ASN1 bad tag value met. 0x8009310b (ASN: 267 CRYPT_E_ASN1_BADTAG)"},
    {"cut.pem", TEMPLATE("CiscoRA"), 0, DISPOSITION_FAILED, 0x80093102, NULL},
    {"blanks-for-plus.txt", TEMPLATE("CiscoRA"), 0, DISPOSITION_FAILED, 0, NULL},
};

START_TEST(requests_are_judged_and_numbered) {
    struct lab lab;
    lab_init(&lab);
    lab_open(&lab);
    for (size_t i = 0; i < sizeof judged / sizeof judged[0]; i++) {
        AUTO_ROW row;
        submit(&lab, judged[i].user, judged[i].csr, judged[i].attributes, &row);
        ck_assert_msg(row.disposition == judged[i].disposition, "%zu %s: %s, %s", i, judged[i].csr,
                      disposition_word(row.disposition), row.message);
        ck_assert_int_eq(row.id, 10 + (int64_t)i);
        if (judged[i].status != 0 || row.disposition == DISPOSITION_ISSUED)
            ck_assert_msg(row.status == judged[i].status, "%s: 0x%x", judged[i].csr, row.status);
        if (judged[i].message != NULL)
            ck_assert_str_eq(row.message, judged[i].message);
        ck_assert((row.certificate.len > 0) == (row.disposition == DISPOSITION_ISSUED));
    }
    lab_free(&lab);
}
END_TEST

START_TEST(no_request_right_makes_no_row) {
    struct lab lab;
    AUTO_ROW row;
    lab_init(&lab);
    lab_open(&lab);
    submit(&lab, 2, "plain.pem", TEMPLATE("CiscoRA"), &row);
    ck_assert_int_eq(row.id, 0);
    ck_assert_uint_eq(row.status, HR_ENROLL_DENIED);
    lab_free(&lab);
}
END_TEST

START_TEST(blanks_are_restored_when_told_so) {
    struct lab lab;
    AUTO_ROW row;
    lab_init(&lab);
    lab.config.restore_plus = true;
    lab_open(&lab);
    submit(&lab, 0, "blanks-for-plus.txt", TEMPLATE("CiscoRA"), &row);
    ck_assert_str_eq(row.message, "Issued");
    lab_free(&lab);
}
END_TEST

static X509 *certificate_of(const struct store_row *row) {
    struct err e = {0};
    X509 *cert = x509_read(buf_view(&row->certificate), &e);
    ck_assert_msg(cert != NULL, "%s", e.text);
    return cert;
}

static X509_EXTENSION *extension(const X509 *cert, const char *oid) {
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    int at = X509_get_ext_by_OBJ(cert, object, -1);
    ASN1_OBJECT_free(object);
    return at < 0 ? NULL : X509_get_ext(cert, at);
}

static void check_extension(const X509 *cert, const char *oid, const char *hex) {
    const X509_EXTENSION *x = extension(cert, oid);
    ck_assert_msg((x != NULL) == (hex != NULL), "extension %s", oid);
    if (x == NULL)
        return;
    const ASN1_OCTET_STRING *v = X509_EXTENSION_get_data((X509_EXTENSION *)(uintptr_t)x);
    AUTO(char)
    got = hex_encode(bytes_of(ASN1_STRING_get0_data(v), (size_t)ASN1_STRING_length(v)), 0);
    ck_assert_msg(strcmp(got, hex) == 0, "extension %s: %s", oid, got);
}

static void check_subject(const X509 *cert, const char *expected) {
    AUTO(char) name = x509_name_slashes(X509_get_subject_name(cert));
    ck_assert_str_eq(name, expected);
}

#define SAN_DEVICE "3011820f534550373441303246433041363735"

START_TEST(certificates_follow_a_version_2_template) {
    struct lab lab;
    AUTO_ROW row;
    int64_t from, to, now = clock_wall();
    lab_init(&lab);
    lab.config.request_extensions = (struct cfg_strings){(char *[]){"1.2.3.4", "2.5.29.15"}, 2};
    lab_open(&lab);
    submit(&lab, 0, "extensions.pem", TEMPLATE("CiscoRA") "san:dns=other.example", &row);
    AUTO(X509) cert = certificate_of(&row);
    check_subject(cert, "/C=US/O=cisco/OU=tac/CN=SEP74A02FC0A675");
    check_extension(cert, "1.3.6.1.4.1.311.20.2", NULL);
    check_extension(cert, "2.5.29.17", SAN_DEVICE);
    check_extension(cert, "2.5.29.15", "030205a0");
    check_extension(cert, "1.3.6.1.4.1.311.21.10",
                    "3018300a06082b06010505070301300a06082b06010505070302");
    check_extension(cert, "1.2.3.4", "0c046b657074");
    check_extension(cert, "1.2.3.5", NULL);
    ck_assert_ptr_nonnull(extension(cert, "1.3.6.1.4.1.311.21.7"));
    ck_assert_ptr_nonnull(extension(cert, "2.5.29.31"));
    ck_assert_ptr_nonnull(extension(cert, "1.3.6.1.5.5.7.1.1"));
    struct err e;
    ck_assert_ok(x509_validity(cert, &from, &to, &e), e);
    ck_assert_int_ge(from, now - 600);
    ck_assert_int_le(from, clock_wall() - 600);
    ck_assert_int_ge(to, now + 730 * INT64_C(86400));
    lab_free(&lab);
}
END_TEST

START_TEST(certificates_follow_a_version_1_user_template) {
    struct lab lab;
    AUTO_ROW row;
    lab_init(&lab);
    lab_open(&lab);
    submit(&lab, 0, "extensions.pem", TEMPLATE("User"), &row);
    AUTO(X509) cert = certificate_of(&row);
    check_subject(cert, "/DC=com/DC=michamen/CN=Users/CN=ciscora");
    check_extension(cert, "1.3.6.1.4.1.311.20.2", "1e080055007300650072");
    check_extension(cert, "1.3.6.1.4.1.311.21.7", NULL);
    check_extension(cert, "1.3.6.1.4.1.311.21.10", NULL);
    check_extension(
        cert, "2.5.29.17",
        "3026a024060a2b060104018237140203a0160c14636973636f7261406d696368616d656e2e636f6d");
    check_extension(cert, "1.3.6.1.4.1.311.25.2",
                    "3020a01e060a2b060104018237190201a010040e532d312d352d32312d312d322d33");
    lab_free(&lab);
}
END_TEST

START_TEST(the_san_attribute_replaces_when_allowed) {
    struct lab lab;
    AUTO_ROW row;
    lab_init(&lab);
    lab.config.san_attribute = true;
    lab_open(&lab);
    submit(&lab, 0, "extensions.pem",
           TEMPLATE("CiscoRA") "san:dns=a.b&upn=u@d&ipaddress=10.0.0.1&email=m@d&url=x:y&what=?",
           &row);
    AUTO(X509) cert = certificate_of(&row);
    check_extension(
        cert, "2.5.29.17",
        "302a8203612e62a013060a2b060104018237140203a0050c0375406487040a00000181036d40648603783a79");
    lab_free(&lab);
}
END_TEST

START_TEST(attributes_only_shorten_the_validity) {
    static const struct {
        const char *attributes;
        int64_t days;
    } ends[] = {
        {TEMPLATE("CiscoRA") "ValidityPeriod:Days\r\nValidityPeriodUnits:5", 5},
        {TEMPLATE("CiscoRA") "ValidityPeriod:Years\r\nValidityPeriodUnits:50", 730},
        {TEMPLATE("CiscoRA") "ValidityPeriod:Ages\r\nValidityPeriodUnits:5", 730},
        {TEMPLATE("CiscoRA") "ExpirationDate:Mon, 01 Jan 2001 00:00:00 GMT", 730},
    };
    struct lab lab;
    lab_init(&lab);
    lab.config.end_date_attribute = true;
    lab_open(&lab);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        AUTO_ROW row;
        struct err e;
        int64_t from, to;
        submit(&lab, 0, "plain.pem", ends[i].attributes, &row);
        AUTO(X509) cert = certificate_of(&row);
        ck_assert_ok(x509_validity(cert, &from, &to, &e), e);
        ck_assert_int_eq((to - from - 600) / 86400, ends[i].days);
    }
    lab_free(&lab);
}
END_TEST

static void check_serial(enum ca_serial form, size_t digits, const char *tail) {
    struct lab lab;
    AUTO_ROW row;
    lab_init(&lab);
    lab.config.serial = (int)form;
    lab_open(&lab);
    submit(&lab, 0, "plain.pem", TEMPLATE("CiscoRA"), &row);
    ck_assert_uint_eq(strlen(row.serial), digits);
    ck_assert_str_eq(row.serial + digits - 12, tail);
    if (form == CA_SERIAL_LONG)
        ck_assert(strncmp(row.serial, "1a0000000a", 10) == 0);
    lab_free(&lab);
}

START_TEST(serials_have_both_forms) {
    check_serial(CA_SERIAL_LONG, 38, "00000000000a");
    check_serial(CA_SERIAL_SHORT, 20, "00000000000a");
}
END_TEST

static int retrieve(struct lab *lab, size_t user, int64_t id, struct store_row *row,
                    struct err *e) {
    store_row_init(row);
    return ca_retrieve(lab->ca, &users[user], id, row, e);
}

static void manage(struct lab *lab, const char *command, int64_t id, enum err_code expected) {
    char text[32];
    struct err e = {0};
    snprintf(text, sizeof text, "%" PRId64, id);
    manager_run(command, lab->database, text, "MICHAMEN\\officer", &e);
    ck_assert_msg(e.code == expected, "%s: %s", command, e.text);
}

START_TEST(a_manager_issues) {
    struct lab lab;
    struct err e;
    AUTO_ROW sent;
    lab_init(&lab);
    lab_open(&lab);
    submit(&lab, 0, "plain.pem", TEMPLATE("Manager"), &sent);
    manage(&lab, "issue", sent.id, ERR_OK);
    manage(&lab, "deny", sent.id, ERR_CSR_POLICY);
    for (int i = 0; i < 2; i++) { /* retrieval repeats */
        AUTO_ROW row;
        ck_assert_ok(retrieve(&lab, 0, sent.id, &row, &e), e);
        ck_assert_int_eq(row.disposition, DISPOSITION_ISSUED);
        AUTO(X509) cert = certificate_of(&row);
        check_subject(cert, "/C=US/O=cisco/OU=tac/CN=SEP74A02FC0A675");
    }
    lab_free(&lab);
}
END_TEST

START_TEST(a_manager_denies) {
    struct lab lab;
    struct err e;
    AUTO_ROW sent, row;
    lab_init(&lab);
    lab_open(&lab);
    submit(&lab, 0, "plain.pem", TEMPLATE("Manager"), &sent);
    manage(&lab, "deny", sent.id, ERR_OK);
    ck_assert_ok(retrieve(&lab, 0, sent.id, &row, &e), e);
    ck_assert_int_eq(row.disposition, DISPOSITION_DENIED);
    ck_assert_uint_eq(row.status, HR_ADMIN_DENIED_REQUEST);
    ck_assert_str_eq(row.message, "Denied by MICHAMEN\\officer");
    lab_free(&lab);
}
END_TEST

static int count_rows(void *user, const struct store_row *row) {
    char id[24];
    snprintf(id, sizeof id, "%08" PRIx64, row->id);
    ck_assert_str_eq(row->serial + strlen(row->serial) - 8, id);
    ++*(int *)user;
    return 0;
}

START_TEST(an_issued_request_is_copied) {
    struct lab lab;
    struct err e = {0};
    AUTO_ROW issued, later;
    int rows = 0;
    lab_init(&lab);
    lab_open(&lab);
    ck_assert_int_eq(manager_copy(lab.database, NULL, 5, &e), -1);
    ck_assert_err(e, STORE_NOT_FOUND);
    submit(&lab, 0, "plain.pem", TEMPLATE("CiscoRA"), &issued);
    ck_assert_ok(manager_copy(lab.database, NULL, 300, &e), e);
    submit(&lab, 0, "plain.pem", TEMPLATE("CiscoRA"), &later);
    ck_assert_int_eq(later.id, issued.id + 301);
    struct store *s = store_open(lab.database, 1, &e);
    ck_assert_int_eq(store_each(s, count_rows, &rows, &e), 0);
    store_close(s);
    ck_assert_int_eq(rows, 302);
    ck_assert_int_eq(manager_copy(lab.database, NULL, 0, &e), -1);
    ck_assert_err(e, ARG_USAGE);
    ck_assert_int_eq(manager_copy(lab.database, "x", 1, &e), -1);
    ck_assert_err(e, ARG_USAGE);
    lab_free(&lab);
}
END_TEST

static int revoked_count(struct lab *lab, int64_t renewal) {
    struct err e;
    AUTO_BUF der = BUF_INIT(64 * 1024);
    ck_assert_ok(ca_put_crl(lab->ca, renewal, &der, &e), e);
    const unsigned char *at = der.data;
    AUTO(X509_CRL) crl = d2i_X509_CRL(NULL, &at, (long)der.len);
    ck_assert_ptr_nonnull(crl);
    AUTO(EVP_PKEY) key = key_read_file(TESTDATA "/keys/ca.key", &e);
    ck_assert_int_eq(X509_CRL_verify(crl, key), 1);
    return sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl));
}

START_TEST(revoked_certificates_are_on_the_crl) {
    struct lab lab;
    AUTO_ROW sent;
    lab_init(&lab);
    lab_open(&lab);
    submit(&lab, 0, "plain.pem", TEMPLATE("CiscoRA"), &sent);
    ck_assert_int_le(revoked_count(&lab, -1), 0);
    manage(&lab, "revoke", sent.id, ERR_OK);
    ck_assert_int_eq(revoked_count(&lab, 0), 1);
    lab_free(&lab);
}
END_TEST

/* Looking at one row of sqlite_sequence is all that is left. */
START_TEST(a_request_looks_at_no_other) {
    enum { SCANNED_MAX = 2 };
    struct lab lab;
    struct err e;
    AUTO_ROW first, second, row;
    lab_init(&lab);
    lab_open(&lab);
    submit(&lab, 0, "plain.pem", TEMPLATE("CiscoRA"), &first);
    ck_assert_ok(manager_copy(lab.database, NULL, 300, &e), e);
    int64_t before = store_scanned(lab.ca->store);
    submit(&lab, 0, "plain.pem", TEMPLATE("CiscoRA"), &second);
    ck_assert_ok(retrieve(&lab, 0, second.id, &row, &e), e);
    ck_assert_int_le(revoked_count(&lab, -1), 0);
    ck_assert_int_le(store_scanned(lab.ca->store) - before, SCANNED_MAX);
    lab_free(&lab);
}
END_TEST

START_TEST(unknown_and_foreign_ids_are_refused) {
    struct lab lab;
    struct err e;
    AUTO_ROW sent, row, other;
    lab_init(&lab);
    lab.config.own_requests_only = true;
    lab_open(&lab);
    submit(&lab, 0, "plain.pem", TEMPLATE("CiscoRA"), &sent);
    ck_assert_int_eq(retrieve(&lab, 0, -2, &row, &e), -1);
    ck_assert_err(e, STORE_NOT_FOUND);
    ck_assert_int_eq(retrieve(&lab, 1, sent.id, &other, &e), -1);
    ck_assert_err(e, CSR_POLICY);
    lab_free(&lab);
}
END_TEST

START_TEST(rows_survive_a_restart) {
    struct lab lab;
    struct err e;
    AUTO_ROW sent, row, next;
    lab_init(&lab);
    lab_open(&lab);
    submit(&lab, 0, "plain.pem", TEMPLATE("CiscoRA"), &sent);
    ca_close(lab.ca);
    lab_open(&lab);
    ck_assert_ok(retrieve(&lab, 0, sent.id, &row, &e), e);
    ck_assert(bytes_equal(buf_view(&row.certificate), buf_view(&sent.certificate)));
    submit(&lab, 0, "plain.pem", TEMPLATE("CiscoRA"), &next);
    ck_assert_int_eq(next.id, sent.id + 1);
    lab_free(&lab);
}
END_TEST

static int chain_length(struct lab *lab, int64_t renewal, struct bytes leaf) {
    struct err e;
    AUTO_BUF der = BUF_INIT(P7_MAX);
    if (ca_put_chain(lab->ca, renewal, leaf, &der, &e) != 0) {
        ck_assert_err(e, STORE_NOT_FOUND);
        return -1;
    }
    AUTO(X509_STACK) all = p7_read(buf_view(&der), &e);
    return sk_X509_num(all);
}

START_TEST(renewals_keep_older_certificates) {
    struct lab lab;
    AUTO_ROW row;
    lab_init(&lab);
    struct ca_generation_config older = {lab.certificate, NULL};
    lab.config.previous = (struct cfg_list){&older, 1};
    lab.config.chain = lab.certificate; /* holds the CA itself, which goes in once */
    lab_open(&lab);
    ck_assert_uint_eq(ca_renewals(lab.ca), 1);
    submit(&lab, 0, "plain.pem", TEMPLATE("CiscoRA"), &row);
    ck_assert_int_eq(ca_generation_of(row.serial), 1);
    ck_assert_int_eq(chain_length(&lab, 0, bytes_of("", 0)), 1);
    ck_assert_int_eq(chain_length(&lab, -1, buf_view(&row.certificate)), 2);
    ck_assert_int_eq(chain_length(&lab, 2, bytes_of("", 0)), -1);
    ck_assert_int_eq(chain_length(&lab, -2, bytes_of("", 0)), -1);
    lab_free(&lab);
}
END_TEST

TEST_MAIN("certsrv CA", requests_are_judged_and_numbered, no_request_right_makes_no_row,
          blanks_are_restored_when_told_so, certificates_follow_a_version_2_template,
          certificates_follow_a_version_1_user_template, the_san_attribute_replaces_when_allowed,
          attributes_only_shorten_the_validity, serials_have_both_forms, a_manager_issues,
          a_manager_denies, an_issued_request_is_copied, revoked_certificates_are_on_the_crl,
          a_request_looks_at_no_other, unknown_and_foreign_ids_are_refused, rows_survive_a_restart,
          renewals_keep_older_certificates)
