/* Writes the CAPF trace. A block of lines that belong together is written at once, so that no other
 * writer's line falls between them. It must never be handed a secret. */
#include "capf/trace.h"
#include "base/clock.h"
#include "base/log.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRACE_TEXT_MAX = 8 * 1024, TRACE_BLOCK_MAX = 64 * 1024 };

struct trace {
    struct log *log;
};

struct trace *trace_open(const char *path, struct err *e) {
    struct trace *t = calloc(1, sizeof *t);
    if (t == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    t->log = log_open(path, e);
    if (t->log == NULL) {
        free(t);
        return NULL;
    }
    return t;
}

void trace_close(struct trace *t) {
    if (t == NULL)
        return;
    log_close(t->log);
    free(t);
}

/* Many lines have the stamp of the one before. */
static void put_stamp(struct buf *out) {
    static int64_t shown_ms = -1;
    static char text[32];
    int64_t now = clock_wall_us();
    if (now / 1000 != shown_ms) {
        struct tm utc = clock_utc(now);
        shown_ms = now / 1000;
        snprintf(text, sizeof text, "%02d:%02d:%02d.%03d |", utc.tm_hour, utc.tm_min, utc.tm_sec,
                 (int)(shown_ms % 1000));
    }
    buf_put_str(out, text);
}

/* kind is "-->", "<--" or three blanks; text NULL for the bare scope. */
static void put_line(struct buf *out, const char *kind, const char *scope, const char *text) {
    put_stamp(out);
    buf_put_str(out, kind);
    buf_put(out, scope, strnlen(scope, TRACE_SCOPE_MAX));
    if (text != NULL) {
        buf_put_u8(out, ' ');
        log_escape(out, text);
    }
    buf_put_u8(out, '\n');
}

static void put_debug(struct buf *out, const char *text) {
    put_line(out, "-->", "debug", NULL);
    put_line(out, "   ", "debug", text);
    put_line(out, "<--", "debug", NULL);
}

static void write_line(struct trace *t, const char *kind, const char *scope, const char *text) {
    AUTO_BUF line = BUF_INIT(TRACE_BLOCK_MAX);
    put_line(&line, kind, scope, text);
    log_block(t->log, buf_view(&line));
}

static void write_debug(struct trace *t, const char *text) {
    AUTO_BUF block = BUF_INIT(TRACE_BLOCK_MAX);
    put_debug(&block, text);
    log_block(t->log, buf_view(&block));
}

void trace_debug(struct trace *t, const char *fmt, ...) {
    if (t == NULL)
        return;
    AUTO_BUF text = BUF_INIT(TRACE_TEXT_MAX);
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    write_debug(t, buf_str(&text));
}

void trace_session(struct trace *t, unsigned n, const char *device, const char *fmt, ...) {
    if (t == NULL)
        return;
    AUTO_BUF text = BUF_INIT(TRACE_TEXT_MAX);
    buf_printf(&text, "%u:%s:", n, device == NULL ? "UNKNOWN" : device);
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    write_debug(t, buf_str(&text));
}

void trace_enter(struct trace *t, const char *scope) {
    if (t != NULL)
        write_line(t, "-->", scope, NULL);
}

void trace_in(struct trace *t, const char *scope, const char *fmt, ...) {
    if (t == NULL)
        return;
    AUTO_BUF text = BUF_INIT(TRACE_TEXT_MAX);
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    write_line(t, "   ", scope, buf_str(&text));
}

void trace_leave(struct trace *t, const char *scope) {
    if (t != NULL)
        write_line(t, "<--", scope, NULL);
}

void trace_lines(struct trace *t, struct bytes text) {
    if (t == NULL)
        return;
    AUTO_BUF block = BUF_INIT(1024 * 1024);
    AUTO_BUF line = BUF_INIT(TRACE_TEXT_MAX);
    const uint8_t *end = text.data + text.len;
    for (const uint8_t *at = text.data; at < end;) {
        const uint8_t *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((stop == NULL ? end : stop) - at);
        buf_reset(&line);
        buf_put(&line, at, len);
        put_debug(&block, buf_str(&line));
        at += len + 1;
    }
    log_block(t->log, buf_view(&block));
}

void trace_binary(struct buf *out, struct bytes v) {
    for (size_t i = 0; i < v.len && v.data[i] != 0; i++) {
        if (v.data[i] >= 0x20 && v.data[i] < 0x7f && v.data[i] != '\\')
            buf_put_u8(out, v.data[i]);
        else
            buf_printf(out, "\\x%02x", v.data[i]);
    }
}
