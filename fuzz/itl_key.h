/* Who signs in the fuzz targets of trust lists: the key and the list of impl/itl/testdata/small, so
 * that a verified input is one that this key has signed. */
#ifndef FUZZ_ITL_KEY_H
#define FUZZ_ITL_KEY_H

#include "base/x509.h"
#include "fuzz/fuzz.h"
#include "itl/itl.h"

struct itl_key {
    struct itl *trusted; /* holds signer as SAST and as TFTP */
    X509 *signer;
    EVP_PKEY *key;
};

/* Read once, never freed. */
static inline const struct itl_key *itl_key(void) {
    static struct itl_key own;
    if (own.trusted == NULL) {
        struct err e = {0};
        own.trusted = itl_read_file("impl/itl/testdata/small/list.tlv", &e);
        own.signer = x509_read_file("impl/itl/testdata/small/signer.pem", &e);
        own.key = key_read_file("impl/itl/testdata/small/signer.key", &e);
        if (own.trusted == NULL || own.signer == NULL || own.key == NULL)
            fprintf(stderr, "%s; run it from the root of the repository\n", e.text);
        FUZZ_CHECK(own.trusted != NULL && own.signer != NULL && own.key != NULL);
    }
    return &own;
}

enum { ITL_ASKS_NOTHING = 255, ITL_ASKS_SELDOM = 16 };

/* Which of the dear checks an input asks for: the last byte of its timestamp, if its bytes add up
 * to a multiple of 16. Most of what libFuzzer makes of such an input then asks for nothing. */
static inline unsigned itl_asks(const struct itl_header *h, struct bytes file) {
    unsigned sum = 0;
    for (size_t i = 0; i < file.len; i++)
        sum += file.data[i];
    return sum % ITL_ASKS_SELDOM == 0 ? h->timestamp & 0xff : ITL_ASKS_NOTHING;
}

/* Whether that signature is the certificate's over file without its SIGNATURE field, asked of
 * OpenSSL with as little of our code as can be. */
static inline bool itl_key_signed(X509 *signer, const struct itl_header *h, struct bytes file) {
    AUTO_BUF covered = BUF_INIT(32 * 1024 * 1024);
    AUTO(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    const EVP_MD *md = h->digest == 1 ? EVP_sha1() : h->digest == 2 ? EVP_sha256() : EVP_sha512();
    size_t behind = h->signature_at + 3 + h->signature.len;
    buf_put(&covered, file.data, h->signature_at);
    buf_put(&covered, file.data + behind, file.len - behind);
    return ctx != NULL &&
           EVP_DigestVerifyInit(ctx, NULL, md, NULL, X509_get0_pubkey(signer)) == 1 &&
           EVP_DigestVerify(ctx, h->signature.data, h->signature.len, covered.data, covered.len) ==
               1;
}

#endif
