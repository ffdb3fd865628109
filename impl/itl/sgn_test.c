/* Signed files: header, payload, who may sign. */
#include "itl/itl_test_kit.h"
#include "itl/sgn.h"

static const char payload_text[] = "<device><fullConfig>true</fullConfig></device>\n";

static void sign_payload(struct bytes payload, enum itl_layout layout, enum itl_digest digest,
                         struct buf *out) {
    AUTO(X509) signer = kit_cert("seed5/callmanager.pem");
    AUTO(EVP_PKEY) key = kit_key("seed5/callmanager.key");
    const struct sgn_plan plan = {.layout = layout,
                                  .digest = digest,
                                  .file_name = "SEP001122334455.cnf.xml.sgn",
                                  .timestamp = KIT_TIME,
                                  .signer = signer,
                                  .signer_key = key};
    struct err e = {0};
    *out = (struct buf)BUF_INIT(SGN_MAX);
    ck_assert_ok(sgn_sign(&plan, payload, out, &e), e);
}

START_TEST(signed_verified_stripped) {
    static const enum itl_digest digests[] = {0, ITL_DIGEST_SHA1, ITL_DIGEST_SHA512};
    AUTO(ITL) list = kit_list("seed5/list.tlv");
    AUTO(X509) signer = kit_cert("seed5/callmanager.pem");
    for (size_t i = 0; i < 3; i++) {
        AUTO_BUF file;
        const struct itl_record *record = NULL;
        struct err e = {0};
        struct sgn s;
        sign_payload(bytes_of_str(payload_text), ITL_LAYOUT_CUCM, digests[i], &file);
        ck_assert_ok(sgn_parse(buf_view(&file), &s, &e), e);
        ck_assert_uint_eq(s.header.major, 1);
        ck_assert_uint_eq(s.header.minor, 0);
        ck_assert_uint_eq(s.header.length % 4, 0);
        ck_assert(!s.header.has_signer_version);
        assert_text(s.header.file_name, "SEP001122334455.cnf.xml.sgn");
        assert_text(s.payload, payload_text);
        ck_assert_ok(sgn_verify(&s, list, &record, &e), e);
        ck_assert_uint_eq(record->role, ITL_ROLE_TFTP);
        ck_assert_ok(sgn_verify_by(&s, signer, &e), e);
    }
}
END_TEST

START_TEST(payloads_of_any_size) {
    static const size_t sizes[] = {0, 1, 65535, 65536, 1 << 20};
    AUTO(ITL) list = kit_list("seed5/list.tlv");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        AUTO_BUF file;
        struct err e = {0};
        struct sgn s;
        uint8_t *zeros = calloc(1, sizes[i] + 1);
        sign_payload(bytes_of(zeros, sizes[i]), ITL_LAYOUT_TLVFILE, 0, &file);
        free(zeros);
        ck_assert_int_eq(sgn_parse(buf_view(&file), &s, &e), 0);
        ck_assert_uint_eq(s.payload.len, sizes[i]);
        /* Its signer is named in the other form. */
        ck_assert_int_eq(sgn_verify(&s, list, NULL, &e), -1);
        ck_assert_err(e, ITL_SIGNER_UNKNOWN);
    }
}
END_TEST

START_TEST(only_tftp_signs) {
    AUTO(ITL) list = kit_list("seed5/list.tlv");
    AUTO(X509) recovery = kit_cert("seed5/itlrecovery.pem");
    AUTO(EVP_PKEY) key = kit_key("seed5/itlrecovery.key");
    AUTO_BUF file = BUF_INIT(SGN_MAX);
    const struct sgn_plan plan = {.file_name = "a.xml.sgn", .signer = recovery, .signer_key = key};
    struct err e = {0};
    struct sgn s;
    ck_assert_ok(sgn_sign(&plan, bytes_of_str("x"), &file, &e), e);
    ck_assert_ok(sgn_parse(buf_view(&file), &s, &e), e);
    ck_assert_int_eq(sgn_verify(&s, list, NULL, &e), -1);
    ck_assert_err(e, ITL_SIGNER_UNKNOWN); /* a SAST, but no TFTP */
    ck_assert_ok(sgn_verify_by(&s, recovery, &e), e);
}
END_TEST

START_TEST(every_flipped_byte_is_noticed) {
    AUTO_BUF file;
    AUTO(ITL) list = kit_list("seed5/list.tlv");
    sign_payload(bytes_of_str(payload_text), ITL_LAYOUT_CUCM, 0, &file);
    for (size_t i = 0; i < file.len; i++) {
        struct err e = {0};
        struct sgn s;
        file.data[i] ^= 4;
        if (sgn_parse(buf_view(&file), &s, &e) == 0)
            ck_assert_msg(sgn_verify(&s, list, NULL, &e) == -1, "byte %zu", i);
        file.data[i] ^= 4;
    }
}
END_TEST

static const struct {
    const char *name;
    const char *text;
    enum err_code code;
} malformed[] = {
    {"plain.xml", "byte 0: header: VERSION: not at the start", ERR_ITL_HEADER},
    {"encrypted.sgn", "byte 0: header: VERSION: 2.0 is that of an encrypted", ERR_ITL_VERSION},
    {"headerlength-over-file.sgn", "byte 5: header: HEADERLENGTH: 65535 cannot be", ERR_ITL_HEADER},
    {"header-cut.sgn", "byte 5: header: HEADERLENGTH: 184 cannot be", ERR_ITL_HEADER},
    {"headerlength-into-payload.sgn", "byte 184: header: tag 60: 25701 bytes long", ERR_ITL_HEADER},
    {"headerlength-short.sgn", "byte 177: header: TIMESTAMP: 4 bytes long, but", ERR_ITL_HEADER},
    {"filename-no-nul.sgn", "byte 146: header: FILENAME: the text does not end", ERR_ITL_HEADER},
};

START_TEST(malformed_files) {
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        AUTO_BUF file;
        AUTO(char) path = path_join("sgn", "%s", malformed[i].name);
        struct err e = {0};
        struct sgn s;
        kit_read(path, &file);
        ck_assert_int_eq(sgn_parse(buf_view(&file), &s, &e), -1);
        ck_assert_msg(e.code == malformed[i].code, "%s: %s", path, e.text);
        ck_assert_msg(strncmp(e.text, malformed[i].text, strlen(malformed[i].text)) == 0, "%s: %s",
                      path, e.text);
    }
}
END_TEST

START_TEST(too_large) {
    AUTO(X509) signer = kit_cert("small/signer.pem");
    AUTO(EVP_PKEY) key = kit_key("small/signer.key");
    AUTO_BUF out = BUF_INIT(2 * SGN_MAX);
    const struct sgn_plan plan = {.file_name = "a", .signer = signer, .signer_key = key};
    struct err e = {0};
    struct sgn s;
    uint8_t *zeros = calloc(1, SGN_MAX + 1);
    ck_assert_int_eq(sgn_sign(&plan, bytes_of(zeros, SGN_MAX), &out, &e), -1);
    ck_assert_err(e, ITL_TOO_LARGE);
    ck_assert_int_eq(sgn_parse(bytes_of(zeros, SGN_MAX + 1), &s, &e), -1);
    ck_assert_err(e, ITL_TOO_LARGE);
    free(zeros);
}
END_TEST

TEST_MAIN("itl sgn", signed_verified_stripped, payloads_of_any_size, only_tftp_signs,
          every_flipped_byte_is_noticed, malformed_files, too_large)
