/* Reaches b64_decode_any, b64_decode, csr_read, csr_verify, csr_match_key, csr_challenge_password
 * and csr_assemble; b64_encode, b64_armour, csr_put_der and csr_put_pem are what their results are
 * checked with. Input: the body of an EST or certsrv request. Floor: 5000/s. */
#include "base/base64.h"
#include "base/owned.h"
#include "fuzz/fuzz.h"
#include "pki/csr.h"
#include <string.h>

enum { ENCODED_MAX = 4 * 1024 * 1024 };

/* Whatever the bytes are, written as base64 they must read back. Which way is up to their number:
 * all three ways for every input would take most of the time. */
static void check_base64(struct bytes v) {
    static const enum b64_wrap wraps[] = {B64_ONE_LINE, B64_WRAP_64_LF, B64_WRAP_64_CRLF};
    enum b64_wrap wrap = wraps[v.len / 2 % 3];
    AUTO_BUF text = BUF_INIT(ENCODED_MAX);
    AUTO_BUF back = BUF_INIT(ENCODED_MAX);
    AUTO_BUF armoured = BUF_INIT(ENCODED_MAX);
    struct b64_shape shape;
    struct err e;
    FUZZ_CHECK(b64_encode(v, wrap, &text) == 0);
    FUZZ_CHECK_OK(b64_decode(buf_view(&text), &back, &e), e);
    FUZZ_CHECK(bytes_equal(buf_view(&back), v));
    if (v.len == 0)
        return;
    buf_reset(&back);
    FUZZ_CHECK(b64_armour(v, "X", wrap, &armoured) == 0);
    FUZZ_CHECK_OK(b64_decode_any(buf_view(&armoured), &back, &shape, &e), e);
    FUZZ_CHECK(bytes_equal(buf_view(&back), v) && shape.armour && !shape.der);
}

static void check_reads_as(struct bytes written, struct bytes expected) {
    AUTO_BUF der = BUF_INIT(CSR_MAX);
    struct err e;
    AUTO(X509_REQ) request = csr_read(written, NULL, &e);
    if (request == NULL)
        fprintf(stderr, "%s\n", e.text);
    FUZZ_CHECK(request != NULL);
    FUZZ_CHECK_OK(csr_put_der(request, &der, &e), e);
    FUZZ_CHECK(bytes_equal(buf_view(&der), expected));
}

/* What was read and written once does not change any more, as DER or as PEM. */
static void check_written(const X509_REQ *request, bool as_pem) {
    AUTO_BUF der = BUF_INIT(CSR_MAX);
    AUTO_BUF pem = BUF_INIT(2 * CSR_MAX);
    struct err e;
    if (csr_put_der(request, &der, &e) != 0)
        return;
    FUZZ_CHECK_OK(csr_put_pem(request, &pem, &e), e);
    check_reads_as(buf_view(as_pem ? &pem : &der), buf_view(&der));
}

/* A request whose signature is good can be put together from its parts, if the digest is one of
 * those that csr_assemble knows; it verifies what it makes. */
static void check_assembled(X509_REQ *request) {
    const ASN1_BIT_STRING *signature;
    unsigned char *info = NULL;
    int md_nid = NID_undef, key_nid = NID_undef;
    struct err e;
    X509_REQ_get0_signature(request, &signature, NULL);
    if (OBJ_find_sigid_algs(X509_REQ_get_signature_nid(request), &md_nid, &key_nid) != 1 ||
        EVP_get_digestbynid(md_nid) == NULL)
        return;
    int len = i2d_re_X509_REQ_tbs(request, &info);
    FUZZ_CHECK(len > 0);
    EVP_PKEY *key = X509_REQ_get0_pubkey(request);
    AUTO_BUF made = BUF_INIT(CSR_MAX);
    int rc = csr_assemble(bytes_of(info, (size_t)len), key, EVP_get_digestbynid(md_nid),
                          bytes_of(signature->data, (size_t)signature->length), &made, &e);
    OPENSSL_free(info);
    if (rc != 0)
        return;
    AUTO(X509_REQ) again = csr_read(buf_view(&made), NULL, &e);
    FUZZ_CHECK(again != NULL && X509_REQ_get_signature_nid(again) != NID_undef);
}

/* Writing and putting together cost as much as all the rest: some lengths have each. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes body = bytes_of(data, size);
    struct b64_shape shape;
    struct err e = {0};
    if (size % 2 == 0)
        check_base64(body);
    AUTO(X509_REQ) request = csr_read(body, &shape, &e);
    if (request == NULL) {
        FUZZ_CHECK(e.code == ERR_B64_PARSE || e.code == ERR_CSR_PARSE || e.code == ERR_SYS_LIMIT);
        return 0;
    }
    if (size % 8 == 0)
        check_written(request, size % 16 == 0);
    free(csr_challenge_password(request));
    EVP_PKEY *key = X509_REQ_get0_pubkey(request);
    FUZZ_CHECK(key == NULL || csr_match_key(request, key, &e) == 0 ||
               e.code == ERR_CSR_KEY_MISMATCH);
    if (csr_verify(request, &e) != 0)
        FUZZ_CHECK(e.code == ERR_CSR_SIGNATURE || e.code == ERR_KEY_UNSUPPORTED);
    else if (size % 8 == 1)
        check_assembled(request);
    return 0;
}
