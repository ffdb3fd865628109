/* What an answer of certfnsh.asp, or a page in place of a download, says about the request. Accepts
 * any bytes; must never take an id from a page cut in the middle of it. */
#include "certsrv/certsrv_page.h"
#include "certsrv/certsrv_html.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

/* The parts of a page that the rules below look at. */
struct view {
    xmlDoc *doc;
    char *text;    /* visible text, blanks collapsed */
    char *scripts; /* script text */
};

static void view_clear(struct view *v) {
    xmlFreeDoc(v->doc);
    free(v->text);
    free(v->scripts);
}
#define AUTO_VIEW __attribute__((cleanup(view_clear))) struct view

static int view_open(struct view *v, struct bytes body, struct err *e) {
    v->doc = html_read(body, e);
    if (v->doc == NULL)
        return -1;
    v->text = html_text(html_root(v->doc));
    v->scripts = html_scripts(html_root(v->doc));
    return v->text != NULL && v->scripts != NULL ? 0 : err_set(e, ERR_SYS_NOMEM, "page");
}

static bool says(const struct view *v, const char *words) {
    return strcasestr(v->text, words) != NULL;
}

static bool has_id(const struct view *v, const char *id) {
    return html_by_id(v->doc, id) != NULL;
}

/* A decimal request id (1 to 2^32-1) with another character behind it, so that a page cut inside
 * the number gives none; 0 otherwise. */
static uint32_t read_id(const char *at, const char **behind) {
    uint64_t id = 0;
    const char *c = at;
    for (; isdigit((unsigned char)*c); c++) {
        id = id * 10 + (uint64_t)(*c - '0');
        if (id > UINT32_MAX)
            return 0;
    }
    *behind = c;
    return c == at || *c == '\0' ? 0 : (uint32_t)id;
}

/* "certnew.cer?ReqID=N&" in a link or a script; the "&" is in every known page (certsrv.md 2.3). */
static uint32_t id_of_link(const char *text) {
    static const char mark[] = "certnew.cer?ReqID=";
    for (const char *at = strcasestr(text, mark); at != NULL; at = strcasestr(at + 1, mark)) {
        const char *behind = NULL;
        uint32_t id = read_id(at + sizeof mark - 1, &behind);
        if (id != 0 && *behind == '&')
            return id;
    }
    return 0;
}

/* Links are asked before scripts: they are markup, a script might be commented out. */
static uint32_t issued_id(const struct view *v) {
    xmlNode *root = html_root(v->doc);
    for (xmlNode *n = root; n != NULL; n = html_next(root, n)) {
        AUTO(char) href = html_is(n, "a") ? html_attribute(n, "href") : NULL;
        uint32_t id = href != NULL ? id_of_link(href) : 0;
        if (id != 0)
            return id;
    }
    return id_of_link(v->scripts);
}

/* The first number of a text that is a request id. */
static uint32_t first_number(const char *text) {
    for (const char *c = text; *c != '\0'; c++) {
        const char *behind = NULL;
        if (isdigit((unsigned char)*c))
            return read_id(c, &behind);
    }
    return 0;
}

static char *text_of_id(const struct view *v, const char *id) {
    return html_text(html_by_id(v->doc, id));
}

/* "Your Request Id is N.", or the number of the paragraph that holds it in any language. */
static uint32_t named_id(const struct view *v) {
    static const char mark[] = "Your Request Id is ";
    const char *at = strcasestr(v->text, mark);
    if (at != NULL)
        return first_number(at + sizeof mark - 1);
    AUTO(char) pending = text_of_id(v, "locInfoReqID");
    AUTO(char) denied = text_of_id(v, "locInfoReqIDandReason");
    uint32_t id = pending != NULL ? first_number(pending) : 0;
    return id != 0 || denied == NULL ? id : first_number(denied);
}

/* "... 0x80094800 (...": the code that follows the first "0x"; 0 when there is none. */
static uint32_t hresult_in(const char *text) {
    const char *at = text != NULL ? strcasestr(text, "0x") : NULL;
    uint32_t code = 0;
    size_t digits = 0;
    for (const char *c = at != NULL ? at + 2 : ""; isxdigit((unsigned char)*c); c++, digits++) {
        uint32_t digit =
            isdigit((unsigned char)*c) ? (uint32_t)(*c - '0') : (uint32_t)(tolower(*c) - 'a' + 10);
        if (digits == 8)
            return 0;
        code = code << 4 | digit;
    }
    return code;
}

/* Without blanks at the ends; NULL for nothing and for "(none)". Takes text over. */
static char *trimmed(char *text) {
    AUTO(char) owned = text;
    if (owned == NULL)
        return NULL;
    const char *start = owned + strspn(owned, " ");
    size_t len = strlen(start);
    while (len > 0 && start[len - 1] == ' ')
        len--;
    if (len == 0 || (len == 6 && strncmp(start, "(none)", 6) == 0))
        return NULL;
    return strndup(start, len);
}

/* The words between the first and the last quotation mark; translated pages without ASCII marks
 * give the whole paragraph. */
static char *quoted(const char *text) {
    const char *open = strchr(text, '"');
    const char *close = strrchr(text, '"');
    if (open == NULL || close == open)
        return trimmed(strdup(text));
    return trimmed(strndup(open + 1, (size_t)(close - open - 1)));
}

static char *denial_message(const struct view *v) {
    static const char mark[] = "The disposition message is ";
    AUTO(char) paragraph = text_of_id(v, "locInfoReqIDandReason");
    const char *english = strcasestr(paragraph != NULL ? paragraph : v->text, mark);
    if (english == NULL)
        english = strcasestr(v->text, mark);
    if (english != NULL)
        return quoted(english + sizeof mark - 1);
    return paragraph != NULL && *paragraph != '\0' ? quoted(paragraph) : NULL;
}

static void read_denied(const struct view *v, struct certsrv_page *out) {
    out->kind = CERTSRV_PAGE_DENIED;
    out->request_id = named_id(v);
    out->message = denial_message(v);
    out->hresult = hresult_in(out->message);
}

/* The rows of the error page's definition list, in order (certsrv.md 2.5). */
#define ERROR_ROWS(X)                                                                              \
    X(MODE, "Request Mode:")                                                                       \
    X(DISPOSITION, "Disposition:")                                                                 \
    X(MESSAGE, "Disposition message:")                                                             \
    X(RESULT, "Result:")                                                                           \
    X(COM_ERROR, "COM Error Info:")                                                                \
    X(LAST_STATUS, "LastStatus:")                                                                  \
    X(CAUSE, "Suggested Cause:")
enum error_row {
#define ERROR_ROW_ENUM(row, label) ROW_##row,
    ERROR_ROWS(ERROR_ROW_ENUM)
#undef ERROR_ROW_ENUM
        ROW_COUNT
};
static const char *const row_labels[] = {
#define ERROR_ROW_LABEL(row, label) label,
    ERROR_ROWS(ERROR_ROW_LABEL)
#undef ERROR_ROW_LABEL
};

static void free_rows(char *(*rows)[ROW_COUNT]) {
    for (size_t i = 0; i < ROW_COUNT; i++)
        free((*rows)[i]);
}

/* The row that a <DT> names; a translated label counts by its position. */
static size_t row_of(const char *label, size_t position) {
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (strncasecmp(label, row_labels[i], strlen(row_labels[i])) == 0)
            return i;
    return position;
}

/* Fills the values of the page's definition list; the number of rows seen. */
static size_t read_rows(const struct view *v, char *rows[ROW_COUNT]) {
    xmlNode *root = html_root(v->doc);
    size_t position = 0;
    size_t row = ROW_COUNT;
    for (xmlNode *n = root; n != NULL; n = html_next(root, n)) {
        if (html_is(n, "dt")) {
            AUTO(char) label = html_text(n);
            row = row_of(label != NULL ? label : "", position++);
        } else if (html_is(n, "dd") && row < ROW_COUNT && rows[row] == NULL) {
            rows[row] = trimmed(html_text(n));
        }
    }
    return position;
}

/* Some servers put the definition list's labels and values into one text: take it from there. */
static char *row_in_text(const struct view *v, size_t row) {
    const char *at = strcasestr(v->text, row_labels[row]);
    if (at == NULL)
        return NULL;
    at += strlen(row_labels[row]);
    const char *end = row + 1 < ROW_COUNT ? strcasestr(at, row_labels[row + 1]) : NULL;
    return trimmed(end != NULL ? strndup(at, (size_t)(end - at)) : strdup(at));
}

/* "5 - (unknown)" to 5; -1 without a number. */
static int disposition_number(const char *text) {
    if (text == NULL || !isdigit((unsigned char)text[0]) || isdigit((unsigned char)text[1]))
        return -1;
    return text[0] - '0';
}

static enum certsrv_page_kind error_kind(const struct certsrv_page *page) {
    const char *message = page->message != NULL ? page->message : "";
    if (page->disposition == 5 || strcasestr(message, "Taken Under Submission") != NULL)
        return CERTSRV_PAGE_PENDING;
    if (page->disposition == 2 || strncasecmp(message, "Denied by", 9) == 0)
        return CERTSRV_PAGE_DENIED;
    return CERTSRV_PAGE_ERROR;
}

/* The code of the row that carries one: a failed call shows it in Result, a refused request only in
 * LastStatus (certsrv.md 9 item 13). */
static uint32_t error_hresult(char *const rows[ROW_COUNT]) {
    static const enum error_row order[] = {ROW_LAST_STATUS, ROW_RESULT, ROW_COM_ERROR, ROW_MESSAGE};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        uint32_t code = hresult_in(rows[order[i]]);
        if (code != 0)
            return code;
    }
    return 0;
}

/* Whether there was a definition list that looks like the error page's. */
static bool read_error(const struct view *v, struct certsrv_page *out) {
    __attribute__((cleanup(free_rows))) char *rows[ROW_COUNT] = {NULL};
    size_t seen = read_rows(v, rows);
    bool listed = seen >= ROW_LAST_STATUS;
    for (size_t i = 0; i < ROW_COUNT && !listed; i++)
        if (rows[i] == NULL)
            rows[i] = row_in_text(v, i);
    if (!listed && rows[ROW_LAST_STATUS] == NULL && rows[ROW_MESSAGE] == NULL)
        return false;
    out->disposition = disposition_number(rows[ROW_DISPOSITION]);
    out->hresult = error_hresult(rows);
    out->message = TAKE(rows[ROW_MESSAGE]);
    out->last_status = TAKE(rows[ROW_LAST_STATUS]);
    if (out->last_status == NULL)
        out->last_status = TAKE(rows[ROW_RESULT]);
    out->kind = error_kind(out);
    return true;
}

static bool is_unauthorized(const struct view *v) {
    return says(v, "401 - Unauthorized") || says(v, "HTTP Error 401");
}

/* Denied comes first because its page names a request id as a pending one does; issued comes before
 * the words of a pending page because only the former has a link to a certificate. */
static void classify(const struct view *v, struct certsrv_page *out) {
    if (has_id(v, "locDenied") || has_id(v, "locInfoReqIDandReason") ||
        says(v, "your certificate request was denied")) {
        read_denied(v, out);
        return;
    }
    out->request_id = issued_id(v);
    if (out->request_id != 0) {
        out->kind = CERTSRV_PAGE_ISSUED;
        return;
    }
    if (read_error(v, out))
        return;
    out->request_id = named_id(v);
    if (out->request_id != 0 || says(v, "still pending"))
        out->kind = CERTSRV_PAGE_PENDING;
    else if (is_unauthorized(v))
        out->kind = CERTSRV_PAGE_UNAUTHORIZED;
}

int certsrv_page_read(struct bytes body, struct certsrv_page *out, struct err *e) {
    *out = (struct certsrv_page){.kind = CERTSRV_PAGE_OTHER, .disposition = -1};
    AUTO_VIEW v = {NULL, NULL, NULL};
    if (view_open(&v, body, e) != 0)
        return -1;
    classify(&v, out);
    return 0;
}

void certsrv_page_clear(struct certsrv_page *page) {
    free(page->message);
    free(page->last_status);
    *page = (struct certsrv_page){.kind = CERTSRV_PAGE_OTHER, .disposition = -1};
}

static const char *words_of(const struct certsrv_page *page) {
    if (page->message != NULL)
        return page->message;
    return page->last_status != NULL ? page->last_status : "no disposition message";
}

static int error_verdict(const struct certsrv_page *page, struct err *e) {
    if (page->last_status != NULL && page->message != NULL)
        return err_set(e, ERR_CERTSRV_ERROR_PAGE, "the CA says: %s; last status: %s", page->message,
                       page->last_status);
    return err_set(e, ERR_CERTSRV_ERROR_PAGE, "the CA says: %s", words_of(page));
}

static int denied_verdict(const struct certsrv_page *page, struct err *e) {
    if (page->last_status != NULL && page->message != NULL)
        return err_set(e, ERR_CERTSRV_DENIED, "the CA denied the request: %s; last status: %s",
                       page->message, page->last_status);
    return err_set(e, ERR_CERTSRV_DENIED, "the CA denied the request: %s", words_of(page));
}

int certsrv_page_verdict(const struct certsrv_page *page, struct err *e) {
    switch (page->kind) {
    case CERTSRV_PAGE_ISSUED:
        return 0;
    case CERTSRV_PAGE_PENDING:
        return err_set(e, ERR_CERTSRV_PENDING, "request %u waits for a certificate manager",
                       page->request_id);
    case CERTSRV_PAGE_DENIED:
        return denied_verdict(page, e);
    case CERTSRV_PAGE_ERROR:
        return error_verdict(page, e);
    case CERTSRV_PAGE_UNAUTHORIZED:
        return err_set(e, ERR_CERTSRV_AUTH, "the web server shows its 401 page");
    case CERTSRV_PAGE_OTHER:
        break;
    }
    return err_set(e, ERR_CERTSRV_PAGE_UNKNOWN, "the page is none of the known ones");
}
