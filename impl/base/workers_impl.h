/* What supervisor and worker say to each other; shared by their two files only. */
#ifndef BASE_WORKERS_IMPL_H
#define BASE_WORKERS_IMPL_H

#include "base/err.h"
#include <signal.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/* With it goes the descriptor of the connection. */
struct handed {
    uint64_t number;
    socklen_t len;
    struct sockaddr_storage address;
};

enum notice_kind { NOTICE_FREED, NOTICE_WANTED };
struct notice {
    uint32_t kind;
    uint64_t thing;
    uint64_t rank;
};

/* Index 0 is the supervisor's end. Both keep their ends in the supervisor, so that nothing in them
 * is lost with a worker. */
struct worker_lines {
    int connections[2]; /* struct handed, supervisor to worker */
    int notices[2];     /* struct notice, both ways */
};

struct worker_self {
    unsigned number;     /* 0: no worker */
    unsigned generation; /* how often it was started again */
    int connections, notices, claims;
    char *address;
    sigset_t signals; /* the mask for when they can be handled */
};
void worker_become(const struct worker_self *self);

/* 1 with *fd and *h filled, 0 nothing there, -1 broken. */
int handed_receive(int from, struct handed *h, int *fd);
/* 0, or -1 with errno. The sender keeps fd. */
int handed_send(int to, const struct handed *h, int fd);

#endif
