/* libest's log lines. It must never write a parameter's control characters as they are, nor any
 * credential. */
#include "est/est_log.h"
#include "base/clock.h"
#include "base/owned.h"
#include <stdarg.h>
#include <stdio.h>

/* A row has at most four texts; escaped, each grows to four times its length. */
enum { TEXT_MAX = 1024, LINE_BYTES_MAX = 4 * 4 * TEXT_MAX + 1024 };

static const char *const formats[EST_LOG_COUNT] = {
#define EST_LOG_FORMAT(name, level, function, line, format)                                        \
    "***EST [" level "][" function ":" #line "]--> " format "\n",
    EST_LOG_TABLE(EST_LOG_FORMAT)
#undef EST_LOG_FORMAT
};

/* Parameters are cut and escaped one by one, so that a line break of the format stays one. */
static void put_text(struct buf *out, const char *text) {
    char part[TEXT_MAX + 1];
    snprintf(part, sizeof part, "%s", text != NULL ? text : "(null)");
    log_escape(out, part);
}

/* The formats use %s, %d and %u alone; strings pass through the escape. */
static void put_line(struct buf *out, const char *format, va_list args) {
    for (const char *at = format; *at != '\0'; at++) {
        if (*at != '%') {
            buf_put(out, at, 1);
            continue;
        }
        at++;
        if (*at == 's')
            put_text(out, va_arg(args, const char *));
        else if (*at == 'd')
            buf_printf(out, "%d", va_arg(args, int));
        else
            buf_printf(out, "%u", va_arg(args, unsigned));
    }
}

void est_log(struct log *log, enum est_log_line line, ...) {
    if (log == NULL)
        return;
    AUTO_BUF text = BUF_INIT(LINE_BYTES_MAX);
    va_list args;
    va_start(args, line);
    put_line(&text, formats[line], args);
    va_end(args);
    log_block(log, buf_view(&text));
}

void est_log_stamp(int64_t wall_us, char *out) {
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm t = clock_utc(wall_us);
    snprintf(out, EST_LOG_STAMP_MAX, "%02d/%s/%d:%02d:%02d:%02d +0000", t.tm_mday,
             months[t.tm_mon % 12], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}
