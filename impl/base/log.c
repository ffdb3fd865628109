/* Log files: a line is built whole, escaped, and appended with one write. A log that cannot be
 * written (full disk) loses its lines and says so once on standard error; it must never stop the
 * component. */
#include "base/log.h"
#include "base/file.h"
#include "base/owned.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { LINE_MAX_BYTES = 64 * 1024, ESCAPE_WIDTH = 4, HELD_MAX = 256 * 1024 };

struct log {
    int fd;
    bool failing; /* the last write failed and was reported */
    char *path;
    struct buf held; /* not yet written; never with failed set */
    struct log *next_held;
};

/* Of all logs of the process. */
static struct {
    bool on;
    struct log *first; /* those that hold something, in the order in which they began to */
    struct log **end;
} holding = {.end = &holding.first};

static void log_free(struct log *log) {
    buf_free(&log->held);
    free(log->path);
    free(log);
}

struct log *log_open(const char *path, struct err *e) {
    struct log *log = calloc(1, sizeof *log);
    if (log == NULL || (log->path = strdup(path)) == NULL) {
        free(log);
        err_set(e, ERR_SYS_NOMEM, "%s", path);
        return NULL;
    }
    bool standard_error = strcmp(path, "-") == 0;
    log->held.max = HELD_MAX;
    log->fd = standard_error ? STDERR_FILENO
                             : open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (log->fd >= 0)
        return log;
    err_errno(e, "%s", path);
    log_free(log);
    return NULL;
}

void log_close(struct log *log) {
    if (log == NULL)
        return;
    logs_flush();
    if (log->fd != STDERR_FILENO)
        close(log->fd);
    log_free(log);
}

static void write_lines(struct log *log, struct bytes lines) {
    bool failed = file_write_all(log->fd, lines) != 0;
    if (failed && !log->failing)
        dprintf(STDERR_FILENO, "%s: %s; lines of this log are lost\n", log->path, strerror(errno));
    log->failing = failed;
}

/* Whether the lines are kept; they are not when there is no room. */
static bool hold(struct log *log, struct bytes lines) {
    if (lines.len > HELD_MAX - log->held.len)
        logs_flush();
    bool first = log->held.len == 0;
    if (buf_put_bytes(&log->held, lines) != 0) {
        log->held.failed = false;
        logs_flush();
        return false;
    }
    if (first) {
        log->next_held = NULL;
        *holding.end = log;
        holding.end = &log->next_held;
    }
    return true;
}

void log_block(struct log *log, struct bytes lines) {
    if (log == NULL || lines.len == 0)
        return;
    if (!holding.on || !hold(log, lines))
        write_lines(log, lines);
}

void logs_hold(void) {
    holding.on = true;
}

void logs_flush(void) {
    for (struct log *log; (log = holding.first) != NULL; buf_reset(&log->held)) {
        if ((holding.first = log->next_held) == NULL)
            holding.end = &holding.first;
        write_lines(log, buf_view(&log->held));
    }
}

void logs_release(void) {
    logs_flush();
    holding.on = false;
}

void log_escape(struct buf *out, const char *text) {
    for (const char *at = text; *at != '\0';) {
        size_t plain = 0;
        while ((unsigned char)at[plain] >= 0x20 && at[plain] != 0x7f)
            plain++;
        buf_put(out, at, plain);
        at += plain;
        if (*at != '\0')
            buf_printf(out, "\\x%02x", (unsigned char)*at++);
    }
}

void log_vline(struct log *log, const char *fmt, va_list args) {
    if (log == NULL)
        return;
    AUTO(char) text = NULL;
    if (vasprintf(&text, fmt, args) < 0) {
        text = NULL;
        return;
    }
    /* Cut first, so that the escaped line and its end always fit. */
    if (strlen(text) > (LINE_MAX_BYTES - 1) / ESCAPE_WIDTH)
        text[(LINE_MAX_BYTES - 1) / ESCAPE_WIDTH] = '\0';
    AUTO_BUF line = BUF_INIT(LINE_MAX_BYTES);
    log_escape(&line, text);
    buf_put_str(&line, "\n");
    log_block(log, buf_view(&line));
}

void log_line(struct log *log, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    log_vline(log, fmt, args);
    va_end(args);
}
