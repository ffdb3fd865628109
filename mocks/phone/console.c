/* The phone's console log. Sequence numbers count from 0001 in each phone. */
#include "mocks/phone/console.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/owned.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEQUENCE_END = 10000, STAMP_MAX = 48, WHO_MAX = 32 };

struct console {
    struct log *log;
    unsigned sequence;
};

static const struct {
    const char *prefix;
    unsigned pid, tid;
} processes[] = {
#define X(process, text, p, t) [CONSOLE_##process] = {text, p, t},
    CONSOLE_PROCESS_TABLE(X)
#undef X
};

static const char *const levels[] = {
#define X(level) [CONSOLE_##level] = #level,
    CONSOLE_LEVEL_TABLE(X)
#undef X
};

struct console *console_open(const char *path, struct err *e) {
    struct console *c = calloc(1, sizeof *c);
    if (c == NULL) {
        err_set(e, ERR_SYS_NOMEM, "console");
        return NULL;
    }
    if (path != NULL)
        c->log = log_open(path, e);
    if (path == NULL || c->log != NULL)
        return c;
    free(c);
    return NULL;
}

void console_close(struct console *c) {
    if (c == NULL)
        return;
    if (c->log != NULL)
        log_close(c->log);
    free(c);
}

/* "Mar 12 15:07:55.761649" */
static void stamp(char *out) {
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t now = clock_wall_us();
    struct tm tm = clock_utc(now);
    snprintf(out, STAMP_MAX, "%s %2d %02d:%02d:%02d.%06d", months[tm.tm_mon % 12], tm.tm_mday,
             tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(now % 1000000));
}

/* "(322:17812) " */
static void ids_of(enum console_process process, char *out) {
    out[0] = '\0';
    if (processes[process].pid != 0)
        snprintf(out, WHO_MAX, "(%u:%u) ", processes[process].pid, processes[process].tid);
}

void console_line(struct console *c, enum console_level level, enum console_process process,
                  const char *fmt, ...) {
    char when[STAMP_MAX], who[WHO_MAX];
    AUTO_BUF text = BUF_INIT(4096);
    va_list args;
    if (c == NULL || c->log == NULL)
        return;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    stamp(when);
    ids_of(process, who);
    c->sequence = (c->sequence + 1) % SEQUENCE_END;
    log_line(c->log, "%04u %s %s %s%s%s", c->sequence, levels[level], when, who,
             processes[process].prefix, buf_str(&text));
}

void console_lines(struct console *c, const char *text) {
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        console_line(c, CONSOLE_INF, CONSOLE_SECUREAPP, "CAPFClnt: %.*s", (int)len, text);
        text += len + (text[len] == '\n');
    }
}
