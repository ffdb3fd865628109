/* Requests on their way to an answer. Names are a client's octets until files.c has seen them: here
 * they only go to log and events, which escape them. */
#include "mocks/tftp/service.h"
#include "base/clock.h"
#include "base/events.h"
#include <stdarg.h>

enum { TEXT_MAX = 1024 };

bool offer_fault_is(const struct offer *o, enum tftp_action action) {
    return o->fault != NULL && o->fault->action == (unsigned)action;
}

void offer_free(struct offer *o) {
    buf_free(&o->content);
}

static void visit(const struct service *s, enum tftp_point at, const char *name, struct offer *o) {
    struct fault_visit v = fault_visit(s->faults, at, name);
    o->fault = v.fault;
    for (size_t i = 0; i < v.beside_count; i++)
        o->delay_us += v.beside[i]->value;
}

/* Octets are counted from the end when negative; an octet that is not there stays as it is. */
static void corrupt(struct buf *content, int64_t octet) {
    int64_t at = octet < 0 ? (int64_t)content->len + octet : octet;
    if (at >= 0 && at < (int64_t)content->len)
        content->data[at] ^= 0xff;
}

static void apply(struct offer *o) {
    if (offer_fault_is(o, TFTP_DO_NOT_FOUND))
        err_set(&o->e, ERR_TFTP_NOT_FOUND, NULL);
    else if (offer_fault_is(o, TFTP_DO_CORRUPT))
        corrupt(&o->content, o->fault->value);
    else if (offer_fault_is(o, TFTP_DO_TRUNCATE) && o->fault->value < (int64_t)o->content.len)
        o->content.len = (size_t)o->fault->value;
}

void service_look_up(const struct service *s, const struct ask *ask, struct offer *out) {
    *out = (struct offer){.content = BUF_INIT(FILES_MAX)};
    if (!files_device(ask->name, out->device) && ask->device != NULL)
        snprintf(out->device, sizeof out->device, "%s", ask->device);
    event_message(out->device, NULL, ask->what, "%s", ask->name);
    visit(s, ask->at, ask->name, out);
    files_get(s->files, ask->name, &out->content, &out->e);
    apply(out);
}

static void put_fault(const struct offer *o, struct buf *text) {
    if (o == NULL || o->fault == NULL)
        return;
    buf_put_str(text, ", fault: ");
    fault_put(o->fault, text);
}

void offer_tell(const struct offer *o, const char *what, const char *name, const char *detail) {
    AUTO_BUF text = BUF_INIT(TEXT_MAX);
    buf_put_str(&text, detail);
    put_fault(o, &text);
    event_message(NULL, o->device, what, "%s: %s", name, buf_str(&text));
}

void service_log(const struct service *s, const char *transport, const char *peer, const char *name,
                 const struct offer *o, const char *fmt, ...) {
    AUTO_BUF text = BUF_INIT(TEXT_MAX);
    char at[CLOCK_ISO_MAX];
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    put_fault(o, &text);
    clock_iso(clock_wall_us(), at);
    log_line(s->log, "%s %s %s %s: %s", at, transport, peer, name, buf_str(&text));
}
