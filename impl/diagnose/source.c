/* Line starts, one small function a kind. It must never take prose for a line: a start is a time
 * stamp with its neighbours, or a mark that no sentence begins with. */
#include "diagnose/source.h"
#include <stdbool.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *word;
    const char *text;
} names[SOURCE_COUNT] = {
#define X(name, word, bit, text) [bit] = {word, text},
    SOURCE_TABLE(X)
#undef X
};

const char *source_word(enum source source) {
    return names[source].word;
}

const char *source_text(enum source source) {
    return names[source].text;
}

/* How much of text has the shape: 9 a digit, A a capital letter, a any letter, everything else
 * itself. 0 when it does not fit. */
static size_t shaped(const char *text, size_t len, const char *shape) {
    size_t n = strlen(shape);
    if (len < n)
        return 0;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        bool fits = shape[i] == '9'   ? c >= '0' && c <= '9'
                    : shape[i] == 'A' ? c >= 'A' && c <= 'Z'
                    : shape[i] == 'a' ? (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
                                      : c == shape[i];
        if (!fits)
            return 0;
    }
    return n;
}

static bool begins(const char *text, size_t len, const char *with) {
    size_t n = strlen(with);
    return len >= n && memcmp(text, with, n) == 0;
}

/* "14:05:04.628 |-->debug" */
static bool is_capf(const char *text, size_t len) {
    size_t n = shaped(text, len, "99:99:99.999");
    if (n == 0)
        return false;
    while (n < len && n < SOURCE_START_MAX && text[n] == ' ')
        n++;
    return n < len && text[n] == '|';
}

static bool is_ra(const char *text, size_t len) {
    return begins(text, len, "nginx: [") || begins(text, len, "EnrollmentService.sh");
}

/* "2019/03/05 12:31:21 [info] 31067#0: " */
static bool is_nginx(const char *text, size_t len) {
    return shaped(text, len, "9999/99/99 99:99:99 [a") > 0;
}

static bool is_est(const char *text, size_t len) {
    return begins(text, len, "***EST [");
}

/* "2019-03-05 17:31:15 14.48.31.152 GET /certsrv" with the fields in any order, or a directive. */
static bool is_iis(const char *text, size_t len) {
    static const char *const directives[] = {"#Software:", "#Version:", "#Date:", "#Fields:"};
    for (size_t i = 0; i < sizeof directives / sizeof directives[0]; i++)
        if (begins(text, len, directives[i]))
            return true;
    return shaped(text, len, "9999-99-99 99:99:99 ") > 0;
}

/* "0482 ERR Mar 12 15:07:53.697267 " */
static bool is_phone(const char *text, size_t len) {
    return shaped(text, len, "9999 AAA aaa 99 99:99:99.9") > 0 ||
           shaped(text, len, "9999 AAA aaa  9 99:99:99.9") > 0;
}

/* "LSC: Failed", perhaps behind the time that a phone puts before it ("10:21:07a "). */
static bool is_status(const char *text, size_t len) {
    static const char *const texts[] = {"LSC: ", "No valid CAPF server",
                                        "Certificate Operation Status:", "Trust List update",
                                        "No Trust List installed"};
    size_t stamp = shaped(text, len, "99:99:99a ");
    stamp = stamp > 0 ? stamp : shaped(text, len, "99:99:99 ");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        size_t n = strlen(texts[i]);
        if (len - stamp >= n && strncasecmp(text + stamp, texts[i], n) == 0)
            return true;
    }
    return false;
}

enum source source_of(const char *text, size_t len, int at_line_start) {
    static bool (*const tests[SOURCE_COUNT])(const char *, size_t) = {
        [SOURCE_CAPF] = is_capf, [SOURCE_RA] = is_ra,   [SOURCE_NGINX] = is_nginx,
        [SOURCE_EST] = is_est,   [SOURCE_IIS] = is_iis, [SOURCE_PHONE] = is_phone,
    };
    if (len == 0)
        return SOURCE_COUNT;
    for (int i = 0; i < SOURCE_COUNT; i++)
        if (tests[i] != NULL && tests[i](text, len))
            return (enum source)i;
    return at_line_start && is_status(text, len) ? SOURCE_STATUS : SOURCE_COUNT;
}

/* How many bytes stand before the time of day. */
static size_t time_offset(enum source source) {
    switch (source) {
    case SOURCE_CAPF:
        return 0;
    case SOURCE_NGINX:
    case SOURCE_IIS:
        return strlen("2019/03/05 ");
    case SOURCE_PHONE:
        return strlen("0482 ERR Mar 12 ");
    default:
        return (size_t)-1;
    }
}

int64_t source_time(enum source source, struct bytes line) {
    size_t at = time_offset(source);
    if (at >= line.len || shaped((const char *)line.data + at, line.len - at, "99:99:99") == 0)
        return -1;
    const uint8_t *t = line.data + at;
    int64_t hours = (t[0] - '0') * 10 + (t[1] - '0');
    int64_t minutes = (t[3] - '0') * 10 + (t[4] - '0');
    return hours * 3600 + minutes * 60 + (t[6] - '0') * 10 + (t[7] - '0');
}
