/* Records from the configuration, checked once, looked up by a walk: a laboratory has a dozen. */
#include "mocks/dns/zone.h"
#include "base/owned.h"
#include <string.h>
#include <strings.h>

struct node {
    char *name;
    const char *alias; /* NULL: none */
    struct dns_address *addresses;
    size_t count;
};

struct zone {
    struct node *nodes;
    size_t count;
    uint32_t ttl;
};

static const struct node *find(const struct zone *z, const char *name) {
    size_t len = strlen(name);
    if (len > 1 && name[len - 1] == '.')
        len--;
    for (size_t i = 0; i < z->count; i++)
        if (strncasecmp(z->nodes[i].name, name, len) == 0 && z->nodes[i].name[len] == '\0')
            return &z->nodes[i];
    return NULL;
}

static int check_name(const char *name, struct err *e) {
    AUTO_BUF labels = BUF_INIT(DNS_NAME_TEXT_MAX);
    return dns_name_put(&labels, name, e);
}

static int add_addresses(struct node *n, const struct cfg_strings *texts, enum dns_type type,
                         struct err *e) {
    for (size_t i = 0; i < texts->count; i++) {
        struct dns_address *a = &n->addresses[n->count++];
        if (dns_address_read(texts->items[i], a, e) != 0)
            return -1;
        if (a->type != type)
            return err_set(e, ERR_CONFIG_BAD_VALUE, "%s is not of this type", texts->items[i]);
    }
    return 0;
}

static int fill_node(struct node *n, const struct dns_record *r, struct err *e) {
    if (check_name(r->name, e) != 0 || (r->cname != NULL && check_name(r->cname, e) != 0))
        return -1;
    if (r->cname != NULL && r->a.count + r->aaaa.count > 0)
        return err_set(e, ERR_CONFIG_BAD_VALUE, "cname stands alone, without a and aaaa");
    n->alias = r->cname;
    n->name = strdup(r->name);
    n->addresses = calloc(r->a.count + r->aaaa.count + 1, sizeof *n->addresses);
    if (n->name == NULL || n->addresses == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    if (n->name[strlen(n->name) - 1] == '.')
        n->name[strlen(n->name) - 1] = '\0';
    if (add_addresses(n, &r->a, DNS_TYPE_A, e) != 0)
        return -1;
    return add_addresses(n, &r->aaaa, DNS_TYPE_AAAA, e);
}

static int fill(struct zone *z, const struct cfg_list *records, struct err *e) {
    const struct dns_record *r = records->items;
    for (size_t i = 0; i < records->count; i++) {
        bool twice = find(z, r[i].name) != NULL;
        z->count = i + 1;
        if (twice)
            return err_set(e, ERR_CONFIG_BAD_VALUE, "records: %s stands there twice", r[i].name);
        if (fill_node(&z->nodes[i], &r[i], e) != 0)
            return err_context(e, "records: %s", r[i].name);
    }
    return 0;
}

struct zone *zone_new(const struct dns_config *config, struct err *e) {
    struct zone *z = calloc(1, sizeof *z);
    if (z != NULL)
        z->nodes = calloc(config->records.count + 1, sizeof *z->nodes);
    if (z == NULL || z->nodes == NULL) {
        free(z);
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    z->ttl = (uint32_t)(config->ttl_us / 1000000);
    if (fill(z, &config->records, e) == 0)
        return z;
    zone_free(z);
    return NULL;
}

void zone_free(struct zone *z) {
    if (z == NULL)
        return;
    for (size_t i = 0; i < z->count; i++) {
        free(z->nodes[i].name);
        free(z->nodes[i].addresses);
    }
    free(z->nodes);
    free(z);
}

void zone_answer(const struct zone *z, const char *name, uint16_t type, struct dns_answer *out) {
    const struct node *n = find(z, name);
    *out = (struct dns_answer){.rcode = DNS_NOERROR, .ttl = z->ttl};
    while (n != NULL && n->alias != NULL) {
        if (out->alias_count == DNS_ALIASES_MAX) { /* they go round in a circle */
            *out = (struct dns_answer){.rcode = DNS_SERVFAIL};
            return;
        }
        out->aliases[out->alias_count++] = n->alias;
        if (type == DNS_TYPE_CNAME || type == DNS_TYPE_ANY)
            return;
        n = find(z, n->alias);
    }
    if (n == NULL) {
        out->rcode = DNS_NXDOMAIN;
        return;
    }
    out->addresses = n->addresses;
    out->address_count = n->count;
}
