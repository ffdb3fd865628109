/* Reaches phone_new, phone_free, phone_on_connected, phone_on_message, phone_on_timer, phone_end,
 * phone_send, phone_step_authenticate, phone_step_key_gen, phone_answer_key, phone_step_sign,
 * phone_step_store, phone_step_fetch, phone_step_delete, phone_step_end, phone_step_status,
 * phone_step_abort, phone_step_aborted, phone_step_retry_later, identity_store, identity_delete,
 * auth_request_sign, auth_put_certificate, auth_sudi_write and phone_result. Input: one octet with
 * what kind of phone it is, then what CAPF sends: each frame as its type, the length of its body in
 * two octets, and the body; type 255: the phone's timer ends, type 254: a frame of another session.
 * Floor: 300/s. */
#include "base/owned.h"
#include "base/random.h"
#include "fuzz/fuzz.h"
#include "mocks/phone/phone_impl.h"
#include <event2/buffer.h>
#include <string.h>

#define LAB "impl/capf/testdata/lab/"
enum { SESSION = 42, FRAMES_MAX = 64, TYPE_OTHER_SESSION = 254, TYPE_TIMER = 255, KEY_BITS = 2048 };

static char name[] = "SEP74A02FC0A675", host[] = "capf.michamen.com", string[] = "730184529";
static char key_file[] = LAB "phone.key", nowhere[] = "";

struct run {
    struct phone *phone;
    struct bufferevent *capf; /* the other end of its stream */
    bool done;
};

static struct phone_config config_of(uint8_t settings) {
    static const int modes[] = {CAPF_AUTH_TYPE_STRING, CAPF_AUTH_TYPE_NULL_STRING,
                                CAPF_AUTH_TYPE_LSC, CAPF_AUTH_TYPE_MIC};
    static const int versions[] = {1, 2, 3, 3};
    return (struct phone_config){.name = name,
                                 .model = nowhere,
                                 .capf = {.host = host, .port = 3804},
                                 .authentication = {.mode = modes[settings % 4], .string = string},
                                 .key_file = key_file,
                                 .version = versions[settings / 4 % 4],
                                 .keys = {settings / 16 % 2 == 0, true},
                                 .sudi = settings / 32 % 2 != 0,
                                 .sign = settings / 64 % 2 == 0,
                                 .dump = settings / 4 % 4 == 3,
                                 .progress = 2,
                                 .key_generation_us = 1000000,
                                 .timeout_us = 60000000};
}

static struct identity *read_mic(void) {
    static struct identity mic; /* read once, it lives as long as the process */
    struct err e = {0};
    if (mic.certificate != NULL)
        return &mic;
    mic.certificate = x509_read_file(LAB "mic.pem", &e);
    mic.key = key_read_file(LAB "mic.key", &e);
    FUZZ_CHECK(identity_present(&mic));
    return &mic;
}

static void give(struct identity *to) {
    *to = *read_mic();
    X509_up_ref(to->certificate);
    EVP_PKEY_up_ref(to->key);
}

/* The LSC of before is the MIC's pair, as any will do; both in memory only, since an LSC may be
 * deleted. */
static void give_certificates(struct phone *p, bool lsc) {
    give(&p->mic);
    if (lsc)
        give(&p->lsc);
}

static void on_done(struct phone *phone, void *user) {
    struct run *r = user;
    json_t *result = phone_result(phone);
    FUZZ_CHECK(result != NULL && !r->done);
    json_decref(result);
    r->done = true;
}

static bool takes_more(const struct run *r) {
    enum phone_state state = r->phone->state;
    return !r->done && !r->phone->closing && state != PHONE_STATE_IDLE &&
           state != PHONE_STATE_ENDED;
}

/* ---- what the phone says ---- */

static void check_frame(struct bytes frame, uint32_t session) {
    struct capf_message m;
    struct err e = {0};
    FUZZ_CHECK_OK(capf_message_parse(frame, &m, &e), e);
    FUZZ_CHECK(m.session_id == session && capf_message_sender(m.type) != CAPF_FROM_SERVER);
}

static void listen_to_phone(struct run *r, struct event_base *loop, uint32_t session) {
    struct evbuffer *in = bufferevent_get_input(r->capf);
    size_t need = 0;
    struct err e = {0};
    event_base_loop(loop, EVLOOP_NONBLOCK);
    size_t len = evbuffer_get_length(in);
    AUTO(char) copy = malloc(len + 1);
    FUZZ_CHECK(copy != NULL && evbuffer_remove(in, copy, len) == (int)len);
    for (struct bytes rest = bytes_of(copy, len); rest.len > 0;
         rest = bytes_of(rest.data + need, rest.len - need)) {
        FUZZ_CHECK_OK(capf_frame_length(rest, &need, &e), e);
        FUZZ_CHECK(need <= rest.len);
        check_frame(bytes_of(rest.data, need), session);
    }
}

/* A phone has an LSC only for a key that it made for it. */
static void check_phone(const struct phone *p) {
    FUZZ_CHECK(!p->stored || (p->fresh_key != NULL && identity_present(&p->lsc)));
    if (p->stored)
        FUZZ_CHECK(x509_has_key(p->lsc.certificate, p->fresh_key));
}

/* ---- what CAPF says ---- */

/* Other keys than the one in the file would have to be made, which takes as long as all the rest.
 */
static void spare_the_making(struct capf_message *m) {
    bool ec = m->key_type.present && m->key_type.number == CAPF_KEY_TYPE_EC;
    if (m->type == CAPF_MSG_KEY_GEN_REQ && !ec && m->key_size.number != KEY_BITS)
        m->key_size.number = m->key_size.number % 2 == 0 ? KEY_BITS : 0;
}

static void send_frame(struct run *r, uint8_t type, struct bytes body) {
    AUTO_BUF frame = BUF_INIT(CAPF_FRAME_MAX);
    bool other = type == TYPE_OTHER_SESSION;
    struct capf_message m;
    struct err e = {0};
    buf_put_u8(&frame, CAPF_DISCRIMINATOR);
    buf_put_u8(&frame, other ? CAPF_MSG_STATUS_REQUEST : type);
    buf_put_u32(&frame, other ? SESSION + 1 : SESSION);
    buf_put_u16(&frame, (uint16_t)body.len);
    buf_put_bytes(&frame, body);
    if (capf_message_parse(buf_view(&frame), &m, &e) != 0)
        return; /* the stream ends the session without the state machine */
    spare_the_making(&m);
    phone_on_message(r->phone, &m);
}

static bool next_frame(struct run *r, struct cursor *input) {
    uint8_t type = 0;
    uint16_t len = 0;
    struct bytes body = {0};
    if (!cursor_u8(input, &type))
        return false;
    if (type == TYPE_TIMER) {
        phone_on_timer(r->phone);
        return true;
    }
    cursor_u16(input, &len);
    size_t left = cursor_left(input);
    cursor_bytes(input, len < left ? len : left, &body);
    send_frame(r, type, body);
    return true;
}

/* ---- the run ---- */

static void connect_phone(struct run *r, struct event_base *loop, int mode) {
    struct bufferevent *pair[2];
    FUZZ_CHECK(bufferevent_pair_new(loop, 0, pair) == 0);
    r->capf = pair[0];
    bufferevent_enable(r->capf, EV_READ | EV_WRITE);
    bufferevent_enable(pair[1], EV_WRITE);
    r->phone->stream = pair[1];
    r->phone->done = on_done;
    r->phone->user = r;
    r->phone->mode = mode;
    r->phone->plan = (struct capf_decision){.action = CAPF_GO, .prove = mode};
    r->phone->rounds = 1;
    phone_on_connected(r->phone);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct event_base *loop; /* as long as the process */
    if (loop == NULL)
        loop = event_base_new();
    struct cursor input = cursor_of(bytes_of(data, size));
    uint8_t settings = 0;
    struct run r = {0};
    struct err e = {0};
    cursor_u8(&input, &settings);
    random_seed("capf_phone_fuzz");
    struct phone_config config = config_of(settings);
    struct phone_shared shared = {.loop = loop};
    r.phone = phone_new(&shared, &config, &e);
    if (r.phone == NULL)
        fprintf(stderr, "%s\n", e.text);
    FUZZ_CHECK(r.phone != NULL);
    give_certificates(r.phone, settings >= 128);
    connect_phone(&r, loop, config.authentication.mode);
    for (int i = 0; i < FRAMES_MAX && takes_more(&r) && next_frame(&r, &input); i++) {
        listen_to_phone(&r, loop, r.phone->session_id);
        check_phone(r.phone);
    }
    phone_free(r.phone);
    bufferevent_free(r.capf);
    event_base_loop(loop, EVLOOP_NONBLOCK);
    return 0;
}
