/* Trace files of fetched certificates. The phone's bytes are parsed before anything of them is
 * written. */
#include "capf/troubleshoot.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/x509.h"
#include <stdio.h>
#include <string.h>

/* The folder of the log, else of the store. malloc'ed. */
static char *folder_of(const struct capf_config *config) {
    const char *beside =
        config->log != NULL && strcmp(config->log, "-") != 0 ? config->log : config->store;
    const char *slash = strrchr(beside, '/');
    return slash == NULL ? strdup(".") : strndup(beside, (size_t)(slash - beside));
}

static void put_name(struct buf *out, const char *label, const X509_NAME *name) {
    AUTO(char) text = x509_name_rfc2253(name);
    buf_printf(out, "%s: ", label);
    log_escape(out, text == NULL ? "?" : text);
    buf_put_u8(out, '\n');
}

static void put_time(struct buf *out, const char *label, int64_t seconds) {
    char text[CLOCK_ISO_MAX];
    clock_iso(seconds * 1000000, text);
    buf_printf(out, "%s: %s\n", label, text);
}

static int describe(const X509 *certificate, struct buf *out, struct err *e) {
    int64_t from = 0, to = 0;
    AUTO(char) serial = x509_serial_hex(certificate);
    if (x509_validity(certificate, &from, &to, e) < 0)
        return -1;
    put_name(out, "Subject", X509_get_subject_name(certificate));
    put_name(out, "Issuer", X509_get_issuer_name(certificate));
    buf_printf(out, "Serial: %s\n", serial == NULL ? "?" : serial);
    put_time(out, "Not before", from);
    put_time(out, "Not after", to);
    return x509_put_pem(certificate, out, e);
}

int troubleshoot_write(struct session *s, struct bytes der, struct err *e) {
    const char *type = capf_certificate_type_name(s->fetching);
    AUTO(X509) certificate = x509_read(der, e);
    if (certificate == NULL)
        return err_context(e, "the phone's %s", type);
    AUTO_BUF text = BUF_INIT(64 * 1024);
    buf_printf(&text, "Device: %s\nCertificate: %s\n", s->device.name, type);
    AUTO(char) folder = folder_of(s->service->config);
    AUTO(char)
    path = folder == NULL ? NULL : path_join(folder, "%s_%s.txt", s->device.name, type);
    if (path == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    if (describe(certificate, &text, e) < 0 || file_write(path, buf_view(&text), 0644, e) < 0)
        return -1;
    session_trace(s, "%s of the phone written to %s", type, path);
    return 0;
}
