/* Two lists compared: what changed, and what phones do. */
#include "itl/diff.h"
#include "itl/itl_test_kit.h"

/* A list of the small certificates; roles by position: capf, tvs, tftp, extra SAST. */
struct shape {
    const char *capf, *tvs, *tftp; /* certificates; NULL: no such record */
    const char *signer;            /* "signer" or "recovery" */
    const char *sast[2];
    uint16_t signer_version;
};

static X509 *load(const char *name) {
    AUTO(char) path = path_join("small", "%s.pem", name);
    return kit_cert(path);
}

static struct itl *make(const struct shape *shape) {
    const struct {
        unsigned role;
        const char *name;
    } wanted[] = {{ITL_ROLE_SAST, shape->sast[0]},
                  {ITL_ROLE_SAST, shape->sast[1]},
                  {ITL_ROLE_CAPF, shape->capf},
                  {ITL_ROLE_TVS, shape->tvs},
                  {ITL_ROLE_TFTP, shape->tftp}};
    enum { WANTED = sizeof wanted / sizeof wanted[0] };
    struct itl_entry entries[WANTED];
    AUTO_BUF out = BUF_INIT(KIT_MAX);
    AUTO(X509) signer = load(shape->signer);
    AUTO(char) key_path = path_join("small", "%s.key", shape->signer);
    AUTO(EVP_PKEY) key = kit_key(key_path);
    struct itl_plan plan = {.timestamp = KIT_TIME,
                            .signer_version = shape->signer_version,
                            .signer = signer,
                            .signer_key = key,
                            .entries = entries};
    struct err e = {0};
    for (size_t i = 0; i < WANTED; i++)
        if (wanted[i].name != NULL)
            entries[plan.count++] =
                (struct itl_entry){.role = wanted[i].role, .certificate = load(wanted[i].name)};
    ck_assert_ok(itl_build(&plan, &out, &e), e);
    for (size_t i = 0; i < plan.count; i++)
        X509_free(entries[i].certificate);
    return kit_parse(&out);
}

static const struct shape healthy = {.capf = "capf",
                                     .tvs = "tvs",
                                     .tftp = "signer",
                                     .signer = "signer",
                                     .sast = {"signer", "recovery"}};

static const struct {
    const char *name;
    struct shape after;
    enum itl_update update;
    const char *consequences; /* words, a blank behind each */
    size_t rows;
} changes[] = {
    {"nothing",
     {"capf", "tvs", "signer", "signer", {"signer", "recovery"}, 0},
     ITL_UPDATE_IDENTICAL,
     "",
     0},
    {"reset localkey",
     {"capf", "tvs", "signer", "recovery", {"signer", "recovery"}, 0},
     ITL_UPDATE_ACCEPTED,
     "",
     0},
    {"no CAPF",
     {NULL, "tvs", "signer", "signer", {"signer", "recovery"}, 0},
     ITL_UPDATE_ACCEPTED,
     "no-capf ",
     1},
    {"other CAPF",
     {"tvs", "tvs", "signer", "signer", {"signer", "recovery"}, 0},
     ITL_UPDATE_ACCEPTED,
     "capf-replaced ",
     2},
    {"no TVS",
     {"capf", NULL, "signer", "signer", {"signer", "recovery"}, 0},
     ITL_UPDATE_ACCEPTED,
     "no-tvs ",
     1},
    {"no TFTP",
     {"capf", "tvs", NULL, "signer", {"signer", "recovery"}, 0},
     ITL_UPDATE_ACCEPTED,
     "plain-files ",
     1},
    {"other SASTs",
     {"capf", "tvs", "signer", "signer", {"capf", NULL}, 0},
     ITL_UPDATE_ACCEPTED,
     "no-common-sast ",
     3},
    {"EC allowed",
     {"capf", "tvs", "signer", "signer", {"signer", "recovery"}, 0x0101},
     ITL_UPDATE_ACCEPTED,
     "ec-allowed ",
     0},
};

static void put_consequences(const struct itl_diff *d, struct buf *out) {
    for (size_t i = 0; i < ITL_CONSEQUENCE_COUNT; i++)
        if (d->consequences[i])
            buf_printf(out, "%s ", itl_consequence_name((enum itl_consequence)i));
}

static void assert_diff(const char *name, const struct itl *before, const struct itl *after,
                        enum itl_update update, const char *consequences, size_t rows) {
    AUTO_BUF words = BUF_INIT(1024);
    struct itl_diff d;
    struct err e = {0};
    ck_assert_ok(itl_diff(before, after, &d, &e), e);
    put_consequences(&d, &words);
    ck_assert_msg(d.update == update, "%s: %d", name, d.update);
    ck_assert_msg(strcmp(buf_str(&words), consequences) == 0, "%s: %s", name, buf_str(&words));
    ck_assert_msg(d.count == rows, "%s: %zu rows", name, d.count);
    itl_diff_free(&d);
}

START_TEST(each_change_and_its_consequence) {
    AUTO(ITL) before = make(&healthy);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        AUTO(ITL) after = make(&changes[i].after);
        assert_diff(changes[i].name, before, after, changes[i].update, changes[i].consequences,
                    changes[i].rows);
    }
}
END_TEST

START_TEST(other_way_round) {
    AUTO(ITL) healthy_list = make(&healthy);
    const struct shape bare = {.tvs = "tvs", .signer = "signer", .sast = {"signer", "recovery"}};
    AUTO(ITL) bare_list = make(&bare);
    assert_diff("files signed now", bare_list, healthy_list, ITL_UPDATE_ACCEPTED, "signed-files ",
                2);
    const struct shape ec = {.capf = "capf",
                             .tvs = "tvs",
                             .tftp = "signer",
                             .signer = "signer",
                             .sast = {"signer", "recovery"},
                             .signer_version = 0x0101};
    AUTO(ITL) ec_list = make(&ec);
    assert_diff("no EC any more", ec_list, healthy_list, ITL_UPDATE_ACCEPTED, "ec-not-allowed ", 0);
}
END_TEST

/* The seed's lab against the small one: nothing in common. */
START_TEST(lists_of_two_clusters) {
    AUTO(ITL) seed = kit_list("seed5/list.tlv");
    AUTO(ITL) small = make(&healthy);
    const struct shape bare = {.capf = "capf", .signer = "signer", .sast = {"signer", NULL}};
    AUTO(ITL) without_tvs = make(&bare);
    assert_diff("TVS can be asked", small, seed, ITL_UPDATE_ASK_TVS,
                "capf-unknown capf-replaced "
                "tvs-unknown ",
                12);
    assert_diff("nobody to ask", without_tvs, seed, ITL_UPDATE_REFUSED,
                "capf-unknown capf-replaced no-tvs tvs-unknown ", 9);
}
END_TEST

/* A certificate and its hash in the other list are the same holder; another key of the same name
 * replaces it. */
START_TEST(holders_are_matched) {
    AUTO(ITL) before = make(&healthy);
    const struct shape twin = {.capf = "capf",
                               .tvs = "tvs",
                               .tftp = "twin",
                               .signer = "recovery",
                               .sast = {"signer", "recovery"}};
    AUTO(ITL) after = make(&twin);
    AUTO_BUF text = BUF_INIT(KIT_MAX);
    struct itl_diff d;
    struct err e = {0};
    ck_assert_ok(itl_diff(before, after, &d, &e), e);
    ck_assert_uint_eq(d.count, 1);
    ck_assert_int_eq(d.rows[0].change, ITL_REPLACED);
    itl_diff_put(&d, &text);
    ck_assert_str_eq(buf_str(&text),
                     "signer    CN=ccm;O=lab;C=US 00:80:01 -> CN=recovery;O=lab;C=US 02\n"
                     "replaced  tftp  CN=ccm;O=lab;C=US 00:80:01 -> 00:80:01 (another "
                     "certificate with that number)\n"
                     "\n"
                     "Phones that hold the first list: signed by a known SAST: taken.\n"
                     "  signed by record 2 of the first list: CN=recovery;O=lab;C=US 02\n");
    itl_diff_free(&d);
    AUTO(ITL) ctl = kit_list("small/ctl.tlv"); /* CAPF with its whole certificate */
    ck_assert_ok(itl_diff(before, ctl, &d, &e), e);
    for (size_t i = 0; i < d.count; i++)
        ck_assert_uint_ne(d.rows[i].before != NULL ? d.rows[i].before->role : d.rows[i].after->role,
                          ITL_ROLE_CAPF);
    itl_diff_free(&d);
}
END_TEST

START_TEST(what_phones_are_told) {
    AUTO(ITL) small = make(&healthy);
    AUTO(ITL) seed = kit_list("seed5/list.tlv");
    AUTO_BUF text = BUF_INIT(KIT_MAX);
    struct itl_diff d;
    struct err e = {0};
    ck_assert_ok(itl_diff(small, seed, &d, &e), e);
    itl_diff_put(&d, &text);
    static const char *const lines[] = {
        "added     capf  CN=CAPF-7f0ae8d7;OU=TAC;O=Cisco Systems;L=Boxborough;ST=MA;C=US 64:F2:FE:",
        "removed   capf  CN=CAPF-1;O=lab;C=US 04\n",
        "Phones that hold the first list: signer unknown: TVS is asked for it.\n",
        "  TVS: record 4, CN=tvs;O=lab;C=US 03\n",
        "\"LSC: Connection failed\"",
        "`utils itl reset localkey`",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        ck_assert_msg(strstr(buf_str(&text), lines[i]) != NULL, "%s\n%s", lines[i], buf_str(&text));
    json_t *all = itl_diff_json(&d);
    const char *update = NULL, *code = NULL;
    json_t *rows = NULL;
    ck_assert_int_eq(json_unpack(all, "{s:s, s:o, s:{s:s}}", "update", &update, "changes", &rows,
                                 "why", "code", &code),
                     0);
    ck_assert_str_eq(update, "ask-tvs");
    ck_assert_str_eq(code, "ITL_SIGNER_UNKNOWN");
    ck_assert_uint_eq(json_array_size(rows), 12);
    json_decref(all);
    itl_diff_free(&d);
}
END_TEST

/* A signer's name with ESC and no UTF-8 in it: neither the terminal nor JSON is hurt. */
START_TEST(hostile_signer) {
    AUTO(ITL) small = make(&healthy);
    AUTO(ITL) hostile = kit_list("lists/signer-issuer-control-characters.tlv");
    AUTO_BUF text = BUF_INIT(KIT_MAX);
    struct itl_diff d;
    struct err e = {0};
    ck_assert_ok(itl_diff(small, hostile, &d, &e), e);
    itl_diff_put(&d, &text);
    ck_assert_ptr_null(memchr(text.data, 0x1b, text.len));
    for (size_t i = 0; i < strlen(d.why.text); i++)
        ck_assert(d.why.text[i] >= ' ' && d.why.text[i] < 0x7f);
    json_t *all = itl_diff_json(&d);
    ck_assert_ptr_nonnull(json_object_get(all, "why"));
    json_decref(all);
    itl_diff_free(&d);
}
END_TEST

TEST_MAIN("itl diff", each_change_and_its_consequence, other_way_round, lists_of_two_clusters,
          holders_are_matched, what_phones_are_told, hostile_signer)
