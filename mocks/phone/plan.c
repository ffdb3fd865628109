/* What the phone makes of its configuration: whether it goes to CAPF, to which servers, and how it
 * proves itself there. The decision itself is capf_decision.h's. */
#include "mocks/phone/phone_impl.h"
#include <string.h>

/* CAPF servers are those of the configuration, else the one that the trust list names. */
static void list_servers(struct phone *p) {
    struct bytes named = trust_capf_name(&p->trust);
    p->servers = p->cnf.capf;
    if (p->servers.count > 0 || named.len == 0 || named.len > CNF_HOST_MAX)
        return;
    p->servers.count = 1;
    p->servers.items[0] = (struct cnf_server){.port = CNF_CAPF_PORT};
    memcpy(p->servers.items[0].host, named.data, named.len);
}

static bool knows_capf(const struct phone *p) {
    if (!phone_boots(p))
        return p->trusted != NULL;
    return trust_has_role(&p->trust, ITL_ROLE_CAPF) && p->servers.count > 0;
}

static void act_on(struct phone *p, const struct capf_facts *facts) {
    struct err e = {0};
    phone_reset_session(p);
    p->rounds = 0;
    p->mode = facts->mode;
    p->plan = capf_decide(facts);
    if (p->plan.action == CAPF_NOT_NOW)
        phone_end(p, PHONE_NOTHING, NULL);
    else if (p->plan.action == CAPF_WAIT_FOR_USER)
        phone_end(p, PHONE_WAITING, NULL);
    else if (!knows_capf(p))
        phone_end(p, PHONE_NO_SERVER, NULL);
    else if (p->plan.action == CAPF_NO_CERTIFICATE) {
        phone_log_start(p);
        err_set(&e, ERR_CONFIG_MISSING, "no certificate to authenticate with");
        phone_end(p, PHONE_NO_CERTIFICATE, &e);
    } else
        phone_start_round(p);
}

/* A phone without file servers is told all by its own configuration; that it has no MIC shows in
 * the session. */
void phone_plan_without_boot(struct phone *p) {
    const struct phone_config *c = p->config;
    struct cnf_server *server = &p->servers.items[0];
    p->servers.count = 1;
    server->port = (uint16_t)c->capf.port;
    snprintf(server->host, sizeof server->host, "%s", c->capf.host);
    struct capf_facts facts = {.mode = c->authentication.mode,
                               .string = c->authentication.string != NULL,
                               .lsc = identity_present(&p->lsc),
                               .mic = true,
                               .fall_back = c->lsc_fallback == PHONE_LSC_FALLBACK_MIC};
    act_on(p, &facts);
}

/* certHash is the MD5 of the phone's certificate (itl-format.md 9). */
static bool is_other_hash(const struct phone *p) {
    const struct identity *own = identity_present(&p->lsc) ? &p->lsc : &p->mic;
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (p->cnf.hash[0] == '\0')
        return false;
    if (!identity_present(own) || X509_digest(own->certificate, EVP_md5(), digest, &len) != 1)
        return true;
    AUTO(char) hex = hex_encode(bytes_of(digest, len), 0);
    return hex == NULL || strcmp(hex, p->cnf.hash) != 0;
}

void phone_on_booted(struct phone *p) {
    struct err e = {0};
    if (!p->has_cnf) {
        err_set(&e, ERR_CONFIG_MISSING, "no configuration file");
        phone_end(p, PHONE_NO_CONFIGURATION, &e);
        return;
    }
    list_servers(p);
    struct capf_facts facts = {.mode = p->cnf.capf_mode,
                               .encrypted = p->cnf.encrypted,
                               .hash = is_other_hash(p),
                               .string = p->config->authentication.string != NULL,
                               .lsc = identity_present(&p->lsc),
                               .mic = identity_present(&p->mic),
                               .fall_back = p->config->lsc_fallback == PHONE_LSC_FALLBACK_MIC};
    act_on(p, &facts);
}
