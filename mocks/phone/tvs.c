/* The phone's questions to TVS (tvs-protocol.md 7): whether a certificate that its lists do not
 * have is to be trusted for a role. A yes is kept for as long as TVS says; a no never is. */
#include "base/clock.h"
#include "base/process.h"
#include "mocks/phone/phone_impl.h"
#include <string.h>

void phone_tvs_close(struct phone *p) {
    tvs_client_free(p->tvs.client);
    p->tvs.client = NULL;
}

/* ---- The cache ---- */

static bool digest_of(struct bytes der, uint8_t digest[PHONE_DIGEST_LEN]) {
    return EVP_Digest(der.data, der.len, digest, NULL, EVP_sha256(), NULL) == 1;
}

static void remember(struct phone *p, struct bytes der, const struct tvs_result *r) {
    struct phone_tvs_known *known = &p->tvs.known[p->tvs.next];
    if (r->ttl == 0 || !digest_of(der, known->digest))
        return;
    known->until_us = clock_mono_us() + (int64_t)r->ttl * 1000000;
    known->role_count = r->roles.len;
    memcpy(known->roles, r->roles.data, r->roles.len);
    p->tvs.next = (p->tvs.next + 1) % PHONE_TVS_KNOWN_MAX;
    console_line(p->console, CONSOLE_NOT, CONSOLE_SECUREAPP,
                 "TVS added cert to TVS cache - expires in %u hours", r->ttl / 3600);
}

bool phone_tvs_knows(const struct phone *p, struct bytes der, unsigned role) {
    uint8_t digest[PHONE_DIGEST_LEN];
    if (!digest_of(der, digest))
        return false;
    for (size_t i = 0; i < PHONE_TVS_KNOWN_MAX; i++) {
        const struct phone_tvs_known *k = &p->tvs.known[i];
        if (k->until_us > clock_mono_us() && memcmp(k->digest, digest, sizeof digest) == 0 &&
            tvs_has_role(bytes_of(k->roles, k->role_count), role))
            return true;
    }
    return false;
}

/* ---- The client ---- */

static bool trusts(void *user, struct bytes der) {
    struct phone *p = user;
    AUTO(X509) certificate = x509_read(der, NULL);
    console_line(p->console, CONSOLE_INF, CONSOLE_SECUREAPP, "Role is = %d", ITL_ROLE_TVS);
    if (certificate == NULL || !trust_holds(&p->trust, ITL_ROLE_TVS, certificate))
        return false;
    console_line(p->console, CONSOLE_INF, CONSOLE_SECUREAPP,
                 "Hashes match... authentication successful.");
    return true;
}

/* X(STEP, level, what the console says) */
#define TVS_LINE_TABLE(X)                                                                          \
    X(TVS_RESOLVED, INF, "TVS resolved")                                                           \
    X(TVS_UNRESOLVED, ERR, "TVS not resolved")                                                     \
    X(TVS_CONNECTED, NOT, "TVS connected")                                                         \
    X(TVS_ASKED, INF, "TVS sending")                                                               \
    X(TVS_ANSWERED, INF, "TVS received")                                                           \
    X(TVS_LEFT, ERR, "TVS connect failed")

static void tell(void *user, enum tvs_step step, const struct tvs_member *server,
                 const char *text) {
    static const struct {
        const char *text;
        enum console_level level;
    } lines[] = {
#define X(name, severity, words) [name] = {words, CONSOLE_##severity},
        TVS_LINE_TABLE(X)
#undef X
    };
    struct phone *p = user;
    console_line(p->console, lines[step].level, CONSOLE_SECUREAPP, "%s %s:%u%s%s", lines[step].text,
                 server->host, (unsigned)server->port, text[0] != '\0' ? " " : "", text);
}

static const struct identity *shown_identity(const struct phone *p) {
    return identity_present(&p->lsc) ? &p->lsc : &p->mic;
}

/* members and the texts that they point at live until the client has copied them. */
static size_t list_members(const struct phone *p, struct tvs_member *members,
                           char via[][PHONE_HOST_MAX + 8]) {
    const struct cnf_servers *servers = &p->cnf.tvs;
    for (size_t i = 0; i < servers->count; i++) {
        const struct cnf_server *s = &servers->items[i];
        struct phone_place place = {0};
        struct err e = {0};
        members[i] = (struct tvs_member){
            .priority = s->priority, .host = s->host, .port = s->port, .via = via[i]};
        if (phone_route(p, s->host, s->port, &place, &e) != 0)
            members[i].via = NULL;
        else
            join_host_port(place.host, place.port, via[i], PHONE_HOST_MAX + 8);
    }
    return servers->count;
}

static int open_client(struct phone *p, struct err *e) {
    struct tvs_member members[CNF_SERVERS_MAX];
    char via[CNF_SERVERS_MAX][PHONE_HOST_MAX + 8], device[TVS_DEVICE_NAME_MAX + 1];
    const struct phone_config *c = p->config;
    const struct identity *shown = shown_identity(p);
    int64_t connect_us = c->connect_timeout_us > 0 ? c->connect_timeout_us : c->timeout_us;
    snprintf(device, sizeof device, "%s-%s", c->model, c->name);
    struct tvs_client_options options = {.loop = p->shared->loop,
                                         .resolver = p->shared->resolver,
                                         .members = members,
                                         .member_count = list_members(p, members, via),
                                         .device = device,
                                         .certificate = shown->certificate,
                                         .key = shown->key,
                                         .legacy_tls = c->legacy_tls,
                                         .connect_timeout_us = connect_us,
                                         .answer_timeout_us = c->timeout_us,
                                         .trusts = trusts,
                                         .tell = tell,
                                         .user = p};
    if (p->tvs.client == NULL)
        p->tvs.client = tvs_client_new(&options, e);
    return p->tvs.client != NULL ? 0 : -1;
}

bool phone_tvs_possible(struct phone *p) {
    if (trust_has_role(&p->trust, ITL_ROLE_TVS))
        return true;
    console_line(p->console, CONSOLE_NOT, CONSOLE_SECUREAPP,
                 "Not using TVS - TVS not in Trust list");
    return false;
}

/* ---- Questions ---- */

static int judge(const struct phone *p, const struct tvs_result *r, struct err *e) {
    if (!r->valid)
        return err_set(e, ERR_TLS_UNTRUSTED, "TVS %s does not know the certificate",
                       r->server->host);
    if (!tvs_has_role(r->roles, p->tvs.role))
        return err_set(e, ERR_TLS_UNTRUSTED, "TVS %s does not know the certificate for role %s",
                       r->server->host, itl_role_shown(p->tvs.role));
    return 0;
}

static void on_answer(void *user, const struct tvs_result *r, const struct err *failure) {
    struct phone *p = user;
    struct err e = {0};
    struct bytes der = {0};
    phone_tvs_fn *done = p->tvs.done;
    AUTO(X509) certificate = NULL;
    if (r == NULL)
        e = *failure;
    else if (judge(p, r, &e) == 0) {
        der = p->tvs.der.len > 0 ? buf_view(&p->tvs.der) : r->certificate;
        certificate = x509_read(der, &e);
    }
    if (certificate != NULL)
        remember(p, der, r);
    else
        console_line(p->console, CONSOLE_ERR, CONSOLE_SECUREAPP, "TVS: %s", e.text);
    done(p, certificate, &e);
}

static int ask_about(struct phone *p, struct bytes der, struct err *e) {
    buf_reset(&p->tvs.der);
    if (buf_put_bytes(&p->tvs.der, der) != 0)
        return err_set(e, ERR_SYS_LIMIT, "certificate of %zu octets", der.len);
    return tvs_client_verify(p->tvs.client, der, on_answer, p, e);
}

int phone_tvs_verify(struct phone *p, X509 *certificate, unsigned role, phone_tvs_fn *done,
                     struct err *e) {
    AUTO_BUF der = BUF_INIT(TVS_BODY_MAX);
    p->tvs.role = role;
    p->tvs.done = done;
    if (open_client(p, e) != 0 || x509_put_der(certificate, &der, e) != 0)
        return -1;
    return ask_about(p, buf_view(&der), e);
}

static char *text_of(struct bytes v) {
    return strndup((const char *)v.data, v.len);
}

int phone_tvs_query(struct phone *p, const struct itl_header *signer, unsigned role,
                    phone_tvs_fn *done, struct err *e) {
    AUTO(char) subject = text_of(signer->signer_name);
    AUTO(char) issuer = text_of(signer->issuer_name);
    p->tvs.role = role;
    p->tvs.done = done;
    buf_reset(&p->tvs.der);
    if (subject == NULL || issuer == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    if (open_client(p, e) != 0)
        return -1;
    return tvs_client_query(p->tvs.client, subject, issuer, signer->serial, on_answer, p, e);
}
