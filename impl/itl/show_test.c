/* `show itl`: the seed's list line by line, CUCM's layout to the blank, and JSON. */
#include "itl/itl_test_kit.h"
#include "itl/show.h"

/* Blanks count as one: seed 5 has lost its columns. */
static void put_squeezed(const char *line, struct buf *out) {
    bool blank = false;
    buf_reset(out);
    for (; *line != '\0'; line++) {
        if (*line != ' ') {
            if (blank && out->len > 0)
                buf_put_u8(out, ' ');
            buf_put_u8(out, (uint8_t)*line);
        }
        blank = *line == ' ';
    }
}

/* The next line that is not empty; NULL at the end. */
static char *next_line(char **rest) {
    char *line;
    while ((line = strsep(rest, "\n")) != NULL && *line == '\0')
        ;
    return line;
}

static void put_certificate_line(const char *name, size_t len, struct buf *out) {
    AUTO(X509) cert = kit_cert(name);
    AUTO_BUF der = BUF_INIT(KIT_MAX);
    struct err e = {0};
    ck_assert_ok(x509_put_der(cert, &der, &e), e);
    ck_assert_uint_eq(der.len, len);
    buf_printf(out, "9 CERTIFICATE %zu ", len);
    itl_put_sha1(buf_view(&der), ' ', out);
    buf_put_str(out, " (SHA1 Hash HEX)");
}

/* The certificates of the seed's servers are not to be had: ours have their lengths, names and
 * numbers, but of course other hashes. */
static const struct {
    const char *seed, *file;
    size_t len;
} certificates[] = {
    {"DF 98 C1 DB", "seed5/itlrecovery.pem", 963},
    {"20 BD 40 75", "seed5/callmanager.pem", 959},
    {"E0 CF 8A B3", "seed5/callmanager-ec.pem", 651},
};

static void expect_line(const char *seed, struct buf *out) {
    buf_reset(out);
    for (size_t i = 0; i < sizeof certificates / sizeof certificates[0]; i++) {
        if (strstr(seed, certificates[i].seed) == NULL)
            continue;
        put_certificate_line(certificates[i].file, certificates[i].len, out);
        /* The length is the seed's own. */
        ck_assert_int_eq(strncmp(seed, buf_str(out), strlen("9 CERTIFICATE 963")), 0);
        return;
    }
    buf_put_str(out, seed);
}

START_TEST(seed_line_by_line) {
    AUTO_BUF seed, text = BUF_INIT(KIT_MAX), squeezed = BUF_INIT(KIT_MAX);
    AUTO_BUF expected = BUF_INIT(KIT_MAX);
    AUTO(ITL) list = kit_list("seed5/list.tlv");
    struct err e = {0};
    kit_read("seed5/show.txt", &seed);
    ck_assert_ok(itl_show(list, &text, &e), e);
    char *ours = strstr((char *)text.data, "ITL Record #:1"), *theirs = (char *)seed.data;
    size_t lines = 0;
    for (char *line; (line = next_line(&theirs)) != NULL; lines++) {
        char *own = next_line(&ours);
        ck_assert_ptr_nonnull(own);
        put_squeezed(own, &squeezed);
        expect_line(line, &expected);
        ck_assert_str_eq(buf_str(&squeezed), buf_str(&expected));
    }
    ck_assert_uint_eq(lines, 97);
    ck_assert_ptr_null(next_line(&ours));
}
END_TEST

/* The list in testdata is what the description beside it makes. */
START_TEST(seed_list_has_the_seed_s_lengths) {
    static const uint16_t lengths[] = {727, 717, 1680, 717, 1652, 1652, 1031};
    AUTO(ITL) list = kit_list("seed5/list.tlv");
    ck_assert_uint_eq(list->count, sizeof lengths / sizeof lengths[0]);
    for (size_t i = 0; i < list->count; i++)
        ck_assert_uint_eq(list->records[i].length, lengths[i]);
    ck_assert_uint_eq(list->header.length % 4, 0);
    ck_assert_uint_eq(list->header.timestamp, KIT_TIME);
}
END_TEST

static void assert_shown(const char *name, const char *expected_name) {
    AUTO_BUF expected, text = BUF_INIT(KIT_MAX);
    AUTO(ITL) list = kit_list(name);
    struct err e = {0};
    kit_read(expected_name, &expected);
    itl_show(list, &text, &e);
    ck_assert_str_eq(buf_str(&text), buf_str(&expected));
}

START_TEST(whole_text) {
    assert_shown("small/list.tlv", "small/show.txt");
    assert_shown("small/ctl.tlv", "small/show-ctl.txt");
}
END_TEST

START_TEST(failure_is_told_last) {
    AUTO_BUF text = BUF_INIT(KIT_MAX);
    AUTO(ITL) list = kit_list("lists/record-changed.tlv");
    struct err e = {0};
    ck_assert_int_eq(itl_show(list, &text, &e), -1);
    ck_assert_err(e, ITL_SIGNATURE);
    ck_assert_ptr_nonnull(strstr(buf_str(&text), "\nVerification of the ITL file failed.\n"
                                                 "Error parsing the ITL file!!\n"));
    ck_assert_ptr_nonnull(strstr(buf_str(&text), "192.0.2.0"));
    ck_assert_ptr_null(strstr(buf_str(&text), "verified successfully"));
}
END_TEST

START_TEST(no_list_at_all) {
    AUTO_BUF none = BUF_INIT(KIT_MAX), some = BUF_INIT(KIT_MAX);
    itl_show_unreadable("/tftp/CTLFile.tlv", bytes_of(NULL, 0), &none);
    ck_assert_str_eq(
        buf_str(&none),
        "Length of CTL file: 0\nCTL File not found. Please run CTLClient plugin or run "
        "the CLI - utils ctl.. to generate the CTL file.\nError parsing the CTL "
        "File.\n");
    itl_show_unreadable("ITLFile.tlv", bytes_of_str("x"), &some);
    ck_assert_ptr_nonnull(strstr(buf_str(&some), "9dd4e461268c8034f5c8564e155c67a6(MD5)"));
    ck_assert_ptr_nonnull(strstr(buf_str(&some), "Length of ITL file: 1\nError parsing the ITL"));
}
END_TEST

START_TEST(json_for_machines) {
    AUTO(ITL) list = kit_list("seed5/list.tlv");
    json_t *all = itl_show_json(list);
    const char *subject = NULL, *role = NULL, *hash = NULL;
    int verified = 0, signer = 0;
    ck_assert_int_eq(
        json_unpack(all, "{s:b, s:i}", "verified", &verified, "signer_record", &signer), 0);
    ck_assert_int_eq(verified, 1);
    ck_assert_int_eq(signer, 5);
    json_t *first = json_array_get(json_object_get(all, "records"), 0);
    ck_assert_int_eq(
        json_unpack(first, "{s:s, s:s, s:s}", "subject", &subject, "role", &role, "hash", &hash),
        0);
    ck_assert_str_eq(role, "capf");
    ck_assert_str_eq(hash, "C3E697D08AE10BF231ECED20ECC5BC0F83BCBC5E");
    json_decref(all);
    AUTO(ITL) broken = kit_list("lists/signer-unknown-serial.tlv");
    all = itl_show_json(broken);
    const char *code = NULL;
    ck_assert_int_eq(json_unpack(all, "{s:{s:s}}", "error", "code", &code), 0);
    ck_assert_str_eq(code, "ITL_SIGNER_UNKNOWN");
    json_decref(all);
}
END_TEST

/* Whatever a peer wrote into a name, the terminal gets no control characters, JSON is JSON. */
START_TEST(hostile_names) {
    AUTO_BUF text = BUF_INIT(KIT_MAX);
    AUTO(ITL) list = kit_list("small/hostile-names.tlv");
    struct err e = {0};
    itl_show(list, &text, &e);
    ck_assert_ptr_null(memchr(text.data, 0x1b, text.len));
    json_t *all = itl_show_json(list);
    char *dumped = json_dumps(all, 0);
    ck_assert_ptr_nonnull(dumped);
    ck_assert_ptr_nonnull(strstr(dumped, "hex:"));
    free(dumped);
    json_decref(all);
}
END_TEST

TEST_MAIN("itl show", seed_line_by_line, seed_list_has_the_seed_s_lengths, whole_text,
          failure_is_told_last, no_list_at_all, json_for_machines, hostile_names)
