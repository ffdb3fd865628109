/* certnew.cer, certnew.p7b, certcrl.crl: certificates by request id, the CA's by Renewal, CRLs.
 * What cannot be had is an error page with status 200. */
#include "base/base64.h"
#include "mocks/certsrv/handlers.h"
#include "mocks/certsrv/handlers_internal.h"
#include "mocks/certsrv/hresult.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool is_word(struct bytes value, const char *word) {
    return value.len == strlen(word) && strncasecmp((const char *)value.data, word, value.len) == 0;
}

/* Only digits make an id or a generation; "-1" is the newest generation and no id. */
static int64_t whole_number(struct bytes text) {
    for (size_t i = 0; i < text.len; i++)
        if (!isdigit(text.data[i]))
            return -2;
    return text.len == 0 ? -2 : digits_in(text);
}

static int64_t renewal_of(const struct call *call) {
    struct bytes text = form_get(call->query, "Renewal");
    return text.len == 0 || is_word(text, "-1") ? -1 : whole_number(text);
}

/* The bare word Mozilla decides on real servers (protocol/certsrv.md 9, 2). */
static const char *content_type(const struct call *call, const char *type) {
    switch ((enum content_rule)call->config->content_rule) {
    case CONTENT_CERTIFICATE:
        return type;
    case CONTENT_HTML:
        return "text/html";
    default:
        return strstr(call->user_agent, "Mozilla") != NULL ? type : "text/html";
    }
}

/* Enc=bin is DER; anything else is PEM, whose label is CERTIFICATE for a PKCS#7 too (1.6). */
static int reply_der(const struct call *call, struct reply *reply, const char *type,
                     const char *label, struct bytes der, struct err *e) {
    reply->content_type = content_type(call, type);
    int rc = is_word(form_get(call->query, "Enc"), "bin")
                 ? buf_put_bytes(&reply->body, der)
                 : b64_armour(der, label, B64_WRAP_64_CRLF, &reply->body);
    return rc == 0 ? 0 : err_set(e, ERR_SYS_LIMIT, "reply");
}

static int not_there(const struct call *call, struct reply *reply) {
    return reply_error(call, reply, page_mode_fetch, NULL, HR_PROPERTY_EMPTY);
}

/* The row of ReqID when it holds a certificate: 1. Otherwise the error page is in the reply: 0, or
 * -1. */
static int find_issued(const struct call *call, struct reply *reply, struct store_row *row,
                       struct err *e) {
    struct err why = {0};
    int64_t id = whole_number(form_get(call->query, "ReqID"));
    if (ca_retrieve(call->ca, call->user, id, row, &why) != 0)
        return reply_retrieve_failure(call, reply, page_mode_fetch, NULL, &why, e);
    if (row->disposition == DISPOSITION_ISSUED)
        return 1;
    return reply_row_error(call, reply, page_mode_fetch, row);
}

static bool asks_for_ca(const struct call *call) {
    return is_word(form_get(call->query, "ReqID"), "CACert");
}

int handle_certificate(const struct call *call, struct reply *reply, struct err *e) {
    static const char type[] = "application/pkix-cert";
    if (asks_for_ca(call)) {
        AUTO_BUF der = BUF_INIT(PAGE_MAX);
        if (ca_put_certificate(call->ca, renewal_of(call), &der, NULL) != 0)
            return not_there(call, reply);
        return reply_der(call, reply, type, "CERTIFICATE", buf_view(&der), e);
    }
    AUTO_ROW row;
    store_row_init(&row);
    int rc = find_issued(call, reply, &row, e);
    if (rc == 1 && call->damage->other_key && ca_change_key(call->ca, &row.certificate, e) != 0)
        return -1;
    return rc != 1 ? rc
                   : reply_der(call, reply, type, "CERTIFICATE", buf_view(&row.certificate), e);
}

int handle_chain(const struct call *call, struct reply *reply, struct err *e) {
    AUTO_BUF der = BUF_INIT(PAGE_MAX);
    AUTO_ROW row;
    store_row_init(&row);
    if (asks_for_ca(call)) {
        if (ca_put_chain(call->ca, renewal_of(call), bytes_of("", 0), &der, NULL) != 0)
            return not_there(call, reply);
    } else {
        int rc = find_issued(call, reply, &row, e);
        if (rc != 1)
            return rc;
        if (ca_put_chain(call->ca, ca_generation_of(row.serial), buf_view(&row.certificate), &der,
                         e) != 0)
            return -1;
    }
    return reply_der(call, reply, "application/x-pkcs7-certificates", "CERTIFICATE", buf_view(&der),
                     e);
}

int handle_crl(const struct call *call, struct reply *reply, struct err *e) {
    AUTO_BUF der = BUF_INIT(PAGE_MAX);
    if (is_word(form_get(call->query, "Type"), "delta") ||
        ca_put_crl(call->ca, renewal_of(call), &der, NULL) != 0)
        return not_there(call, reply);
    return reply_der(call, reply, "application/pkix-crl", "X509 CRL", buf_view(&der), e);
}
