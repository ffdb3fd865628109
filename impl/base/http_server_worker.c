/* The HTTP server in a worker: connections come from the supervisor, libmicrohttpd listens nowhere.
 * At the limit of connections no more are taken; those that wait are not refused. */
#include "http_server_impl.h"
#include <string.h>

/* Numbers are the supervisor's: they are unique over all workers. */
static void on_connection(void *server, int fd, struct sockaddr *address, socklen_t len,
                          uint64_t number) {
    struct http_server *s = server;
    s->connections = number - 1;
    MHD_add_connection(s->daemon, fd, address, len);
    if (s->open >= s->open_max)
        worker_intake_pause(s->intake);
    server_loop_kick(s);
}

int server_worker_init(struct http_server *s, struct err *e) {
    s->intake = worker_intake_new(s->loop, on_connection, s, e);
    return s->intake != NULL ? 0 : -1;
}

void server_worker_free(struct http_server *s) {
    worker_intake_free(s->intake);
    s->intake = NULL;
}

void server_worker_opened(struct http_server *s) {
    s->open++;
}

void server_worker_closed(struct http_server *s) {
    s->open--;
    if (s->intake != NULL)
        worker_intake_resume(s->intake);
}
