/* What phones will stumble over: which lists give which notes. */
#include "itl/itl_test_kit.h"
#include "itl/notes.h"

static void collect(void *user, enum itl_note note, const struct itl_record *record) {
    static const char *const names[] = {
#define X(name, text) [ITL_NOTE_##name] = #name,
        ITL_NOTE_TABLE(X)
#undef X
    };
    ck_assert_uint_gt(strlen(itl_note_text(note)), 0);
    buf_printf(user, "%s %zu\n", names[note], record == NULL ? 0 : record->number);
}

static void assert_notes(const struct itl *list, const char *expected) {
    AUTO_BUF notes = BUF_INIT(4096);
    itl_notes(list, collect, &notes);
    ck_assert_str_eq(buf_str(&notes), expected);
}

START_TEST(lists_of_testdata) {
    static const struct {
        const char *name, *notes;
    } cases_of[] = {
        {"seed5/list.tlv", ""},
        {"small/list.tlv", ""},
        {"small/ctl.tlv", ""},
        {"lists/accepted-no-records.tlv", "NO_SAST 0\nNO_CAPF 0\nNO_TVS 0\n"},
        {"lists/signer-certificate-unreadable.tlv", "UNREADABLE 1\n"},
        {"small/other-names.tlv", "OTHER_NAMES 5\nOTHER_NAMES 6\n"},
    };
    for (size_t i = 0; i < sizeof cases_of / sizeof cases_of[0]; i++) {
        AUTO(ITL) list = kit_list(cases_of[i].name);
        assert_notes(list, cases_of[i].notes);
    }
}
END_TEST

START_TEST(too_many_and_too_long) {
    AUTO(EVP_PKEY) key = key_generate(KEY_RSA, 4096, NULL);
    AUTO(X509) cert = kit_issue("CN=ccm", key, bytes_of("\1", 1));
    const struct itl_entry entries[] = {
        {.role = ITL_ROLE_SAST, .certificate = cert},
        {.role = ITL_ROLE_SAST, .certificate = cert},
        {.role = ITL_ROLE_SAST, .certificate = cert, .form = ITL_FORM_HASH},
        {.role = ITL_ROLE_CAPF, .certificate = cert},
        {.role = ITL_ROLE_TVS, .certificate = cert},
    };
    const struct itl_plan plan = {
        .signer = cert, .signer_key = key, .entries = entries, .count = 5};
    AUTO_BUF bytes = BUF_INIT(KIT_MAX);
    struct err e = {0};
    ck_assert_ok(itl_build(&plan, &bytes, &e), e);
    AUTO(ITL) list = kit_parse(&bytes);
    assert_notes(list, "MANY_SAST 0\nLONG_KEY 1\nLONG_KEY 2\n");
}
END_TEST

TEST_MAIN("itl notes", lists_of_testdata, too_many_and_too_long)
