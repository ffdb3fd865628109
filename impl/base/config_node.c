/* Walking the nodes of a CFG_T_NODE value. A question that does not fit the node's kind, or an
 * index outside it, is answered with NULL or 0, never with a crash. */
#include "base/config_internal.h"

enum cfg_node_kind cfg_node_kind(const struct cfg_node *n) {
    return n->kind;
}

const char *cfg_node_scalar(const struct cfg_node *n) {
    return n->kind == CFG_SCALAR ? n->text : NULL;
}

bool cfg_node_is_plain(const struct cfg_node *n) {
    return n->kind == CFG_SCALAR && n->plain;
}

size_t cfg_node_count(const struct cfg_node *n) {
    return n->count;
}

const struct cfg_node *cfg_node_item(const struct cfg_node *n, size_t i) {
    return n->kind == CFG_SEQUENCE && i < n->count ? n->children[i] : NULL;
}

const struct cfg_node *cfg_node_key(const struct cfg_node *n, size_t i) {
    return n->kind == CFG_MAPPING && i < n->count ? n->children[2 * i] : NULL;
}

const struct cfg_node *cfg_node_value(const struct cfg_node *n, size_t i) {
    return n->kind == CFG_MAPPING && i < n->count ? n->children[2 * i + 1] : NULL;
}

size_t cfg_node_line(const struct cfg_node *n) {
    return n->line;
}

const struct cfg_node *cfg_root(const struct cfg_doc *doc) {
    return doc->root;
}
