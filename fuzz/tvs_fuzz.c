/* Reaches tvs_frame_length, tvs_message_parse, tvs_message_write, tvs_message_summary,
 * tvs_answer_check, and tvs_respond with its store. Input: one octet that chooses the fault, then
 * what a TVS peer sends, in either direction. What parses is written and parsed again: the same
 * message, and the same bytes from then on. A server's yes is for the certificate of its store; a
 * phone takes a yes only with the certificate that it asked for.
 *
 * Floor: 20000/s. */
#include "base/owned.h"
#include "base/x509.h"
#include "fuzz/fuzz.h"
#include "itl/itl.h"
#include "mocks/tvs/responder.h"
#include "mocks/tvs/tvs_answer.h"
#include <string.h>

enum { SUMMARY_MAX = 1 << 18, ACTIONS = TVS_DO_GARBAGE + 1 };

static const char store_file[] = "mocks/tvs/testdata/store.pem";
static const char name[] = "CN=ao115pub;OU=TAC;O=Cisco Systems;L=Boxborough;ST=MA;C=US";

static struct tvs_responder responder;
static X509 *certificate; /* the store's */
static struct buf der = BUF_INIT(TVS_BODY_MAX);

static void set_up(void) {
    static char *role = (char *)(uintptr_t) "sast,ccm+tftp";
    static struct tvs_entry entry = {.path = (char *)(uintptr_t)store_file, .roles = {&role, 1}};
    static struct tvs_config config = {.store = {&entry, 1}};
    struct err e = {0};
    responder.store = tvs_store_new(&config, &e);
    certificate = responder.store != NULL ? x509_read_file(store_file, &e) : NULL;
    if (certificate == NULL)
        fprintf(stderr, "%s (to be run where the sources are)\n", e.text);
    FUZZ_CHECK(certificate != NULL);
    FUZZ_CHECK_OK(x509_put_der(certificate, &der, &e), e);
    responder.own = certificate;
    responder.ttl = 86400;
}

/* ---- Messages ---- */

static bool element_equal(const struct tvs_element *a, const struct tvs_element *b) {
    return a->present == b->present && a->number == b->number && bytes_equal(a->octets, b->octets);
}

static bool message_equal(const struct tvs_message *a, const struct tvs_message *b) {
    bool equal = a->command == b->command && a->id == b->id;
#define X(tag, name, member, encoding, least, most)                                                \
    equal = equal && element_equal(&a->member, &b->member);
    TVS_ELEMENT_TABLE(X)
#undef X
    return equal;
}

static void check_round_trip(const struct tvs_message *m) {
    AUTO_BUF written = BUF_INIT(TVS_FRAME_MAX), again = BUF_INIT(TVS_FRAME_MAX);
    struct tvs_message back;
    struct err e = {0};
    FUZZ_CHECK_OK(tvs_message_write(m, &written, &e), e);
    FUZZ_CHECK_OK(tvs_message_parse(buf_view(&written), &back, &e), e);
    FUZZ_CHECK(message_equal(m, &back));
    FUZZ_CHECK_OK(tvs_message_write(&back, &again, &e), e);
    FUZZ_CHECK(bytes_equal(buf_view(&written), buf_view(&again)));
}

/* ---- The phone ---- */

static void check_answer(const struct tvs_message *answer) {
    const struct tvs_message asked = {.command = TVS_QUERY_CERT_REQ,
                                      .id = TVS_FIRST_ID,
                                      .subject = TVS_OCTETS(bytes_of_str(name)),
                                      .issuer = TVS_OCTETS(bytes_of_str(name)),
                                      .serial = TVS_OCTETS(itl_serial_of(certificate))};
    struct err e = {0};
    if (tvs_answer_check(&asked, answer, &e) != 0) {
        FUZZ_CHECK(e.code == ERR_TVS_ANSWER || e.code == ERR_TVS_MISSING_ELEMENT ||
                   e.code == ERR_TVS_ELEMENT);
        return;
    }
    FUZZ_CHECK(answer->id == TVS_FIRST_ID && answer->command == TVS_QUERY_CERT_RES);
    if (answer->status.number != TVS_STATUS_VALID)
        return;
    AUTO(X509) found = x509_read(answer->certificate.octets, &e);
    FUZZ_CHECK(found != NULL);
    FUZZ_CHECK(itl_serial_equal(itl_serial_of(found), itl_serial_of(certificate)));
}

/* ---- The server ---- */

static bool is_known(const struct tvs_message *request) {
    if (request->command == TVS_CERT_VERIFICATION_REQ)
        return bytes_equal(request->certificate.octets, buf_view(&der));
    return itl_serial_equal(request->serial.octets, itl_serial_of(certificate)) &&
           itl_name_is(request->issuer.octets, X509_get_issuer_name(certificate)) &&
           itl_name_is(request->subject.octets, X509_get_subject_name(certificate));
}

static void check_reply(const struct tvs_message *request, const struct tvs_reply *reply) {
    struct tvs_message answer;
    struct err e = {0};
    FUZZ_CHECK_OK(tvs_message_parse(buf_view(&reply->octets), &answer, &e), e);
    FUZZ_CHECK_OK(tvs_answer_check(request, &answer, &e), e);
    FUZZ_CHECK((answer.status.number == TVS_STATUS_VALID) == is_known(request));
    FUZZ_CHECK(!reply->close && reply->delay_us == 0);
}

static void serve(unsigned action, struct bytes frame, const struct tvs_message *request) {
    static char roles[] = "capf";
    struct fault fault = {.tables = &tvs_faults,
                          .point =
                              request->command == TVS_QUERY_CERT_REQ ? AT_TVS_QUERY : AT_TVS_VERIFY,
                          .action = action,
                          .nth = 1,
                          .times = 1,
                          .value = 30,
                          .text = roles};
    struct fault_set set = {&fault, 1};
    struct tvs_reply reply = TVS_REPLY_INIT;
    const struct tvs_log log = {0};
    struct err e = {0};
    responder.faults = action < ACTIONS ? &set : NULL;
    if (tvs_respond(&responder, &log, frame, &reply, &e) == 0) {
        FUZZ_CHECK(reply.octets.len <= TVS_FRAME_MAX);
        if (responder.faults == NULL)
            check_reply(request, &reply);
    } else {
        FUZZ_CHECK(e.code == ERR_TVS_ELEMENT || e.code == ERR_TVS_FRAME);
    }
    buf_free(&reply.octets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct tvs_message m;
    struct err e = {0};
    size_t need = 0;
    if (size == 0)
        return 0;
    if (certificate == NULL)
        set_up();
    struct bytes frame = bytes_of(data + 1, size - 1);
    if (tvs_frame_length(frame, &need, &e) != 0 || frame.len < need)
        return 0;
    frame.len = need;
    if (tvs_message_parse(frame, &m, &e) != 0)
        return 0;
    AUTO_BUF shown = BUF_INIT(SUMMARY_MAX);
    tvs_message_summary(&m, &shown);
    check_round_trip(&m);
    check_answer(&m);
    serve(data[0], frame, &m);
    return 0;
}
