/* Headers of new lists and signed files, and their signatures (itl-format.md 10). */
#include "itl/itl_maker.h"

#include "base/x509.h"
#include "itl/itl_fields.h"

#include <openssl/evp.h>
#include <string.h>

enum { PADDED_TO = 4 };

void itl_maker_free(struct itl_maker *m) {
    buf_free(&m->signer_name);
    buf_free(&m->issuer_name);
    buf_free(&m->serial);
    buf_free(&m->file_name);
}

static int check_signer(struct itl_maker *m, enum itl_digest digest, struct err *e) {
    if (m->signer == NULL || m->key == NULL || !x509_has_key(m->signer, m->key))
        return err_set(e, ERR_ITL_PLAN, "the signer's certificate is not for the signer's key");
    if (EVP_PKEY_get_base_id(m->key) != EVP_PKEY_RSA)
        return err_set(e, ERR_ITL_PLAN, "only RSA keys sign; the signer's is none");
    int index = itl_modulus_index((size_t)EVP_PKEY_get_size(m->key));
    if (index < 0)
        return err_set(e, ERR_ITL_PLAN,
                       "an RSA key of %d bits: SIGNATUREMODULUS can only tell 512, 1024, 2048 and "
                       "4096",
                       EVP_PKEY_get_bits(m->key));
    if (digest != ITL_DIGEST_SHA1 && digest != ITL_DIGEST_SHA512)
        return err_set(e, ERR_ITL_PLAN, "signatures are with SHA-1 or SHA-512");
    m->modulus = (uint8_t)index;
    m->digest = (uint8_t)digest;
    return 0;
}

static void put_big_endian(uint8_t *out, size_t len, uint32_t number) {
    for (size_t i = len; i > 0; i--, number >>= 8)
        out[i - 1] = (uint8_t)number;
}

static int put_text_name(const X509_NAME *name, enum itl_layout layout, struct buf *out,
                         struct err *e) {
    if (itl_put_name(name, layout, out, e) != 0)
        return -1;
    return buf_put_u8(out, 0) == 0 ? 0 : err_set(e, ERR_ITL_PLAN, "the signer's name is too long");
}

static int fill_texts(struct itl_maker *m, const struct itl_header_plan *plan, struct err *e) {
    struct buf *texts[] = {&m->signer_name, &m->issuer_name, &m->serial, &m->file_name};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        *texts[i] = (struct buf)BUF_INIT(ITL_NAME_MAX);
    if (put_text_name(X509_get_subject_name(m->signer), plan->layout, &m->signer_name, e) != 0 ||
        put_text_name(X509_get_issuer_name(m->signer), plan->layout, &m->issuer_name, e) != 0)
        return -1;
    itl_put_serial(m->signer, plan->layout, &m->serial);
    buf_put(&m->file_name, plan->file_name, strlen(plan->file_name) + 1);
    return m->serial.failed || m->file_name.failed
               ? err_set(e, ERR_ITL_PLAN, "file name or serial number is too long")
               : 0;
}

static void add(struct itl_header *h, unsigned tag, unsigned depth, struct bytes value) {
    h->fields[h->field_count++] =
        (struct itl_field){.tag = (uint8_t)tag, .depth = (uint8_t)depth, .value = value};
}

static void add_signer_id(struct itl_maker *m, enum itl_layout layout) {
    struct itl_header *h = &m->header;
    add(h, ITL_HEADER_SIGNERID, 0, bytes_of(NULL, 0));
    add(h, ITL_HEADER_SIGNERNAME, 1, buf_view(&m->signer_name));
    if (layout == ITL_LAYOUT_TLVFILE)
        add(h, ITL_HEADER_CANAME, 1, buf_view(&m->issuer_name));
    add(h, ITL_HEADER_SERIALNUMBER, 1, buf_view(&m->serial));
    if (layout == ITL_LAYOUT_CUCM)
        add(h, ITL_HEADER_CANAME, 1, buf_view(&m->issuer_name));
}

static void add_fields(struct itl_maker *m, const struct itl_header_plan *plan) {
    struct itl_header *h = &m->header;
    add(h, ITL_HEADER_VERSION, 0, bytes_of(m->version, sizeof m->version));
    add(h, ITL_HEADER_HEADERLENGTH, 0, bytes_of(m->length, sizeof m->length));
    if (plan->signer_version != 0)
        add(h, ITL_HEADER_SIGNERVERSION, 0, bytes_of(m->signer_version, sizeof m->signer_version));
    add_signer_id(m, plan->layout);
    add(h, ITL_HEADER_SIGNATUREINFO, 0, bytes_of(NULL, 0));
    add(h, ITL_HEADER_DIGESTALGORITHM, 1, bytes_of(&m->digest, 1));
    add(h, ITL_HEADER_SIGNATUREALGOINFO, 1, bytes_of(NULL, 0));
    add(h, ITL_HEADER_SIGNATUREALGORITHM, 2, bytes_of(&m->algorithm, 1));
    add(h, ITL_HEADER_SIGNATUREMODULUS, 2, bytes_of(&m->modulus, 1));
    add(h, ITL_HEADER_SIGNATURE, 0, bytes_of(m->signature, itl_modulus_octets(m->modulus)));
    add(h, ITL_HEADER_FILENAME, 0, buf_view(&m->file_name));
    add(h, ITL_HEADER_TIMESTAMP, 0, bytes_of(m->timestamp, sizeof m->timestamp));
}

int itl_maker_header(struct itl_maker *m, const struct itl_header_plan *plan, struct err *e) {
    enum itl_digest digest = plan->digest == 0 ? ITL_DIGEST_SHA1 : plan->digest;
    if (check_signer(m, digest, e) != 0 || fill_texts(m, plan, e) != 0)
        return -1;
    m->version[0] = plan->major;
    m->version[1] = plan->minor;
    m->algorithm = ITL_SIGNATURE_RSA;
    put_big_endian(m->signer_version, sizeof m->signer_version, plan->signer_version);
    put_big_endian(m->timestamp, sizeof m->timestamp, plan->timestamp);
    m->header = (struct itl_header){0};
    add_fields(m, plan);
    size_t over = itl_header_size(&m->header) % PADDED_TO;
    m->header.padding = (uint8_t)(over == 0 ? 0 : PADDED_TO - over);
    if (itl_header_size(&m->header) > UINT16_MAX)
        return err_set(e, ERR_ITL_PLAN, "the header is too long");
    return 0;
}

static int sign(struct itl_maker *m, struct bytes head, struct bytes body, struct err *e) {
    AUTO(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    const EVP_MD *md = EVP_get_digestbyname(itl_digest_openssl(m->digest));
    size_t len = itl_modulus_octets(m->modulus);
    if (ctx == NULL || EVP_DigestSignInit(ctx, NULL, md, NULL, m->key) != 1 ||
        EVP_DigestSignUpdate(ctx, head.data, head.len) != 1 ||
        EVP_DigestSignUpdate(ctx, body.data, body.len) != 1 ||
        EVP_DigestSignFinal(ctx, m->signature, &len) != 1)
        return err_openssl(e, ERR_ITL_PLAN, "the signer's key does not sign");
    return 0;
}

int itl_maker_sign(struct itl_maker *m, struct bytes body, struct buf *out, struct err *e) {
    AUTO_BUF head = BUF_INIT(UINT16_MAX);
    itl_header_put(&m->header, false, &head);
    if (head.failed || sign(m, buf_view(&head), body, e) != 0)
        return head.failed ? err_set(e, ERR_SYS_LIMIT, NULL) : -1;
    buf_reset(&head);
    itl_header_put(&m->header, true, &head);
    if (head.failed || out->failed || head.len + body.len > out->max - out->len)
        return err_set(e, ERR_SYS_LIMIT, "no room for %zu bytes", head.len + body.len);
    buf_put_bytes(out, buf_view(&head));
    return buf_put_bytes(out, body) == 0 ? 0 : err_set(e, ERR_SYS_NOMEM, NULL);
}
