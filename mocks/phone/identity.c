/* The phone's certificates and keys. A pair on disk is never half old and half new: the new key
 * waits beside the old one until the certificate that belongs to it is in place. */
#include "mocks/phone/identity.h"
#include "base/file.h"
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { PEM_MAX = 64 * 1024 };

void identity_free(struct identity *i) {
    X509_free(i->certificate);
    EVP_PKEY_free(i->key);
    *i = (struct identity){0};
}

bool identity_present(const struct identity *i) {
    return i->certificate != NULL && i->key != NULL;
}

static char *waiting_path(const struct phone_files *files) {
    char *path = NULL;
    return asprintf(&path, "%s.new", files->key) < 0 ? NULL : path;
}

static int out_of_memory(struct err *e) {
    return err_set(e, ERR_SYS_NOMEM, NULL);
}

/* When the certificate is new but its key still waits, puts the key in place. */
static EVP_PKEY *read_key(const struct phone_files *files, const X509 *certificate, struct err *e) {
    AUTO(char) waiting = waiting_path(files);
    AUTO(EVP_PKEY) fresh = NULL;
    if (waiting != NULL && file_exists(waiting))
        fresh = key_read_file(waiting, NULL);
    if (fresh != NULL && x509_has_key(certificate, fresh) && rename(waiting, files->key) == 0)
        return TAKE(fresh);
    AUTO(EVP_PKEY) key = key_read_file(files->key, e);
    if (key == NULL || x509_has_key(certificate, key))
        return TAKE(key);
    err_set(e, ERR_X509_KEY_MISMATCH, "%s: not the key of %s", files->key, files->certificate);
    return NULL;
}

int identity_load(struct identity *i, const struct phone_files *files, struct err *e) {
    *i = (struct identity){0};
    if (files->certificate == NULL || files->key == NULL || !file_exists(files->certificate))
        return 0;
    i->certificate = x509_read_file(files->certificate, e);
    if (i->certificate != NULL)
        i->key = read_key(files, i->certificate, e);
    if (identity_present(i))
        return 0;
    identity_free(i);
    return -1;
}

static int write_certificate(const char *path, const X509 *certificate, struct err *e) {
    AUTO_BUF pem = BUF_INIT(PEM_MAX);
    if (x509_put_pem(certificate, &pem, e) != 0)
        return -1;
    return file_write(path, buf_view(&pem), 0644, e);
}

static int write_pair(const struct phone_files *files, const X509 *certificate, EVP_PKEY *key,
                      struct err *e) {
    AUTO(char) waiting = waiting_path(files);
    if (waiting == NULL)
        return out_of_memory(e);
    if (key_write_file(waiting, key, e) != 0 ||
        write_certificate(files->certificate, certificate, e) != 0)
        return -1;
    if (rename(waiting, files->key) != 0)
        return err_errno(e, "%s", files->key);
    return 0;
}

int identity_store(struct identity *i, X509 *certificate, EVP_PKEY *key,
                   const struct phone_files *files, struct err *e) {
    struct identity fresh = {certificate, key};
    bool configured = files->certificate != NULL && files->key != NULL;
    if (configured && write_pair(files, certificate, key, e) != 0) {
        identity_free(&fresh);
        return -1;
    }
    identity_free(i);
    *i = fresh;
    return 0;
}

static int remove_file(const char *path, struct err *e) {
    if (path == NULL || unlink(path) == 0 || errno == ENOENT)
        return 0;
    return err_errno(e, "%s", path);
}

int identity_delete(struct identity *i, const struct phone_files *files, struct err *e) {
    if (remove_file(files->certificate, e) != 0 || remove_file(files->key, e) != 0)
        return -1;
    identity_free(i);
    return 0;
}

static bool fits(EVP_PKEY *key, enum key_kind kind, unsigned bits) {
    int id = kind == KEY_RSA ? EVP_PKEY_RSA : EVP_PKEY_EC;
    return EVP_PKEY_get_base_id(key) == id && EVP_PKEY_get_bits(key) == (int)bits;
}

static EVP_PKEY *given_key(const struct phone_config *c, struct err *e) {
    if (c->ready_key == NULL)
        return key_read_file(c->key_file, e);
    EVP_PKEY_up_ref(c->ready_key);
    return c->ready_key;
}

EVP_PKEY *identity_new_key(const struct phone_config *c, enum key_kind kind, unsigned bits,
                           struct err *e) {
    if (c->ready_key == NULL && c->key_file == NULL)
        return key_generate(kind, bits, e);
    AUTO(EVP_PKEY) given = given_key(c, e);
    if (given == NULL || fits(given, kind, bits))
        return TAKE(given);
    return key_generate(kind, bits, e);
}
