/* Name resolution on the event loop: numeric addresses and the table of hosts answer at once, the
 * rest goes through c-ares. It must never block, and never reach a server that was not named when
 * servers were named: a laboratory must not leak look-ups into the network it runs in. */
#include "base/resolver.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/owned.h"
#include <ares.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include <sys/socket.h>

/* Two tries of three and six seconds: the answer "no server" comes before the ten seconds that a
 * component gives a whole exchange. */
enum { TRY_MS = 3000, TRIES = 2, SERVERS_TEXT_MAX = 4096, ADDRESSES_MAX = 16 };

/* One descriptor of c-ares that the loop watches. */
struct watch {
    LIST_ENTRY(watch) link;
    struct resolver *resolver;
    ares_socket_t fd;
    struct event *event;
};
LIST_HEAD(watch_list, watch);

struct resolver {
    struct event_base *loop;
    const struct cfg_pairs *hosts;
    ares_channel channel;
    bool has_channel;
    struct event *timer;
    struct watch_list watches;
};

struct lookup {
    struct resolver *resolver;
    resolver_fn *fn;
    void *user;
};

static const struct {
    int status;
    enum err_code code;
} status_codes[] = {
    {ARES_ENOTFOUND, ERR_DNS_NXDOMAIN},   {ARES_ENONAME, ERR_DNS_NXDOMAIN},
    {ARES_ENODATA, ERR_DNS_NODATA},       {ARES_ESERVFAIL, ERR_DNS_SERVFAIL},
    {ARES_ENOTIMP, ERR_DNS_SERVFAIL},     {ARES_EREFUSED, ERR_DNS_REFUSED},
    {ARES_ETIMEOUT, ERR_DNS_TIMEOUT},     {ARES_ECONNREFUSED, ERR_DNS_TIMEOUT},
    {ARES_ECANCELLED, ERR_SYS_CANCELLED}, {ARES_EDESTRUCTION, ERR_SYS_CANCELLED},
    {ARES_ENOMEM, ERR_SYS_NOMEM},
};

static enum err_code code_of(int status) {
    for (size_t i = 0; i < sizeof status_codes / sizeof status_codes[0]; i++)
        if (status_codes[i].status == status)
            return status_codes[i].code;
    return ERR_DNS_BAD_ANSWER;
}

static void schedule(struct resolver *r) {
    struct timeval wait;
    if (ares_timeout(r->channel, NULL, &wait) != NULL)
        evtimer_add(r->timer, &wait);
    else
        evtimer_del(r->timer);
}

static void on_timer(evutil_socket_t fd, short what, void *user) {
    struct resolver *r = user;
    (void)fd;
    (void)what;
    ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    schedule(r);
}

static void on_socket(evutil_socket_t fd, short what, void *user) {
    struct resolver *r = user;
    ares_process_fd(r->channel, (what & EV_READ) != 0 ? fd : ARES_SOCKET_BAD,
                    (what & EV_WRITE) != 0 ? fd : ARES_SOCKET_BAD);
    schedule(r);
}

static struct watch *watch_find(struct resolver *r, ares_socket_t fd) {
    struct watch *w;
    LIST_FOREACH(w, &r->watches, link) {
        if (w->fd == fd)
            return w;
    }
    return NULL;
}

static void watch_free(struct watch *w) {
    LIST_REMOVE(w, link);
    if (w->event != NULL)
        event_free(w->event);
    free(w);
}

static struct watch *watch_new(struct resolver *r, ares_socket_t fd) {
    struct watch *w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    w->resolver = r;
    w->fd = fd;
    LIST_INSERT_HEAD(&r->watches, w, link);
    return w;
}

/* c-ares opens, wants or closes a descriptor. */
static void on_state(void *user, ares_socket_t fd, int readable, int writable) {
    struct resolver *r = user;
    struct watch *w = watch_find(r, fd);
    if (readable == 0 && writable == 0) {
        if (w != NULL)
            watch_free(w);
        return;
    }
    if (w == NULL)
        w = watch_new(r, fd);
    if (w == NULL)
        return; /* the look-up will time out */
    short wanted = EV_PERSIST;
    if (readable != 0)
        wanted = (short)(wanted | EV_READ);
    if (writable != 0)
        wanted = (short)(wanted | EV_WRITE);
    if (w->event != NULL)
        event_free(w->event);
    w->event = event_new(r->loop, fd, wanted, on_socket, r);
    if (w->event != NULL)
        event_add(w->event, NULL);
}

static bool is_numeric(const char *text) {
    struct in6_addr any;
    return inet_pton(AF_INET, text, &any) == 1 || inet_pton(AF_INET6, text, &any) == 1;
}

static int check_hosts(const struct cfg_pairs *hosts, struct err *e) {
    for (size_t i = 0; hosts != NULL && i < hosts->count; i++)
        if (!is_numeric(hosts->items[i].value))
            return err_set(e, ERR_CONFIG_BAD_VALUE, "hosts: %s: %s is not a numeric address",
                           hosts->items[i].name, hosts->items[i].value);
    return 0;
}

static int set_servers(struct resolver *r, const struct cfg_strings *servers, struct err *e) {
    AUTO_BUF list = BUF_INIT(SERVERS_TEXT_MAX);
    for (size_t i = 0; i < servers->count; i++)
        buf_printf(&list, "%s%s", i == 0 ? "" : ",", servers->items[i]);
    int status = list.failed ? ARES_ENOMEM : ares_set_servers_ports_csv(r->channel, buf_str(&list));
    if (status != ARES_SUCCESS)
        return err_set(e, ERR_CONFIG_BAD_VALUE, "dns-servers: %s: %s", buf_str(&list),
                       ares_strerror(status));
    return 0;
}

/* A server's failure sends c-ares to the next one; when there is no next, it is the answer. */
static int open_channel(struct resolver *r, size_t own_servers, struct err *e) {
    struct ares_options options = {
        .flags = ARES_FLAG_NOSEARCH | (own_servers == 1 ? ARES_FLAG_NOCHECKRESP : 0),
        .timeout = (int)clock_real_ms(TRY_MS),
        .tries = TRIES,
        .lookups = (char[]){"b"},
        .sock_state_cb = on_state,
        .sock_state_cb_data = r,
    };
    int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
    if (own_servers > 0)
        mask |= ARES_OPT_FLAGS | ARES_OPT_LOOKUPS;
    int status = ares_init_options(&r->channel, &options, mask);
    if (status != ARES_SUCCESS)
        return err_set(e, ERR_SYS_INTERNAL, "c-ares: %s", ares_strerror(status));
    r->has_channel = true;
    return 0;
}

static int start(struct resolver *r, const struct cfg_strings *servers, struct err *e) {
    size_t own_servers = servers != NULL ? servers->count : 0;
    int status = ares_library_init(ARES_LIB_INIT_ALL);
    if (status != ARES_SUCCESS)
        return err_set(e, ERR_SYS_INTERNAL, "c-ares: %s", ares_strerror(status));
    r->timer = evtimer_new(r->loop, on_timer, r);
    if (r->timer == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    if (check_hosts(r->hosts, e) != 0 || open_channel(r, own_servers, e) != 0)
        return -1;
    return own_servers > 0 ? set_servers(r, servers, e) : 0;
}

struct resolver *resolver_new(struct event_base *loop, const struct cfg_strings *servers,
                              const struct cfg_pairs *hosts, struct err *e) {
    struct resolver *r = calloc(1, sizeof *r);
    if (r == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    r->loop = loop;
    r->hosts = hosts;
    LIST_INIT(&r->watches);
    if (start(r, servers, e) != 0) {
        resolver_free(r);
        return NULL;
    }
    return r;
}

void resolver_free(struct resolver *r) {
    if (r == NULL)
        return;
    if (r->has_channel)
        ares_destroy(r->channel);
    while (!LIST_EMPTY(&r->watches))
        watch_free(LIST_FIRST(&r->watches));
    if (r->timer != NULL)
        event_free(r->timer);
    free(r);
}

static const char *host_address(const struct resolver *r, const char *name) {
    for (size_t i = 0; r->hosts != NULL && i < r->hosts->count; i++)
        if (strcasecmp(r->hosts->items[i].name, name) == 0)
            return r->hosts->items[i].value;
    return NULL;
}

static bool print_address(const struct sockaddr *from, char *out) {
    const void *address = NULL;
    if (from->sa_family == AF_INET)
        address = &((const struct sockaddr_in *)(const void *)from)->sin_addr;
    else if (from->sa_family == AF_INET6)
        address = &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr;
    return address != NULL && inet_ntop(from->sa_family, address, out, INET6_ADDRSTRLEN) != NULL;
}

static void answer_failure(const struct lookup *l, int status) {
    struct err e = {0};
    err_set(&e, code_of(status), "%s", ares_strerror(status));
    l->fn(l->user, NULL, &e);
}

static void answer_addresses(const struct lookup *l, const struct ares_addrinfo *found) {
    char texts[ADDRESSES_MAX][INET6_ADDRSTRLEN];
    const char *addresses[ADDRESSES_MAX + 1] = {0};
    size_t count = 0;
    for (const struct ares_addrinfo_node *n = found->nodes; n != NULL && count < ADDRESSES_MAX;
         n = n->ai_next) {
        if (!print_address(n->ai_addr, texts[count]))
            continue;
        addresses[count] = texts[count];
        count++;
    }
    if (count == 0)
        answer_failure(l, ARES_ENODATA);
    else
        l->fn(l->user, addresses, NULL);
}

static void on_answer(void *user, int status, int timeouts, struct ares_addrinfo *found) {
    struct lookup *l = user;
    (void)timeouts;
    if (status == ARES_SUCCESS && found != NULL)
        answer_addresses(l, found);
    else
        answer_failure(l, status == ARES_SUCCESS ? ARES_ENODATA : status);
    ares_freeaddrinfo(found);
    free(l);
}

static void answer_one(const char *address, resolver_fn *fn, void *user) {
    const char *const addresses[] = {address, NULL};
    fn(user, addresses, NULL);
}

void resolver_lookup(struct resolver *r, const char *name, resolver_fn *fn, void *user) {
    const char *address = is_numeric(name) ? name : host_address(r, name);
    if (address != NULL) {
        answer_one(address, fn, user);
        return;
    }
    struct lookup *l = calloc(1, sizeof *l);
    if (l == NULL) {
        struct lookup now = {.resolver = r, .fn = fn, .user = user};
        answer_failure(&now, ARES_ENOMEM);
        return;
    }
    *l = (struct lookup){.resolver = r, .fn = fn, .user = user};
    struct ares_addrinfo_hints hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    ares_getaddrinfo(r->channel, name, NULL, &hints, on_answer, l);
    schedule(r);
}
