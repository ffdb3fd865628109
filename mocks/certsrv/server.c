/* The web server's life: what it is made of, its connections and its log. One client's failure is
 * never another's. */
#include "mocks/certsrv/server.h"
#include "base/http_server.h"
#include "base/random.h"
#include "base/workers.h"
#include "base/x509.h"
#include "mocks/certsrv/steps.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 256 * 1024, COOKIE_NAME = 8 };

static void on_request(void *server, struct http_request *r) {
    struct exchange *x = exchange_new(r);
    if (x == NULL) {
        http_reply(r, 500, bytes_of("", 0), true);
        return;
    }
    http_request_set_user(r, x);
    x->server = server;
    exchange_event_request(x);
    step_first(server, x);
}

static void on_completed(void *server, struct http_request *r, bool sent) {
    const struct certsrv_server *s = server;
    struct exchange *x = http_request_user(r);
    if (x == NULL)
        return;
    const struct exchange_log to = {s->log, s->address_ip, s->port};
    exchange_log(x, &to, sent);
    http_request_set_user(r, NULL);
    exchange_free(x);
}

static void *on_open(void *server) {
    (void)server;
    return calloc(1, sizeof(struct auth_connection));
}

static void on_close(void *server, void *connection) {
    (void)server;
    free(connection);
}

/* Hash for tls-server-end-point: that of the certificate's signature, SHA-256 at least (RFC 5929
 * 4.1). */
static int set_binding(struct auth_policy *auth, const char *certificate_file, struct err *e) {
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    int digest_nid = NID_undef;
    AUTO(X509) cert = x509_read_file(certificate_file, e);
    if (cert == NULL)
        return -1;
    OBJ_find_sigid_algs(X509_get_signature_nid(cert), &digest_nid, NULL);
    bool strong = digest_nid == NID_sha384 || digest_nid == NID_sha512;
    if (X509_digest(cert, strong ? EVP_get_digestbynid(digest_nid) : EVP_sha256(), hash, &len) != 1)
        return err_openssl(e, ERR_SYS_INTERNAL, "channel binding");
    return ntlm_channel_binding(bytes_of(hash, len), auth->binding, e);
}

/* IIS names its session cookie at each start. */
static char *cookie_name(void) {
    char name[COOKIE_NAME + 1] = {0};
    for (size_t i = 0; i < COOKIE_NAME; i++)
        name[i] = (char)('A' + random_below(26));
    return strdup(name);
}

/* LAB-DC of lab-dc.michamen.com. */
static char *computer_name(const char *host) {
    char *name = strndup(host, strcspn(host, "."));
    for (char *at = name; at != NULL && *at != '\0'; at++)
        *at = (char)toupper((unsigned char)*at);
    return name;
}

static int offer_schemes(struct auth_policy *auth, const struct cfg_strings *words, struct err *e) {
    if (words->count == 0)
        return auth_offer(auth, "negotiate", e) == 0 ? auth_offer(auth, "ntlm", e) : -1;
    for (size_t i = 0; i < words->count; i++)
        if (auth_offer(auth, words->items[i], e) != 0)
            return -1;
    return 0;
}

static int set_up_auth(struct certsrv_server *s, struct err *e) {
    const struct certsrv_config *config = s->setup.config;
    s->netbios_computer = computer_name(config->host);
    if (s->netbios_computer == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    s->auth.realm = config->host;
    s->auth.accounts = s->setup.accounts;
    s->auth.epa = (enum ntlm_epa)config->extended_protection;
    s->auth.per_request = config->logon_per_request;
    s->auth.names = (struct ntlm_names){.netbios_domain = s->setup.accounts->domain.netbios,
                                        .netbios_computer = s->netbios_computer,
                                        .dns_domain = s->setup.accounts->domain.dns,
                                        .dns_computer = config->host,
                                        .forest = s->setup.accounts->domain.dns};
    return offer_schemes(&s->auth, &config->authentication, e) == 0
               ? set_binding(&s->auth, config->certificate, e)
               : -1;
}

static int start(struct certsrv_server *s, struct event_base *loop, struct err *e) {
    const struct certsrv_config *config = s->setup.config;
    const struct http_server_options options = {
        .listen = config->listen,
        .certificate_file = config->certificate,
        .key_file = config->key,
        .body_max = BODY_MAX,
        .idle_timeout_us = config->idle_timeout_us,
        .handshake_timeout_us = config->handshake_timeout_us,
        .request_timeout_us = config->request_timeout_us,
        .connections_max = (unsigned)config->connections_max,
        .connections_per_address_max = (unsigned)config->connections_per_address_max};
    const struct http_server_callbacks callbacks = {.request = on_request,
                                                    .completed = on_completed,
                                                    .connection_open = on_open,
                                                    .connection_close = on_close,
                                                    .user = s};
    uint16_t port;
    s->loop = loop;
    s->cookie_name = cookie_name();
    s->log = iis_log_open(config->log, worker_is_first(), e);
    if (s->cookie_name == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    if (s->log == NULL || set_up_auth(s, e) != 0)
        return -1;
    s->http = http_server_new(loop, &options, &callbacks, e);
    if (s->http == NULL ||
        split_host_port(http_server_address(s->http), &s->address_ip, &port, e) != 0)
        return -1;
    s->port = config->log_port != 0 ? (unsigned)config->log_port : port;
    return 0;
}

struct certsrv_server *certsrv_server_new(struct event_base *loop,
                                          const struct certsrv_setup *setup, struct err *e) {
    struct certsrv_server *s = calloc(1, sizeof *s);
    if (s == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    s->setup = *setup;
    if (start(s, loop, e) == 0)
        return s;
    certsrv_server_free(s);
    return NULL;
}

void certsrv_server_free(struct certsrv_server *s) {
    if (s == NULL)
        return;
    if (s->http != NULL)
        http_server_free(s->http);
    iis_log_close(s->log);
    free(s->netbios_computer);
    free(s->cookie_name);
    free(s->address_ip);
    free(s);
}

const char *certsrv_server_address(const struct certsrv_server *s) {
    return http_server_address(s->http);
}
