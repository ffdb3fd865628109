/* Header fields of HTTP as EST peers write them. It must never read past a value's end, nor keep a
 * password longer than its caller. */
#include "est/est_http.h"
#include <ctype.h>
#include <curl/curl.h>
#include <openssl/crypto.h>
#include <string.h>
#include <strings.h>

enum { RETRY_DIGITS_MAX = 10 };

bool est_media_type_is(const char *value, const char *type) {
    if (value == NULL)
        return false;
    value += strspn(value, " \t");
    size_t len = strlen(type);
    if (strncasecmp(value, type, len) != 0)
        return false;
    value += len;
    value += strspn(value, " \t");
    return *value == '\0' || *value == ';';
}

void est_credentials_wipe(struct est_credentials *c) {
    OPENSSL_cleanse(c, sizeof *c);
}

/* Length of the UTF-8 sequence at the front of v, 0 when it is none (RFC 3629). */
static size_t utf8_sequence(struct bytes v) {
    uint8_t first = v.data[0];
    size_t len = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (first >= 0xf5 || (first >= 0x80 && first < 0xc2) || len > v.len)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((v.data[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (first == 0xe0 && v.data[1] < 0xa0) || (first == 0xf0 && v.data[1] < 0x90);
    bool beyond = (first == 0xed && v.data[1] >= 0xa0) || (first == 0xf4 && v.data[1] >= 0x90);
    return overlong || beyond ? 0 : len;
}

static bool is_text(struct bytes v) {
    while (v.len > 0) {
        size_t len = utf8_sequence(v);
        if (len == 0 || v.data[0] < 0x20 || v.data[0] == 0x7f)
            return false;
        v = bytes_of(v.data + len, v.len - len);
    }
    return true;
}

static int take_credential(struct bytes from, char *to, const char *what, struct err *e) {
    if (from.len > EST_CREDENTIAL_MAX)
        return err_set(e, ERR_EST_AUTH_FAIL, "%s over %d bytes", what, EST_CREDENTIAL_MAX);
    if (!is_text(from))
        return err_set(e, ERR_EST_AUTH_FAIL, "%s is not UTF-8 text", what);
    memcpy(to, from.data, from.len);
    to[from.len] = '\0';
    return 0;
}

static int split_credentials(struct bytes pair, struct est_credentials *out, struct err *e) {
    const uint8_t *colon = pair.len > 0 ? memchr(pair.data, ':', pair.len) : NULL;
    if (colon == NULL)
        return err_set(e, ERR_EST_AUTH_FAIL, "Basic credentials have no colon");
    size_t name_len = (size_t)(colon - pair.data);
    struct bytes password = bytes_of(colon + 1, pair.len - name_len - 1);
    if (take_credential(bytes_of(pair.data, name_len), out->username, "user name", e) != 0)
        return -1;
    return take_credential(password, out->password, "password", e);
}

int est_basic_parse(const char *authorization, struct est_credentials *out, struct err *e) {
    *out = (struct est_credentials){0};
    static const char scheme[] = "Basic ";
    if (authorization == NULL || strncasecmp(authorization, scheme, strlen(scheme)) != 0)
        return err_set(e, ERR_EST_AUTH_FAIL, "no Basic credentials");
    AUTO_BUF pair = BUF_INIT(2 * EST_CREDENTIAL_MAX + 2);
    struct bytes text = bytes_of_str(authorization + strlen(scheme));
    int result = -1;
    if (b64_decode(text, &pair, NULL) != 0)
        err_set(e, ERR_EST_AUTH_FAIL, "Basic credentials are not base64, or too long");
    else
        result = split_credentials(buf_view(&pair), out, e);
    if (pair.data != NULL)
        OPENSSL_cleanse(pair.data, pair.cap);
    if (result != 0)
        est_credentials_wipe(out);
    return result;
}

static bool seconds_of(const char *value, int64_t *seconds) {
    size_t digits = strspn(value, "0123456789");
    if (digits == 0 || digits > RETRY_DIGITS_MAX || value[digits] != '\0')
        return false;
    *seconds = 0;
    for (size_t i = 0; i < digits; i++)
        *seconds = *seconds * 10 + (value[i] - '0');
    return true;
}

/* A date begins with the name of its day; curl_getdate alone would also take bare numbers. */
static bool date_of(const char *value, int64_t *at_s) {
    if (!isalpha((unsigned char)value[0]))
        return false;
    *at_s = (int64_t)curl_getdate(value, NULL);
    return *at_s != -1;
}

int est_retry_after_parse(const char *value, int64_t now_us, int64_t max_s, int64_t *wait_us,
                          struct err *e) {
    int64_t seconds;
    if (value == NULL)
        return err_set(e, ERR_EST_BAD_RETRY, "no Retry-After");
    value += strspn(value, " \t");
    if (date_of(value, &seconds))
        seconds -= now_us / 1000000;
    else if (!seconds_of(value, &seconds))
        return err_set(e, ERR_EST_BAD_RETRY, "Retry-After is neither seconds nor a date");
    if (seconds > max_s)
        return err_set(e, ERR_EST_BAD_RETRY, "Retry-After over %lld s", (long long)max_s);
    *wait_us = (seconds > 0 ? seconds : 1) * 1000000;
    return 0;
}

enum b64_wrap est_wrap_like(const struct b64_shape *request) {
    return request->wrapped || request->armour ? B64_WRAP_64_LF : B64_ONE_LINE;
}

static bool is_libest(const char *user_agent) {
    return user_agent != NULL &&
           (strcasestr(user_agent, "libest") != NULL || strcasestr(user_agent, "Cisco") != NULL);
}

enum b64_wrap est_wrap_for(const char *user_agent, bool wrap_by_default) {
    if (user_agent == NULL)
        return B64_ONE_LINE;
    return wrap_by_default || is_libest(user_agent) ? B64_WRAP_64_LF : B64_ONE_LINE;
}

bool est_reads_to_close(const char *user_agent, const char *connection) {
    bool keep = connection != NULL && strcasestr(connection, "keep-alive") != NULL;
    return is_libest(user_agent) && !keep;
}
