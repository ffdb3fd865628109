/* The scraper table: every known client's matcher, from testdata/scrapers.tsv, against the pages
 * that this mock writes. */
#include "base/file.h"
#include "base/owned.h"
#include "base/test.h"
#include "mocks/certsrv/hresult.h"
#include "mocks/certsrv/pages.h"
#include "mocks/certsrv/pages_iis.h"
#include <regex.h>
#include <string.h>

static const struct page_site english = {"LAB-DC-RTP", LANGUAGE_EN, 2};
static const struct page_site german = {"LAB-DC-RTP", LANGUAGE_DE, 2};
static const struct page_site japanese = {"LAB-DC-RTP", LANGUAGE_JA, 2};

static const char denied_text[] =
    "Denied by Policy Module  0x80094800, The request was for a certificate template that is not "
    "supported by the Active Directory Certificate Services policy: Nonesuch.\r\n";

static void make_options(struct buf *out) {
    static const struct page_option options[] = {
        {"E;CiscoRA;1;1;0;16;1;0;Microsoft RSA SChannel Cryptographic Provider;1.3.6.1.4.1.311.21."
         "8.1;100;;3;CiscoRA",
         "CiscoRA"},
        {"E;User;1;1;41;16;-1509949440;0;Provider A?Provider B;;3;;1;User", "User"},
    };
    page_request_form(out, &english, options, 2);
}

static void make_garbage(struct buf *out) {
    AUTO_BUF message = BUF_INIT(512);
    buf_put_str(&message, "Error Parsing Request  ");
    hresult_put(&message, HR_ASN1_BADTAG);
    page_denied(out, &english, 83, buf_str(&message));
}

static void make_fetch(struct buf *out, int disposition, const char *message, uint32_t status) {
    bool unknown = status == HR_PROPERTY_EMPTY;
    const struct page_error error = {.request_mode = page_mode_fetch,
                                     .disposition = disposition,
                                     .message = message,
                                     .result = unknown ? status : HR_S_OK,
                                     .last_status = status};
    page_error(out, &english, &error);
}

static void make_page(struct buf *out, const char *name) {
    if (strcmp(name, "issued") == 0)
        page_issued(out, &english, 10);
    else if (strcmp(name, "german-issued") == 0)
        page_issued(out, &german, 10);
    else if (strcmp(name, "pending") == 0)
        page_pending(out, &english, 89);
    else if (strcmp(name, "german-pending") == 0)
        page_pending(out, &german, 89);
    else if (strcmp(name, "still-pending") == 0)
        page_still_pending(out, &english, 89);
    else if (strcmp(name, "denied") == 0)
        page_denied(out, &english, 85, denied_text);
    else if (strcmp(name, "german-denied") == 0)
        page_denied(out, &german, 85, denied_text);
    else if (strcmp(name, "japanese-denied") == 0)
        page_denied(out, &japanese, 85, denied_text);
    else if (strcmp(name, "denied-bare") == 0)
        page_denied(out, &english, 86, "Denied by Policy Module");
    else if (strcmp(name, "garbage") == 0)
        make_garbage(out);
    else if (strcmp(name, "fetch-pending") == 0)
        make_fetch(out, 5, "Taken Under Submission", HR_S_OK);
    else if (strcmp(name, "fetch-denied") == 0)
        make_fetch(out, 2, "Denied by Policy Module", HR_TEMPLATE_DENIED);
    else if (strcmp(name, "fetch-officer") == 0)
        make_fetch(out, 2, "Denied by MICHAMEN\\officer", HR_ADMIN_DENIED_REQUEST);
    else if (strcmp(name, "fetch-unknown") == 0)
        make_fetch(out, 0, NULL, HR_PROPERTY_EMPTY);
    else if (strcmp(name, "options") == 0)
        make_options(out);
    else if (strcmp(name, "no-options") == 0)
        page_request_form(out, &english, NULL, 0);
    else if (strcmp(name, "carc") == 0)
        page_ca_download(out, &english);
    else if (strcmp(name, "home") == 0)
        page_home(out, &english);
    else if (strcmp(name, "401") == 0)
        iis_page_status(out, 401);
    else
        ck_abort_msg("no page %s", name);
}

/* Cuts everything from begin to behind end out of text. */
static void cut_all(char *text, const char *begin, const char *end) {
    for (char *at; (at = strcasestr(text, begin)) != NULL;) {
        char *behind = strcasestr(at, end);
        ck_assert_ptr_nonnull(behind);
        behind += strlen(end);
        memmove(at, behind, strlen(behind) + 1);
    }
}

static char *one_line(const char *page, const char *at) {
    while (at > page && at[-1] != '\n')
        at--;
    return strndup(at, strcspn(at, "\n"));
}

/* The part of the page that the client looks at; malloc'ed, NULL when there is none. */
static char *scoped(const char *page, const char *scope) {
    if (strncmp(scope, "line:", 5) == 0) {
        const char *at = strstr(page, scope + 5);
        return at == NULL ? NULL : one_line(page, at);
    }
    if (strncmp(scope, "after:", 6) == 0) {
        const char *at = strstr(page, scope + 6);
        return at == NULL ? NULL : one_line(page, strchr(at, '\n') + 1);
    }
    char *copy = strdup(page);
    if (strncmp(scope, "markup", 6) == 0) {
        cut_all(copy, "<!--", "-->");
        cut_all(copy, "<script", "</script>");
    }
    return copy;
}

static void unescape(char *text) {
    char *to = text;
    for (; *text != '\0'; text++) {
        const char *found = *text == '\\' && text[1] != '\0' ? strchr("t\tr\rn\n", text[1]) : NULL;
        if (found == NULL)
            *to++ = *text;
        else {
            *to++ = found[1];
            text++;
        }
    }
    *to = '\0';
}

struct scraper {
    char *client, *page, *scope, *expected, *pattern;
};

static void check_match(const struct scraper *s, const char *text, int rc, const regmatch_t *m) {
    if (s->expected[0] != '=') {
        ck_assert_msg((rc == 0) == (strcmp(s->expected, "yes") == 0), "%s on %s: /%s/ is not %s",
                      s->client, s->page, s->pattern, s->expected);
        return;
    }
    ck_assert_msg(rc == 0, "%s on %s: /%s/ finds nothing", s->client, s->page, s->pattern);
    AUTO(char) got = strndup(text + m->rm_so, (size_t)(m->rm_eo - m->rm_so));
    ck_assert_msg(strcmp(got, s->expected + 1) == 0, "%s on %s: got '%s', not '%s'", s->client,
                  s->page, got, s->expected + 1);
}

static void apply(const struct scraper *s) {
    AUTO_BUF page = BUF_INIT(PAGE_MAX);
    regex_t compiled;
    regmatch_t m[2];
    make_page(&page, s->page);
    AUTO(char) text = scoped(buf_str(&page), s->scope);
    ck_assert_msg(text != NULL, "%s on %s: no %s", s->client, s->page, s->scope);
    bool any_case = strstr(s->scope, "/i") != NULL;
    int flags = REG_EXTENDED | REG_NEWLINE | (any_case ? REG_ICASE : 0);
    ck_assert_msg(regcomp(&compiled, s->pattern, flags) == 0, "pattern %s", s->pattern);
    check_match(s, text, regexec(&compiled, text, 2, m, 0), &m[1]);
    regfree(&compiled);
}

START_TEST(every_client_finds_what_it_looks_for) {
    AUTO_BUF table = BUF_INIT(64 * 1024);
    struct err e;
    size_t applied = 0;
    ck_assert_ok(file_read(TESTDATA "/scrapers.tsv", &table, &e), e);
    char *rest = (char *)table.data, *line;
    while ((line = strsep(&rest, "\n")) != NULL) {
        if (line[0] == '\0' || line[0] == '#')
            continue;
        struct scraper s = {.client = strsep(&line, "\t")};
        s.page = strsep(&line, "\t");
        s.scope = strsep(&line, "\t");
        s.expected = strsep(&line, "\t");
        ck_assert_msg(line != NULL, "%s: too few columns", s.client);
        s.pattern = line;
        unescape(s.pattern);
        apply(&s);
        applied++;
    }
    ck_assert_uint_ge(applied, 60);
}
END_TEST

START_TEST(moved_page_has_the_length_that_ciscora_logged) {
    AUTO_BUF page = BUF_INIT(PAGE_MAX);
    iis_page_moved(&page, "https://lab-dc-iis.michamen.com/certsrv/");
    ck_assert_uint_eq(page.len, 163);
}
END_TEST

START_TEST(lines_end_with_crlf) {
    AUTO_BUF page = BUF_INIT(PAGE_MAX);
    make_options(&page);
    page_issued(&page, &english, 1);
    page_ca_download(&page, &english);
    for (size_t i = 0; i < page.len; i++)
        ck_assert(page.data[i] != '\n' || page.data[i - 1] == '\r');
}
END_TEST

START_TEST(text_of_peers_is_escaped) {
    AUTO_BUF page = BUF_INIT(PAGE_MAX);
    page_denied(&page, &english, 1, "<script>\"&'");
    ck_assert_ptr_null(strstr(buf_str(&page), "<script>"));
    ck_assert_ptr_nonnull(strstr(buf_str(&page), "&lt;script&gt;&quot;&amp;&#39;"));
}
END_TEST

START_TEST(options_stand_one_a_line) {
    AUTO_BUF page = BUF_INIT(PAGE_MAX);
    make_options(&page);
    size_t count = 0;
    for (const char *at = buf_str(&page); (at = strstr(at, "Option")) != NULL; at += 6)
        count++;
    ck_assert_uint_eq(count, 2);
}
END_TEST

TEST_MAIN("certsrv pages", every_client_finds_what_it_looks_for,
          moved_page_has_the_length_that_ciscora_logged, lines_end_with_crlf,
          text_of_peers_is_escaped, options_stand_one_a_line)
