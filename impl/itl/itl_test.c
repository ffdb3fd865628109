/* Trust lists as phones use them: sizes, roles, certificates, signers, updates; and building them
 * in both layouts. What is malformed is in itl_lists_test.c. */
#include "itl/itl.h"
#include "itl/itl_test_kit.h"

/* The seed's list, and the certificates in it. */
struct seed {
    struct itl *list;
    X509 *capf, *callmanager, *recovery, *ec, *tvs;
    EVP_PKEY *callmanager_key, *recovery_key;
};

static void seed_open(struct seed *s) {
    *s = (struct seed){
        .list = kit_list("seed5/list.tlv"),
        .capf = kit_cert("seed5/capf.pem"),
        .callmanager = kit_cert("seed5/callmanager.pem"),
        .recovery = kit_cert("seed5/itlrecovery.pem"),
        .ec = kit_cert("seed5/callmanager-ec.pem"),
        .tvs = kit_cert("seed5/tvs-sub.pem"),
        .callmanager_key = kit_key("seed5/callmanager.key"),
        .recovery_key = kit_key("seed5/itlrecovery.key"),
    };
}

static void seed_close(struct seed *s) {
    itl_free(s->list);
    X509_free(s->capf);
    X509_free(s->callmanager);
    X509_free(s->recovery);
    X509_free(s->ec);
    X509_free(s->tvs);
    EVP_PKEY_free(s->callmanager_key);
    EVP_PKEY_free(s->recovery_key);
}

#define SEED(name)                                                                                 \
    __attribute__((cleanup(seed_close))) struct seed name;                                         \
    seed_open(&(name))

/* The seed's list with its own hashes, in any layout; overrides come first. */
enum { ENTRIES = 7 };
static void seed_entries(const struct seed *s, struct itl_entry entries[ENTRIES]) {
    entries[0] = (struct itl_entry){.role = ITL_ROLE_CAPF, .certificate = s->capf};
    entries[1] = (struct itl_entry){.role = ITL_ROLE_TVS, .certificate = s->tvs};
    entries[2] = (struct itl_entry){.role = ITL_ROLE_SAST, .certificate = s->recovery};
    entries[3] = (struct itl_entry){.role = ITL_ROLE_TVS, .certificate = s->capf};
    entries[4] = (struct itl_entry){.role = ITL_ROLE_SAST, .certificate = s->callmanager};
    entries[5] = (struct itl_entry){.role = ITL_ROLE_TFTP, .certificate = s->callmanager};
    entries[6] = (struct itl_entry){.role = ITL_ROLE_TFTP, .certificate = s->ec};
}

static struct itl *build(const struct itl_plan *plan) {
    AUTO_BUF bytes = BUF_INIT(KIT_MAX);
    struct err e = {0};
    ck_assert_ok(itl_build(plan, &bytes, &e), e);
    return kit_parse(&bytes);
}

static struct itl_plan plan_of(const struct seed *s, const struct itl_entry *entries,
                               size_t count) {
    return (struct itl_plan){.timestamp = KIT_TIME,
                             .signer = s->callmanager,
                             .signer_key = s->callmanager_key,
                             .entries = entries,
                             .count = count};
}

START_TEST(header_and_records_are_read) {
    SEED(s);
    const struct itl_header *h = &s.list->header;
    ck_assert_uint_eq(h->major, 1);
    ck_assert_uint_eq(h->minor, 2);
    ck_assert_uint_eq(h->digest, ITL_DIGEST_SHA1);
    ck_assert_uint_eq(h->signature.len, 256);
    assert_text(h->file_name, "ITLFile.tlv");
    assert_text(h->issuer_name, "CN=ao115sub;OU=TAC;O=Cisco Systems;L=Boxborough;ST=MA;C=US");
    ck_assert(!itl_is_ctl(s.list) && !h->has_signer_version && !itl_allows_ec(s.list));
    const struct itl_record *last = &s.list->records[6];
    assert_text(last->dns_name, "ao115sub");
    assert_text(last->subject, "CN=ao115sub-EC;OU=TAC;O=Cisco Systems;L=Boxborough;ST=MA;C=US");
    ck_assert_uint_eq(last->public_key.len, 97);
    ck_assert_uint_eq(last->number, 7);
    ck_assert_uint_eq(last->offset + last->length, s.list->file.len);
    ck_assert_uint_eq(s.list->records[0].hash.len, 20);
    ck_assert_uint_eq(s.list->records[0].hash_algorithm, ITL_DIGEST_SHA1);
}
END_TEST

START_TEST(description_makes_the_seed_s_list) {
    SEED(s);
    AUTO_BUF again = BUF_INIT(KIT_MAX);
    struct err e = {0};
    /* The same records, the same key and time: RSA PKCS#1 v1.5 gives the same bytes. */
    ck_assert_ok(itl_sign_again(s.list, s.callmanager, s.callmanager_key, 0, KIT_TIME, &again, &e),
                 e);
    ck_assert(bytes_equal(buf_view(&again), s.list->file));
}
END_TEST

/* --- sizes --- */

/* Appends records without certificate until the list has exactly that length. */
static void pad_list(struct buf *list, size_t len) {
    enum { HEAD = 5 + 5 + 3, FILLER_MAX = 60000 };
    while (list->len < len) {
        size_t record = len - list->len > FILLER_MAX ? FILLER_MAX : len - list->len;
        ck_assert_uint_ge(record, HEAD);
        buf_put(list, "\1\0\2", 3);
        buf_put_u16(list, (uint16_t)record);
        buf_put(list, "\4\0\2\0\7\310", 6);
        buf_put_u16(list, (uint16_t)(record - HEAD));
        for (size_t i = HEAD; i < record; i++)
            buf_put_u8(list, 0);
    }
    ck_assert_uint_eq(list->len, len);
}

static struct itl *parse_padded(size_t len, struct err *e) {
    AUTO_BUF file;
    kit_read("small/list.tlv", &file);
    pad_list(&file, len);
    return itl_parse(buf_view(&file), e);
}

START_TEST(lists_end_at_64_kib) {
    struct err e = {0};
    AUTO(ITL) largest = parse_padded(65535, &e);
    ck_assert_msg(largest != NULL, "%s", e.text);
    ck_assert_ptr_null(parse_padded(65536, &e));
    ck_assert_err(e, ITL_TOO_LARGE);
    ck_assert_str_eq(e.text, "byte 62253: record 7: RECORDLENGTH: the record ends at byte 65536 of "
                             "65536; phones take no more than 65535, about 39 certificates");
    ck_assert_ptr_null(parse_padded(200000, &e));
    ck_assert_err(e, ITL_TOO_LARGE);
    AUTO_BUF zeros = BUF_INIT(KIT_MAX);
    while (zeros.len < 70000)
        buf_put_u8(&zeros, 0);
    ck_assert_ptr_null(itl_parse(buf_view(&zeros), &e));
    ck_assert_err(e, ITL_TOO_LARGE);
    ck_assert_str_eq(e.text, "70000 bytes; phones take no more than 65535, about 39 certificates");
}
END_TEST

START_TEST(smallest_records_by_the_thousand) {
    AUTO_BUF file;
    struct err e = {0};
    kit_read("lists/accepted-no-records.tlv", &file);
    while (file.len + 10 <= ITL_MAX)
        buf_put(&file, "\1\0\2\0\12\4\0\2\0\7", 10);
    AUTO(ITL) list = itl_parse(buf_view(&file), &e);
    ck_assert_ptr_nonnull(list);
    ck_assert_uint_eq(list->count, 6536);
    ck_assert_uint_eq(list->records[6535].number, 6536);
}
END_TEST

START_TEST(forty_certificates_are_too_many) {
    SEED(s);
    enum { MANY = 60 };
    struct itl_entry entries[MANY];
    AUTO_BUF bytes = BUF_INIT(KIT_MAX);
    struct err e = {0};
    for (size_t i = 0; i < MANY; i++)
        entries[i] = (struct itl_entry){.role = ITL_ROLE_TFTP, .certificate = s.callmanager};
    struct itl_plan plan = plan_of(&s, entries, 39);
    ck_assert_ok(itl_build(&plan, &bytes, &e), e);
    plan.count = MANY;
    buf_reset(&bytes);
    ck_assert_int_eq(itl_build(&plan, &bytes, &e), -1);
    ck_assert_err(e, ITL_TOO_LARGE);
    ck_assert_str_eq(e.text,
                     "byte 64884: record 40: the list is over 65535 bytes here, phones take "
                     "no more than about 39 certificates");
    ck_assert_uint_eq(bytes.len, 0);
}
END_TEST

/* --- looking up --- */

START_TEST(roles_are_found) {
    SEED(s);
    size_t tvs = 0;
    for (const struct itl_record *r = NULL; (r = itl_next(s.list, ITL_ROLE_TVS, r)) != NULL;)
        tvs += r->number;
    ck_assert_uint_eq(tvs, 2 + 4);
    ck_assert(itl_has_role(s.list, ITL_ROLE_CAPF));
    ck_assert(!itl_has_role(s.list, ITL_ROLE_CCM) && !itl_has_role(s.list, ITL_ROLE_APP_SERVER));
    AUTO(ITL) ctl = kit_list("small/ctl.tlv");
    ck_assert(itl_is_ctl(ctl));
    ck_assert(itl_has_role(ctl, ITL_ROLE_CCM) && itl_has_role(ctl, ITL_ROLE_TFTP));
    ck_assert(itl_role_covers(ITL_ROLE_CCM_TFTP, ITL_ROLE_CCM));
    ck_assert(!itl_role_covers(ITL_ROLE_CCM, ITL_ROLE_CCM_TFTP));
    ck_assert(!itl_role_covers(ITL_ROLE_CCM_TFTP, ITL_ROLE_SAST));
}
END_TEST

START_TEST(certificates_count_for_their_roles_only) {
    SEED(s);
    struct itl_entry entries[ENTRIES];
    seed_entries(&s, entries);
    struct itl_plan plan = plan_of(&s, entries, ENTRIES);
    AUTO(ITL) list = build(&plan);
    ck_assert_uint_eq(itl_find(list, ITL_ROLE_CAPF, s.capf)->number, 1);
    ck_assert_uint_eq(itl_find(list, ITL_ROLE_TVS, s.capf)->number, 4);
    ck_assert_uint_eq(itl_find(list, ITL_ROLE_TFTP, s.ec)->number, 7);
    ck_assert_ptr_null(itl_find(list, ITL_ROLE_CAPF, s.tvs));
    ck_assert_ptr_null(itl_find(list, ITL_ROLE_CCM, s.callmanager));
    /* The hashes of the seed's list belong to other certificates. */
    ck_assert_ptr_null(itl_find(s.list, ITL_ROLE_CAPF, s.capf));
}
END_TEST

/* Same names, same number, other key: neither whole nor by its hash is it the one in the list. */
START_TEST(a_twin_is_not_accepted) {
    AUTO(X509) signer = kit_cert("small/signer.pem");
    AUTO(X509) twin = kit_cert("small/twin.pem");
    AUTO(EVP_PKEY) key = kit_key("small/signer.key");
    const struct itl_entry entries[] = {
        {.role = ITL_ROLE_TFTP, .certificate = signer},
        {.role = ITL_ROLE_CAPF, .certificate = signer},
    };
    struct itl_plan plan = {.timestamp = KIT_TIME,
                            .signer = signer,
                            .signer_key = key,
                            .entries = entries,
                            .count = 2,
                            .add_signer = true};
    AUTO(ITL) list = build(&plan);
    ck_assert_uint_eq(list->count, 3);
    ck_assert_uint_eq(list->records[0].role, ITL_ROLE_SAST);
    ck_assert_ptr_nonnull(itl_find(list, ITL_ROLE_TFTP, signer));
    ck_assert_ptr_nonnull(itl_find(list, ITL_ROLE_CAPF, signer));
    ck_assert_ptr_null(itl_find(list, ITL_ROLE_TFTP, twin));
    ck_assert_ptr_null(itl_find(list, ITL_ROLE_CAPF, twin));
    struct err e = {0};
    ck_assert_int_eq(itl_verify_by(list, twin, &e), -1);
    ck_assert_err(e, ITL_SIGNATURE);
}
END_TEST

START_TEST(serial_numbers_are_numbers) {
    static const struct {
        const char *a, *b;
        size_t a_len, b_len;
        bool equal;
    } cases[] = {
        {"\x80\1", "\0\x80\1", 2, 3, true},
        {"\0\0\1", "\1", 3, 1, true},
        {"\0", "", 1, 0, true},
        {"\1\0", "\1", 2, 1, false},
        {"\1", "\2", 1, 1, false},
        {"\1", "\xff\1", 1, 2, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_int_eq(itl_serial_equal(bytes_of(cases[i].a, cases[i].a_len),
                                          bytes_of(cases[i].b, cases[i].b_len)),
                         cases[i].equal);
    AUTO(ITL) zeros = kit_list("lists/accepted-serial-leading-zeros.tlv");
    AUTO(X509) signer = kit_cert("small/signer.pem");
    struct err e = {0};
    ck_assert_ok(itl_verify_by(zeros, signer, &e), e);
    ck_assert_ptr_nonnull(itl_find_issued(zeros, ITL_ROLE_SAST, bytes_of_str("CN=ccm;O=lab;C=US"),
                                          bytes_of("\x80\1", 2)));
    ck_assert_ptr_null(itl_find_issued(zeros, ITL_ROLE_SAST, bytes_of_str("CN=ccm;O=lab;C=us"),
                                       bytes_of("\x80\1", 2)));
}
END_TEST

/* --- names --- */

static void assert_name(const char *name, const char *cucm, const char *tlvfile) {
    AUTO_BUF a = BUF_INIT(4096), b = BUF_INIT(4096);
    struct err e = {0};
    AUTO(X509_NAME) parsed = x509_name_parse(name, &e);
    ck_assert_ok(itl_put_name(parsed, ITL_LAYOUT_CUCM, &a, &e), e);
    ck_assert_ok(itl_put_name(parsed, ITL_LAYOUT_TLVFILE, &b, &e), e);
    ck_assert_str_eq(buf_str(&a), cucm);
    ck_assert_str_eq(buf_str(&b), tlvfile);
    ck_assert(itl_name_is(bytes_of_str(cucm), parsed) &&
              itl_name_is(bytes_of_str(tlvfile), parsed));
}

START_TEST(names_in_both_layouts) {
    assert_name("C=US, O=cisco, OU=tac, CN=CAPF-eb606ac0", "CN=CAPF-eb606ac0;OU=tac;O=cisco;C=US",
                "C=US,O=cisco,OU=tac,CN=CAPF-eb606ac0");
    assert_name("CN=a, ST=MA, L=Boxborough", "CN=a;L=Boxborough;ST=MA", "CN=a,ST=MA,L=Boxborough");
    assert_name("OU=2, OU=1, CN=a", "CN=a;OU=2;OU=1", "OU=2,OU=1,CN=a");
    assert_name("CN=M\xc3\xbcller\\, K., emailAddress=a@b", "CN=M\xc3\xbcller, K.;emailAddress=a@b",
                "CN=M\xc3\xbcller\\, K.,emailAddress=a@b");
    assert_name("", "", "");
}
END_TEST

/* Two encodings of one name read the same: the list cannot tell them apart, and need not. */
START_TEST(names_by_encoding) {
    AUTO(X509) utf8 = kit_cert("small/signer.pem");
    AUTO(X509) printable = kit_cert("small/signer-printable.pem");
    AUTO(ITL) list = kit_list("small/list.tlv");
    struct err e = {0};
    ck_assert_int_ne(X509_cmp(utf8, printable), 0);
    ck_assert_ok(itl_verify_by(list, utf8, &e), e);
    ck_assert_ok(itl_verify_by(list, printable, &e), e);
    ck_assert_ptr_null(itl_find(list, ITL_ROLE_TFTP, printable));
}
END_TEST

START_TEST(name_with_a_nul_is_refused) {
    AUTO_BUF out = BUF_INIT(4096);
    AUTO(X509_NAME) name = X509_NAME_new();
    struct err e = {0};
    X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_UTF8STRING,
                               (const unsigned char *)"ccm\0x", 5, -1, 0);
    ck_assert_int_eq(itl_put_name(name, ITL_LAYOUT_CUCM, &out, &e), -1);
    ck_assert_err(e, ITL_CERTIFICATE);
    ck_assert(!itl_name_is(bytes_of_str("CN=ccm"), name));
}
END_TEST

/* --- verifying --- */

START_TEST(signers) {
    SEED(s);
    AUTO_BUF again = BUF_INIT(KIT_MAX);
    const struct itl_record *record = NULL;
    struct err e = {0};
    ck_assert_ok(itl_verify(s.list, s.list, &record, &e), e);
    ck_assert_uint_eq(record->number, 5);
    ck_assert_ok(itl_verify_by(s.list, s.callmanager, &e), e);
    ck_assert_int_eq(itl_verify_by(s.list, s.recovery, &e), -1);
    ck_assert_err(e, ITL_SIGNER_UNKNOWN);
    /* utils itl reset localkey */
    ck_assert_ok(itl_sign_again(s.list, s.recovery, s.recovery_key, ITL_DIGEST_SHA512, KIT_TIME + 1,
                                &again, &e),
                 e);
    AUTO(ITL) reset = kit_parse(&again);
    ck_assert_ok(itl_verify(reset, s.list, &record, &e), e);
    ck_assert_uint_eq(record->number, 3);
    ck_assert_uint_eq(reset->header.digest, ITL_DIGEST_SHA512);
    ck_assert_uint_eq(reset->count, s.list->count);
    AUTO(ITL) small = kit_list("small/list.tlv");
    ck_assert_int_eq(itl_verify(small, s.list, &record, &e), -1);
    ck_assert_err(e, ITL_SIGNER_UNKNOWN);
    ck_assert_ptr_null(record);
}
END_TEST

START_TEST(hash_only_signer_cannot_verify) {
    SEED(s);
    const struct itl_record *record = NULL;
    const struct itl_entry entry = {
        .role = ITL_ROLE_SAST, .certificate = s.callmanager, .form = ITL_FORM_HASH};
    struct itl_plan plan = plan_of(&s, &entry, 1);
    struct err e = {0};
    AUTO(ITL) list = build(&plan);
    ck_assert_int_eq(itl_verify(list, list, &record, &e), -1);
    ck_assert_err(e, ITL_CERTIFICATE);
    ck_assert_str_eq(e.text, "byte 456: record 1: CERTIFICATE: the record has none");
    ck_assert_uint_eq(record->number, 1);
    ck_assert_ok(itl_verify_by(list, s.callmanager, &e), e);
}
END_TEST

START_TEST(ec_certificates_sign_nothing) {
    AUTO(EVP_PKEY) ec = key_generate(KEY_EC, 256, NULL);
    AUTO(X509) cert = kit_issue("CN=ccm, O=lab, C=US", ec, bytes_of("\x80\1", 2));
    AUTO(ITL) list = kit_list("small/list.tlv");
    struct err e = {0};
    ck_assert_int_eq(itl_verify_by(list, cert, &e), -1);
    ck_assert_err(e, ITL_CERTIFICATE);
}
END_TEST

/* --- what phones do with an offered list --- */

static enum itl_update update(const struct itl *ctl, const struct itl *itl,
                              const struct itl *offered, struct err *why) {
    const struct itl *held[] = {ctl, itl};
    return itl_judge_update(held, 2, offered, NULL, why);
}

START_TEST(updates) {
    SEED(s);
    AUTO(ITL) small = kit_list("small/list.tlv");
    AUTO(ITL) ctl = kit_list("small/ctl.tlv");
    AUTO(ITL) damaged = kit_list("lists/record-changed.tlv");
    AUTO(ITL) foreign = kit_list("lists/accepted-no-records.tlv");
    struct err why = {0};
    ck_assert_int_eq(update(NULL, NULL, small, &why), ITL_UPDATE_FIRST_USE);
    ck_assert_int_eq(update(NULL, NULL, damaged, &why), ITL_UPDATE_REFUSED);
    ck_assert_err(why, ITL_SIGNATURE);
    ck_assert_int_eq(update(NULL, NULL, foreign, &why), ITL_UPDATE_REFUSED);
    ck_assert_err(why, ITL_SIGNER_UNKNOWN);
    ck_assert_int_eq(update(NULL, small, small, &why), ITL_UPDATE_IDENTICAL);
    ck_assert_int_eq(update(NULL, small, foreign, &why), ITL_UPDATE_ACCEPTED);
    ck_assert_err(why, OK);
    ck_assert_int_eq(update(NULL, small, damaged, &why), ITL_UPDATE_REFUSED);
    ck_assert_err(why, ITL_SIGNATURE);
    ck_assert_int_eq(update(NULL, small, s.list, &why), ITL_UPDATE_ASK_TVS);
    ck_assert_err(why, ITL_SIGNER_UNKNOWN);
    ck_assert_int_eq(update(ctl, NULL, s.list, &why), ITL_UPDATE_REFUSED); /* no TVS record */
    ck_assert_int_eq(update(ctl, s.list, small, &why), ITL_UPDATE_ASK_TVS);
    ck_assert_int_eq(update(small, s.list, ctl, &why), ITL_UPDATE_ACCEPTED);
    ck_assert_err(why, OK);
}
END_TEST

/* --- building --- */

static void assert_tags(const struct itl_field *fields, size_t count, const char *expected) {
    AUTO_BUF tags = BUF_INIT(256);
    for (size_t i = 0; i < count; i++)
        buf_printf(&tags, "%s%u", i == 0 ? "" : " ", fields[i].tag);
    ck_assert_str_eq(buf_str(&tags), expected);
}

START_TEST(both_layouts) {
    SEED(s);
    struct itl_entry entries[ENTRIES];
    seed_entries(&s, entries);
    struct itl_plan plan = plan_of(&s, entries, ENTRIES);
    struct err e = {0};
    AUTO(ITL) cucm = build(&plan);
    plan.layout = ITL_LAYOUT_TLVFILE;
    plan.digest = ITL_DIGEST_SHA512;
    plan.signer_version = 0x0101;
    AUTO(ITL) tlvfile = build(&plan);
    assert_tags(cucm->header.fields, cucm->header.field_count, "1 2 3 4 5 6 7 8 9 10 11 12 14 15");
    assert_tags(tlvfile->header.fields, tlvfile->header.field_count,
                "1 2 28 3 4 6 5 7 8 9 10 11 12 14 15");
    assert_tags(cucm->records[0].fields, cucm->records[0].field_count, "1 2 3 4 5 6 7 8 11 12");
    assert_tags(cucm->records[6].fields, cucm->records[6].field_count, "1 2 3 4 5 6 7 8 9");
    assert_tags(tlvfile->records[0].fields, tlvfile->records[0].field_count, "1 3 5 6 4 7 8 9");
    ck_assert(itl_allows_ec(tlvfile) && !itl_allows_ec(cucm));
    ck_assert_ok(itl_verify(tlvfile, tlvfile, NULL, &e), e);
    ck_assert_ok(itl_verify_by(tlvfile, s.callmanager, &e), e);
    ck_assert_ptr_nonnull(itl_find(tlvfile, ITL_ROLE_CAPF, s.capf));
    /* One deployment, one form of names: phones compare them byte by byte. */
    ck_assert_int_eq(itl_verify(tlvfile, cucm, NULL, &e), -1);
    ck_assert_err(e, ITL_SIGNER_UNKNOWN);
    ck_assert_ptr_nonnull(strstr(e.text, "record 5 has that number, but writes its issuer as CN="));
    AUTO_BUF again = BUF_INIT(KIT_MAX);
    ck_assert_ok(itl_sign_again(tlvfile, s.callmanager, s.callmanager_key, 0, KIT_TIME, &again, &e),
                 e);
    ck_assert(bytes_equal(buf_view(&again), tlvfile->file));
}
END_TEST

START_TEST(keys_of_every_length) {
    static const unsigned bits[] = {1024, 2048, 4096};
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        AUTO(EVP_PKEY) key = key_generate(KEY_RSA, bits[i], NULL);
        AUTO(X509) cert = kit_issue("CN=ccm", key, bytes_of("\1", 1));
        struct itl_plan plan = {.digest = ITL_DIGEST_SHA512,
                                .signer = cert,
                                .signer_key = key,
                                .add_signer = true,
                                .minor = 7,
                                .major = 1};
        AUTO(ITL) list = build(&plan);
        struct err e = {0};
        ck_assert_uint_eq(list->header.signature.len, bits[i] / 8);
        ck_assert_uint_eq(list->header.minor, 7);
        ck_assert_ok(itl_verify(list, list, NULL, &e), e);
    }
}
END_TEST

static void assert_no_plan(const struct itl_plan *plan, const char *text) {
    AUTO_BUF out = BUF_INIT(KIT_MAX);
    struct err e = {0};
    buf_put_str(&out, "before");
    ck_assert_int_eq(itl_build(plan, &out, &e), -1);
    ck_assert_err(e, ITL_PLAN);
    ck_assert_msg(strstr(e.text, text) != NULL, "%s", e.text);
    ck_assert_str_eq(buf_str(&out), "before");
}

START_TEST(plans_that_cannot_be) {
    SEED(s);
    AUTO(EVP_PKEY) ec = key_generate(KEY_EC, 256, NULL);
    AUTO(EVP_PKEY) odd = key_generate(KEY_RSA, 3072, NULL);
    AUTO(X509) ec_cert = kit_issue("CN=a", ec, bytes_of("\1", 1));
    AUTO(X509) odd_cert = kit_issue("CN=a", odd, bytes_of("\1", 1));
    struct itl_entry entry = {.role = ITL_ROLE_CAPF, .certificate = s.capf};
    const struct itl_plan good = plan_of(&s, &entry, 1);
    struct itl_plan plan = good;
    plan.signer_key = s.recovery_key;
    assert_no_plan(&plan, "is not for the signer's key");
    plan.signer = NULL;
    assert_no_plan(&plan, "is not for the signer's key");
    plan = good;
    plan.signer = ec_cert, plan.signer_key = ec;
    assert_no_plan(&plan, "only RSA keys sign");
    plan.signer = odd_cert, plan.signer_key = odd;
    assert_no_plan(&plan, "an RSA key of 3072 bits");
    plan = good;
    plan.digest = ITL_DIGEST_SHA256;
    assert_no_plan(&plan, "SHA-1 or SHA-512");
    entry.hash = bytes_of("short", 5);
    assert_no_plan(&good, "record 1: a hash of 5 bytes");
    entry = (struct itl_entry){.role = ITL_ROLE_CAPF};
    assert_no_plan(&good, "record 1: no certificate");
    entry = (struct itl_entry){.role = 70000, .certificate = s.capf};
    assert_no_plan(&good, "record 1: role 70000");
    entry = (struct itl_entry){.certificate = s.capf, .address = bytes_of("abc", 3)};
    assert_no_plan(&good, "record 1: an address of 3 bytes");
    AUTO(EVP_PKEY) tiny = kit_key("small/signer.key");
    AUTO(X509) tiny_cert = kit_cert("small/signer.pem");
    plan = good;
    plan.count = 0, plan.digest = ITL_DIGEST_SHA512, plan.signer = tiny_cert,
    plan.signer_key = tiny;
    assert_no_plan(&plan, "the signer's key does not sign");
}
END_TEST

START_TEST(no_room_leaves_the_buffer) {
    SEED(s);
    AUTO_BUF out = BUF_INIT(300);
    struct itl_plan plan = plan_of(&s, NULL, 0);
    struct err e = {0};
    ck_assert_int_eq(itl_build(&plan, &out, &e), -1);
    ck_assert_err(e, SYS_LIMIT);
    ck_assert_uint_eq(out.len, 0);
    ck_assert_int_eq(itl_put(s.list, &out, &e), -1);
    ck_assert_err(e, SYS_LIMIT);
}
END_TEST

START_TEST(files_that_are_none) {
    struct err e = {0};
    ck_assert_ptr_null(itl_read_file(TESTDATA "/no-such.tlv", &e));
    ck_assert_err(e, SYS_IO);
    ck_assert_ptr_null(itl_read_file(TESTDATA "/lists/page.tlv", &e));
    ck_assert_err(e, ITL_HEADER);
    ck_assert_ptr_nonnull(strstr(e.text, "lists/page.tlv: byte 0: "));
}
END_TEST

TEST_MAIN("itl", header_and_records_are_read, description_makes_the_seed_s_list,
          lists_end_at_64_kib, smallest_records_by_the_thousand, forty_certificates_are_too_many,
          roles_are_found, certificates_count_for_their_roles_only, a_twin_is_not_accepted,
          serial_numbers_are_numbers, names_in_both_layouts, names_by_encoding,
          name_with_a_nul_is_refused, signers, hash_only_signer_cannot_verify,
          ec_certificates_sign_nothing, updates, both_layouts, keys_of_every_length,
          plans_that_cannot_be, no_room_leaves_the_buffer, files_that_are_none)
