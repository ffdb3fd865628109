/* The worker's side: its connections, its claims, and what it hears of other workers' claims. It
 * must never believe that it has a claim when the kernel did not say so. */
#include "base/workers.h"
#include "base/owned.h"
#include "base/workers_impl.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

enum {
    LOOK_AGAIN_S = 10,
    AT_A_TIME = 16,
    BREATH_US = 100 * 1000,
    BUCKETS = 1024 /* a power of two */
};

struct claim {
    uint64_t thing;
    bool wanted;
    LIST_ENTRY(claim) link;
};
LIST_HEAD(claim_list, claim);

/* One per process, as the process is one worker or none. */
static struct worker_self self;
static struct claim_list claims[BUCKETS];
static struct worker_sharing sharing;
static struct event *on_notice;
static struct event *look_again; /* should a notice have been lost */

void worker_become(const struct worker_self *given) {
    self = *given;
}

int workers_apply(struct workers_config *config, const struct workers_options *options,
                  struct err *e) {
    const char *word = options->durability;
    if (options->count < 0 || options->count > WORKERS_MAX)
        return err_set(e, ERR_ARG_USAGE, "--workers %lld: 1 to %d can be had",
                       (long long)options->count, WORKERS_MAX);
    if (options->count > 0)
        config->count = options->count;
    if (word == NULL)
        return 0;
    if (strcmp(word, "on") != 0 && strcmp(word, "off") != 0)
        return err_set(e, ERR_ARG_USAGE, "--durability %s: is on or off", word);
    config->durable = strcmp(word, "on") == 0;
    return 0;
}

unsigned worker_number(void) {
    return self.number;
}

void worker_takes_signals(void) {
    if (self.number > 0)
        sigprocmask(SIG_SETMASK, &self.signals, NULL);
}

bool worker_is_first(void) {
    return self.number == 0 || (self.number == 1 && self.generation == 0);
}

char *worker_address(void) {
    return strdup(self.address);
}

char *worker_seed(const char *seed) {
    char *own = NULL;
    return asprintf(&own, "%s/worker %u.%u", seed, self.number, self.generation) < 0 ? NULL : own;
}

/* ---- connections ---- */

struct worker_intake {
    struct event *readable;
    struct event *breath; /* until there may be a descriptor again */
    bool paused;          /* by its owner */
    worker_intake_fn *fn;
    void *user;
};

/* A descriptor that finds no place here would be lost with its connection. */
static bool has_room(void) {
    int spare = fcntl(self.connections, F_DUPFD_CLOEXEC, 0);
    if (spare < 0)
        return false;
    close(spare);
    return true;
}

static void take_breath(struct worker_intake *intake) {
    static const struct timeval breath = {.tv_usec = BREATH_US};
    event_del(intake->readable);
    evtimer_add(intake->breath, &breath);
}

static void on_breath(evutil_socket_t fd, short what, void *user) {
    (void)fd;
    (void)what;
    struct worker_intake *intake = user;
    if (!intake->paused)
        event_add(intake->readable, NULL);
}

static void on_connections(evutil_socket_t from, short what, void *user) {
    (void)what;
    struct worker_intake *intake = user;
    for (int i = 0; i < AT_A_TIME && !intake->paused; i++) {
        struct handed h;
        int fd = -1;
        if (!has_room()) {
            take_breath(intake);
            return;
        }
        if (handed_receive(from, &h, &fd) <= 0)
            return;
        intake->fn(intake->user, fd, (struct sockaddr *)(void *)&h.address, h.len, h.number);
    }
}

struct worker_intake *worker_intake_new(struct event_base *loop, worker_intake_fn *fn, void *user,
                                        struct err *e) {
    struct worker_intake *intake = calloc(1, sizeof *intake);
    if (intake != NULL) {
        *intake = (struct worker_intake){.fn = fn, .user = user};
        intake->readable =
            event_new(loop, self.connections, EV_READ | EV_PERSIST, on_connections, intake);
        intake->breath = evtimer_new(loop, on_breath, intake);
    }
    if (intake != NULL && intake->readable != NULL && intake->breath != NULL &&
        event_add(intake->readable, NULL) == 0)
        return intake;
    worker_intake_free(intake);
    err_set(e, ERR_SYS_NOMEM, "connections of the worker");
    return NULL;
}

void worker_intake_free(struct worker_intake *intake) {
    if (intake == NULL)
        return;
    if (intake->readable != NULL)
        event_free(intake->readable);
    if (intake->breath != NULL)
        event_free(intake->breath);
    free(intake);
}

void worker_intake_pause(struct worker_intake *intake) {
    intake->paused = true;
    event_del(intake->readable);
}

void worker_intake_resume(struct worker_intake *intake) {
    intake->paused = false;
    if (!evtimer_pending(intake->breath, NULL))
        event_add(intake->readable, NULL);
}

/* ---- claims ---- */

/* A notice that finds no place is lost: who waits looks again by itself. */
static void tell(enum notice_kind kind, uint64_t thing, uint64_t rank) {
    const struct notice n = {(uint32_t)kind, thing, rank};
    if (send(self.notices, &n, sizeof n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        return;
}

static struct claim_list *bucket_of(uint64_t thing) {
    return &claims[(thing ^ thing >> 32) & (BUCKETS - 1)];
}

static struct claim *find(uint64_t thing) {
    struct claim *c;
    LIST_FOREACH(c, bucket_of(thing), link)
    if (c->thing == thing)
        return c;
    return NULL;
}

/* One octet of a file that all workers have: the kernel gives it to one process, and takes it back
 * when that ends. */
static struct flock octet_of(uint64_t thing, short type) {
    return (struct flock){
        .l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)(thing & INT64_MAX), .l_len = 1};
}

static int lock(uint64_t thing, short type) {
    struct flock octet = octet_of(thing, type);
    return fcntl(self.claims, F_SETLK, &octet);
}

static bool is_free(uint64_t thing) {
    struct flock octet = octet_of(thing, F_WRLCK);
    return fcntl(self.claims, F_GETLK, &octet) == 0 && octet.l_type == F_UNLCK;
}

static void ask_for(uint64_t thing, uint64_t rank) {
    static const struct timeval wait = {.tv_sec = LOOK_AGAIN_S};
    tell(NOTICE_WANTED, thing, rank);
    if (look_again != NULL)
        evtimer_add(look_again, &wait);
}

bool worker_claim(uint64_t thing, uint64_t rank) {
    if (self.number == 0 || find(thing) != NULL)
        return true;
    struct claim *c = calloc(1, sizeof *c);
    if (c != NULL && lock(thing, F_WRLCK) == 0) {
        c->thing = thing;
        LIST_INSERT_HEAD(bucket_of(thing), c, link);
        return true;
    }
    free(c);
    ask_for(thing, rank);
    return false;
}

void worker_unclaim(uint64_t thing) {
    struct claim *c = self.number == 0 ? NULL : find(thing);
    if (c == NULL)
        return;
    bool wanted = c->wanted;
    LIST_REMOVE(c, link);
    free(c);
    lock(thing, F_UNLCK);
    if (wanted)
        tell(NOTICE_FREED, 0, 0);
}

/* Who asks for what nobody has may have asked too late to be told. What a third worker has is for
 * that one to answer: told that it is free, who asks would ask again at once, and for ever. */
static void take_wanted(const struct notice *n) {
    struct claim *c = find(n->thing);
    if (c == NULL) {
        if (is_free(n->thing))
            tell(NOTICE_FREED, 0, 0);
        return;
    }
    c->wanted = true;
    if (sharing.wanted != NULL)
        sharing.wanted(sharing.user, n->thing, n->rank);
}

static void on_notices(evutil_socket_t from, short what, void *user) {
    (void)what;
    (void)user;
    struct notice n;
    bool freed = false;
    while (recv(from, &n, sizeof n, MSG_DONTWAIT) == (ssize_t)sizeof n) {
        freed = freed || n.kind == NOTICE_FREED;
        if (n.kind == NOTICE_WANTED)
            take_wanted(&n);
    }
    if (freed && sharing.freed != NULL)
        sharing.freed(sharing.user);
}

static void on_look_again(evutil_socket_t fd, short what, void *user) {
    (void)fd;
    (void)what;
    (void)user;
    if (sharing.freed != NULL)
        sharing.freed(sharing.user);
}

static void forget_event(struct event **event) {
    if (*event != NULL)
        event_free(*event);
    *event = NULL;
}

int workers_share(struct event_base *loop, const struct worker_sharing *given, struct err *e) {
    forget_event(&on_notice);
    forget_event(&look_again);
    sharing = given != NULL ? *given : (struct worker_sharing){0};
    if (given == NULL || self.number == 0)
        return 0;
    on_notice = event_new(loop, self.notices, EV_READ | EV_PERSIST, on_notices, NULL);
    look_again = evtimer_new(loop, on_look_again, NULL);
    if (on_notice != NULL && look_again != NULL && event_add(on_notice, NULL) == 0)
        return 0;
    return err_set(e, ERR_SYS_NOMEM, "claims of the worker");
}

/* ---- the handing over ---- */

union passed {
    struct cmsghdr align;
    char octets[CMSG_SPACE(sizeof(int))];
};

int handed_send(int to, const struct handed *h, int fd) {
    union passed passed = {0};
    struct iovec part = {(void *)(uintptr_t)h, sizeof *h};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = passed.octets,
                       .msg_controllen = sizeof passed.octets};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    return sendmsg(to, &m, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)sizeof *h ? 0 : -1;
}

int handed_receive(int from, struct handed *h, int *fd) {
    union passed passed = {0};
    struct iovec part = {h, sizeof *h};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = passed.octets,
                       .msg_controllen = sizeof passed.octets};
    ssize_t got = recvmsg(from, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    if (got != (ssize_t)sizeof *h || c == NULL || c->cmsg_type != SCM_RIGHTS)
        return -1;
    memcpy(fd, CMSG_DATA(c), sizeof *fd);
    return 1;
}
