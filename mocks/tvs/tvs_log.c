/* The lines of TVS's trace. Decides nothing, and keeps nothing between two calls. */
#include "mocks/tvs/tvs_log.h"
#include "itl/itl.h"
#include <stdarg.h>

enum {
    TEXT_MAX = 8 * 1024,
    DUMP_MAX = 50, /* octets that CUCM shows of a message, however long it is */
    DUMP_LINE = 8
};

void tvs_log_text(const struct tvs_log *l, const char *fmt, ...) {
    AUTO_BUF text = BUF_INIT(TEXT_MAX);
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    trace_session(l->trace, l->n, NULL, "%s", buf_str(&text));
}

static void dump(const struct tvs_log *l, struct bytes octets) {
    AUTO_BUF text = BUF_INIT(TEXT_MAX);
    buf_printf(&text, "HEX_DUMP: Len = %zu:", octets.len);
    for (size_t i = 0; i < octets.len && i < DUMP_MAX; i++)
        buf_printf(&text, "%s%02x", i % DUMP_LINE == 0 ? "\n" : " ", octets.data[i]);
    trace_lines(l->trace, buf_view(&text));
}

/* CUCM decodes with CAPF's layout of the header, where the id is zero. */
static void decoded(const struct tvs_log *l, uint8_t command, size_t body) {
    AUTO_BUF text = BUF_INIT(TEXT_MAX);
    char word[TVS_WORD_MAX];
    tvs_command_name(command, word);
    buf_printf(&text, "tvsPhoneDecodeMsg -\nDecoded Phone Msg:\n");
    buf_printf(&text, "    %-22s: %02X\n", "Protocol Discriminator", (unsigned)TVS_DISCRIMINATOR);
    buf_printf(&text, "    %-22s: TVS_MSG_%s\n", "MsgType", word);
    buf_printf(&text, "    %-22s: 0\n", "Session Id");
    buf_printf(&text, "    %-22s: %zu", "Length", body);
    trace_lines(l->trace, buf_view(&text));
}

void tvs_log_received(const struct tvs_log *l, struct bytes frame, const struct tvs_message *m) {
    if (l->trace == NULL)
        return;
    char word[TVS_WORD_MAX];
    tvs_log_text(l, "Incoming Phone Msg:");
    dump(l, frame);
    if (m == NULL)
        return;
    decoded(l, m->command, m->length);
    tvs_command_log_name(m->command, word);
    tvs_log_text(l, "TVS CORE: Rcvd Event: TVS_EV_%s in State: TVS_STATE_AWAIT_REQ", word);
}

static void put_serial(struct buf *out, struct bytes serial) {
    for (size_t i = 0; i < serial.len; i++)
        buf_printf(out, "%02X", serial.data[i]);
}

static void looked_up(const struct tvs_log *l, const char *cache, const char *key) {
    trace_debug(l->trace,
                "%s::getCertificateInformation - Looking up the certificate cache using Unique MAP "
                "ID : %s",
                cache, key);
}

static void not_found(const struct tvs_log *l, const char *key) {
    static const char *const caches[] = {"CertificateDBCache", "CertificateCTLCache"};
    for (size_t i = 0; i < sizeof caches / sizeof caches[0]; i++) {
        looked_up(l, caches[i], key);
        trace_debug(l->trace,
                    "ERROR:%s::getCertificateInformation - Cannot find the certificate in the "
                    "cache",
                    caches[i]);
    }
}

static void roles_found(const struct tvs_log *l, const struct tvs_certificate *found) {
    static const char where[] = "CertificateDBCache::getCertificateInformation";
    trace_debug(l->trace, "%s - Found entry {rolecount : %zu}", where, found->roles.len);
    for (size_t i = 0; i < found->roles.len; i++)
        trace_debug(l->trace, "%s - {role : %u}", where, (unsigned)found->roles.data[i]);
}

void tvs_log_query(const struct tvs_log *l, const struct tvs_message *m,
                   const struct tvs_certificate *found) {
    if (l->trace == NULL)
        return;
    static const char where[] = "tvsHandleQueryCertReq";
    AUTO_BUF subject = BUF_INIT(TEXT_MAX), issuer = BUF_INIT(TEXT_MAX), key = BUF_INIT(TEXT_MAX);
    buf_put_bytes(&subject, m->subject.octets);
    buf_put_bytes(&issuer, m->issuer.octets);
    put_serial(&key, m->serial.octets);
    trace_debug(l->trace, "%s", where);
    trace_debug(l->trace, "%s : Subject Name is: %s", where, buf_str(&subject));
    trace_debug(l->trace, "%s : Issuer Name is: %s", where, buf_str(&issuer));
    trace_debug(l->trace, "%s : Serial Number is: %s", where, buf_str(&key));
    buf_put_bytes(&key, buf_view(&issuer));
    if (found == NULL) {
        not_found(l, buf_str(&key));
        return;
    }
    looked_up(l, "CertificateDBCache", buf_str(&key));
    roles_found(l, found);
    /* CUCM has an address there; ours is the same in each run. */
    trace_debug(l->trace, "convertX509ToDER -x509cert : 0x%lx",
                X509_issuer_and_serial_hash(found->certificate));
}

static void issuer_read(const struct tvs_log *l, struct buf *issuer, const X509 *asked) {
    static const char scope[] = "CDefaultCertificateReader::GetIssuerName";
    itl_put_name(X509_get_issuer_name(asked), ITL_LAYOUT_CUCM, issuer, NULL);
    trace_enter(l->trace, scope);
    trace_in(l->trace, scope, "got issuer name");
    trace_leave(l->trace, scope);
    trace_debug(l->trace, "tvsGetIssuerNameFromX509 - issuerName : %s and Length: %zu",
                buf_str(issuer), issuer->len);
}

void tvs_log_verify(const struct tvs_log *l, const X509 *asked,
                    const struct tvs_certificate *found) {
    if (l->trace == NULL)
        return;
    static const char where[] = "CertificateDBCache::getCertificateInformation";
    AUTO_BUF issuer = BUF_INIT(TEXT_MAX), key = BUF_INIT(TEXT_MAX);
    struct bytes serial = itl_serial_of(asked);
    issuer_read(l, &issuer, asked);
    put_serial(&key, serial);
    trace_debug(l->trace, "tvsGetSerialNumberFromX509 - serialNumber : %s and Length: %zu",
                buf_str(&key), serial.len);
    buf_put_bytes(&key, buf_view(&issuer));
    if (found == NULL) {
        not_found(l, buf_str(&key));
        trace_debug(l->trace, "getCertificateInformation(cert) : certificate not found");
        return;
    }
    looked_up(l, "CertificateDBCache", buf_str(&key));
    trace_debug(l->trace, "%s - Certificate compare return =0", where);
    trace_debug(l->trace, "%s - Certificate found and equal", where);
    roles_found(l, found);
}

void tvs_log_sending(const struct tvs_log *l, const struct tvs_message *m, struct bytes octets) {
    if (l->trace == NULL)
        return;
    char word[TVS_WORD_MAX];
    tvs_command_log_name(m->command, word);
    tvs_log_text(l, "Sending %s msg", word);
    decoded(l, m->command, octets.len > TVS_HEADER_LEN ? octets.len - TVS_HEADER_LEN : 0);
    trace_debug(l->trace, "Sending TLS Msg ..");
    dump(l, octets);
}
