/* Reads cnf.xml through libxml2's tree. A document type ends the parser where it starts, before any
 * entity exists; nothing outside the given bytes is ever opened. */
#include "mocks/phone/cnf_xml.h"
#include "base/owned.h"
#include <ctype.h>
#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <string.h>

typedef xmlDoc XML_DOC;
typedef xmlParserCtxt XML_PARSER;
AUTO_TYPE(XML_DOC, xmlFreeDoc);
AUTO_TYPE(XML_PARSER, xmlFreeParserCtxt);

/* ---- Into a tree ---- */

enum stop { NOT_STOPPED, STOPPED_BY_TYPE, STOPPED_BY_DEPTH };

static void stop(xmlParserCtxt *parser, enum stop why) {
    enum stop *stopped = parser->_private;
    if (*stopped == NOT_STOPPED)
        *stopped = why;
    xmlStopParser(parser);
}

static void on_document_type(void *parser, const xmlChar *name, const xmlChar *public_id,
                             const xmlChar *system_id) {
    (void)name;
    (void)public_id;
    (void)system_id;
    stop(parser, STOPPED_BY_TYPE);
}

static void on_element(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                       int namespace_count, const xmlChar **namespaces, int attribute_count,
                       int default_count, const xmlChar **attributes) {
    xmlParserCtxt *parser = user;
    if (parser->nodeNr >= CNF_DEPTH_MAX)
        stop(parser, STOPPED_BY_DEPTH);
    else
        xmlSAX2StartElementNs(parser, name, prefix, uri, namespace_count, namespaces,
                              attribute_count, default_count, attributes);
}

static xmlDoc *parse(struct bytes file, enum stop *stopped) {
    enum {
        OPTIONS = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA
    };
    AUTO(XML_PARSER) parser = xmlNewParserCtxt();
    if (parser == NULL)
        return NULL;
    parser->_private = stopped;
    parser->sax->internalSubset = on_document_type;
    parser->sax->startElementNs = on_element;
    return xmlCtxtReadMemory(parser, (const char *)file.data, (int)file.len, NULL, NULL, OPTIONS);
}

static xmlDoc *read_tree(struct bytes file, struct err *e) {
    enum stop stopped = NOT_STOPPED;
    if (file.len > CNF_FILE_MAX) {
        err_set(e, ERR_CNF_TOO_LARGE, "%zu octets; a phone takes %d", file.len, CNF_FILE_MAX);
        return NULL;
    }
    AUTO(XML_DOC) doc = file.len == 0 ? NULL : parse(file, &stopped);
    if (stopped == STOPPED_BY_DEPTH)
        err_set(e, ERR_CNF_TOO_LARGE, "elements over %d levels deep", CNF_DEPTH_MAX);
    else if (stopped == STOPPED_BY_TYPE)
        err_set(e, ERR_CNF_SYNTAX, "a document type is not taken");
    else if (doc == NULL)
        err_set(e, ERR_CNF_SYNTAX, "not well-formed XML");
    else
        return TAKE(doc);
    return NULL;
}

/* ---- Values ---- */

static bool is(const xmlNode *node, const char *name) {
    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

enum { SHOWN_MAX = 64 };

/* The text is the peer's: an error is one line that a terminal may show. */
static int wrong(struct err *e, const char *name, const char *text) {
    char shown[SHOWN_MAX + 1];
    size_t len = 0;
    for (; len < SHOWN_MAX && text[len] != '\0'; len++)
        shown[len] = isprint((unsigned char)text[len]) ? text[len] : '?';
    shown[len] = '\0';
    return err_set(e, ERR_CNF_VALUE, "%s: \"%s\"", name, shown);
}

/* The node's own text, without the blanks around it, into out of size. -1 when it does not fit. */
static int text_of(const xmlNode *node, char *out, size_t size, struct err *e) {
    size_t len = 0;
    for (const xmlNode *n = node->children; n != NULL; n = n->next) {
        const char *part = n->type == XML_TEXT_NODE ? (const char *)n->content : NULL;
        if (part == NULL)
            continue;
        while (len == 0 && isspace((unsigned char)*part))
            part++;
        size_t more = strlen(part);
        if (more >= size - len)
            return err_set(e, ERR_CNF_VALUE, "%s: over %zu octets", (const char *)node->name,
                           size - 1);
        memcpy(out + len, part, more);
        len += more;
    }
    while (len > 0 && isspace((unsigned char)out[len - 1]))
        len--;
    out[len] = '\0';
    return 0;
}

enum { NUMBER_TEXT_MAX = 16 };

static int parse_number(const char *name, const char *text, int low, int high, int *out,
                        struct err *e) {
    char *end = NULL;
    long number = strtol(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end != '\0' || number < low || number > high)
        return wrong(e, name, text);
    *out = (int)number;
    return 0;
}

static int read_number(const xmlNode *node, int low, int high, int *out, struct err *e) {
    char text[NUMBER_TEXT_MAX];
    if (text_of(node, text, sizeof text, e) != 0)
        return -1;
    return text[0] == '\0' ? 0 : parse_number((const char *)node->name, text, low, high, out, e);
}

static int read_flag(const xmlNode *node, bool *out, struct err *e) {
    char text[NUMBER_TEXT_MAX];
    if (text_of(node, text, sizeof text, e) != 0)
        return -1;
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return wrong(e, (const char *)node->name, text);
    *out = text[0] == 't';
    return 0;
}

static int read_hash(const xmlNode *node, struct cnf_xml *config, struct err *e) {
    if (text_of(node, config->hash, sizeof config->hash, e) != 0)
        return -1;
    for (char *at = config->hash; *at != '\0'; at++) {
        if (!isxdigit((unsigned char)*at))
            return wrong(e, "certHash", config->hash);
        *at = (char)tolower((unsigned char)*at);
    }
    return 0;
}

/* ---- Lists of servers ---- */

static bool is_host(const char *text) {
    for (; *text != '\0'; text++) {
        if (!isalnum((unsigned char)*text) && strchr("-._:", *text) == NULL)
            return false;
    }
    return true;
}

static int read_host(const xmlNode *node, size_t longest, struct cnf_server *server,
                     struct err *e) {
    const char *name = (const char *)node->name;
    if (text_of(node, server->host, sizeof server->host, e) != 0)
        return -1;
    if (strlen(server->host) > longest)
        return err_set(e, ERR_CNF_VALUE, "%s: over %zu octets", name, longest);
    return is_host(server->host) ? 0 : wrong(e, name, server->host);
}

static int read_port(const xmlNode *node, struct cnf_server *server, struct err *e) {
    int port = server->port;
    if (read_number(node, 1, 65535, &port, e) != 0)
        return -1;
    server->port = (uint16_t)port;
    return 0;
}

static void keep(struct cnf_servers *list, const struct cnf_server *server) {
    if (server->host[0] == '\0' || list->count == CNF_SERVERS_MAX)
        return;
    size_t at = list->count++;
    for (; at > 0 && list->items[at - 1].priority > server->priority; at--)
        list->items[at] = list->items[at - 1];
    list->items[at] = *server;
}

static int read_capf(const xmlNode *node, struct cnf_xml *config, struct err *e) {
    struct cnf_server server = {.port = CNF_CAPF_PORT};
    for (const xmlNode *n = node->children; n != NULL; n = n->next) {
        if ((is(n, "phonePort") && read_port(n, &server, e) != 0) ||
            (is(n, "processNodeName") && read_host(n, CNF_HOST_MAX, &server, e) != 0))
            return -1;
    }
    keep(&config->capf, &server);
    return 0;
}

static int read_priority(const xmlNode *node, int *priority, struct err *e) {
    xmlChar *text = xmlGetNoNsProp(node, (const xmlChar *)"priority");
    if (text == NULL)
        return 0;
    int result = parse_number("priority", (const char *)text, 0, CNF_SERVERS_MAX - 1, priority, e);
    xmlFree(text);
    return result;
}

static int read_member(const xmlNode *node, struct cnf_xml *config, struct err *e) {
    struct cnf_server server = {.port = CNF_TVS_PORT};
    if (read_priority(node, &server.priority, e) != 0)
        return -1;
    for (const xmlNode *n = node->children; n != NULL; n = n->next) {
        if ((is(n, "port") && read_port(n, &server, e) != 0) ||
            (is(n, "address") && read_host(n, CNF_TVS_HOST_MAX, &server, e) != 0))
            return -1;
    }
    keep(&config->tvs, &server);
    return 0;
}

typedef int read_fn(const xmlNode *node, struct cnf_xml *config, struct err *e);

static int read_each(const xmlNode *parent, const char *name, read_fn *read, struct cnf_xml *config,
                     struct err *e) {
    for (const xmlNode *n = parent->children; n != NULL; n = n->next) {
        if (is(n, name) && read(n, config, e) != 0)
            return -1;
    }
    return 0;
}

/* ---- The elements of <device> ---- */

static int read_security_mode(const xmlNode *node, struct cnf_xml *config, struct err *e) {
    return read_number(node, 1, 3, &config->security_mode, e);
}

static int read_transport(const xmlNode *node, struct cnf_xml *config, struct err *e) {
    return read_number(node, 1, 4, &config->transport, e);
}

static int read_capf_mode(const xmlNode *node, struct cnf_xml *config, struct err *e) {
    return read_number(node, 0, 4, &config->capf_mode, e);
}

static int read_full(const xmlNode *node, struct cnf_xml *config, struct err *e) {
    return read_flag(node, &config->full_config, e);
}

static int read_encrypted(const xmlNode *node, struct cnf_xml *config, struct err *e) {
    return read_flag(node, &config->encrypted, e);
}

static int read_capf_list(const xmlNode *node, struct cnf_xml *config, struct err *e) {
    config->capf.count = 0;
    return read_each(node, "capf", read_capf, config, e);
}

static int read_members(const xmlNode *node, struct cnf_xml *config, struct err *e) {
    return read_each(node, "member", read_member, config, e);
}

static int read_tvs(const xmlNode *node, struct cnf_xml *config, struct err *e) {
    config->tvs.count = 0;
    return read_each(node, "members", read_members, config, e);
}

static const struct {
    const char *name;
    read_fn *read;
} elements[] = {
    {"deviceSecurityMode", read_security_mode},
    {"transportLayerProtocol", read_transport},
    {"capfAuthMode", read_capf_mode},
    {"fullConfig", read_full},
    {"encrConfig", read_encrypted},
    {"certHash", read_hash},
    {"capfList", read_capf_list},
    {"TVS", read_tvs},
};

static int read_device(const xmlNode *device, struct cnf_xml *config, struct err *e) {
    for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++) {
        if (read_each(device, elements[i].name, elements[i].read, config, e) != 0)
            return -1;
    }
    return 0;
}

int cnf_xml_read(struct bytes file, struct cnf_xml *config, struct err *e) {
    *config = (struct cnf_xml){.security_mode = 1, .full_config = true};
    AUTO(XML_DOC) doc = read_tree(file, e);
    if (doc == NULL)
        return -1;
    const xmlNode *root = xmlDocGetRootElement(doc);
    if (root == NULL || !is(root, "device"))
        return err_set(e, ERR_CNF_SYNTAX, "the root is not <device>");
    return read_device(root, config, e);
}
