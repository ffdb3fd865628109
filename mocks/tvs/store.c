/* Reads the store's files, and finds certificates in it. Holds each certificate once, however often
 * the configuration names it. */
#include "mocks/tvs/store.h"
#include "base/file.h"
#include "base/x509.h"
#include "itl/itl.h"
#include "mocks/tvs/tvs_wire.h"
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

enum { CERTIFICATES_MAX = 4096, STAMP_MAX = 1024 * 1024, DIGEST_LEN = 32 };

struct held {
    struct tvs_certificate public;
    uint8_t digest[DIGEST_LEN]; /* SHA-256 of the DER */
    struct buf der, roles;
};

/* What the files held at one time. */
struct content {
    struct held *items;
    size_t count;
};

struct tvs_store {
    const struct tvs_config *config;
    struct content content;
    struct buf stamp; /* of all files when they were read */
};

static void content_free(struct content *c) {
    for (size_t i = 0; i < c->count; i++) {
        X509_free(c->items[i].public.certificate);
        buf_free(&c->items[i].der);
        buf_free(&c->items[i].roles);
    }
    free(c->items);
    *c = (struct content){0};
}

static bool digest_of(struct bytes der, uint8_t out[DIGEST_LEN]) {
    return EVP_Digest(der.data, der.len, out, NULL, EVP_sha256(), NULL) == 1;
}

static struct held *find(const struct content *c, struct bytes der) {
    uint8_t digest[DIGEST_LEN];
    if (!digest_of(der, digest))
        return NULL;
    for (size_t i = 0; i < c->count; i++)
        if (memcmp(c->items[i].digest, digest, sizeof digest) == 0)
            return &c->items[i];
    return NULL;
}

/* ---- Reading ---- */

static int add_roles(struct held *h, const struct cfg_strings *words, struct err *e) {
    AUTO_BUF roles = BUF_INIT(TVS_ROLES_MAX);
    for (size_t i = 0; i < words->count; i++)
        if (tvs_roles_read(words->items[i], &roles, e) != 0)
            return -1;
    for (size_t i = 0; i < roles.len; i++)
        if (!tvs_has_role(buf_view(&h->roles), roles.data[i]))
            buf_put_u8(&h->roles, roles.data[i]);
    h->public.roles = buf_view(&h->roles);
    return h->roles.failed ? err_set(e, ERR_SYS_LIMIT, "more roles than an answer can hold") : 0;
}

static struct held *append(struct content *c, struct err *e) {
    if (c->count == CERTIFICATES_MAX) {
        err_set(e, ERR_SYS_LIMIT, "more than %d certificates", CERTIFICATES_MAX);
        return NULL;
    }
    struct held *grown = realloc(c->items, (c->count + 1) * sizeof *grown);
    if (grown == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    c->items = grown;
    struct held *h = &c->items[c->count++];
    *h = (struct held){.der = BUF_INIT(TVS_BODY_MAX), .roles = BUF_INIT(TVS_ROLES_MAX)};
    return h;
}

static int add(struct content *c, X509 *certificate, const struct cfg_strings *roles,
               struct err *e) {
    AUTO_BUF der = BUF_INIT(TVS_BODY_MAX);
    if (x509_put_der(certificate, &der, e) != 0)
        return -1;
    struct held *h = find(c, buf_view(&der));
    if (h != NULL)
        return add_roles(h, roles, e);
    h = append(c, e);
    if (h == NULL)
        return -1;
    X509_up_ref(certificate);
    h->public.certificate = certificate;
    buf_put_bytes(&h->der, buf_view(&der));
    h->public.der = buf_view(&h->der);
    if (!digest_of(h->public.der, h->digest))
        return err_openssl(e, ERR_SYS_NOMEM, "no digest");
    return add_roles(h, roles, e);
}

static int add_file(struct content *c, const char *path, const struct cfg_strings *roles,
                    struct err *e) {
    AUTO(X509_STACK) all = x509_read_all_file(path, e);
    if (all == NULL)
        return -1;
    for (int i = 0; i < sk_X509_num(all); i++)
        if (add(c, sk_X509_value(all, i), roles, e) != 0)
            return err_context(e, "%s", path);
    return 0;
}

/* ---- Which files ---- */

static int is_pem(const struct dirent *entry) {
    size_t len = strlen(entry->d_name);
    return len > 4 && strcmp(entry->d_name + len - 4, ".pem") == 0;
}

typedef int file_fn(void *user, const char *path, const struct cfg_strings *roles, struct err *e);

static int each_in_folder(const struct tvs_entry *entry, file_fn *fn, void *user, struct err *e) {
    struct dirent **names = NULL;
    int count = scandir(entry->path, &names, is_pem, alphasort);
    int rc = count < 0 ? err_errno(e, "%s", entry->path) : 0;
    for (int i = 0; i < count; i++) {
        AUTO(char) path = path_join(entry->path, "%s", names[i]->d_name);
        free(names[i]);
        if (rc == 0)
            rc = path != NULL ? fn(user, path, &entry->roles, e) : err_set(e, ERR_SYS_NOMEM, NULL);
    }
    free(names);
    return rc;
}

static bool is_folder(const char *path) {
    struct stat s;
    return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

static int each_file(const struct tvs_config *config, file_fn *fn, void *user, struct err *e) {
    const struct tvs_entry *entries = config->store.items;
    for (size_t i = 0; i < config->store.count; i++) {
        const struct tvs_entry *entry = &entries[i];
        int rc = is_folder(entry->path) ? each_in_folder(entry, fn, user, e)
                                        : fn(user, entry->path, &entry->roles, e);
        if (rc != 0)
            return -1;
    }
    return 0;
}

static int read_one(void *user, const char *path, const struct cfg_strings *roles, struct err *e) {
    return add_file(user, path, roles, e);
}

static int stamp_one(void *user, const char *path, const struct cfg_strings *roles, struct err *e) {
    struct buf *stamp = user;
    struct stat s;
    (void)roles;
    if (stat(path, &s) != 0)
        return err_errno(e, "%s", path);
    return buf_printf(stamp, "%s %ju %ju %jd %jd.%09ld\n", path, (uintmax_t)s.st_dev,
                      (uintmax_t)s.st_ino, (intmax_t)s.st_size, (intmax_t)s.st_mtim.tv_sec,
                      s.st_mtim.tv_nsec);
}

/* ---- Life ---- */

int tvs_store_refresh(struct tvs_store *s, struct err *e) {
    AUTO_BUF stamp = BUF_INIT(STAMP_MAX);
    struct content content = {0};
    if (each_file(s->config, stamp_one, &stamp, e) != 0)
        return -1;
    if (s->stamp.data != NULL && bytes_equal(buf_view(&stamp), buf_view(&s->stamp)))
        return 0;
    if (each_file(s->config, read_one, &content, e) != 0) {
        content_free(&content);
        return -1;
    }
    content_free(&s->content);
    s->content = content;
    buf_reset(&s->stamp);
    return buf_put_bytes(&s->stamp, buf_view(&stamp));
}

struct tvs_store *tvs_store_new(const struct tvs_config *config, struct err *e) {
    struct tvs_store *s = calloc(1, sizeof *s);
    if (s == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    s->config = config;
    s->stamp = (struct buf)BUF_INIT(STAMP_MAX);
    if (tvs_store_refresh(s, e) == 0)
        return s;
    tvs_store_free(s);
    return NULL;
}

void tvs_store_free(struct tvs_store *s) {
    if (s == NULL)
        return;
    content_free(&s->content);
    buf_free(&s->stamp);
    free(s);
}

size_t tvs_store_count(const struct tvs_store *s) {
    return s->content.count;
}

const struct tvs_certificate *tvs_store_verify(const struct tvs_store *s, struct bytes der) {
    const struct held *h = find(&s->content, der);
    return h != NULL ? &h->public : NULL;
}

const struct tvs_certificate *tvs_store_query(const struct tvs_store *s, struct bytes subject,
                                              struct bytes issuer, struct bytes serial) {
    for (size_t i = 0; i < s->content.count; i++) {
        const struct tvs_certificate *c = &s->content.items[i].public;
        if (itl_serial_equal(serial, itl_serial_of(c->certificate)) &&
            itl_name_is(issuer, X509_get_issuer_name(c->certificate)) &&
            itl_name_is(subject, X509_get_subject_name(c->certificate)))
            return c;
    }
    return NULL;
}
