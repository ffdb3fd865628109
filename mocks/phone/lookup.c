/* Names of a phone: where a name and port is reached, and its look-up through the resolver, with
 * the lines that the phone's own dnsmasq writes about it (seed 5, 0475 to 0481). One look-up at a
 * time. */
#include "base/process.h"
#include "base/resolver.h"
#include "mocks/phone/phone_impl.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* A look-up cannot be called back; it can be told that nobody waits any more. */
struct phone_lookup {
    struct phone *phone; /* NULL: nobody */
    phone_found_fn *found;
    char host[PHONE_HOST_MAX];
};

int phone_route(const struct phone *p, const char *host, uint16_t port, struct phone_place *place,
                struct err *e) {
    char known[PHONE_HOST_MAX + 8];
    const struct cfg_pairs *routes = &p->config->routes;
    AUTO(char) other = NULL;
    snprintf(known, sizeof known, "%s:%u", host, (unsigned)port);
    place->port = port;
    for (size_t i = 0; i < routes->count; i++) {
        if (strcasecmp(routes->items[i].name, known) == 0 && other == NULL &&
            split_host_port(routes->items[i].value, &other, &place->port, e) != 0)
            return -1;
    }
    snprintf(place->host, sizeof place->host, "%s", other != NULL ? other : host);
    return 0;
}

int phone_address(const char *address, uint16_t port, struct sockaddr_storage *where,
                  socklen_t *len) {
    struct sockaddr_in *v4 = (struct sockaddr_in *)where;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)where;
    *where = (struct sockaddr_storage){0};
    if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        *len = sizeof *v4;
        return 0;
    }
    if (inet_pton(AF_INET6, address, &v6->sin6_addr) != 1)
        return -1;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    *len = sizeof *v6;
    return 0;
}

static bool is_numeric(const char *host) {
    struct sockaddr_storage any;
    socklen_t len;
    return phone_address(host, 0, &any, &len) == 0;
}

/* ---- dnsmasq's lines ---- */

#define dnsmasq(p, ...) console_line((p)->console, CONSOLE_INF, CONSOLE_DNSMASQ, __VA_ARGS__)

/* dnsmasq writes a port that is not 53 behind '#'. */
static void log_forwarded(struct phone *p, const char *host) {
    const char *server = p->shared->dns_server;
    if (server == NULL)
        return;
    int len = (int)strcspn(server, ":");
    if (server[len] == ':' && strchr(server + len + 1, ':') == NULL)
        dnsmasq(p, "forwarded %s to %.*s#%s", host, len, server, server + len + 1);
    else
        dnsmasq(p, "forwarded %s to %s", host, server);
}

static void log_query(struct phone *p, const char *host) {
    if (is_numeric(host))
        return;
    dnsmasq(p, "query[A] %s from 127.0.0.1", host);
    log_forwarded(p, host);
}

static void log_address(struct phone *p, const char *host, const char *address) {
    if (is_numeric(host))
        return;
    if (p->shared->dns_server != NULL)
        dnsmasq(p, "reply %s is %s", host, address);
    else
        dnsmasq(p, "/etc/hosts %s is %s", host, address);
}

/* The answer that no name has an address is kept, and the phone's second question gets it. */
static void log_negative(struct phone *p, const char *host, const char *what) {
    dnsmasq(p, "reply %s is %s", host, what);
    dnsmasq(p, "query[A] %s from 127.0.0.1", host);
    dnsmasq(p, "cached %s is %s", host, what);
}

static void log_failure(struct phone *p, const char *host, enum err_code code) {
    log_forwarded(p, host);
    if (code == ERR_DNS_NXDOMAIN)
        log_negative(p, host, "NXDOMAIN-IPv4");
    else if (code == ERR_DNS_NODATA)
        log_negative(p, host, "NODATA-IPv4");
    else if (code == ERR_DNS_SERVFAIL)
        dnsmasq(p, "reply error is SERVFAIL");
    else if (code == ERR_DNS_REFUSED)
        dnsmasq(p, "reply error is REFUSED");
    console_line(p->console, CONSOLE_WRN, CONSOLE_CONFIGMGR,
                 "NetUtil.traceIPv4DNSErrors:? - DNS unknown IPv4 host %s", host);
}

void phone_log_tvs_address(struct phone *p, const char *host, const char *address) {
    if (address != NULL)
        console_line(p->console, CONSOLE_NOT, CONSOLE_CONFIGMGR,
                     "cip.sec.TvsProperty:? - Resolve Tvs Ipv4 Address to %s from hostname %s",
                     address, host);
    else
        console_line(p->console, CONSOLE_ERR, CONSOLE_CONFIGMGR,
                     "cip.sec.TvsProperty:? - Failed to resolve Tvs Ipv4 Address with hostname %s",
                     host);
}

/* ---- Looking up ---- */

static void on_lookup(void *user, const char *const *addresses, const struct err *e) {
    struct phone_lookup *mine = user;
    struct phone *p = mine->phone;
    if (p != NULL) {
        p->lookup = NULL;
        if (addresses != NULL)
            log_address(p, mine->host, addresses[0]);
        else
            log_failure(p, mine->host, e->code);
        mine->found(p, addresses != NULL ? addresses[0] : NULL, e);
    }
    free(mine);
}

void phone_forget_lookup(struct phone *p) {
    if (p->lookup != NULL)
        p->lookup->phone = NULL;
    p->lookup = NULL;
}

void phone_look_up(struct phone *p, const char *host, phone_found_fn *found) {
    struct phone_lookup *mine = calloc(1, sizeof *mine);
    struct err e = {0};
    if (mine == NULL) {
        err_set(&e, ERR_SYS_NOMEM, "look-up");
        found(p, NULL, &e);
        return;
    }
    mine->phone = p;
    mine->found = found;
    snprintf(mine->host, sizeof mine->host, "%s", host);
    p->lookup = mine;
    log_query(p, mine->host);
    resolver_lookup(p->shared->resolver, mine->host, on_lookup, mine);
}
