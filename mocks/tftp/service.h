/* What both transports of the file service share: a request is told of, meets its faults, and
 * becomes what is offered to the client; its end is a line of the log. */
#ifndef MOCKS_TFTP_SERVICE_H
#define MOCKS_TFTP_SERVICE_H

#include "base/log.h"
#include "mocks/tftp/files.h"

struct service {
    const struct tftp_config *config;
    struct fault_set *faults; /* may be NULL */
    const struct files *files;
    struct log *log; /* may be NULL */
};

/* A request as it came. */
struct ask {
    enum tftp_point at;
    const char *what;   /* the event: "TFTP RRQ" */
    const char *name;   /* of the file */
    const char *device; /* who asks, where the name does not tell; NULL: not known */
};

/* What it gets. */
struct offer {
    struct buf content;            /* the file, with what a fault did to it; owned */
    struct err e;                  /* code OK: there is a file */
    const struct fault *fault;     /* for what the transport has to do itself; NULL: none */
    int64_t delay_us;              /* before the answer */
    char device[FILES_DEVICE_MAX]; /* who asks, for events; "client" when it is not known */
};

/* Counts a visit of the point and looks the file up. Caller frees with offer_free. */
void service_look_up(const struct service *s, const struct ask *ask, struct offer *out);
void offer_free(struct offer *o);
bool offer_fault_is(const struct offer *o, enum tftp_action action);

/* The event of an answer. */
void offer_tell(const struct offer *o, const char *what, const char *name, const char *detail);

/* One line: time, transport, peer, name of the file, text; then the fault, if any. o may be NULL.
 */
void service_log(const struct service *s, const char *transport, const char *peer, const char *name,
                 const struct offer *o, const char *fmt, ...) __attribute__((format(printf, 6, 7)));

#endif
