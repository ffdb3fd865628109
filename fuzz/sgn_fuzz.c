/* Reaches sgn_parse, sgn_verify, sgn_verify_by and sgn_sign; itl_key.h says who signs. Input: a
 * signed file. What parses is written as the same bytes. The last byte of its timestamp may ask for
 * more: who signed it, by OpenSSL, too (0), that its payload is signed and verified (1).
 * Floor: 20000/s. */
#include "fuzz/itl_key.h"
#include "fuzz/itl_mutate.h"
#include "itl/sgn.h"

static void check_round_trip(const struct sgn *s) {
    AUTO_BUF written = BUF_INIT(SGN_MAX);
    itl_header_put(&s->header, true, &written);
    FUZZ_CHECK(written.len == s->header.length && itl_header_size(&s->header) == written.len);
    buf_put_bytes(&written, s->payload);
    FUZZ_CHECK(bytes_equal(buf_view(&written), s->file));
}

static void check_signature(const struct sgn *s) {
    const struct itl_record *record = NULL;
    struct err e = {0};
    bool verified = sgn_verify(s, itl_key()->trusted, &record, &e) == 0;
    FUZZ_CHECK(!verified || (record->role == ITL_ROLE_TFTP &&
                             itl_key_signed(itl_key()->signer, &s->header, s->file)));
    FUZZ_CHECK(verified || e.code == ERR_ITL_SIGNATURE || e.code == ERR_ITL_SIGNER_UNKNOWN);
    FUZZ_CHECK(sgn_verify_by(s, itl_key()->signer, &e) == 0 || !verified);
}

static void check_signed(struct bytes payload) {
    AUTO_BUF out = BUF_INIT(SGN_MAX + ITL_MAX);
    const struct sgn_plan plan = {
        .layout = payload.len % 2 == 0 ? ITL_LAYOUT_CUCM : ITL_LAYOUT_TLVFILE,
        .file_name = "SEP001122334455.cnf.xml.sgn",
        .timestamp = 1,
        .signer = itl_key()->signer,
        .signer_key = itl_key()->key,
    };
    struct sgn back;
    struct err e = {0};
    FUZZ_CHECK_OK(sgn_sign(&plan, payload, &out, &e), e);
    FUZZ_CHECK_OK(sgn_parse(buf_view(&out), &back, &e), e);
    FUZZ_CHECK(bytes_equal(back.payload, payload));
    FUZZ_CHECK_OK(sgn_verify_by(&back, itl_key()->signer, &e), e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct sgn s;
    struct err e = {0};
    if (sgn_parse(bytes_of(data, size), &s, &e) != 0) {
        FUZZ_CHECK(e.code == ERR_ITL_HEADER || e.code == ERR_ITL_ALGORITHM ||
                   e.code == ERR_ITL_VERSION || e.code == ERR_ITL_TOO_LARGE);
        return 0;
    }
    check_round_trip(&s);
    unsigned wanted = itl_asks(&s.header, s.file);
    if (wanted == 0)
        check_signature(&s);
    else if (wanted == 1)
        check_signed(s.payload);
    return 0;
}

/* --- mutating --- */

static size_t mutate_file(uint8_t *data, size_t size, size_t max, unsigned seed) {
    static struct mutation m;
    AUTO_BUF out = BUF_INIT(MUTATE_FILE_MAX);
    struct err e = {0};
    struct sgn s;
    m.seed = seed;
    if (sgn_parse(bytes_of(data, size), &s, &e) != 0)
        return LLVMFuzzerMutate(data, size, max);
    uint32_t offset = s.header.fields[mutate_pick(&m, s.header.field_count)].offset;
    bool lies = mutate_pick(&m, 4) == 0;
    if (!lies)
        mutate_header(&m, &s.header);
    itl_header_put(&s.header, true, &out);
    buf_put_bytes(&out, s.payload);
    if (lies)
        mutate_lie(&m, out.data, offset + (offset == 5 ? 2 : 0));
    if (out.failed || out.len > max)
        return LLVMFuzzerMutate(data, size, max);
    memcpy(data, out.data, out.len);
    return out.len;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed) {
    return seed % 2 == 0 ? LLVMFuzzerMutate(data, size, max)
                         : mutate_file(data, size, max, seed / 2);
}
