/* events.ndjson: each message between two components as one JSON line, appended with one write.
 * It must never carry a secret, nor stop the component when it cannot be written. */
#include "base/events.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/owned.h"
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { STRING_MAX = 16 * 1024 };

static struct log *events_log;
static char *events_actor;

int events_open(const char *path, const char *actor, struct err *e) {
    struct log *opened = log_open(path, e);
    if (opened == NULL)
        return -1;
    events_close();
    events_log = opened;
    events_actor = strdup(actor);
    if (events_actor != NULL)
        return 0;
    events_close();
    return err_set(e, ERR_SYS_NOMEM, "%s", path);
}

void events_close(void) {
    log_close(events_log);
    events_log = NULL;
    free(events_actor);
    events_actor = NULL;
}

/* Peers' bytes need not be UTF-8; what is not is written as \xHH. */
static json_t *any_string(const char *text) {
    json_t *string = json_string(text);
    if (string != NULL)
        return string;
    AUTO_BUF escaped = BUF_INIT(STRING_MAX);
    for (const char *at = text; *at != '\0' && !escaped.failed; at++) {
        if ((unsigned char)*at < 0x80)
            buf_put(&escaped, at, 1);
        else
            buf_printf(&escaped, "\\x%02x", (unsigned char)*at);
    }
    return json_string(buf_str(&escaped));
}

static json_t *event_object(const char *from, const char *to, const char *what,
                            const char *detail) {
    char at[CLOCK_ISO_MAX];
    clock_iso(clock_wall_us(), at);
    json_t *event = json_object();
    json_object_set_new(event, "at", json_string(at));
    json_object_set_new(event, "mono", json_integer(clock_real_mono_us()));
    json_object_set_new(event, "actor", any_string(events_actor));
    json_object_set_new(event, "from", any_string(from != NULL ? from : events_actor));
    json_object_set_new(event, "to", any_string(to != NULL ? to : events_actor));
    json_object_set_new(event, "what", any_string(what));
    json_object_set_new(event, "detail", any_string(detail));
    return event;
}

static void write_event(const json_t *event) {
    AUTO(char) text = json_dumps(event, JSON_COMPACT);
    AUTO(char) line = NULL;
    if (text == NULL || asprintf(&line, "%s\n", text) < 0) {
        line = NULL;
        return;
    }
    log_block(events_log, bytes_of_str(line));
}

void event_message(const char *from, const char *to, const char *what, const char *fmt, ...) {
    if (events_log == NULL)
        return;
    AUTO(char) detail = NULL;
    va_list args;
    va_start(args, fmt);
    int n = vasprintf(&detail, fmt, args);
    va_end(args);
    if (n < 0) {
        detail = NULL;
        return;
    }
    json_t *event = event_object(from, to, what, detail);
    write_event(event);
    json_decref(event);
}
