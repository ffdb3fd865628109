/* The template list of certrqxt.asp and the renewal count of certcarc.asp. Accepts any bytes. */
#include "certsrv/certsrv_html.h"
#include "certsrv/certsrv_page.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Cuts the next field off *at; "" when the text is used up. */
static const char *cut_field(char **at) {
    static const char nothing[] = "";
    if (*at == NULL)
        return nothing;
    char *field = *at;
    char *end = strchr(field, ';');
    *at = end != NULL ? end + 1 : NULL;
    if (end != NULL)
        *end = '\0';
    return field;
}

/* Takes value over. */
static struct certsrv_template split_template(char *value) {
    char *at = value;
    struct certsrv_template t = {.text = value};
#define CUT_MEMBER(field) t.field = cut_field(&at);
    CERTSRV_TEMPLATE_FIELDS(CUT_MEMBER)
#undef CUT_MEMBER
    return t;
}

static int append(struct certsrv_templates *list, char *value, struct err *e) {
    AUTO(char) owned = value;
    if (list->count >= CERTSRV_TEMPLATES_MAX)
        return err_set(e, ERR_SYS_LIMIT, "more than %d templates", CERTSRV_TEMPLATES_MAX);
    size_t size = (list->count + 1) * sizeof list->items[0];
    struct certsrv_template *grown = realloc(list->items, size);
    if (grown == NULL)
        return err_set(e, ERR_SYS_NOMEM, "template list");
    list->items = grown;
    list->items[list->count++] = split_template(TAKE(owned));
    return 0;
}

static xmlNode *control(xmlDoc *doc, const char *element, const char *wanted) {
    xmlNode *root = html_root(doc);
    for (xmlNode *n = root; n != NULL; n = html_next(root, n)) {
        AUTO(char) name = html_is(n, element) ? html_attribute(n, "name") : NULL;
        if (name != NULL && strcasecmp(name, wanted) == 0)
            return n;
    }
    return NULL;
}

static xmlNode *template_list(xmlDoc *doc) {
    xmlNode *list = html_by_id(doc, "lbCertTemplateID");
    return list != NULL ? list : control(doc, "select", "lbCertTemplate");
}

/* The form without a list: this user may enrol for nothing. In other languages than English only
 * the box for the request tells. */
static bool is_form_without_list(xmlDoc *doc) {
    AUTO(char) text = html_text(html_root(doc));
    return control(doc, "textarea", "taRequest") != NULL ||
           (text != NULL && strcasestr(text, "No certificate templates could be found") != NULL);
}

/* Options without a separator are decoration ("select one"); one without its text was cut off in
 * the middle of the value. */
static int read_options(xmlNode *list, struct certsrv_templates *out, struct err *e) {
    for (xmlNode *n = list; n != NULL; n = html_next(list, n)) {
        AUTO(char) value = html_is(n, "option") ? html_attribute(n, "value") : NULL;
        if (value == NULL || strchr(value, ';') == NULL || n->children == NULL)
            continue;
        if (append(out, TAKE(value), e) != 0)
            return -1;
    }
    return 0;
}

/* Why a page is not the one that was asked for. */
static int wrong_page(struct bytes body, const char *expected, struct err *e) {
    struct certsrv_page page;
    if (certsrv_page_read(body, &page, e) != 0)
        return -1;
    if (certsrv_page_verdict(&page, e) == 0)
        err_set(e, ERR_CERTSRV_PAGE_UNKNOWN, "the page is not %s", expected);
    certsrv_page_clear(&page);
    return err_context(e, "%s", expected);
}

static int read_list(struct bytes body, struct certsrv_templates *out, struct err *e) {
    AUTO(xmlDoc) doc = html_read(body, e);
    if (doc == NULL)
        return -1;
    xmlNode *list = template_list(doc);
    if (list != NULL)
        return read_options(list, out, e);
    if (is_form_without_list(doc))
        return 0;
    return wrong_page(body, "certrqxt.asp", e);
}

int certsrv_templates_read(struct bytes body, struct certsrv_templates *out, struct err *e) {
    *out = (struct certsrv_templates){NULL, 0};
    int result = read_list(body, out, e);
    if (result != 0)
        certsrv_templates_clear(out);
    return result;
}

void certsrv_templates_clear(struct certsrv_templates *list) {
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].text);
    free(list->items);
    *list = (struct certsrv_templates){NULL, 0};
}

const struct certsrv_template *certsrv_template_find(const struct certsrv_templates *list,
                                                     const char *name) {
    for (size_t i = 0; i < list->count; i++) {
        const struct certsrv_template *t = &list->items[i];
        bool by_oid = t->oid[0] != '\0' && strcmp(t->oid, name) == 0;
        if (by_oid || (t->name[0] != '\0' && strcasecmp(t->name, name) == 0))
            return t;
    }
    return NULL;
}

/* The number of "nRenewals = N;" at text; false when it is something else. */
static bool renewals_at(const char *text, uint32_t *renewals) {
    const char *c = text + strlen("nRenewals");
    c += strspn(c, " \t");
    if (*c++ != '=')
        return false;
    c += strspn(c, " \t");
    size_t digits = strspn(c, "0123456789");
    if (digits == 0 || digits > 9 || c[digits + strspn(c + digits, " \t")] != ';')
        return false;
    *renewals = (uint32_t)strtoul(c, NULL, 10);
    return true;
}

int certsrv_renewals_read(struct bytes body, uint32_t *renewals, struct err *e) {
    AUTO(xmlDoc) doc = html_read(body, e);
    if (doc == NULL)
        return -1;
    AUTO(char) scripts = html_scripts(html_root(doc));
    const char *at = scripts != NULL ? strcasestr(scripts, "nRenewals") : NULL;
    for (; at != NULL; at = strcasestr(at + 1, "nRenewals"))
        if (renewals_at(at, renewals))
            return 0;
    return wrong_page(body, "certcarc.asp", e);
}
