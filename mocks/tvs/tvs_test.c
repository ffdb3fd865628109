/* The server against clients that misbehave, over real TLS: pieces, floods, silence, nonsense. Then
 * its trace, its events, and a store that changes. */
#include "base/events.h"
#include "base/tls.h"
#include "base/tls_stream.h"
#include "mocks/tvs/tvs_test_lab.h"
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>

enum { GOT_MAX = 4 * 1024 * 1024 };

/* A client that sends what it is told. */
struct raw {
    SSL_CTX *tls;
    struct bufferevent *io;
    struct buf got;
    bool up, ended;
    size_t wanted; /* octets */
    bool enough;
};

static void on_raw_read(struct bufferevent *io, void *user) {
    struct raw *r = user;
    struct evbuffer *input = bufferevent_get_input(io);
    size_t len = evbuffer_get_length(input);
    buf_put(&r->got, evbuffer_pullup(input, -1), len);
    evbuffer_drain(input, len);
    r->enough = r->got.len >= r->wanted;
}

static void on_raw_event(struct bufferevent *io, short what, void *user) {
    struct raw *r = user;
    (void)io;
    if ((what & BEV_EVENT_CONNECTED) != 0)
        r->up = true;
    else
        r->ended = true;
}

static void raw_open(const struct lab *lab, struct raw *r) {
    struct err e = {0};
    *r = (struct raw){.got = BUF_INIT(GOT_MAX), .tls = tls_client_context_unverified(false, &e)};
    ck_assert_ptr_nonnull(r->tls);
    r->io = bufferevent_openssl_socket_new(lab->loop, -1, SSL_new(r->tls),
                                           BUFFEREVENT_SSL_CONNECTING, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(r->io, on_raw_read, NULL, on_raw_event, r);
    bufferevent_enable(r->io, EV_READ | EV_WRITE);
    ck_assert_ok(tls_stream_connect(r->io, "127.0.0.1", lab->port, &e), e);
}

static void raw_connect(const struct lab *lab, struct raw *r) {
    raw_open(lab, r);
    lab_run_until(lab, &r->up);
}

static void raw_close(struct raw *r) {
    bufferevent_free(r->io);
    SSL_CTX_free(r->tls);
    buf_free(&r->got);
}
#define AUTO_RAW __attribute__((cleanup(raw_close))) struct raw

static void raw_wait_for(const struct lab *lab, struct raw *r, size_t octets) {
    r->wanted = octets;
    r->enough = r->got.len >= octets;
    lab_run_until(lab, &r->enough);
}

/* Appends a VERIFY about the certificate. */
static void put_verify(const X509 *certificate, uint32_t id, struct buf *out) {
    AUTO_BUF der = BUF_INIT(TVS_BODY_MAX);
    struct err e = {0};
    ck_assert_ok(x509_put_der(certificate, &der, &e), e);
    const struct tvs_message m = {.command = TVS_CERT_VERIFICATION_REQ,
                                  .id = id,
                                  .device = TVS_OCTETS(bytes_of_str(lab_device)),
                                  .certificate = TVS_OCTETS(buf_view(&der))};
    ck_assert_ok(tvs_message_write(&m, out, &e), e);
}

enum { YES_LEN = TVS_HEADER_LEN + 4 + 4 + 7 }; /* with one role */

static void check_yes(struct bytes octets, uint32_t id) {
    struct tvs_message m;
    struct err e = {0};
    ck_assert_ok(tvs_message_parse(octets, &m, &e), e);
    ck_assert_uint_eq(m.id, id);
    ck_assert_uint_eq(m.command, TVS_CERT_VERIFICATION_RES);
    ck_assert_uint_eq(m.status.number, TVS_STATUS_VALID);
    ck_assert(tvs_has_role(m.roles.octets, ITL_ROLE_CAPF));
}

START_TEST(a_request_may_come_octet_by_octet) {
    AUTO_LAB lab;
    AUTO_RAW raw;
    AUTO_BUF request = BUF_INIT(TVS_FRAME_MAX);
    lab_open(&lab, 1, "");
    raw_connect(&lab, &raw);
    put_verify(lab.capf, 7, &request);
    for (size_t i = 0; i < request.len; i++) {
        bufferevent_write(raw.io, request.data + i, 1);
        event_base_loop(lab.loop, EVLOOP_NONBLOCK);
    }
    raw_wait_for(&lab, &raw, YES_LEN);
    check_yes(buf_view(&raw.got), 7);
}
END_TEST

START_TEST(requests_may_come_all_at_once) {
    AUTO_LAB lab;
    AUTO_RAW raw;
    AUTO_BUF requests = BUF_INIT(GOT_MAX);
    enum { COUNT = 300 };
    lab_open(&lab, 1, "");
    raw_connect(&lab, &raw);
    for (uint32_t id = 0; id < COUNT; id++)
        put_verify(lab.capf, id, &requests);
    bufferevent_write(raw.io, requests.data, requests.len);
    raw_wait_for(&lab, &raw, (size_t)COUNT * YES_LEN);
    for (uint32_t id = 0; id < COUNT; id++)
        check_yes(bytes_of(raw.got.data + (size_t)id * YES_LEN, YES_LEN), id);
    ck_assert(!raw.ended);
}
END_TEST

static const struct {
    const char *what;
    size_t len;
    const char *octets, *logged;
} nonsense[] = {
    {"HTTP", 1, "G", "TVS_FRAME"},
    {"a frame of CAPF", 8, "\x55\x01\x00\x00\x00\x01\x00\x00", "TVS_FRAME"},
    {"an answer", 14, "\x57\x01\x02\x00\x00\x00\x03\xe9\x00\x04\x07\x00\x01\x00", "TVS_FRAME"},
    {"an empty request", 10, "\x57\x01\x01\x00\x00\x00\x03\xe9\x00\x00", "TVS_MISSING_ELEMENT"},
    {"an element over the end", 13, "\x57\x01\x01\x00\x00\x00\x03\xe9\x00\x03\x01\xff\xff",
     "TVS_ELEMENT"},
    {"a certificate that is none", 19,
     "\x57\x01\x01\x00\x00\x00\x03\xe9\x00\x09\x01\x00\x02\x01S\x02\x00\x01\x30", "TVS_ELEMENT"},
};

START_TEST(nonsense_ends_the_connection) {
    for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++) {
        AUTO_LAB lab;
        AUTO_RAW raw;
        lab_open(&lab, 1, "");
        raw_connect(&lab, &raw);
        bufferevent_write(raw.io, nonsense[i].octets, nonsense[i].len);
        lab_run_until(&lab, &raw.ended);
        ck_assert_uint_eq(raw.got.len, 0);
        ck_assert_msg(lab_logged(&lab, nonsense[i].logged) == 1, "%s", nonsense[i].what);
    }
}
END_TEST

/* Single octets do not put the deadline off. */
static void on_drip(evutil_socket_t fd, short what, void *user) {
    struct raw *r = user;
    (void)fd;
    (void)what;
    if (!r->ended)
        bufferevent_write(r->io, "\0", 1);
}

START_TEST(a_request_that_never_ends_is_cut_off) {
    AUTO_LAB lab;
    AUTO_RAW raw;
    const struct timeval often = {.tv_usec = 1000};
    lab_open(&lab, 100, "handshake-timeout: 1h\nidle-timeout: 5s\n");
    raw_connect(&lab, &raw);
    bufferevent_write(raw.io, "\x57\x01\x01\x00\x00\x00\x00\x00\xff\xff", 10);
    struct event *drip = event_new(lab.loop, -1, EV_PERSIST, on_drip, &raw);
    event_add(drip, &often);
    lab_run_until(&lab, &raw.ended);
    event_free(drip);
    ck_assert_int_eq(lab_logged(&lab, "no request in time, connection closed (SYS_TIMEOUT)"), 1);
}
END_TEST

START_TEST(a_client_without_handshake_is_cut_off) {
    AUTO_LAB lab;
    struct err e = {0};
    lab_open(&lab, 100, "handshake-timeout: 5s\n");
    struct raw raw = {.got = BUF_INIT(GOT_MAX)};
    raw.io = bufferevent_socket_new(lab.loop, -1, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(raw.io, on_raw_read, NULL, on_raw_event, &raw);
    bufferevent_enable(raw.io, EV_READ | EV_WRITE);
    ck_assert_ok(tls_stream_connect(raw.io, "127.0.0.1", lab.port, &e), e);
    lab_run_until(&lab, &raw.ended);
    ck_assert_uint_eq(raw.got.len, 0);
    ck_assert_int_eq(lab_logged(&lab, "no handshake in time, connection closed (SYS_TIMEOUT)"), 1);
    raw_close(&raw);
}
END_TEST

static void check_limit(const char *config) {
    AUTO_LAB lab;
    AUTO_RAW first;
    AUTO_BUF request = BUF_INIT(TVS_FRAME_MAX);
    lab_open(&lab, 1, config);
    raw_connect(&lab, &first);
    {
        AUTO_RAW second;
        raw_open(&lab, &second);
        lab_run_until(&lab, &second.ended);
        ck_assert(!second.up);
    }
    put_verify(lab.capf, 1, &request);
    bufferevent_write(first.io, request.data, request.len);
    raw_wait_for(&lab, &first, YES_LEN);
    ck_assert_int_eq(lab_logged(&lab, "as many as may be (SYS_LIMIT)"), 1);
}

START_TEST(connections_are_limited) {
    check_limit("connections: 1\n");
    check_limit("connections-per-address: 1\n");
}
END_TEST

/* ---- A client that never reads ---- */

/* A store of one certificate that is larger than most. */
static void lab_store_large(struct lab *lab, struct tvs_entry *entry, char **path) {
    static uint8_t filling[30000];
    static char *role = (char *)(uintptr_t) "capf";
    const struct issue_extension large[] = {
        {.name = "1.2.3.4", .der = bytes_of(filling, sizeof filling)}, {0}};
    struct err e = {0};
    AUTO(X509_NAME) name = x509_name_parse("CN=large", &e);
    const struct issue_request request = {.subject = name,
                                          .key = lab->key,
                                          .issuer_key = lab->key,
                                          .not_before = clock_wall(),
                                          .not_after = clock_wall() + LAB_YEAR,
                                          .extensions = large};
    AUTO(X509) certificate = issue_certificate(&request, &e);
    ck_assert_msg(certificate != NULL, "%s", e.text);
    X509_free(lab->capf);
    lab->capf = TAKE(certificate);
    lab_write(lab, "large.pem", lab->capf);
    *path = path_join(lab->dir, "large.pem");
    *entry = (struct tvs_entry){.path = *path, .roles = {&role, 1}};
    lab->config.store = (struct cfg_list){entry, 1};
}

static void put_query(const X509 *certificate, uint32_t id, struct buf *out) {
    struct err e = {0};
    const struct tvs_message m = {.command = TVS_QUERY_CERT_REQ,
                                  .id = id,
                                  .device = TVS_OCTETS(bytes_of_str(lab_device)),
                                  .subject = TVS_OCTETS(bytes_of_str("CN=large")),
                                  .issuer = TVS_OCTETS(bytes_of_str("CN=large")),
                                  .serial = TVS_OCTETS(itl_serial_of(certificate))};
    ck_assert_ok(tvs_message_write(&m, out, &e), e);
}

/* It costs a bounded amount of memory, and its connection ends. */
START_TEST(a_client_that_never_reads_is_not_served_for_ever) {
    AUTO_LAB lab;
    AUTO_RAW raw;
    AUTO(char) path = NULL;
    AUTO_BUF requests = BUF_INIT(GOT_MAX);
    struct tvs_entry entry;
    enum { COUNT = 1000 }; /* 30 MB of answers: more than the sockets hold */
    lab_open(&lab, 100, "handshake-timeout: 1h\nidle-timeout: 30s\n");
    lab_store_large(&lab, &entry, &path);
    raw_connect(&lab, &raw);
    bufferevent_disable(raw.io, EV_READ);
    for (uint32_t id = 0; id < COUNT; id++)
        put_query(lab.capf, id, &requests);
    bufferevent_write(raw.io, requests.data, requests.len);
    while (lab_logged(&lab, "no request in time") == 0)
        event_base_loop(lab.loop, EVLOOP_ONCE);
    ck_assert_int_lt(lab_logged(&lab, "Incoming Phone Msg"), COUNT);
}
END_TEST

/* ---- What it leaves behind ---- */

static void one_request(const struct lab *lab, const X509 *certificate, struct tvs_message *answer,
                        struct buf *kept) {
    AUTO_RAW raw;
    AUTO_BUF request = BUF_INIT(TVS_FRAME_MAX);
    struct err e = {0};
    raw_connect(lab, &raw);
    put_verify(certificate, TVS_FIRST_ID, &request);
    bufferevent_write(raw.io, request.data, request.len);
    raw_wait_for(lab, &raw, TVS_HEADER_LEN + 4);
    buf_reset(kept);
    buf_put_bytes(kept, buf_view(&raw.got));
    ck_assert_ok(tvs_message_parse(buf_view(kept), answer, &e), e);
}

START_TEST(a_certificate_that_is_made_anew_is_known) {
    AUTO_LAB lab;
    AUTO_BUF kept = BUF_INIT(TVS_FRAME_MAX);
    AUTO(char) path = NULL;
    struct tvs_message m;
    struct err e = {0};
    lab_open(&lab, 1, "");
    one_request(&lab, lab.stranger, &m, &kept);
    ck_assert_uint_eq(m.status.number, TVS_STATUS_INVALID);
    lab_write(&lab, "capf.pem", lab.stranger);
    one_request(&lab, lab.stranger, &m, &kept);
    ck_assert_uint_eq(m.status.number, TVS_STATUS_VALID);
    one_request(&lab, lab.capf, &m, &kept);
    ck_assert_uint_eq(m.status.number, TVS_STATUS_INVALID);
    path = path_join(lab.dir, "capf.pem");
    ck_assert_ok(file_write(path, bytes_of_str("half a"), 0644, &e), e);
    one_request(&lab, lab.stranger, &m, &kept);
    ck_assert_uint_eq(m.status.number, TVS_STATUS_VALID);
    ck_assert_int_eq(lab_logged(&lab, "the store stays as it was"), 1);
}
END_TEST

/* Roles of one certificate that stands in a file and in a folder are put together. */
START_TEST(a_folder_is_a_store_too) {
    AUTO_LAB lab;
    AUTO_BUF kept = BUF_INIT(TVS_FRAME_MAX);
    struct tvs_message m;
    lab_open(&lab, 1, "");
    struct tvs_entry more[3];
    const struct tvs_entry *entries = lab.config.store.items;
    char *word = (char *)(uintptr_t) "sast,capf";
    memcpy(more, entries, sizeof more[0] * 2);
    more[2] = (struct tvs_entry){.path = lab.dir, .roles = {&word, 1}};
    lab.config.store = (struct cfg_list){more, 3};
    one_request(&lab, lab.tvs, &m, &kept);
    ck_assert_uint_eq(m.status.number, TVS_STATUS_VALID);
    ck_assert(tvs_has_role(m.roles.octets, ITL_ROLE_SAST) && m.roles.octets.len == 2);
    one_request(&lab, lab.capf, &m, &kept);
    ck_assert_uint_eq(m.roles.octets.len, 2);
}
END_TEST

/* Lines of the captures (tvs-protocol.md 3, 5 and 6), stamps left out. */
START_TEST(the_trace_reads_as_cucms) {
    static const char *const lines[] = {
        "|-->debug\n",
        "|   debug 1:UNKNOWN:Got a new ph conn 127.0.0.1:",
        "|   debug 1:UNKNOWN:Incoming Phone Msg:\n",
        "|   debug HEX_DUMP: Len = ",
        "|   debug 57 01 01 00 00 00 03 e9\n",
        "|   debug tvsPhoneDecodeMsg -\n",
        "|   debug Decoded Phone Msg:\n",
        "|   debug     Protocol Discriminator: 57\n",
        "|   debug     MsgType               : TVS_MSG_CERT_VERIFICATION_REQ\n",
        "|   debug     Session Id            : 0\n",
        "|   debug 1:UNKNOWN:TVS CORE: Rcvd Event: TVS_EV_CERT_VERIF_REQ in State: "
        "TVS_STATE_AWAIT_REQ\n",
        "|-->CDefaultCertificateReader::GetIssuerName\n",
        "|   CDefaultCertificateReader::GetIssuerName got issuer name\n",
        "|   debug tvsGetIssuerNameFromX509 - issuerName : CN=ao115pub;OU=TAC;O=Cisco Systems;"
        "L=Boxborough;ST=MA;C=US and Length: 58\n",
        "|   debug tvsGetSerialNumberFromX509 - serialNumber : F2010203 and Length: 4\n",
        "|   debug CertificateDBCache::getCertificateInformation - Looking up the certificate "
        "cache "
        "using Unique MAP ID : F2010203CN=ao115pub;",
        "|   debug CertificateDBCache::getCertificateInformation - Certificate compare return =0\n",
        "|   debug CertificateDBCache::getCertificateInformation - Certificate found and equal\n",
        "|   debug CertificateDBCache::getCertificateInformation - Found entry {rolecount : 2}\n",
        "|   debug CertificateDBCache::getCertificateInformation - {role : 0}\n",
        "|   debug CertificateDBCache::getCertificateInformation - {role : 2}\n",
        "|   debug 1:UNKNOWN:Sending CERT_VERIF_RES msg\n",
        "|   debug     MsgType               : TVS_MSG_CERT_VERIFICATION_RES\n",
        "|   debug     Length                : 16\n",
        "|   debug 57 01 02 00 00 00 03 e9\n",
        "|   debug ipAddrStr (Phone) 127.0.0.1",
    };
    AUTO_LAB lab;
    AUTO_BUF kept = BUF_INIT(TVS_FRAME_MAX), log = BUF_INIT(LAB_LOG_MAX);
    struct tvs_message m;
    lab_open(&lab, 1, "");
    one_request(&lab, lab.callmanager, &m, &kept);
    lab_read_log(&lab, &log);
    const char *at = buf_str(&log);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const char *found = strstr(at, lines[i]);
        ck_assert_msg(found != NULL, "not there, or not here: %s", lines[i]);
        at = found;
    }
}
END_TEST

START_TEST(a_certificate_that_is_not_there_reads_as_in_cucm) {
    AUTO_LAB lab;
    AUTO_BUF kept = BUF_INIT(TVS_FRAME_MAX);
    struct tvs_message m;
    lab_open(&lab, 1, "");
    one_request(&lab, lab.stranger, &m, &kept);
    ck_assert_int_eq(lab_logged(&lab, "debug getCertificateInformation(cert) : certificate not "
                                      "found\n"),
                     1);
    ck_assert_int_eq(lab_logged(&lab, "ERROR:CertificateCTLCache::getCertificateInformation - "
                                      "Cannot find the certificate in the cache\n"),
                     1);
    ck_assert_uint_eq(kept.len, TVS_HEADER_LEN + 4);
}
END_TEST

START_TEST(each_message_is_one_event) {
    AUTO_LAB lab;
    AUTO_BUF kept = BUF_INIT(TVS_FRAME_MAX), events = BUF_INIT(65536);
    struct tvs_message m;
    struct err e = {0};
    lab_open(&lab, 1, "");
    AUTO(char) path = path_join(lab.dir, "events.ndjson");
    ck_assert_ok(events_open(path, "tvs", &e), e);
    one_request(&lab, lab.capf, &m, &kept);
    events_close();
    ck_assert_ok(file_read(path, &events, &e), e);
    ck_assert_ptr_nonnull(strstr(buf_str(&events), "\"from\":\"SEPB000B4BA0AEE\",\"to\":\"tvs\","
                                                   "\"what\":\"CERT_VERIFICATION_REQ\""));
    ck_assert_ptr_nonnull(strstr(buf_str(&events), "\"from\":\"tvs\",\"to\":\"SEPB000B4BA0AEE\","
                                                   "\"what\":\"CERT_VERIFICATION_RES\","
                                                   "\"detail\":\"status 0, roles 4, ttl 86400\""));
}
END_TEST

/* ---- Configuration ---- */

static const struct {
    const char *yaml;
    enum err_code code;
} refused[] = {
    {"store: [{certificate: nowhere.pem, roles: capf}]\n", ERR_SYS_IO},
    {"store: [{certificate: /dev/null, roles: capf}]\n", ERR_X509_PARSE},
    {"store: [{certificate: %s/tvs.pem, roles: capff}]\n", ERR_CONFIG_BAD_VALUE},
    {"faults: [{at: tvs.query, do: roles nobody}]\n", ERR_CONFIG_BAD_VALUE},
    {"certificate: %s/callmanager.pem\nkey: %s/tvs.pem\n", ERR_TLS_CONFIG},
};

static void load_alone(struct lab *lab, const char *yaml) {
    static const struct fault_tables *const tables[] = {&tvs_faults, NULL};
    struct cfg_mistakes *m = cfg_mistakes_new();
    AUTO_BUF text = BUF_INIT(4096);
    if (strstr(yaml, "key:") == NULL)
        buf_printf(&text, "certificate: %s/tvs.pem\nkey: %s/tvs.key\n", lab->dir, lab->dir);
    buf_printf(&text, "listen: 127.0.0.1:0\n");
    for (const char *at = yaml; *at != '\0'; at++) {
        if (at[0] == '%' && at[1] == 's')
            buf_put_str(&text, lab->dir);
        else if (at == yaml || at[-1] != '%')
            buf_put_u8(&text, (uint8_t)*at);
    }
    cfg_doc_free(lab->doc);
    fault_set_free(lab->faults);
    lab->config = (struct tvs_config){0};
    lab->doc = cfg_load_text("tvs.yaml", buf_view(&text), tvs_fields, &lab->config, m);
    ck_assert_msg(lab->doc != NULL, "%s", cfg_mistake_text(m, 0));
    lab->faults = fault_set_new(&lab->config.faults, lab->doc, tables, m);
    cfg_mistakes_free(m);
}

START_TEST(what_cannot_be_served_is_said_at_the_start) {
    AUTO_LAB lab;
    lab_open(&lab, 1, "");
    tvs_server_free(TAKE(lab.server));
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct err e = {0};
        load_alone(&lab, refused[i].yaml);
        ck_assert_ptr_null(tvs_server_new(lab.loop, &lab.config, lab.faults, &e));
        ck_assert_msg(e.code == refused[i].code, "%s: %s: %s", refused[i].yaml, err_name(e.code),
                      e.text);
    }
}
END_TEST

TEST_MAIN("tvs", a_request_may_come_octet_by_octet, requests_may_come_all_at_once,
          nonsense_ends_the_connection, a_request_that_never_ends_is_cut_off,
          a_client_without_handshake_is_cut_off, connections_are_limited,
          a_client_that_never_reads_is_not_served_for_ever,
          a_certificate_that_is_made_anew_is_known, a_folder_is_a_store_too,
          the_trace_reads_as_cucms, a_certificate_that_is_not_there_reads_as_in_cucm,
          each_message_is_one_event, what_cannot_be_served_is_said_at_the_start)
