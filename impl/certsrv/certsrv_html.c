/* The tolerant view of an HTML document over libxml2's tree. Walks without recursion, because the
 * depth of the tree is the peer's choice; must never fetch what a page refers to. */
#include "certsrv/certsrv_html.h"
#include "certsrv/certsrv_page.h"
#include <ctype.h>
#include <libxml/SAX2.h>
#include <string.h>
#include <strings.h>

static xmlDoc *empty_document(struct err *e) {
    xmlDoc *doc = htmlNewDocNoDtD(NULL, NULL);
    if (doc == NULL)
        err_set(e, ERR_SYS_NOMEM, "page");
    return doc;
}

enum { ATTRIBUTES_MAX = 64 };

/* libxml2 walks the list of an element's attributes for each that it adds: those behind the 64th
 * are kept from it. Its caller owns the array of names and values, which is put back. */
static void start_element(void *context, const xmlChar *name, const xmlChar **attributes) {
    const xmlChar *behind = NULL;
    size_t at = 0;
    while (attributes != NULL && attributes[at] != NULL && at < (size_t)2 * ATTRIBUTES_MAX)
        at += 2;
    if (attributes != NULL) {
        behind = attributes[at];
        attributes[at] = NULL;
    }
    xmlSAX2StartElement(context, name, attributes);
    if (attributes != NULL)
        attributes[at] = behind;
}

/* -1 without memory; *doc NULL: there is nothing in it. */
static int parse(struct bytes body, xmlDoc **doc, struct err *e) {
    htmlParserCtxtPtr parser = htmlCreateMemoryParserCtxt((const char *)body.data, (int)body.len);
    if (parser == NULL)
        return err_set(e, ERR_SYS_NOMEM, "page");
    parser->sax->startElement = start_element;
    htmlCtxtUseOptions(parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                                   HTML_PARSE_NONET | HTML_PARSE_COMPACT);
    htmlParseDocument(parser);
    *doc = parser->myDoc;
    bool cut_short = parser->errNo == XML_ERR_NO_MEMORY;
    htmlFreeParserCtxt(parser);
    if (!cut_short)
        return 0;
    xmlFreeDoc(*doc);
    return err_set(e, ERR_SYS_NOMEM, "page");
}

xmlDoc *html_read(struct bytes body, struct err *e) {
    if (body.len > CERTSRV_PAGE_MAX) {
        err_set(e, ERR_SYS_LIMIT, "page of %zu bytes; the limit is %d", body.len, CERTSRV_PAGE_MAX);
        return NULL;
    }
    if (body.len == 0)
        return empty_document(e);
    xmlDoc *doc = NULL;
    if (parse(body, &doc, e) != 0)
        return NULL;
    return doc != NULL ? doc : empty_document(e);
}

xmlNode *html_root(xmlDoc *doc) {
    return xmlDocGetRootElement(doc);
}

xmlNode *html_next(const xmlNode *root, xmlNode *n) {
    if (n->type == XML_ELEMENT_NODE && n->children != NULL)
        return n->children;
    while (n != NULL && n != root) {
        if (n->next != NULL)
            return n->next;
        n = n->parent;
    }
    return NULL;
}

bool html_is(const xmlNode *n, const char *element) {
    return n->type == XML_ELEMENT_NODE && strcasecmp((const char *)n->name, element) == 0;
}

char *html_attribute(const xmlNode *n, const char *name) {
    if (n->type != XML_ELEMENT_NODE)
        return NULL;
    for (const xmlAttr *a = n->properties; a != NULL; a = a->next) {
        if (strcasecmp((const char *)a->name, name) != 0)
            continue;
        xmlChar *value = xmlNodeListGetString(n->doc, a->children, 1);
        char *copy = strdup(value != NULL ? (const char *)value : "");
        xmlFree(value);
        return copy;
    }
    return NULL;
}

xmlNode *html_by_id(xmlDoc *doc, const char *id) {
    xmlNode *root = html_root(doc);
    for (xmlNode *n = root; n != NULL; n = html_next(root, n)) {
        AUTO(char) value = html_attribute(n, "id");
        if (value != NULL && strcasecmp(value, id) == 0)
            return n;
    }
    return NULL;
}

static void put_collapsed(struct buf *out, const char *text) {
    for (const char *c = text; *c != '\0'; c++) {
        bool blank = isspace((unsigned char)*c) != 0;
        if (!blank)
            buf_put_u8(out, (uint8_t)*c);
        else if (out->len > 0 && out->data[out->len - 1] != ' ')
            buf_put_u8(out, ' ');
    }
}

static bool is_text(const xmlNode *n) {
    return n->type == XML_TEXT_NODE && n->content != NULL;
}

/* Text of scripts and styles lies in CDATA nodes in libxml2's HTML tree, so that plain text nodes
 * are what a reader of the page sees. */
char *html_text(xmlNode *root) {
    AUTO_BUF out = BUF_INIT(CERTSRV_BODY_MAX);
    buf_put_str(&out, "");
    for (xmlNode *n = root; n != NULL; n = html_next(root, n)) {
        if (is_text(n))
            put_collapsed(&out, (const char *)n->content);
        else if (n->type == XML_ELEMENT_NODE && n != root)
            put_collapsed(&out, " ");
    }
    while (out.len > 0 && out.data[out.len - 1] == ' ')
        out.data[--out.len] = '\0';
    return strdup(buf_str(&out));
}

char *html_scripts(xmlNode *root) {
    AUTO_BUF out = BUF_INIT(CERTSRV_BODY_MAX);
    for (xmlNode *n = root; n != NULL; n = html_next(root, n)) {
        bool script = n->parent != NULL && html_is(n->parent, "script");
        if (script && n->content != NULL && n->type != XML_ELEMENT_NODE)
            buf_put_str(&out, (const char *)n->content);
    }
    return strdup(buf_str(&out));
}
