/* The folders /tmp/capf/csr and /tmp/capf/cert (capf-service.md 6), kept under the configured root.
 * Device names reach a path only after they passed device_name_ok. */
#include "base/base64.h"
#include "base/file.h"
#include "capf/issuer.h"
#include <stdio.h>
#include <string.h>

static char *format_path(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static char *format_path(const char *fmt, ...) {
    char *path = NULL;
    va_list args;
    va_start(args, fmt);
    int len = vasprintf(&path, fmt, args);
    va_end(args);
    return len < 0 ? NULL : path;
}

char *issuer_shown_path(const char *folder, const char *device, const char *suffix) {
    return format_path("/tmp/capf/%s/%s%s", folder, device, suffix);
}

char *issuer_real_path(const struct capf_config *config, const char *shown) {
    return format_path("%s%s", config->root == NULL ? "" : config->root, shown);
}

/* A CAPF that was killed may have left half a file in it. */
static int make_folder(const struct capf_config *config, const char *shown, struct err *e) {
    AUTO(char) path = issuer_real_path(config, shown);
    if (path == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    file_remove_orphans(path);
    return file_mkdirs(path, e);
}

int issuer_make_folders(const struct capf_config *config, struct err *e) {
    return make_folder(config, "/tmp/capf/csr", e) < 0 ||
                   make_folder(config, "/tmp/capf/cert", e) < 0
               ? -1
               : 0;
}

int issuer_write_csr_file(const struct capf_config *config, const char *device, struct bytes csr,
                          struct err *e) {
    AUTO(char) shown = issuer_shown_path("csr", device, ".csr");
    AUTO(char) path = shown == NULL ? NULL : issuer_real_path(config, shown);
    AUTO_BUF pem = BUF_INIT(4 * STORE_CSR_MAX);
    if (path == NULL || b64_armour(csr, "CERTIFICATE REQUEST", B64_WRAP_64_LF, &pem) < 0)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    return file_write(path, buf_view(&pem), 0644, e);
}

void issuer_remove_csr_file(const struct capf_config *config, const char *device) {
    AUTO(char) shown = issuer_shown_path("csr", device, ".csr");
    AUTO(char) path = shown == NULL ? NULL : issuer_real_path(config, shown);
    if (path != NULL)
        unlink(path);
}
