/* Users and templates from configuration and command line, and the gaps that are filled at start.
 */
#include "base/owned.h"
#include "base/test.h"
#include "mocks/certsrv/directory.h"
#include "mocks/certsrv/made.h"
#include <string.h>

static struct certsrv_config config_of(const char *text, struct cfg_doc **doc) {
    struct certsrv_config config = {0};
    struct cfg_mistakes *m = cfg_mistakes_new();
    *doc = cfg_load_text("test", bytes_of_str(text), certsrv_fields, &config, m);
    ck_assert_msg(*doc != NULL, "%s", cfg_mistakes_count(m) > 0 ? cfg_mistake_text(m, 0) : "");
    cfg_mistakes_free(m);
    return config;
}

static struct directory made;

static int fill(const char *text, const char *user, const char *template, struct err *e) {
    struct cfg_doc *doc;
    struct certsrv_config config = config_of(text, &doc);
    const struct opt_strings users = {{user}, user != NULL}, names = {{template}, template != NULL};
    int rc = directory_fill(&config, &users, &names, &made, e);
    if (rc == 0)
        ck_assert_ptr_nonnull(made.templates.items);
    if (rc != 0 || user == NULL) {
        directory_free(&made);
        cfg_doc_free(doc);
        return rc;
    }
    ck_assert_ptr_nonnull(account_find_typed(&made.accounts, "lab\\JOE"));
    ck_assert_str_eq(made.users[0].password, "a:b\\c");
    ck_assert_ptr_nonnull(template_find(&made.templates, "extra"));
    ck_assert_uint_eq(made.templates.count, 4);
    directory_free(&made);
    cfg_doc_free(doc);
    return rc;
}

START_TEST(command_line_adds_users_and_templates) {
    struct err e;
    ck_assert_ok(fill("", "LAB\\joe:a:b\\c", "Extra", &e), e);
}
END_TEST

START_TEST(mistakes_are_named) {
    static const struct {
        const char *config, *user;
        enum err_code code;
    } mistakes[] = {
        {"", "joe", ERR_ARG_USAGE},
        {"", "LAB\\:x", ERR_ARG_USAGE},
        {"", ":x", ERR_ARG_USAGE},
        {"templates: [{name: A, key-usage: [signing]}]", NULL, ERR_CONFIG_BAD_VALUE},
        {"templates: [{name: A, extended-key-usage: [phoneAuth]}]", NULL, ERR_CONFIG_BAD_VALUE},
        {"templates: [{name: A, oid: x.y}]", NULL, ERR_CONFIG_BAD_VALUE},
        {"templates: [{name: 'A;B'}]", NULL, ERR_CONFIG_BAD_VALUE},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct err e = {0};
        ck_assert_int_eq(fill(mistakes[i].config, mistakes[i].user, NULL, &e), -1);
        ck_assert_msg(e.code == mistakes[i].code, "%s %s: %s", mistakes[i].config,
                      mistakes[i].user == NULL ? "" : mistakes[i].user, err_name(e.code));
    }
}
END_TEST

START_TEST(a_certificate_without_its_key_is_a_mistake) {
    static const char *const texts[] = {"ca: {certificate: a.pem}", "ca: {key: a.key}"};
    for (size_t i = 0; i < 2; i++) {
        struct cfg_doc *doc;
        struct made gaps;
        struct err e;
        struct certsrv_config config = config_of(texts[i], &doc);
        ck_assert_int_eq(made_fill(&config, &gaps, &e), -1);
        ck_assert_err(e, CONFIG_MISSING);
        made_free(&gaps);
        cfg_doc_free(doc);
    }
}
END_TEST

START_TEST(temporary_files_are_removed) {
    struct cfg_doc *doc;
    struct made gaps;
    struct err e;
    struct certsrv_config config =
        config_of("{ca: {certificate: a.pem, key: a.key}, certificate: w.pem, key: w.key}", &doc);
    ck_assert_ok(made_fill(&config, &gaps, &e), e);
    ck_assert(gaps.temporary);
    AUTO(char) folder = strdup(gaps.folder);
    ck_assert_int_eq(access(folder, F_OK), 0);
    made_free(&gaps);
    ck_assert_int_ne(access(folder, F_OK), 0);
    cfg_doc_free(doc);
}
END_TEST

TEST_MAIN("certsrv start", command_line_adds_users_and_templates, mistakes_are_named,
          a_certificate_without_its_key_is_a_mistake, temporary_files_are_removed)
