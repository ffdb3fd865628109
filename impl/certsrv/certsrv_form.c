/* The forms for certfnsh.asp. Must never let a value add an attribute line or a field of its own.
 */
#include "certsrv/certsrv_form.h"
#include "base/clock.h"
#include "certsrv/certsrv_client.h"
#include "pki/csr.h"
#include <ctype.h>
#include <string.h>

static bool is_unreserved(uint8_t c) {
    return c < 0x80 && (isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~');
}

static void put_encoded(struct buf *out, struct bytes value) {
    for (size_t i = 0; i < value.len; i++) {
        if (is_unreserved(value.data[i]))
            buf_put_u8(out, value.data[i]);
        else
            buf_printf(out, "%%%02X", value.data[i]);
    }
}

void certsrv_form_put(struct buf *out, const char *name, struct bytes value) {
    if (out->len > 0)
        buf_put_u8(out, '&');
    put_encoded(out, bytes_of_str(name));
    buf_put_u8(out, '=');
    put_encoded(out, value);
}

static void put_text(struct buf *out, const char *name, const char *value) {
    certsrv_form_put(out, name, bytes_of_str(value));
}

static int put_request(struct buf *out, const X509_REQ *request, struct err *e) {
    AUTO_BUF der = BUF_INIT(CSR_MAX);
    AUTO_BUF pem = BUF_INIT(2 * CSR_MAX);
    if (csr_put_der(request, &der, e) != 0)
        return -1;
    if (b64_armour(buf_view(&der), "CERTIFICATE REQUEST", B64_WRAP_64_CRLF, &pem) != 0)
        return err_set(e, ERR_SYS_LIMIT, "request of more than %d bytes", CSR_MAX);
    certsrv_form_put(out, "CertRequest", buf_view(&pem));
    return 0;
}

/* A line end would start another attribute, a ':' is where the CA ends the name (certsrv.md 1.5).
 */
int certsrv_form_check_template(const char *template_name, struct err *e) {
    if (*template_name == '\0')
        return err_set(e, ERR_CONFIG_BAD_VALUE, "the template name is empty");
    for (const char *c = template_name; *c != '\0'; c++)
        if (iscntrl((unsigned char)*c) || *c == ':')
            return err_set(e, ERR_CONFIG_BAD_VALUE, "a template name cannot hold '\\x%02x'",
                           (unsigned)(unsigned char)*c);
    return 0;
}

static int put_attributes(struct buf *out, const char *template_name, struct err *e) {
    AUTO_BUF lines = BUF_INIT(1024);
    if (certsrv_form_check_template(template_name, e) != 0)
        return -1;
    buf_printf(&lines, "CertificateTemplate:%s\r\nUserAgent:%s\r\n", template_name,
               CERTSRV_USER_AGENT);
    if (lines.failed)
        return err_set(e, ERR_SYS_LIMIT, "template name of %zu bytes", strlen(template_name));
    certsrv_form_put(out, "CertAttrib", buf_view(&lines));
    return 0;
}

/* "Saved-Request Certificate (3/14/2019, 10:09:02 AM)", as in seed 1. */
static void put_friendly_type(struct buf *out, int64_t wall_us) {
    struct tm t = clock_utc(wall_us);
    AUTO_BUF text = BUF_INIT(128);
    int hour = t.tm_hour % 12 == 0 ? 12 : t.tm_hour % 12;
    buf_printf(&text, "Saved-Request Certificate (%d/%d/%d, %d:%02d:%02d %s)", t.tm_mon + 1,
               t.tm_mday, t.tm_year + 1900, hour, t.tm_min, t.tm_sec, t.tm_hour < 12 ? "AM" : "PM");
    certsrv_form_put(out, "FriendlyType", buf_view(&text));
}

int certsrv_form_new_request(struct buf *out, const X509_REQ *request, const char *template_name,
                             int64_t wall_us, struct err *e) {
    put_text(out, "Mode", "newreq");
    if (put_request(out, request, e) != 0 || put_attributes(out, template_name, e) != 0)
        return -1;
    put_friendly_type(out, wall_us);
    put_text(out, "ThumbPrint", "");
    put_text(out, "TargetStoreFlags", "0");
    put_text(out, "SaveCert", "yes");
    return out->failed ? err_set(e, ERR_SYS_LIMIT, "form of more than %zu bytes", out->max) : 0;
}

int certsrv_form_check_pending(struct buf *out, uint32_t request_id, struct err *e) {
    AUTO_BUF id = BUF_INIT(16);
    buf_printf(&id, "%u", request_id);
    put_text(out, "Mode", "chkpnd");
    certsrv_form_put(out, "ReqID", buf_view(&id));
    return out->failed ? err_set(e, ERR_SYS_LIMIT, "form") : 0;
}
