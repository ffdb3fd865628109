/* Reaches capf_frame_length, capf_message_parse, capf_message_write, capf_message_check_session,
 * capf_message_dump, capf_frame_hex_dump and capf_message_summary. Input: what a CAPF peer sends.
 * What parses is written and parsed again: the same message, and the same bytes from then on.
 * Floor: 20000/s. */
#include "capf/wire.h"
#include "fuzz/capf_mutate.h"
#include "fuzz/fuzz.h"

static bool element_equal(const struct capf_element *a, const struct capf_element *b) {
    return a->present == b->present && a->number == b->number && bytes_equal(a->octets, b->octets);
}

static bool message_equal(const struct capf_message *a, const struct capf_message *b) {
    bool equal = a->type == b->type && a->session_id == b->session_id;
#define X(tag, name, member, encoding, repeat)                                                     \
    equal = equal && element_equal(&a->member, &b->member);
    CAPF_ELEMENT_TABLE(X)
#undef X
    return equal;
}

/* Only strings whose NUL the peer left out can make a message longer than it was. */
static bool may_grow_too_long(const struct capf_message *m) {
    return m->length >= CAPF_BODY_MAX - 3;
}

static void check_round_trip(const struct capf_message *m) {
    AUTO_BUF written = BUF_INIT(CAPF_FRAME_MAX), again = BUF_INIT(CAPF_FRAME_MAX);
    struct capf_message back;
    struct err e = {0};
    if (capf_message_write(m, &written, &e) != 0) {
        FUZZ_CHECK(e.code == ERR_CAPF_FRAME && may_grow_too_long(m));
        return;
    }
    FUZZ_CHECK_OK(capf_message_parse(buf_view(&written), &back, &e), e);
    FUZZ_CHECK(message_equal(m, &back));
    FUZZ_CHECK_OK(capf_message_check_session(&back, m->session_id, &e), e);
    FUZZ_CHECK_OK(capf_message_write(&back, &again, &e), e);
    FUZZ_CHECK(bytes_equal(buf_view(&written), buf_view(&again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_BUF shown = BUF_INIT(1 << 20);
    struct bytes frame = bytes_of(data, size);
    struct capf_message m;
    struct err e = {0};
    size_t need = 0;
    capf_frame_hex_dump(frame, &shown);
    if (capf_frame_length(frame, &need, &e) != 0 || size < need)
        return 0;
    frame.len = need;
    if (capf_message_parse(frame, &m, &e) != 0)
        return 0;
    capf_message_dump(&m, &shown);
    capf_message_summary(&m, &shown);
    check_round_trip(&m);
    return 0;
}
