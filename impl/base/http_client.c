/* Transfers of the HTTP client: look the name up, hand the easy handle to curl, report once. The
 * name is never looked up by curl itself: its resolver blocks or uses threads. */
#include "http_client_impl.h"

#include "base/clock.h"
#include "base/owned.h"
#include "base/process.h"
#include "base/trust_store.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ADDRESS_LIST_MAX = 2048,
    GUARD_REAL_MS = 200, /* behind curl's own limit */
    /* A thousand transfers may wait at the same time, and messages are small; curl has 16 and 64
     * KiB for each unless told otherwise. The second is the least it takes. */
    RECEIVE_BUFFER = 4096,
    SEND_BUFFER = 16384,
};

/* What a look-up under way points at: the transfer may be cancelled before the answer. */
struct lookup_wait {
    struct transfer *transfer; /* NULL: cancelled */
    char *name;
    uint16_t port;
};

static void wait_free(struct lookup_wait *w) {
    free(w->name);
    free(w);
}

struct http_client *http_client_new(struct event_base *loop, struct resolver *resolver,
                                    struct err *e) {
    struct http_client *c = calloc(1, sizeof *c);
    if (c == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(c);
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    signal(SIGPIPE, SIG_IGN); /* NOSIGNAL leaves writes on a closed TLS connection to us */
    c->loop = loop;
    c->resolver = resolver;
    LIST_INIT(&c->transfers);
    if (client_loop_init(c, e) != 0) {
        http_client_free(c);
        return NULL;
    }
    return c;
}

/* Takes the handle back from curl and undoes what the transfer set on it. */
static void transfer_detach(struct transfer *t) {
    if (t->added)
        curl_multi_remove_handle(t->client->multi, t->easy);
    t->added = false;
    curl_easy_setopt(t->easy, CURLOPT_PRIVATE, NULL);
    curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, NULL);
    curl_easy_setopt(t->easy, CURLOPT_RESOLVE, NULL);
    curl_easy_setopt(t->easy, CURLOPT_CONNECT_TO, NULL);
    curl_easy_setopt(t->easy, CURLOPT_SSL_CTX_DATA, NULL);
}

static void transfer_free(struct transfer *t) {
    transfer_detach(t);
    LIST_REMOVE(t, link);
    if (t->wait != NULL)
        t->wait->transfer = NULL;
    if (t->timer != NULL)
        event_free(t->timer);
    curl_slist_free_all(t->resolve);
    curl_slist_free_all(t->connect_to);
    free(t);
}

static void transfer_report(struct transfer *t, const struct http_result *result) {
    struct http_result copy = *result;
    http_done_fn *done = t->done;
    void *user = t->user;
    CURL *easy = t->easy;
    transfer_free(t);
    done(user, easy, &copy);
}

void transfer_finish(struct transfer *t, CURLcode code) {
    struct http_result result;
    client_result(t, code, &result);
    transfer_report(t, &result);
}

void http_client_free(struct http_client *c) {
    if (c == NULL)
        return;
    while (!LIST_EMPTY(&c->transfers))
        transfer_finish(LIST_FIRST(&c->transfers), CURLE_ABORTED_BY_CALLBACK);
    client_loop_free(c);
    free(c);
}

/* A store of one's own stands alone (curl would add the system's folder). client_tls_setup puts it
 * into the connection; the path given as CAPATH, in which curl finds nothing, only keeps
 * connections of different trust apart. A file that cannot be read is left to curl, whose error it
 * becomes. */
static void set_trust(CURL *easy, const struct http_endpoint *endpoint) {
    if (endpoint->ca_file != NULL) {
        X509_STORE *store = trust_store_get(endpoint->ca_file);
        curl_easy_setopt(easy, CURLOPT_CAINFO, store == NULL ? endpoint->ca_file : NULL);
        curl_easy_setopt(easy, CURLOPT_CAPATH, store == NULL ? NULL : endpoint->ca_file);
        curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
        X509_STORE_free(store);
    }
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_SSL_OPTIONS, (long)CURLSSLOPT_NO_PARTIALCHAIN);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, client_tls_setup);
}

static int set_url(CURL *easy, const char *url, const char *protocols, struct err *e) {
    if (curl_easy_setopt(easy, CURLOPT_URL, url) != CURLE_OK)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, protocols);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BUFFER);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)SEND_BUFFER);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    return 0;
}

int http_client_target_plain(CURL *easy, const char *url, struct err *e) {
    return set_url(easy, url, "http,tftp", e);
}

int http_client_target(CURL *easy, const struct http_endpoint *endpoint, const char *path,
                       struct err *e) {
    AUTO(char) url = NULL;
    bool v6 = strchr(endpoint->host, ':') != NULL;
    if (asprintf(&url, "https://%s%s%s:%u%s", v6 ? "[" : "", endpoint->host, v6 ? "]" : "",
                 (unsigned)endpoint->port, path) < 0) {
        url = NULL;
        return err_set(e, ERR_SYS_NOMEM, NULL);
    }
    if (set_url(easy, url, "https", e) != 0)
        return -1;
    set_trust(easy, endpoint);
    return 0;
}

/* Reports what is in early at the next turn of the loop. */
static void fail_soon(struct transfer *t) {
    struct timeval now = {0};
    evtimer_add(t->timer, &now);
}

static void fail_with(struct transfer *t, CURLcode code) {
    client_result(t, code, &t->early);
    fail_soon(t);
}

/* The limit of the look-up passed, or an early failure waits to be reported, or curl has forgotten
 * the transfer. */
static void on_transfer_timer(evutil_socket_t fd, short what, void *user) {
    struct transfer *t = user;
    (void)fd;
    (void)what;
    if (t->added) {
        transfer_finish(t, CURLE_OPERATION_TIMEDOUT);
        return;
    }
    if (t->early.code == CURLE_OK)
        client_result_lookup(t, "", NULL, &t->early);
    transfer_report(t, &t->early);
}

/* "+name:port:address,address" for CURLOPT_RESOLVE: what curl shall take name for. */
static struct curl_slist *resolve_list(const struct lookup_wait *w, const char *const *addresses) {
    AUTO_BUF entry = BUF_INIT(ADDRESS_LIST_MAX);
    buf_printf(&entry, "+%s:%u:", w->name, (unsigned)w->port);
    for (size_t i = 0; addresses[i] != NULL; i++) {
        bool v6 = strchr(addresses[i], ':') != NULL;
        buf_printf(&entry, "%s%s%s%s", i == 0 ? "" : ",", v6 ? "[" : "", addresses[i],
                   v6 ? "]" : "");
    }
    return entry.failed ? NULL : curl_slist_append(NULL, buf_str(&entry));
}

static struct curl_slist *connect_list(const struct lookup_wait *w) {
    AUTO(char) entry = NULL;
    bool v6 = strchr(w->name, ':') != NULL;
    if (asprintf(&entry, "::%s%s%s:%u", v6 ? "[" : "", w->name, v6 ? "]" : "", (unsigned)w->port) <
        0) {
        entry = NULL;
        return NULL;
    }
    return curl_slist_append(NULL, entry);
}

/* A numeric name needs no entry: curl takes it as it is. */
static int set_addresses(struct transfer *t, const struct lookup_wait *w,
                         const char *const *addresses) {
    if (strcmp(w->name, addresses[0]) != 0) {
        t->resolve = resolve_list(w, addresses);
        if (t->resolve == NULL)
            return -1;
    }
    if (t->endpoint->via != NULL) {
        t->connect_to = connect_list(w);
        if (t->connect_to == NULL)
            return -1;
    }
    curl_easy_setopt(t->easy, CURLOPT_RESOLVE, t->resolve);
    curl_easy_setopt(t->easy, CURLOPT_CONNECT_TO, t->connect_to);
    return 0;
}

/* Rounded up: no exchange ends before its time. */
static long left_real_ms(const struct transfer *t) {
    int64_t left = t->deadline_us - clock_mono_us();
    struct timeval real = clock_real_timeval(left > 0 ? left : 1);
    return (long)real.tv_sec * 1000 + ((long)real.tv_usec + 999) / 1000;
}

/* Without memory curl loses sight of a transfer together with its limit. */
static void guard(struct transfer *t) {
    long ms = left_real_ms(t) + GUARD_REAL_MS;
    struct timeval limit = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    evtimer_add(t->timer, &limit);
}

static void hand_to_curl(struct transfer *t) {
    guard(t);
    curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
    curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->text);
    curl_easy_setopt(t->easy, CURLOPT_SSL_CTX_DATA, t);
    curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, left_real_ms(t));
    t->added = curl_multi_add_handle(t->client->multi, t->easy) == CURLM_OK;
    if (!t->added)
        fail_with(t, CURLE_OUT_OF_MEMORY);
}

static void on_addresses(void *user, const char *const *addresses, const struct err *e) {
    struct lookup_wait *w = user;
    struct transfer *t = w->transfer;
    if (t != NULL) {
        t->wait = NULL;
        if (addresses == NULL) {
            client_result_lookup(t, w->name, e, &t->early);
            fail_soon(t);
        } else if (set_addresses(t, w, addresses) != 0) {
            fail_with(t, CURLE_OUT_OF_MEMORY);
        } else {
            hand_to_curl(t);
        }
    }
    wait_free(w);
}

/* Whom to connect to: the endpoint, or what stands in its place. */
static struct lookup_wait *wait_new(struct transfer *t) {
    struct lookup_wait *w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    w->transfer = t;
    w->port = t->endpoint->port;
    if (t->endpoint->via == NULL)
        w->name = strdup(t->endpoint->host);
    else if (split_host_port(t->endpoint->via, &w->name, &w->port, NULL) != 0)
        w->name = NULL;
    if (w->name != NULL)
        return w;
    wait_free(w);
    return NULL;
}

static void look_up(struct transfer *t) {
    struct timeval limit = clock_real_timeval(t->timeout_us);
    t->wait = wait_new(t);
    if (t->wait == NULL) {
        fail_with(t, CURLE_URL_MALFORMAT);
        return;
    }
    evtimer_add(t->timer, &limit);
    resolver_lookup(t->client->resolver, t->wait->name, on_addresses, t->wait);
}

static struct transfer *transfer_new(struct http_client *c, CURL *easy) {
    struct transfer *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->client = c;
    t->easy = easy;
    t->timer = evtimer_new(c->loop, on_transfer_timer, t);
    if (t->timer == NULL) {
        free(t);
        return NULL;
    }
    LIST_INSERT_HEAD(&c->transfers, t, link);
    return t;
}

void http_client_start(struct http_client *c, CURL *easy, const struct http_endpoint *endpoint,
                       int64_t timeout_us, http_done_fn *done, void *user) {
    struct transfer *t = transfer_new(c, easy);
    if (t == NULL) { /* no memory to wait with: the one case that reports before returning */
        struct http_result none = {.code = CURLE_OUT_OF_MEMORY};
        err_set(&none.err, ERR_SYS_NOMEM, NULL);
        done(user, easy, &none);
        return;
    }
    t->endpoint = endpoint;
    t->timeout_us = timeout_us;
    t->deadline_us = clock_mono_us() + timeout_us;
    t->done = done;
    t->user = user;
    look_up(t);
}

void http_client_cancel(struct http_client *c, CURL *easy) {
    struct transfer *t;
    LIST_FOREACH(t, &c->transfers, link) {
        if (t->easy == easy) {
            transfer_free(t);
            return;
        }
    }
}

size_t http_client_to_buf(char *data, size_t size, size_t count, void *buf) {
    return buf_put(buf, data, size * count) == 0 ? size * count : 0;
}

const char *http_client_header(CURL *easy, const char *name) {
    struct curl_header *header = NULL;
    if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return NULL;
    return header->value;
}

bool http_client_has_ntlm(void) {
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    return (info->features & CURL_VERSION_NTLM) != 0;
}
