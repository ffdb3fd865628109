/* Verify-and-show of a trust list. The bare side does with OpenSSL what the text needs, no more: it
 * was told beforehand where in the list everything stands. */
#include "base/owned.h"
#include "bench/inside.h"
#include "itl/itl.h"
#include "itl/show.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>

enum { TEXT_MAX = 1024 * 1024, FIELD_HEAD = 3 };

struct itl_state {
    struct buf file;
    struct itl *list; /* where everything is */
    const struct itl_record *signer;
    struct bytes head, tail; /* around the signature */
    const EVP_MD *md;        /* of the signature */
};

static int ours(void *user, size_t index, struct err *e) {
    const struct itl_state *s = user;
    (void)index;
    AUTO(ITL) list = itl_parse(buf_view(&s->file), e);
    AUTO_BUF text = BUF_INIT(TEXT_MAX);
    return list == NULL ? -1 : itl_show(list, &text, e);
}

static int bare_digest(struct bytes of, const EVP_MD *md) {
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    return EVP_Digest(of.data, of.len, hash, &len, md, NULL) == 1 ? 0 : -1;
}

static int bare_verify(const struct itl_state *s) {
    const unsigned char *at = s->signer->certificate.data;
    struct bytes signature = s->list->header.signature;
    AUTO(X509) signer = d2i_X509(NULL, &at, (long)s->signer->certificate.len);
    AUTO(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    return signer != NULL && ctx != NULL &&
                   EVP_DigestVerifyInit(ctx, NULL, s->md, NULL, X509_get0_pubkey(signer)) == 1 &&
                   EVP_DigestVerifyUpdate(ctx, s->head.data, s->head.len) == 1 &&
                   EVP_DigestVerifyUpdate(ctx, s->tail.data, s->tail.len) == 1 &&
                   EVP_DigestVerifyFinal(ctx, signature.data, signature.len) == 1
               ? 0
               : -1;
}

static int bare(void *user, size_t index, struct err *e) {
    const struct itl_state *s = user;
    (void)index;
    int done = bare_verify(s);
    done |= bare_digest(buf_view(&s->file), EVP_md5());
    done |= bare_digest(buf_view(&s->file), EVP_sha1());
    for (size_t i = 0; i < s->list->count; i++)
        done |= bare_digest(s->list->records[i].certificate, EVP_sha1());
    return done == 0 ? 0 : err_set(e, ERR_SYS_INTERNAL, "OpenSSL");
}

static void free_state(void *user) {
    struct itl_state *s = user;
    itl_free(s->list);
    buf_free(&s->file);
    free(s);
}

static int look_into(struct itl_state *s, struct err *e) {
    s->list = itl_parse(buf_view(&s->file), e);
    if (s->list == NULL || itl_verify(s->list, s->list, &s->signer, e) != 0)
        return -1;
    const struct itl_header *h = &s->list->header;
    size_t behind = h->signature_at + FIELD_HEAD + h->signature.len;
    s->head = bytes_of(s->file.data, h->signature_at);
    s->tail = bytes_of(s->file.data + behind, s->file.len - behind);
    s->md = EVP_get_digestbyname(itl_digest_openssl(h->digest));
    return s->md == NULL ? err_set(e, ERR_SYS_INTERNAL, "digest") : 0;
}

int inside_itl(const struct bench_options *o, struct inside_work *work, struct err *e) {
    struct itl_state *s = calloc(1, sizeof *s);
    if (s == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    s->file = (struct buf)BUF_INIT(ITL_MAX);
    if (bench_lab_list(o, &s->file, e) != 0 || look_into(s, e) != 0) {
        free_state(s);
        return -1;
    }
    *work = (struct inside_work){.ours = ours, .bare = bare, .free = free_state, .state = s};
    return 0;
}
