/* Reaches cnf_xml_read and capf_decide. Input: a phone's configuration file. What is accepted and
 * written again reads the same. Floor: 2000/s. */
#include "fuzz/fuzz.h"
#include "mocks/phone/capf_decision.h"
#include "mocks/phone/cnf_xml.h"
#include <string.h>

enum { WRITTEN_MAX = 16 * 1024 };

static bool is_refusal(enum err_code code) {
    return code == ERR_CNF_SYNTAX || code == ERR_CNF_VALUE || code == ERR_CNF_TOO_LARGE;
}

static void check_servers(const struct cnf_servers *list, size_t longest) {
    FUZZ_CHECK(list->count <= CNF_SERVERS_MAX);
    for (size_t i = 0; i < list->count; i++) {
        const struct cnf_server *s = &list->items[i];
        size_t len = strlen(s->host);
        FUZZ_CHECK(len > 0 && len <= longest && s->port > 0);
        FUZZ_CHECK(strpbrk(s->host, "/ <>\"%\r\n") == NULL);
        FUZZ_CHECK(i == 0 || list->items[i - 1].priority <= s->priority);
    }
}

static void put_servers(struct buf *out, const struct cnf_servers *list, const char *item,
                        const char *host, const char *port) {
    for (size_t i = 0; i < list->count; i++) {
        const struct cnf_server *s = &list->items[i];
        buf_printf(out, "<%s priority=\"%d\"><%s>%s</%s><%s>%u</%s></%s>", item, s->priority, host,
                   s->host, host, port, (unsigned)s->port, port, item);
    }
}

static void put_config(struct buf *out, const struct cnf_xml *c) {
    buf_printf(out,
               "<device><deviceSecurityMode>%d</deviceSecurityMode><capfAuthMode>%d</capfAuthMode>"
               "<fullConfig>%s</fullConfig><encrConfig>%s</encrConfig><certHash>%s</certHash>",
               c->security_mode, c->capf_mode, c->full_config ? "true" : "false",
               c->encrypted ? "true" : "false", c->hash);
    if (c->transport != 0)
        buf_printf(out, "<transportLayerProtocol>%d</transportLayerProtocol>", c->transport);
    buf_put_str(out, "<capfList>");
    put_servers(out, &c->capf, "capf", "processNodeName", "phonePort");
    buf_put_str(out, "</capfList><TVS><members>");
    put_servers(out, &c->tvs, "member", "address", "port");
    buf_put_str(out, "</members></TVS></device>");
}

static void check_same(const struct cnf_servers *a, const struct cnf_servers *b) {
    FUZZ_CHECK(a->count == b->count);
    for (size_t i = 0; i < a->count; i++) {
        FUZZ_CHECK(strcmp(a->items[i].host, b->items[i].host) == 0);
        FUZZ_CHECK(a->items[i].port == b->items[i].port);
        FUZZ_CHECK(a->items[i].priority == b->items[i].priority);
    }
}

static void check_round_trip(const struct cnf_xml *c) {
    AUTO_BUF written = BUF_INIT(WRITTEN_MAX);
    struct cnf_xml again;
    struct err e = {0};
    put_config(&written, c);
    FUZZ_CHECK(!written.failed);
    FUZZ_CHECK_OK(cnf_xml_read(buf_view(&written), &again, &e), e);
    FUZZ_CHECK(again.security_mode == c->security_mode && again.transport == c->transport);
    FUZZ_CHECK(again.capf_mode == c->capf_mode && again.encrypted == c->encrypted);
    FUZZ_CHECK(again.full_config == c->full_config && strcmp(again.hash, c->hash) == 0);
    check_same(&again.capf, &c->capf);
    check_same(&again.tvs, &c->tvs);
}

/* Without a certificate and without a string nothing but the null string can be proved. */
static void check_decision(const struct cnf_xml *c) {
    struct capf_facts facts = {
        .mode = c->capf_mode, .encrypted = c->encrypted, .hash = c->hash[0] != '\0'};
    struct capf_decision d = capf_decide(&facts);
    FUZZ_CHECK(d.action != CAPF_GO || d.prove == 2);
    FUZZ_CHECK(capf_why_name(d.why) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct cnf_xml config;
    struct err e = {0};
    if (cnf_xml_read(bytes_of(data, size), &config, &e) != 0) {
        FUZZ_CHECK(is_refusal(e.code) && strpbrk(e.text, "\r\n") == NULL);
        return 0;
    }
    FUZZ_CHECK(config.capf_mode >= 0 && config.capf_mode <= 4);
    check_servers(&config.capf, CNF_HOST_MAX);
    check_servers(&config.tvs, CNF_TVS_HOST_MAX);
    check_round_trip(&config);
    check_decision(&config);
    return 0;
}
