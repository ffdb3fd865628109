/* capflab capf cert import FILE|FOLDER|ARCHIVE.tgz: certificates from an offline CA, as `utils capf
 * cert import` takes them on CUCM. A certificate is taken only for a request that waits, with the
 * request's key and the device's name. */
#include "base/file.h"
#include "base/owned.h"
#include "base/x509.h"
#include "capf/archive.h"
#include "capf/cli.h"
#include "capf/issuer.h"
#include "capf/judge.h"
#include <string.h>

enum { CERTIFICATE_FILE_MAX = 256 * 1024 };

struct import {
    struct cli *cli;
    int imported, refused;
    X509 *certificate; /* being looked up */
    bool found;
    int64_t id;
    char device[CAPF_DEVICE_NAME_MAX + 1];
};

static bool match_row(void *user, const struct enrolment *x) {
    struct import *i = user;
    struct err ignored = {0};
    AUTO(EVP_PKEY) key = key_read_spki(bytes_of(x->spki, x->spki_len), &ignored);
    if (key == NULL || judge_issued(i->certificate, key, x->device, &ignored) < 0)
        return true;
    i->found = true;
    i->id = x->id;
    memcpy(i->device, x->device, sizeof i->device);
    return false;
}

static int import_certificate(struct import *i, struct err *e) {
    AUTO_BUF der = BUF_INIT(STORE_CERTIFICATE_MAX);
    i->found = false;
    if (x509_put_der(i->certificate, &der, e) < 0 ||
        store_enrolment_each(i->cli->store, ISSUER_OFFLINE_CA, ENROLMENT_REQUESTED, match_row, i,
                             e) < 0)
        return -1;
    if (!i->found)
        return err_set(e, ERR_STORE_NOT_FOUND, "no request waits for this key and name");
    if (store_enrolment_issued(i->cli->store, i->id, buf_view(&der), e) < 0)
        return -1;
    issuer_remove_csr_file(i->cli->config, i->device);
    return 0;
}

/* One bad file does not keep the others out. */
static int import_file(void *user, const char *path, struct err *unused) {
    (void)unused;
    struct import *i = user;
    struct err e = {0};
    AUTO_BUF content = BUF_INIT(CERTIFICATE_FILE_MAX);
    AUTO(X509)
    certificate = file_read(path, &content, &e) < 0 ? NULL : x509_read(buf_view(&content), &e);
    i->certificate = certificate;
    if (certificate == NULL || import_certificate(i, &e) < 0) {
        program_message(i->cli->program, "%s: %s (%s)", path, e.text, err_name(e.code));
        i->refused++;
        return 0;
    }
    fprintf(i->cli->out, "%s: imported\n", i->device);
    i->imported++;
    return 0;
}

static int import_archive(struct import *i, const char *archive, struct err *e) {
    AUTO(char) folder = archive_new_folder(e);
    if (folder == NULL)
        return -1;
    int rc = archive_unpack(archive, folder, e);
    if (rc == 0)
        rc = archive_each_file(folder, import_file, i, e);
    archive_remove_folder(folder);
    return rc;
}

static int verb_import(struct cli *c, int argc, char **argv) {
    struct err e = {0};
    struct import i = {.cli = c};
    if (argc < 2)
        err_set(&e, ERR_ARG_USAGE, "cert import FILE, FOLDER or ARCHIVE.tgz");
    for (int n = 1; n < argc && e.code == ERR_OK; n++) {
        if (archive_is(argv[n]))
            import_archive(&i, argv[n], &e);
        else
            archive_each_file(argv[n], import_file, &i, &e);
    }
    if (e.code != ERR_OK)
        return cli_fail(c, &e);
    fprintf(c->out, "%d imported, %d refused\n", i.imported, i.refused);
    return i.refused == 0 && i.imported > 0 ? EXIT_DONE : EXIT_FAILED;
}

int cli_cert(struct cli *c, int argc, char **argv) {
    static const struct cli_verb verbs[] = {{"import", verb_import}, {NULL, NULL}};
    return cli_dispatch(c, "cert", verbs, argc, argv);
}
