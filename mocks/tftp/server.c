/* Files, and the two transports that serve them. */
#include "mocks/tftp/server.h"
#include "mocks/tftp/udp.h"
#include "mocks/tftp/web.h"

struct tftp_server {
    struct service service;
    struct files *files;
    struct tftp_udp *udp;
    struct tftp_web *web;
};

static int start(struct tftp_server *s, struct event_base *loop, struct err *e) {
    const struct tftp_config *config = s->service.config;
    if (config->log != NULL && (s->service.log = log_open(config->log, e)) == NULL)
        return -1;
    s->files = files_new(config, e);
    if (s->files == NULL)
        return -1;
    s->service.files = s->files;
    s->udp = tftp_udp_new(loop, &s->service, e);
    if (s->udp != NULL)
        s->web = tftp_web_new(loop, &s->service, e);
    return s->web != NULL ? 0 : -1;
}

struct tftp_server *tftp_server_new(struct event_base *loop, const struct tftp_config *config,
                                    struct fault_set *faults, struct err *e) {
    struct tftp_server *s = calloc(1, sizeof *s);
    if (s == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    s->service.config = config;
    s->service.faults = faults;
    if (start(s, loop, e) == 0)
        return s;
    tftp_server_free(s);
    return NULL;
}

void tftp_server_free(struct tftp_server *s) {
    if (s == NULL)
        return;
    tftp_web_free(s->web);
    tftp_udp_free(s->udp);
    files_free(s->files);
    log_close(s->service.log);
    free(s);
}

const char *tftp_server_address(const struct tftp_server *s) {
    return tftp_udp_address(s->udp);
}

const char *tftp_server_http_address(const struct tftp_server *s) {
    return tftp_web_address(s->web);
}
