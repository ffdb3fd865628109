/* capflab itl: what it prints, what it writes, and its exit codes. */
#include "base/temporary_test.h"
#include "itl/cli.h"
#include "itl/itl_test_kit.h"
#include "itl/sgn.h"
#include <jansson.h>

#define DATA(name) TESTDATA "/" name

static const struct program program = {.name = "test"};
static const struct itl_cli_options none;

/* The exit code; *output is malloc'ed. */
static int run(const struct itl_cli_options *options, char **output, const char *verb,
               const char *first, const char *second) {
    size_t len = 0;
    char *argv[] = {(char *)(uintptr_t)verb, (char *)(uintptr_t)first, (char *)(uintptr_t)second};
    FILE *out = open_memstream(output, &len);
    const struct itl_cli cli = {&program, options, out};
    int argc = verb == NULL ? 0 : first == NULL ? 1 : second == NULL ? 2 : 3;
    int code = itl_cli(&cli, argc, argv);
    fclose(out);
    return code;
}

static void expect(int code, const struct itl_cli_options *options, const char *text,
                   const char *verb, const char *first, const char *second) {
    AUTO(char) output = NULL;
    int got = run(options, &output, verb, first, second);
    ck_assert_msg(got == code, "%s %s: exit %d", verb, first, got);
    ck_assert_msg(strstr(output, text) != NULL, "%s %s: %s", verb, first, output);
}

START_TEST(show) {
    const struct itl_cli_options json = {.json = true};
    expect(EXIT_DONE, &none, "\nThe ITL file was verified successfully.\n", "show",
           DATA("seed5/list.tlv"), NULL);
    expect(EXIT_FAILED, &none, "Verification of the ITL file failed.", "show",
           DATA("lists/record-changed.tlv"), NULL);
    expect(EXIT_USAGE, &none, "Error parsing the ITL File.", "show", DATA("lists/record-cut.tlv"),
           NULL);
    expect(EXIT_USAGE, &none, "Length of CTL file: 0", "show", "/nowhere/CTLFile.tlv", NULL);
    expect(EXIT_DONE, &json, "\"kind\": \"CTL\"", "show", DATA("small/ctl.tlv"), NULL);
    expect(EXIT_FAILED, &json, "\"code\": \"ITL_SIGNATURE\"", "show",
           DATA("lists/record-changed.tlv"), NULL);
    expect(EXIT_USAGE, &json, "", "show", DATA("lists/record-cut.tlv"), NULL);
}
END_TEST

START_TEST(verify) {
    const struct itl_cli_options by_signer = {.signer = DATA("small/signer.pem")};
    const struct itl_cli_options by_other = {.signer = DATA("small/recovery.pem"), .json = true};
    const struct itl_cli_options trusted = {.trusted = DATA("small/list.tlv")};
    const struct itl_cli_options both = {.trusted = DATA("small/list.tlv"),
                                         .signer = DATA("small/signer.pem")};
    const struct itl_cli_options no_cert = {.signer = DATA("lists/page.tlv")};
    const struct itl_cli_options json = {.json = true};
    expect(EXIT_DONE, &none,
           "list.tlv: verified by record 5 of the list itself (System Administrator Security "
           "Token): CN=ao115sub;",
           "verify", DATA("seed5/list.tlv"), NULL);
    expect(EXIT_DONE, &by_signer, "verified by", "verify", DATA("small/list.tlv"), NULL);
    expect(EXIT_FAILED, &by_other, "ITL_SIGNER_UNKNOWN", "verify", DATA("small/list.tlv"), NULL);
    expect(EXIT_DONE, &trusted, "by record 2 of", "verify", DATA("small/ctl.tlv"), NULL);
    expect(EXIT_FAILED, &trusted, "", "verify", DATA("seed5/list.tlv"), NULL);
    expect(EXIT_USAGE, &both, "", "verify", DATA("small/list.tlv"), NULL);
    expect(EXIT_USAGE, &no_cert, "", "verify", DATA("small/list.tlv"), NULL);
    expect(EXIT_USAGE, &none, "", "verify", DATA("lists/page.tlv"), NULL);
    expect(EXIT_DONE, &json, "\"verified\": true", "verify", DATA("small/list.tlv"), NULL);
    expect(EXIT_DONE, &trusted, "note: no CAPF record", "verify",
           DATA("lists/accepted-no-records.tlv"), NULL);
    expect(EXIT_DONE, &json, "\"record\": 6", "verify", DATA("small/other-names.tlv"), NULL);
}
END_TEST

START_TEST(diff) {
    const struct itl_cli_options json = {.json = true};
    expect(EXIT_DONE, &none, "the same file", "diff", DATA("small/list.tlv"),
           DATA("small/list.tlv"));
    expect(EXIT_DONE, &none, "removed   tvs", "diff", DATA("small/list.tlv"),
           DATA("small/ctl.tlv"));
    expect(EXIT_FAILED, &json, "\"update\": \"ask-tvs\"", "diff", DATA("small/list.tlv"),
           DATA("seed5/list.tlv"));
    expect(EXIT_USAGE, &none, "", "diff", DATA("small/list.tlv"), DATA("lists/page.tlv"));
    expect(EXIT_USAGE, &none, "", "diff", DATA("small/list.tlv"), NULL);
}
END_TEST

START_TEST(build_from_a_description) {
    TEMPORARY(folder);
    AUTO(char) path = path_join(folder, "ITLFile.tlv");
    AUTO_BUF built = BUF_INIT(KIT_MAX), expected;
    const struct itl_cli_options options = {.output = path};
    struct err e = {0};
    expect(EXIT_DONE, &options, "", "build", DATA("seed5/list.yaml"), NULL);
    ck_assert_ok(file_read(path, &built, &e), e);
    kit_read("seed5/list.tlv", &expected);
    ck_assert(bytes_equal(buf_view(&built), buf_view(&expected)));
    expect(EXIT_DONE, &options, "", "build", DATA("small/ctl.yaml"), NULL);
    AUTO(ITL) ctl = itl_read_file(path, &e);
    ck_assert_ptr_nonnull(ctl);
    ck_assert_uint_eq(ctl->count, 4);
    ck_assert_uint_eq(ctl->records[3].length, 33);
}
END_TEST

START_TEST(build_from_options) {
    TEMPORARY(folder);
    AUTO(char) path = path_join(folder, "list.tlv");
    struct itl_cli_options options = {
        .output = path,
        .signer = DATA("small/signer.pem"),
        .key = DATA("small/signer.key"),
        .layout = "tlvfile",
        .digest = "sha1",
        .signer_version = "1.1",
        .file_name = "CTLFile.tlv",
        .timestamp = KIT_TIME,
        .add_signer = true,
        .records = {.items = {"capf=" DATA("small/capf.pem"), "tvs=" DATA("small/tvs.pem") ",hash"},
                    .count = 2},
    };
    struct err e = {0};
    expect(EXIT_DONE, &options, "", "build", NULL, NULL);
    AUTO(ITL) list = itl_read_file(path, &e);
    ck_assert_ptr_nonnull(list);
    ck_assert_uint_eq(list->count, 3);
    ck_assert(itl_allows_ec(list) && itl_is_ctl(list));
    ck_assert_uint_gt(list->records[1].certificate.len, 0);
    ck_assert_uint_eq(list->records[2].hash.len, 20);
    /* On top of a description: its certificates stay in its folder. */
    options = (struct itl_cli_options){
        .output = path, .signer = DATA("small/recovery.pem"), .key = DATA("small/recovery.key")};
    expect(EXIT_DONE, &options, "", "build", DATA("small/list.yaml"), NULL);
    AUTO(ITL) other = itl_read_file(path, &e);
    ck_assert_ptr_nonnull(other);
    assert_text(other->header.signer_name, "CN=recovery;O=lab;C=US");
}
END_TEST

START_TEST(build_that_cannot_be) {
    static const struct {
        struct itl_cli_options options;
        int code;
    } wrong[] = {
        {{.signer = DATA("small/signer.pem")}, EXIT_USAGE},
        {{.signer = DATA("small/signer.pem"), .key = DATA("small/recovery.key")}, EXIT_FAILED},
        {{.signer = DATA("small/signer.pem"), .key = DATA("small/none.key")}, EXIT_USAGE},
        {{.layout = "cucn"}, EXIT_USAGE},
        {{.digest = "sha256"}, EXIT_USAGE},
        {{.signer_version = "2"}, EXIT_USAGE},
        {{.records = {.items = {"capf"}, .count = 1}}, EXIT_USAGE},
        {{.records = {.items = {"cap=x"}, .count = 1}}, EXIT_USAGE},
        {{.records = {.items = {"capf=x,whole"}, .count = 1}}, EXIT_USAGE},
        {{.records = {.items = {"capf=/nowhere"}, .count = 1}}, EXIT_USAGE},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        expect(wrong[i].code, &wrong[i].options, "", "build", NULL, NULL);
    const struct itl_cli_options both = {.signer = DATA("small/signer.pem"),
                                         .key = DATA("small/signer.key")};
    expect(EXIT_USAGE, &both, "", "build", DATA("small/bad-address.yaml"), NULL);
    expect(EXIT_USAGE, &both, "", "build", DATA("small/bad-hash.yaml"), NULL);
    expect(EXIT_FAILED, &both, "", "build", DATA("small/short-hash.yaml"), NULL);
}
END_TEST

START_TEST(sign_and_strip) {
    TEMPORARY(folder);
    AUTO(char) plain = path_join(folder, "SEP001122334455.cnf.xml");
    AUTO(char) file = path_join(folder, "SEP001122334455.cnf.xml.sgn");
    const char *text = "<device/>\n";
    struct itl_cli_options options = {
        .signer = DATA("small/signer.pem"), .key = DATA("small/signer.key"), .output = file};
    const struct itl_cli_options trusted = {.trusted = DATA("small/list.tlv")};
    const struct itl_cli_options foreign = {.trusted = DATA("seed5/list.tlv")};
    struct err e = {0};
    ck_assert_ok(file_write(plain, bytes_of_str(text), 0600, &e), e);
    expect(EXIT_DONE, &options, "", "sign", plain, NULL);
    expect(EXIT_DONE, &none, text, "strip", file, NULL);
    expect(EXIT_DONE, &trusted, text, "strip", file, NULL);
    expect(EXIT_DONE, &trusted, "by record 5 of", "verify", file, NULL);
    expect(EXIT_FAILED, &foreign, "", "strip", file, NULL);
    expect(EXIT_USAGE, &none, "", "verify", file, NULL);
    expect(EXIT_USAGE, &none, "", "strip", plain, NULL);
    expect(EXIT_USAGE, &none, "", "sign", plain, NULL);
    options.digest = "sha256";
    expect(EXIT_USAGE, &options, "", "sign", plain, NULL);
    options.digest = NULL;
    options.timestamp = (int64_t)1 << 32;
    expect(EXIT_USAGE, &options, "", "sign", plain, NULL);
    options.timestamp = 0;
    options.key = DATA("small/recovery.key");
    expect(EXIT_FAILED, &options, "", "sign", plain, NULL);
}
END_TEST

/* utils itl reset localkey: the records stay, phones that hold the list take it. */
START_TEST(lists_are_signed_again) {
    TEMPORARY(folder);
    AUTO(char) path = path_join(folder, "ITLFile.tlv");
    const struct itl_cli_options options = {
        .signer = DATA("small/recovery.pem"), .key = DATA("small/recovery.key"), .output = path};
    expect(EXIT_DONE, &options, "", "sign", DATA("small/list.tlv"), NULL);
    expect(EXIT_DONE, &none, "signed by record 2 of the first list", "diff", DATA("small/list.tlv"),
           path);
}
END_TEST

START_TEST(wrong_use) {
    expect(EXIT_USAGE, &none, "", NULL, NULL, NULL);
    expect(EXIT_USAGE, &none, "", "shew", NULL, NULL);
    expect(EXIT_USAGE, &none, "", "show", NULL, NULL);
    expect(EXIT_USAGE, &none, "", "show", DATA("small/list.tlv"), DATA("small/list.tlv"));
    const struct itl_cli_options nowhere = {.output = "/nowhere/x"};
    expect(EXIT_USAGE, &nowhere, "", "build", DATA("small/list.yaml"), NULL);
}
END_TEST

TEST_MAIN("itl cli", show, verify, diff, build_from_a_description, build_from_options,
          build_that_cannot_be, sign_and_strip, lists_are_signed_again, wrong_use)
