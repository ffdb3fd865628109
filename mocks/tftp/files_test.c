/* What clients get for a name, without a network: lists, their signer, what a restart changes,
 * phones' configurations, signed files, folders, names that lead astray, and mistakes of the
 * configuration. */
#include "mocks/tftp/cnf.h"
#include "mocks/tftp/tftp_test_lab.h"
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <sys/stat.h>
#include <unistd.h>

static struct lab lab;

static struct files *start(void) {
    struct err e = {0};
    struct files *f = files_new(&lab.config, &e);
    ck_assert_msg(f != NULL, "%s", e.text);
    return f;
}

static struct files *start_cluster(const char *more) {
    lab_open(&lab);
    lab_load_cluster(&lab, more);
    return start();
}

static void stop(struct files *f) {
    files_free(f);
    lab_close(&lab);
}

static struct buf get(const struct files *f, const char *name) {
    struct buf out = BUF_INIT(FILES_MAX);
    struct err e = {0};
    ck_assert_msg(files_get(f, name, &out, &e) == 0, "%s: %s", name, e.text);
    return out;
}

static void check_refused(const struct files *f, const char *name, enum err_code code) {
    AUTO_BUF out = BUF_INIT(FILES_MAX);
    struct err e = {0};
    ck_assert_int_eq(files_get(f, name, &out, &e), -1);
    ck_assert_msg(e.code == code, "%s: %s: %s", name, err_name(e.code), e.text);
}

static struct itl *list_of(const struct files *f, const char *name) {
    struct err e = {0};
    AUTO_BUF file = get(f, name);
    struct itl *list = itl_parse(buf_view(&file), &e);
    ck_assert_msg(list != NULL, "%s: %s", name, e.text);
    return list;
}

static void check_signer(const struct itl *list, const char *name) {
    struct err e = {0};
    AUTO(X509) signer = lab_read_certificate(&lab, name);
    ck_assert_ok(itl_verify_by(list, signer, &e), e);
}

static void check_roles(const struct itl *list, const unsigned *roles, size_t count) {
    ck_assert_uint_eq(list->count, count);
    for (size_t i = 0; i < count; i++)
        ck_assert_uint_eq(list->records[i].role, roles[i]);
}

START_TEST(the_itl_has_the_records_asked_for) {
    static const unsigned roles[] = {ITL_ROLE_CAPF, ITL_ROLE_TVS, ITL_ROLE_SAST, ITL_ROLE_SAST,
                                     ITL_ROLE_TFTP};
    struct files *f = start_cluster("");
    AUTO(ITL) list = list_of(f, "ITLFile.tlv");
    check_roles(list, roles, sizeof roles / sizeof roles[0]);
    check_signer(list, "pub");
    ck_assert(bytes_equal(list->header.file_name, bytes_of_str("ITLFile.tlv")));
    ck_assert_uint_eq(list->header.digest, ITL_DIGEST_SHA1);
    ck_assert(!list->header.has_signer_version);
    ck_assert_int_le(llabs((int64_t)list->header.timestamp - clock_wall()), 60);
    AUTO(X509) capf = lab_read_certificate(&lab, "CAPF-7f0ae8d7");
    ck_assert_ptr_nonnull(itl_find(list, ITL_ROLE_CAPF, capf));
    ck_assert_uint_eq(list->records[0].hash.len, 20);
    stop(f);
}
END_TEST

START_TEST(each_phone_gets_the_same_list) {
    struct files *f = start_cluster("");
    AUTO_BUF all = get(f, "ITLFile.tlv");
    AUTO_BUF one = get(f, "ITLSEP74A02FC0A675.tlv");
    ck_assert(bytes_equal(buf_view(&all), buf_view(&one)));
    static const char *const none[] = {
        "CTLFile.tlv",           "CTLSEP74A02FC0A675.tlv",  "ITLSEP.tlv",
        "ITLSEP74A02FC0A67.tlv", "ITLSEP74A02FC0A6755.tlv", "itlfile.tlv"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        check_refused(f, none[i], ERR_TFTP_NOT_FOUND);
    stop(f);
}
END_TEST

START_TEST(mixed_mode_has_a_ctl) {
    static const unsigned roles[] = {ITL_ROLE_CCM_TFTP, ITL_ROLE_SAST, ITL_ROLE_CCM_TFTP,
                                     ITL_ROLE_CAPF};
    static const uint8_t address[] = {192, 0, 2, 1};
    struct files *f = start_cluster("mixed-mode: true\n");
    AUTO(ITL) list = list_of(f, "CTLFile.tlv");
    check_roles(list, roles, sizeof roles / sizeof roles[0]);
    check_signer(list, "pub");
    ck_assert(itl_is_ctl(list));
    ck_assert_uint_eq(list->records[0].certificate.len, 0);
    ck_assert(bytes_equal(list->records[0].address, bytes_of(address, sizeof address)));
    ck_assert_uint_gt(list->records[3].certificate.len, 0);
    AUTO_BUF all = get(f, "CTLFile.tlv");
    AUTO_BUF one = get(f, "CTLSEP74A02FC0A675.tlv");
    ck_assert(bytes_equal(buf_view(&all), buf_view(&one)));
    stop(f);
}
END_TEST

START_TEST(the_recovery_key_signs_lists_and_callmanager_files) {
    struct files *f = start_cluster("sign-with: recovery\ndigest: sha512\nsigner-version: 1.1\n");
    AUTO(ITL) list = list_of(f, "ITLFile.tlv");
    struct sgn signed_file;
    struct err e = {0};
    check_signer(list, "ITLRECOVERY_pub");
    ck_assert(itl_allows_ec(list));
    ck_assert_uint_eq(list->header.digest, ITL_DIGEST_SHA512);
    AUTO_BUF file = get(f, LAB_PHONE ".cnf.xml.sgn");
    ck_assert_ok(sgn_parse(buf_view(&file), &signed_file, &e), e);
    ck_assert_ok(sgn_verify(&signed_file, list, NULL, &e), e);
    ck_assert_uint_eq(signed_file.header.digest, ITL_DIGEST_SHA512);
    stop(f);
}
END_TEST

START_TEST(lists_can_have_the_other_layout) {
    struct files *f = start_cluster("layout: tlvfile\n");
    AUTO(ITL) list = list_of(f, "ITLFile.tlv");
    ck_assert(list->header.has_signer_version);
    check_signer(list, "pub");
    stop(f);
}
END_TEST

/* CAPF's certificate was regenerated: phones hear of it when the TFTP service was restarted. */
START_TEST(a_new_certificate_needs_a_restart) {
    struct files *f = start_cluster("lists: '@/lists'\n");
    AUTO_BUF before = get(f, "ITLFile.tlv");
    lab_certificate(&lab, "CAPF-7f0ae8d7", KEY_RSA);
    AUTO(X509) capf = lab_read_certificate(&lab, "CAPF-7f0ae8d7");
    AUTO_BUF after = get(f, "ITLFile.tlv");
    ck_assert(bytes_equal(buf_view(&before), buf_view(&after)));
    files_free(f);
    f = start();
    AUTO(ITL) list = list_of(f, "ITLFile.tlv");
    ck_assert_ptr_nonnull(itl_find(list, ITL_ROLE_CAPF, capf));
    AUTO_BUF kept = BUF_INIT(ITL_MAX);
    AUTO(char) path = lab_path(&lab, "lists/ITLFile.tlv");
    struct err e = {0};
    ck_assert_ok(file_read(path, &kept, &e), e);
    ck_assert(bytes_equal(buf_view(&kept), list->file));
    stop(f);
}
END_TEST

/* --- phones' configurations --- */

static void add_device(const char *name, int operation, int auth_mode) {
    struct err e = {0};
    struct device d;
    AUTO(char) path = lab_path(&lab, "devices.sqlite");
    struct store *s = store_open(path, &e);
    ck_assert_msg(s != NULL, "%s", e.text);
    device_defaults(&d);
    snprintf(d.name, sizeof d.name, "%s", name);
    snprintf(d.auth_string, sizeof d.auth_string, "%s", "4321098765");
    d.operation = operation;
    d.auth_mode = auth_mode;
    if (store_add(s, &d, &e) != 0) {
        struct device there;
        ck_assert_ok(store_device(s, name, &there, &e), e);
        d.pkid = there.pkid;
        ck_assert_ok(store_update(s, &d, true, &e), e);
    }
    store_close(s);
}

/* The text that an XPath expression comes to, in what is served under the name. */
static void check_xml(const struct files *f, const char *name, const char *path,
                      const char *expected) {
    AUTO_BUF file = get(f, name);
    xmlDocPtr doc = xmlReadMemory((const char *)file.data, (int)file.len, name, NULL, 0);
    ck_assert_ptr_nonnull(doc);
    xmlXPathContextPtr context = xmlXPathNewContext(doc);
    xmlXPathObjectPtr found = xmlXPathEval((const xmlChar *)path, context);
    ck_assert_ptr_nonnull(found);
    xmlChar *text = xmlXPathCastToString(found);
    ck_assert_msg(strcmp((const char *)text, expected) == 0, "%s is %s", path, (const char *)text);
    xmlFree(text);
    xmlXPathFreeObject(found);
    xmlXPathFreeContext(context);
    xmlFreeDoc(doc);
}

static const struct {
    const char *path, *expected;
} elements[] = {
    {"/device/fullConfig", "true"},
    {"/device/encrConfig", "false"},
    {"/device/certHash", ""},
    {"/device/deviceSecurityMode", "1"},
    {"/device/transportLayerProtocol", "1"},
    {"/device/capfAuthMode", "0"},
    {"count(/device/capfList/capf)", "2"},
    {"/device/capfList/capf[1]/phonePort", "3804"},
    {"/device/capfList/capf[1]/processNodeName", "pub.michamen.com"},
    {"/device/capfList/capf[2]/phonePort", "3805"},
    {"count(/device/TVS/members/member)", "2"},
    {"/device/TVS/members/member[@priority=0]/port", "2445"},
    {"/device/TVS/members/member[@priority=1]/port", "2446"},
    {"/device/TVS/members/member[@priority=1]/address", "192.0.2.2"},
    {"/device/devicePool/callManagerGroup/members/member[2]/callManager/processNodeName",
     "sub.michamen.com"},
};

START_TEST(a_configuration_has_the_elements_of_capf_and_tvs) {
    struct files *f = start_cluster("");
    for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++)
        check_xml(f, LAB_PHONE ".cnf.xml", elements[i].path, elements[i].expected);
    check_xml(f, "XMLDefault.cnf.xml", "count(/Default/callManagerGroup/members/member)", "2");
    check_refused(f, "SEP12.cnf.xml", ERR_TFTP_NOT_FOUND);
    check_refused(f, ".cnf.xml", ERR_TFTP_ACCESS);
    stop(f);
}
END_TEST

static const struct {
    int operation, auth_mode;
    const char *own; /* auth-mode of the phone's security profile */
    const char *expected;
} operations[] = {
    {OPERATION_NONE, AUTH_MODE_NULL_STRING, "", "0"},
    {OPERATION_NONE, AUTH_MODE_MIC, "auth-mode: lsc", "0"},
    {OPERATION_UPGRADE, AUTH_MODE_STRING, "", "1"},
    {OPERATION_UPGRADE, AUTH_MODE_NULL_STRING, "", "2"},
    {OPERATION_DELETE, AUTH_MODE_LSC, "", "3"},
    {OPERATION_TROUBLESHOOT, AUTH_MODE_MIC, "", "4"},
    {OPERATION_UPGRADE, AUTH_MODE_NULL_STRING, "auth-mode: lsc", "3"}, /* bulk job and profile */
};

START_TEST(the_authentication_mode_is_that_of_the_pending_operation) {
    lab_open(&lab);
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        AUTO_BUF yaml = BUF_INIT(LAB_TEXT_MAX);
        buf_printf(&yaml,
                   "%s  store: '@/devices.sqlite'\n  phones: [{name: %s, transport: tls, %s}]\n",
                   lab_cluster, LAB_PHONE, operations[i].own);
        lab_unload(&lab);
        AUTO(char) mistake = lab_load(&lab, buf_str(&yaml));
        ck_assert_str_eq(mistake, "");
        struct files *f = start();
        add_device(LAB_PHONE, operations[i].operation, operations[i].auth_mode);
        check_xml(f, LAB_PHONE ".cnf.xml", "/device/capfAuthMode", operations[i].expected);
        check_xml(f, LAB_PHONE ".cnf.xml", "/device/transportLayerProtocol", "3");
        check_xml(f, LAB_PHONE ".cnf.xml", "/device/deviceSecurityMode", "1");
        AUTO_BUF file = get(f, LAB_PHONE ".cnf.xml");
        ck_assert_ptr_null(strstr(buf_str(&file), "4321098765"));
        files_free(f);
    }
    lab_close(&lab);
}
END_TEST

START_TEST(what_the_administrator_changes_counts_at_once) {
    struct files *f = start_cluster("  store: '@/devices.sqlite'\n  encrypted: true\n");
    check_refused(f, LAB_PHONE ".cnf.xml", ERR_STORE_OPEN);
    add_device(LAB_PHONE, OPERATION_NONE, AUTH_MODE_NULL_STRING);
    check_xml(f, LAB_PHONE ".cnf.xml", "/device/capfAuthMode", "0");
    check_xml(f, LAB_PHONE ".cnf.xml", "/device/encrConfig", "true");
    add_device(LAB_PHONE, OPERATION_UPGRADE, AUTH_MODE_NULL_STRING);
    check_xml(f, LAB_PHONE ".cnf.xml", "/device/capfAuthMode", "2");
    check_refused(f, "SEP001122334455.cnf.xml", ERR_TFTP_NOT_FOUND);
    check_refused(f, "SEP001122334455.cnf.xml.sgn", ERR_TFTP_NOT_FOUND);
    stop(f);
}
END_TEST

static void install_lsc(const char *name, struct bytes der) {
    struct err e = {0};
    AUTO(char) path = lab_path(&lab, "devices.sqlite");
    struct store *s = store_open(path, &e);
    const struct store_outcome outcome = {.device = name,
                                          .operation = OPERATION_NONE,
                                          .status = CERT_STATUS_UPGRADE_SUCCESS,
                                          .installed = true,
                                          .public_key = bytes_of_str("key"),
                                          .certificate = der};
    ck_assert_ok(store_outcome(s, &outcome, &e), e);
    store_close(s);
}

START_TEST(the_hash_of_the_lsc_is_told_where_asked_for) {
    struct files *f = start_cluster("  store: '@/devices.sqlite'\n  cert-hash: true\n");
    add_device(LAB_PHONE, OPERATION_NONE, AUTH_MODE_NULL_STRING);
    check_xml(f, LAB_PHONE ".cnf.xml", "/device/certHash", "");
    install_lsc(LAB_PHONE, bytes_of_str("abc"));
    check_xml(f, LAB_PHONE ".cnf.xml", "/device/certHash", "900150983cd24fb0d6963f7d28e17f72");
    stop(f);
}
END_TEST

START_TEST(texts_of_the_configuration_cannot_break_the_xml) {
    lab_open(&lab);
    AUTO(char) mistake = lab_load(&lab, "devices: {template: {capf: [{host: '<&\">''x</capf>'}]}}");
    ck_assert_str_eq(mistake, "");
    struct files *f = start();
    check_xml(f, LAB_PHONE ".cnf.xml", "/device/capfList/capf/processNodeName", "<&\">'x</capf>");
    check_refused(f, LAB_PHONE ".cnf.xml.sgn", ERR_TFTP_NOT_FOUND); /* nobody signs */
    check_refused(f, "ITLFile.tlv", ERR_TFTP_NOT_FOUND);
    stop(f);
}
END_TEST

/* --- files --- */

START_TEST(signed_files_hold_the_file_as_it_is) {
    struct files *f = start_cluster("");
    struct sgn s;
    struct err e = {0};
    AUTO(ITL) list = list_of(f, "ITLFile.tlv");
    AUTO_BUF plain = get(f, LAB_PHONE ".cnf.xml");
    AUTO_BUF file = get(f, LAB_PHONE ".cnf.xml.sgn");
    ck_assert_ok(sgn_parse(buf_view(&file), &s, &e), e);
    ck_assert_ok(sgn_verify(&s, list, NULL, &e), e);
    ck_assert(bytes_equal(s.payload, buf_view(&plain)));
    ck_assert(bytes_equal(s.header.file_name, bytes_of_str(LAB_PHONE ".cnf.xml.sgn")));
    stop(f);
}
END_TEST

static void check_content(const struct files *f, const char *name, const char *expected) {
    AUTO_BUF file = get(f, name);
    ck_assert_msg(bytes_equal(buf_view(&file), bytes_of_str(expected)), "%s: %s", name,
                  buf_str(&file));
}

START_TEST(files_come_from_overrides_then_the_folder) {
    struct files *f = start_cluster("override:\n"
                                    "  ITLFile.tlv: '@/corrupt'\n"
                                    "  ITLSEP001122334455.tlv: '@/own'\n"
                                    "  gone.xml: '@/nowhere'\n"
                                    "files: '@/tftp'\n");
    struct err e = {0};
    AUTO(char) folder = lab_path(&lab, "tftp");
    AUTO(char) fifo = lab_path(&lab, "tftp/fifo");
    ck_assert_ok(file_mkdirs(folder, &e), e);
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    lab_write(&lab, "corrupt", bytes_of_str("corrupt"));
    lab_write(&lab, "own", bytes_of_str("own"));
    lab_write(&lab, "tftp/AppDialRules.xml", bytes_of_str("<DIALRULES/>"));
    lab_write(&lab, "tftp/signed.xml.sgn", bytes_of_str("signed elsewhere"));
    lab_write(&lab, "tftp/ATA001122334455.cnf.xml", bytes_of_str("by hand"));
    lab_write(&lab, "tftp/empty", bytes_of_str(""));
    check_content(f, "ITLFile.tlv", "corrupt");
    check_content(f, "ITLSEP74A02FC0A675.tlv", "corrupt");
    check_content(f, "ITLSEP001122334455.tlv", "own");
    check_content(f, "AppDialRules.xml", "<DIALRULES/>");
    check_content(f, "signed.xml.sgn", "signed elsewhere");
    check_content(f, "ATA001122334455.cnf.xml", "by hand");
    check_content(f, "empty", "");
    check_refused(f, "gone.xml", ERR_SYS_IO);
    check_refused(f, "fifo", ERR_TFTP_NOT_FOUND);
    AUTO_BUF file = get(f, "AppDialRules.xml.sgn");
    ck_assert_uint_gt(file.len, 200);
    stop(f);
}
END_TEST

static const struct {
    const char *name;
    enum err_code code;
} astray[] = {
    {"", ERR_TFTP_ACCESS},
    {".", ERR_TFTP_ACCESS},
    {"..", ERR_TFTP_ACCESS},
    {"../secret", ERR_TFTP_ACCESS},
    {"/etc/passwd", ERR_TFTP_ACCESS},
    {"tftp/../secret", ERR_TFTP_ACCESS},
    {"..\\secret", ERR_TFTP_ACCESS},
    {".hidden", ERR_TFTP_ACCESS},
    {"a..b", ERR_TFTP_ACCESS},
    {"a b", ERR_TFTP_ACCESS},
    {"a\nb", ERR_TFTP_ACCESS},
    {"a\x7f", ERR_TFTP_ACCESS},
    {"\xff\xfe", ERR_TFTP_ACCESS},
    {"%2e%2e%2fsecret", ERR_TFTP_NOT_FOUND},
    {".sgn", ERR_TFTP_ACCESS},
    {"/.sgn", ERR_TFTP_ACCESS},
    {"secret", ERR_TFTP_NOT_FOUND},
    {"SEP'; DROP TABLE Device;--.cnf.xml", ERR_TFTP_ACCESS},
    {"'OR'1'='1.cnf.xml", ERR_TFTP_NOT_FOUND},
};

START_TEST(names_do_not_lead_out_of_the_folder) {
    struct files *f = start_cluster("files: '@/tftp'\n");
    struct err e = {0};
    char longest[FILES_NAME_MAX + 2];
    AUTO(char) folder = lab_path(&lab, "tftp");
    ck_assert_ok(file_mkdirs(folder, &e), e);
    lab_write(&lab, "secret", bytes_of_str("secret"));
    lab_write(&lab, "tftp/.hidden", bytes_of_str("secret"));
    for (size_t i = 0; i < sizeof astray / sizeof astray[0]; i++)
        check_refused(f, astray[i].name, astray[i].code);
    memset(longest, 'a', sizeof longest);
    longest[FILES_NAME_MAX + 1] = '\0';
    check_refused(f, longest, ERR_TFTP_ACCESS);
    longest[FILES_NAME_MAX] = '\0';
    check_refused(f, longest, ERR_TFTP_NOT_FOUND);
    memcpy(longest + FILES_NAME_MAX - 8, ".cnf.xml", 8);
    check_refused(f, longest, ERR_TFTP_NOT_FOUND);
    stop(f);
}
END_TEST

START_TEST(a_name_tells_of_its_device) {
    static const struct {
        const char *name, *device;
    } names[] = {
        {"ITLSEP74A02FC0A675.tlv", LAB_PHONE},
        {"SEP74A02FC0A675.cnf.xml.sgn", LAB_PHONE},
        {"SEP74A02FC0A67", "client"},
        {"ITLFile.tlv", "client"},
        {"SEPARATE-is-no-device.xml", "client"},
        {"", "client"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char device[FILES_DEVICE_MAX];
        files_device(names[i].name, device);
        ck_assert_str_eq(device, names[i].device);
    }
}
END_TEST

/* --- mistakes --- */

static const struct {
    const char *yaml;
    enum err_code code;
    const char *text;
} mistakes[] = {
    {"mixed-mode: true", ERR_CONFIG_MISSING, "mixed-mode: there are no records in ctl"},
    {"itl: [{certificate: '@/pub.pem', roles: sast}]", ERR_CONFIG_MISSING,
     "ITLFile.tlv: nobody to sign it: give signer (or recovery)"},
    {"signer: {certificate: '@/pub.pem'}", ERR_CONFIG_MISSING,
     "signer: both certificate and key are needed"},
    {"recovery: {key: '@/pub.key'}", ERR_CONFIG_MISSING,
     "recovery: both certificate and key are needed"},
    {"signer: {certificate: '@/pub.pem', key: '@/pub.key'}\n"
     "itl: [{certificate: '@/pub.pem', roles: sats}]",
     ERR_CONFIG_BAD_VALUE, "ITLFile.tlv: record 1: there is no role 'sats', did you mean sast"},
    {"signer: {certificate: '@/pub.pem', key: '@/pub.key'}\n"
     "itl: [{certificate: '@/pub.pem'}]",
     ERR_CONFIG_MISSING, "ITLFile.tlv: record 1: no roles"},
    {"signer: {certificate: '@/pub.pem', key: '@/pub.key'}\n"
     "itl: [{form: empty, roles: ccm}, {roles: sast}]",
     ERR_CONFIG_MISSING, "ITLFile.tlv: record 2: no certificate"},
    {"signer: {certificate: '@/pub.pem', key: '@/pub.key'}\n"
     "itl: [{form: empty, roles: ccm, address: 192.0.2}]",
     ERR_CONFIG_BAD_VALUE, "ITLFile.tlv: record 1: '192.0.2' is no address"},
    {"signer: {certificate: '@/pub.pem', key: '@/tvs.key'}\n"
     "itl: [{certificate: '@/pub.pem', roles: sast}]",
     ERR_ITL_PLAN, NULL},
    {"signer: {certificate: '@/ec.pem', key: '@/ec.key'}\n"
     "itl: [{certificate: '@/pub.pem', roles: sast}]",
     ERR_ITL_PLAN, NULL},
    {"signer: {certificate: '@/nothing.pem', key: '@/ec.key'}", ERR_SYS_IO, NULL},
    {"signer: {certificate: '@/pub.key', key: '@/pub.key'}", ERR_X509_PARSE, NULL},
    {"signer: {certificate: '@/pub.pem', key: '@/pub.pem'}", ERR_KEY_PARSE, NULL},
};

START_TEST(mistakes_are_told) {
    lab_open(&lab);
    lab_certificate(&lab, "ec", KEY_EC);
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct err e = {0};
        lab_unload(&lab);
        AUTO(char) mistake = lab_load(&lab, mistakes[i].yaml);
        ck_assert_str_eq(mistake, "");
        ck_assert_ptr_null(files_new(&lab.config, &e));
        ck_assert_msg(e.code == mistakes[i].code, "row %zu: %s: %s", i, err_name(e.code), e.text);
        if (mistakes[i].text != NULL)
            ck_assert_str_eq(e.text, mistakes[i].text);
    }
    lab_close(&lab);
}
END_TEST

TEST_MAIN("tftp files", the_itl_has_the_records_asked_for, each_phone_gets_the_same_list,
          mixed_mode_has_a_ctl, the_recovery_key_signs_lists_and_callmanager_files,
          lists_can_have_the_other_layout, a_new_certificate_needs_a_restart,
          a_configuration_has_the_elements_of_capf_and_tvs,
          the_authentication_mode_is_that_of_the_pending_operation,
          what_the_administrator_changes_counts_at_once,
          the_hash_of_the_lsc_is_told_where_asked_for,
          texts_of_the_configuration_cannot_break_the_xml, signed_files_hold_the_file_as_it_is,
          files_come_from_overrides_then_the_folder, names_do_not_lead_out_of_the_folder,
          a_name_tells_of_its_device, mistakes_are_told)
