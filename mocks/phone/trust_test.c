/* Tests of the phone's lists: what becomes of an offered list, as a table; roles; what is kept on
 * disk. */
#include "base/clock.h"
#include "base/file.h"
#include "base/temporary_test.h"
#include "base/x509.h"
#include "itl/itl_write.h"
#include "mocks/phone/trust.h"
#include "pki/issue.h"

/* Whose certificates the lists hold and who signs them. */
enum who { NOBODY, OLD, RECOVERY, NEW, CAPF, TVS, WHO_COUNT };

struct people {
    X509 *certificates[WHO_COUNT];
    EVP_PKEY *keys[WHO_COUNT];
};

static void make(struct people *p, enum who who, const char *name) {
    struct err e = {0};
    p->keys[who] = key_generate(KEY_RSA, 1024, &e);
    AUTO(X509_NAME) subject = x509_name_parse(name, &e);
    const struct issue_request request = {.subject = subject,
                                          .key = p->keys[who],
                                          .issuer_key = p->keys[who],
                                          .not_before = clock_wall() - 86400,
                                          .not_after = clock_wall() + 86400,
                                          .extensions = issue_capf_extensions};
    p->certificates[who] = issue_certificate(&request, &e);
    ck_assert_msg(p->certificates[who] != NULL, "%s", e.text);
}

static void people_open(struct people *p) {
    *p = (struct people){0};
    make(p, OLD, "CN=pub, O=Cisco Systems");
    make(p, RECOVERY, "CN=ITLRECOVERY_pub, O=Cisco Systems");
    make(p, NEW, "CN=sub, O=Cisco Systems");
    make(p, CAPF, "CN=CAPF-7f0ae8d7, O=Cisco Systems");
    make(p, TVS, "CN=tvs, O=Cisco Systems");
}

static void people_close(struct people *p) {
    for (size_t i = 0; i < WHO_COUNT; i++) {
        X509_free(p->certificates[i]);
        EVP_PKEY_free(p->keys[i]);
    }
}
#define AUTO_PEOPLE __attribute__((cleanup(people_close))) struct people

/* What a list is made of: its SAST records, whether it has one for TVS, and who signs it. */
struct recipe {
    enum who signer, sast[2];
    bool tvs, damaged;
    uint16_t signer_version;
};

static void add(struct itl_entry *entries, size_t *count, unsigned role, X509 *certificate) {
    if (certificate != NULL)
        entries[(*count)++] = (struct itl_entry){.role = role, .certificate = certificate};
}

static ITL *bake(const struct people *p, const struct recipe *r) {
    AUTO_BUF file = BUF_INIT(ITL_MAX);
    struct err e = {0};
    struct itl_entry entries[4];
    struct itl_plan plan = {.timestamp = 1500000000,
                            .signer_version = r->signer_version,
                            .signer = p->certificates[r->signer],
                            .signer_key = p->keys[r->signer],
                            .entries = entries};
    if (r->signer == NOBODY)
        return NULL;
    add(entries, &plan.count, ITL_ROLE_SAST, p->certificates[r->sast[0]]);
    add(entries, &plan.count, ITL_ROLE_SAST, p->certificates[r->sast[1]]);
    add(entries, &plan.count, ITL_ROLE_CAPF, p->certificates[CAPF]);
    add(entries, &plan.count, ITL_ROLE_TVS, r->tvs ? p->certificates[TVS] : NULL);
    ck_assert_ok(itl_build(&plan, &file, &e), e);
    if (r->damaged)
        file.data[file.len - 10] ^= 1;
    ITL *list = itl_parse(buf_view(&file), &e);
    ck_assert_msg(list != NULL, "%s", e.text);
    return list;
}

#define BY_OLD                                                                                     \
    { OLD, {OLD, RECOVERY}, true, false, 0 }
#define BY_OLD_LATE                                                                                \
    { OLD, {OLD, RECOVERY}, true, false, 0x0100 }
#define BY_RECOVERY                                                                                \
    { RECOVERY, {OLD, RECOVERY}, true, false, 0 }
#define BY_NEW                                                                                     \
    { NEW, {NEW, RECOVERY}, true, false, 0 }
#define NO_TVS                                                                                     \
    { OLD, {OLD, RECOVERY}, false, false, 0 }
#define DAMAGED                                                                                    \
    { OLD, {OLD, RECOVERY}, true, true, 0x0100 }
#define NO_LIST                                                                                    \
    { NOBODY, {NOBODY, NOBODY}, false, false, 0 }

static const struct {
    struct recipe ctl, itl, offered;
    enum trust_kind kind;
    enum itl_update expected;
} updates[] = {
    {NO_LIST, NO_LIST, BY_OLD, TRUST_CTL, ITL_UPDATE_FIRST_USE},
    {NO_LIST, NO_LIST, BY_OLD, TRUST_ITL, ITL_UPDATE_FIRST_USE},
    {NO_LIST, NO_LIST, DAMAGED, TRUST_ITL, ITL_UPDATE_REFUSED},
    {NO_LIST, BY_OLD, BY_OLD, TRUST_ITL, ITL_UPDATE_IDENTICAL},
    {NO_LIST, BY_OLD, BY_OLD_LATE, TRUST_ITL, ITL_UPDATE_ACCEPTED},
    {NO_LIST, BY_OLD, BY_RECOVERY, TRUST_ITL, ITL_UPDATE_ACCEPTED},
    {NO_LIST, BY_OLD, DAMAGED, TRUST_ITL, ITL_UPDATE_REFUSED},
    {NO_LIST, BY_OLD, BY_NEW, TRUST_ITL, ITL_UPDATE_ASK_TVS},
    {NO_LIST, NO_TVS, BY_NEW, TRUST_ITL, ITL_UPDATE_REFUSED},
    {BY_OLD, NO_LIST, BY_RECOVERY, TRUST_ITL, ITL_UPDATE_ACCEPTED},
    {BY_OLD, NO_LIST, BY_NEW, TRUST_ITL, ITL_UPDATE_ASK_TVS},
    {NO_TVS, NO_LIST, BY_NEW, TRUST_ITL, ITL_UPDATE_REFUSED},
    {BY_NEW, BY_OLD, BY_RECOVERY, TRUST_CTL, ITL_UPDATE_ACCEPTED},
    {NO_TVS, BY_NEW, BY_NEW, TRUST_CTL, ITL_UPDATE_IDENTICAL},
};

START_TEST(what_becomes_of_an_offered_list) {
    AUTO_PEOPLE p;
    people_open(&p);
    for (size_t i = 0; i < sizeof updates / sizeof updates[0]; i++) {
        struct trust t = {{bake(&p, &updates[i].ctl), bake(&p, &updates[i].itl)}};
        AUTO(ITL) offered = bake(&p, &updates[i].offered);
        struct err why = {0};
        enum itl_update update = trust_judge(&t, updates[i].kind, offered, &why);
        ck_assert_msg(update == updates[i].expected, "row %zu: %d (%s)", i, update, why.text);
        trust_clear(&t);
    }
}
END_TEST

START_TEST(roles_are_kept_apart) {
    static const struct recipe list = BY_OLD;
    AUTO_PEOPLE p;
    people_open(&p);
    struct trust t = {{NULL, bake(&p, &list)}};
    ck_assert(trust_has_role(&t, ITL_ROLE_CAPF) && trust_has_role(&t, ITL_ROLE_TVS));
    ck_assert(!trust_has_role(&t, ITL_ROLE_TFTP));
    ck_assert(trust_holds(&t, ITL_ROLE_CAPF, p.certificates[CAPF]));
    ck_assert(!trust_holds(&t, ITL_ROLE_CAPF, p.certificates[TVS]));
    ck_assert(!trust_holds(&t, ITL_ROLE_TVS, p.certificates[CAPF]));
    ck_assert(!trust_holds(&t, ITL_ROLE_CAPF, p.certificates[NEW]));
    ck_assert(!trust_allows_ec(&t));
    trust_clear(&t);
    ck_assert(!trust_has_role(&t, ITL_ROLE_CAPF));
}
END_TEST

START_TEST(what_the_screen_says_of_the_lists) {
    static const struct {
        struct recipe ctl, itl;
        const char *text;
    } rows[] = {{NO_LIST, NO_LIST, "No Trust List installed"},
                {BY_OLD, NO_LIST, "CTL Installed"},
                {NO_LIST, BY_OLD, "ITL installed"},
                {BY_OLD, BY_OLD, "CTL and ITL installed"}};
    AUTO_PEOPLE p;
    people_open(&p);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct trust t = {{bake(&p, &rows[i].ctl), bake(&p, &rows[i].itl)}};
        ck_assert_str_eq(trust_status(&t), rows[i].text);
        trust_clear(&t);
    }
}
END_TEST

static bool on_disk(const char *dir, const char *name) {
    AUTO(char) path = path_join(dir, "%s", name);
    return file_exists(path);
}

START_TEST(lists_are_kept_and_the_one_before_too) {
    static const struct recipe first = BY_OLD, second = BY_RECOVERY;
    const struct phone_before nothing = {0};
    TEMPORARY(dir);
    AUTO(char) folder = path_join(dir, "phones/SEP1");
    AUTO_PEOPLE p;
    struct trust t = {0}, again = {0};
    struct err e = {0};
    people_open(&p);
    ck_assert_ok(trust_take(&t, TRUST_ITL, bake(&p, &first), folder, &e), e);
    ck_assert(on_disk(folder, "ITLFile.tlv") && !on_disk(folder, "ITLFile.tlv.bak"));
    ck_assert_ok(trust_take(&t, TRUST_ITL, bake(&p, &second), folder, &e), e);
    ck_assert(on_disk(folder, "ITLFile.tlv.bak"));
    ck_assert_ok(trust_load(&again, folder, &nothing, &e), e);
    ck_assert(bytes_equal(again.lists[TRUST_ITL]->file, t.lists[TRUST_ITL]->file));
    ck_assert_ptr_null(again.lists[TRUST_CTL]);
    trust_erase(&t, folder);
    ck_assert(!on_disk(folder, "ITLFile.tlv"));
    ck_assert_str_eq(trust_status(&t), "No Trust List installed");
    trust_clear(&again);
}
END_TEST

START_TEST(a_list_from_before_counts_where_the_folder_has_none) {
    static const struct recipe own = BY_OLD, older = BY_NEW;
    TEMPORARY(dir);
    AUTO(char) folder = path_join(dir, "state");
    AUTO(char) file = path_join(dir, "before.tlv");
    const struct phone_before before = {.itl = file};
    AUTO_PEOPLE p;
    people_open(&p);
    AUTO(ITL) list = bake(&p, &older);
    struct trust t = {0};
    struct err e = {0};
    ck_assert_ok(file_write(file, list->file, 0644, &e), e);
    ck_assert_ok(trust_load(&t, folder, &before, &e), e);
    ck_assert(bytes_equal(t.lists[TRUST_ITL]->file, list->file));
    ck_assert_ok(trust_take(&t, TRUST_ITL, bake(&p, &own), folder, &e), e);
    trust_clear(&t);
    ck_assert_ok(trust_load(&t, folder, &before, &e), e);
    ck_assert(!bytes_equal(t.lists[TRUST_ITL]->file, list->file));
    trust_clear(&t);
}
END_TEST

START_TEST(a_damaged_file_counts_as_none) {
    TEMPORARY(dir);
    const struct phone_before nothing = {0};
    AUTO(char) path = path_join(dir, "CTLFile.tlv");
    struct trust t = {0};
    struct err e = {0};
    ck_assert_ok(file_write(path, bytes_of_str("\x01\x00\x02"), 0644, &e), e);
    ck_assert_int_eq(trust_load(&t, dir, &nothing, &e), -1);
    ck_assert_err(e, ITL_HEADER);
    ck_assert_str_eq(trust_status(&t), "No Trust List installed");
}
END_TEST

TEST_MAIN("phone trust", what_becomes_of_an_offered_list, roles_are_kept_apart,
          what_the_screen_says_of_the_lists, lists_are_kept_and_the_one_before_too,
          a_list_from_before_counts_where_the_folder_has_none, a_damaged_file_counts_as_none)
