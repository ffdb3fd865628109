/* The relays: listeners, counting, and refusing for real by not listening. */
#include "mocks/wire/wire.h"
#include "base/events.h"
#include "base/owned.h"
#include "mocks/wire/link.h"
#include <event2/listener.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

enum { BREATH_US = 100000 };

struct relay {
    struct wire *wire;
    const struct relay_config *config;
    unsigned point; /* its row */
    char *address;  /* where it listens */
    char *host;     /* of `to` */
    struct link_target target;
    struct evconnlistener *listener; /* NULL: refusing */
    int reserved;                    /* keeps the port while refusing; -1: none */
    struct timer *again;
    struct timer *breath; /* out of descriptors */
    uint64_t connections;
};

struct wire {
    struct wire_setup setup;
    struct link_owner links;
    struct event *release; /* SIGUSR1 */
    struct relay *relays;
    size_t count;
};

static const struct cfg_field relay_fields[] = {
    CFG_STRING_REQUIRED(struct relay_config, name, "name", "faults are at wire:NAME"),
    CFG_STRING(struct relay_config, listen, "listen", "127.0.0.1:0", "address to serve on"),
    CFG_STRING_REQUIRED(struct relay_config, to, "to", "HOST:PORT to pass connections on to"),
    CFG_END,
};

const struct cfg_field wire_fields[] = {
    CFG_MAP(struct wire_config, process, "process", process_fields, "what every daemon has"),
    CFG_STRING(struct wire_config, log, "log", NULL, "log; -: standard error; none: no log"),
    CFG_LIST(struct wire_config, relays, "relays", struct relay_config, relay_fields,
             "what is relayed"),
    CFG_LIST(struct wire_config, faults, "faults", struct fault_row, fault_fields,
             "what goes wrong, where and when"),
    CFG_END,
};

/* ---- Points ---- */

static int add_point(struct wire_tables *t, const struct relay_config *relays, size_t i,
                     struct err *e) {
    char *name = NULL;
    for (size_t k = 0; k < i; k++)
        if (strcmp(relays[k].name, relays[i].name) == 0)
            return err_set(e, ERR_CONFIG_BAD_VALUE, "relays: two are called %s", relays[i].name);
    if (asprintf(&name, "wire:%s", relays[i].name) < 0)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    t->points[i] = (struct fault_point){name, 0, "a connection"};
    return 0;
}

int wire_tables_make(struct wire_tables *out, const struct wire_config *config, struct err *e) {
    *out = (struct wire_tables){.tables = {.mock = "wire", .actions = wire_actions}};
    if (config->relays.count == 0)
        return err_set(e, ERR_CONFIG_MISSING, "relays: there is none");
    out->points = calloc(config->relays.count + 1, sizeof *out->points);
    if (out->points == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    out->tables.points = out->points;
    for (size_t i = 0; i < config->relays.count; i++)
        if (add_point(out, config->relays.items, i, e) != 0)
            return -1;
    return 0;
}

void wire_tables_free(struct wire_tables *t) {
    for (size_t i = 0; t->points != NULL && t->points[i].name != NULL; i++)
        free((char *)(uintptr_t)t->points[i].name);
    free(t->points);
    *t = (struct wire_tables){0};
}

/* ---- Listening and refusing ---- */

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from,
                      int len, void *user);

static void on_breath(void *user) {
    struct relay *r = user;
    if (r->listener != NULL)
        evconnlistener_enable(r->listener);
}

/* Out of descriptors: those who wait are asked for again a little later. */
static void on_accept_error(struct evconnlistener *listener, void *user) {
    const struct relay *r = user;
    evconnlistener_disable(listener);
    timer_start(r->breath, BREATH_US);
}

static int serve(struct relay *r, int fd) {
    r->listener =
        evconnlistener_new(r->wire->setup.loop, on_accept, r, LEV_OPT_CLOSE_ON_EXEC, SOMAXCONN, fd);
    if (r->listener == NULL)
        return -1;
    evconnlistener_set_error_cb(r->listener, on_accept_error);
    return 0;
}

/* Freed inside its own callback, libevent would close the socket too late for the port to be taken
 * again: so the descriptor is ours. */
static void close_listener(struct relay *r) {
    if (r->listener == NULL)
        return;
    evutil_socket_t fd = evconnlistener_get_fd(r->listener);
    evconnlistener_disable(r->listener);
    evconnlistener_free(r->listener);
    close(fd);
    r->listener = NULL;
}

static void stop_listening(struct relay *r) {
    AUTO(char) same = NULL;
    close_listener(r);
    r->reserved = reserve_tcp(r->address, &same, NULL);
}

static void look_ahead(struct relay *r);

static void on_again(void *user) {
    struct relay *r = user;
    AUTO(char) same = NULL;
    struct err e = {0};
    int fd = r->reserved >= 0 ? r->reserved : listen_tcp(r->address, &same, &e);
    r->reserved = -1;
    if (fd >= 0 && serve(r, fd) == 0) {
        look_ahead(r);
        return;
    }
    event_message(NULL, NULL, "error", "%s: cannot listen again", r->config->name);
    if (fd >= 0)
        close(fd);
}

static bool refuses(const struct fault *f) {
    return f != NULL && (f->action == WIRE_REFUSE || f->action == WIRE_REFUSE_FOR);
}

/* The next connection is to be refused: then there must be nobody who listens. */
static void look_ahead(struct relay *r) {
    struct fault_set *faults = r->wire->setup.faults;
    if (!refuses(fault_peek(faults, r->point)))
        return;
    const struct fault *f = fault_visit(faults, r->point, NULL).fault;
    stop_listening(r);
    if (f->action == WIRE_REFUSE_FOR)
        timer_start(r->again, f->value);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from,
                      int len, void *user) {
    struct relay *r = user;
    (void)listener;
    (void)from;
    (void)len;
    r->connections++;
    event_message(NULL, NULL, "connection", "%s %llu", r->config->name,
                  (unsigned long long)r->connections);
    struct fault_visit visit = fault_visit(r->wire->setup.faults, r->point, NULL);
    link_start(&r->wire->links, &r->target, fd, r->connections, &visit);
    look_ahead(r);
}

/* ---- Life ---- */

static int open_relay(struct relay *r, struct err *e) {
    if (split_host_port(r->config->to, &r->host, &r->target.port, e) != 0)
        return err_context(e, "relay %s", r->config->name);
    r->target.name = r->config->name;
    r->target.host = r->host;
    r->again = timer_new(r->wire->setup.loop, on_again, r);
    r->breath = timer_new(r->wire->setup.loop, on_breath, r);
    int fd = listen_tcp(r->config->listen, &r->address, e);
    if (fd < 0)
        return err_context(e, "relay %s", r->config->name);
    if (r->again == NULL || r->breath == NULL || serve(r, fd) != 0) {
        close(fd);
        return err_set(e, ERR_SYS_NOMEM, NULL);
    }
    look_ahead(r);
    return 0;
}

static int open_all(struct wire *w, struct err *e) {
    const struct relay_config *configs = w->setup.config->relays.items;
    size_t count = w->setup.config->relays.count;
    w->relays = calloc(count, sizeof *w->relays);
    if (w->relays == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    if (w->setup.config->log != NULL) {
        w->links.log = log_open(w->setup.config->log, e);
        if (w->links.log == NULL)
            return -1;
    }
    for (w->count = 0; w->count < count;) {
        struct relay *r = &w->relays[w->count];
        *r = (struct relay){
            .wire = w, .config = &configs[w->count], .point = (unsigned)w->count, .reserved = -1};
        w->count++;
        if (open_relay(r, e) != 0)
            return -1;
    }
    return 0;
}

static void on_release(evutil_socket_t number, short what, void *user) {
    struct wire *w = user;
    (void)number;
    (void)what;
    links_release(&w->links);
}

static int listen_for_release(struct wire *w, struct err *e) {
    w->release = evsignal_new(w->setup.loop, SIGUSR1, on_release, w);
    if (w->release == NULL || event_add(w->release, NULL) != 0)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    return 0;
}

struct wire *wire_new(const struct wire_setup *setup, struct err *e) {
    struct wire *w = calloc(1, sizeof *w);
    if (w == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    w->setup = *setup;
    w->links = (struct link_owner){.loop = setup->loop, .resolver = setup->resolver};
    LIST_INIT(&w->links.links);
    if (listen_for_release(w, e) == 0 && open_all(w, e) == 0)
        return w;
    wire_free(w);
    return NULL;
}

static void close_relay(struct relay *r) {
    close_listener(r);
    if (r->reserved >= 0)
        close(r->reserved);
    timer_free(r->again);
    timer_free(r->breath);
    free(r->address);
    free(r->host);
}

void wire_free(struct wire *w) {
    if (w == NULL)
        return;
    while (!LIST_EMPTY(&w->links.links))
        link_free(LIST_FIRST(&w->links.links));
    for (size_t i = 0; i < w->count; i++)
        close_relay(&w->relays[i]);
    if (w->release != NULL)
        event_free(w->release);
    log_close(w->links.log);
    free(w->relays);
    free(w);
}

const char *wire_address(const struct wire *w, const char *name) {
    for (size_t i = 0; i < w->count; i++)
        if (strcmp(w->relays[i].config->name, name) == 0)
            return w->relays[i].address;
    return NULL;
}

size_t wire_links(const struct wire *w) {
    return w->links.count;
}
