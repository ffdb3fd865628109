/* The relaying itself. Bytes wait in the input buffer of the side they came from until they may be
 * passed, so that a slow reader slows the writer down; ends are passed on behind the bytes before
 * them. A side that was reset resets the other. */
#include "mocks/wire/link.h"
#include "base/clock.h"
#include "base/owned.h"
#include "base/resolver.h"
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

enum { CLIENT, SERVER, SIDES };
enum { BUFFER_MAX = 64 * 1024 };
static const uint64_t UNLIMITED = UINT64_MAX;

/* RELAYING: bytes pass as the fault allows. CUTTING: the ends go out, what still comes is thrown
 * away. RESETTING: as soon as the bytes before it are out. */
enum link_state { RELAYING, CUTTING, RESETTING };

struct side {
    struct link *link;
    struct bufferevent *stream; /* NULL: not there (yet) */
    uint64_t passed;            /* bytes from here to the other side */
    uint64_t credit;            /* of a dribble */
    bool connected;
    bool ended; /* nothing more comes from here */
    bool shut;  /* the end was told to it */
};

/* A look-up cannot be called back; it can be told that nobody waits any more. */
struct link_lookup {
    struct link *link; /* NULL: nobody */
};

struct link {
    struct link_owner *owner;
    LIST_ENTRY(link) entry;
    const struct link_target *target;
    uint64_t number;
    const struct fault *fault; /* NULL: none */
    enum link_state state;
    bool stalled; /* for good */
    bool holding; /* a flight waits for its release */
    bool released;
    int spoke;        /* the side whose bytes passed last */
    uint64_t flights; /* of the server, begun */
    struct side sides[SIDES];
    struct timer *timer; /* of a delay, then of a dribble */
    struct link_lookup *lookup;
};

static bool does(const struct link *l, enum wire_action action) {
    return l->fault != NULL && l->fault->action == (unsigned)action;
}

static void tell(const struct link *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void tell(const struct link *l, const char *fmt, ...) {
    char at[CLOCK_ISO_MAX];
    AUTO_BUF text = BUF_INIT(1024);
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    clock_iso(clock_wall_us(), at);
    log_line(l->owner->log, "%s %s %" PRIu64 ": %s", at, l->target->name, l->number,
             buf_str(&text));
}

void link_free(struct link *l) {
    struct link_owner *owner = l->owner;
    tell(l, "ended; %" PRIu64 " bytes to the server, %" PRIu64 " to the client",
         l->sides[CLIENT].passed, l->sides[SERVER].passed);
    if (l->lookup != NULL)
        l->lookup->link = NULL;
    for (size_t i = 0; i < SIDES; i++)
        if (l->sides[i].stream != NULL)
            bufferevent_free(l->sides[i].stream);
    timer_free(l->timer);
    LIST_REMOVE(l, entry);
    owner->count--;
    free(l);
}

/* Closing sends RST instead of FIN. */
static void arm_reset(const struct side *side) {
    const struct linger reset = {.l_onoff = 1};
    if (side->stream != NULL)
        setsockopt(bufferevent_getfd(side->stream), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
}

static void reset_now(struct link *l) {
    for (size_t i = 0; i < SIDES; i++)
        arm_reset(&l->sides[i]);
    link_free(l);
}

static size_t waiting_in(const struct side *side) {
    return side->stream == NULL ? 0 : evbuffer_get_length(bufferevent_get_input(side->stream));
}

static size_t waiting_out(const struct side *side) {
    return side->stream == NULL ? 0 : evbuffer_get_length(bufferevent_get_output(side->stream));
}

/* ---- What a fault allows ---- */

static uint64_t left(uint64_t limit, uint64_t passed) {
    return passed < limit ? limit - passed : 0;
}

static bool stalls_behind_client(const struct link *l) {
    return strcmp(l->fault->text, "client") == 0;
}

/* A flight ends where the other side begins to speak. */
static bool flight_is_over(const struct link *l) {
    if (stalls_behind_client(l))
        return waiting_in(&l->sides[SERVER]) > 0;
    return l->sides[SERVER].passed > 0 && waiting_in(&l->sides[CLIENT]) > 0;
}

/* The flight that comes next is the one that a fault holds back. */
static bool holds(const struct link *l) {
    uint64_t begins = l->spoke == CLIENT ? l->flights + 1 : l->flights;
    return does(l, WIRE_RESET_HELD) && !l->released && begins >= (uint64_t)l->fault->value;
}

/* How many bytes may go from that side to the other now. */
static uint64_t allowed(const struct link *l, int from) {
    if (l->fault == NULL)
        return UNLIMITED;
    uint64_t value = (uint64_t)l->fault->value;
    switch ((enum wire_action)l->fault->action) {
    case WIRE_RESET_AFTER:
    case WIRE_CUT:
    case WIRE_HALF_CLOSE:
        return from == SERVER ? left(value, l->sides[SERVER].passed) : UNLIMITED;
    case WIRE_RESET_AFTER_CLIENT:
        return from == CLIENT ? left(value, l->sides[CLIENT].passed) : UNLIMITED;
    case WIRE_STALL_AFTER_HELLO:
        return from == SERVER && stalls_behind_client(l) ? 0 : UNLIMITED;
    case WIRE_RESET_HELD:
        return from == SERVER && holds(l) ? 0 : UNLIMITED;
    case WIRE_DRIBBLE:
        return l->sides[from].credit;
    default:
        return UNLIMITED;
    }
}

/* Whether the fault's count is full. */
static bool is_due(const struct link *l) {
    if (l->fault == NULL)
        return false;
    uint64_t value = (uint64_t)l->fault->value;
    switch ((enum wire_action)l->fault->action) {
    case WIRE_RESET_AFTER:
    case WIRE_CUT:
    case WIRE_HALF_CLOSE:
        return l->sides[SERVER].passed >= value;
    case WIRE_RESET_AFTER_CLIENT:
        return l->sides[CLIENT].passed >= value;
    case WIRE_RESET_HELD:
        return l->released && waiting_in(&l->sides[SERVER]) == 0;
    default:
        return false;
    }
}

/* ---- Passing ---- */

static void move(struct link *l, int from) {
    struct side *source = &l->sides[from], *target = &l->sides[1 - from];
    size_t waiting = waiting_in(source), queued = waiting_out(target);
    uint64_t may = allowed(l, from);
    if (waiting == 0 || target->stream == NULL || target->shut || queued >= BUFFER_MAX)
        return;
    size_t room = BUFFER_MAX - queued;
    size_t count = waiting < room ? waiting : room;
    count = may < count ? (size_t)may : count;
    int moved = evbuffer_remove_buffer(bufferevent_get_input(source->stream),
                                       bufferevent_get_output(target->stream), count);
    if (moved <= 0)
        return;
    source->passed += (uint64_t)moved;
    l->flights += from == SERVER && l->spoke == CLIENT;
    l->spoke = from;
    source->credit -= source->credit < (uint64_t)moved ? source->credit : (uint64_t)moved;
}

static void discard(const struct side *side) {
    if (side->stream != NULL)
        evbuffer_drain(bufferevent_get_input(side->stream), waiting_in(side));
}

/* The end goes out behind the bytes that wait. */
static void shut(struct side *side) {
    if (!side->connected || side->shut || waiting_out(side) > 0)
        return;
    shutdown(bufferevent_getfd(side->stream), SHUT_WR);
    side->shut = true;
}

static void pass_ends(struct link *l) {
    for (int from = 0; from < SIDES; from++)
        if (l->sides[from].ended && waiting_in(&l->sides[from]) == 0)
            shut(&l->sides[1 - from]);
}

/* The fault's last act; false: nothing more is to be done now. */
static bool act(struct link *l) {
    if (does(l, WIRE_HALF_CLOSE)) {
        shut(&l->sides[CLIENT]);
        discard(&l->sides[SERVER]);
        return true;
    }
    l->state = does(l, WIRE_CUT) ? CUTTING : RESETTING;
    return false;
}

static bool both_done(const struct link *l) {
    bool server_done = l->sides[SERVER].ended || l->sides[SERVER].stream == NULL;
    return l->sides[CLIENT].ended && server_done;
}

static void cut(struct link *l) {
    for (size_t i = 0; i < SIDES; i++) {
        discard(&l->sides[i]);
        shut(&l->sides[i]);
    }
    if (both_done(l))
        link_free(l);
}

static void reset(struct link *l) {
    if (waiting_out(&l->sides[CLIENT]) == 0 && waiting_out(&l->sides[SERVER]) == 0)
        reset_now(l);
}

static void relay(struct link *l) {
    if (does(l, WIRE_STALL_AFTER_HELLO) && flight_is_over(l))
        l->stalled = true;
    if (l->stalled) {
        discard(&l->sides[CLIENT]);
        discard(&l->sides[SERVER]);
        return;
    }
    move(l, CLIENT);
    if (holds(l) && !l->holding && waiting_in(&l->sides[SERVER]) > 0) {
        tell(l, "holds flight %" PRId64 " of the server", l->fault->value);
        l->holding = true;
    }
    move(l, SERVER);
    if (!is_due(l) || act(l))
        pass_ends(l);
}

/* Does what can be done now; the link may be gone afterwards. A stalled one ends with its client;
 * what the server does is not told. */
static void go_on(struct link *l) {
    if (l->state == RELAYING)
        relay(l);
    bool given_up = l->stalled && l->sides[CLIENT].ended;
    bool finished = l->sides[CLIENT].shut && l->sides[SERVER].shut && both_done(l);
    if (l->state == CUTTING)
        cut(l);
    else if (l->state == RESETTING)
        reset(l);
    else if (given_up || finished)
        link_free(l);
}

static void release(struct link *l) {
    if (!l->holding || l->released)
        return;
    tell(l, "released");
    l->released = true;
    go_on(l);
}

/* A link may be gone behind its release. */
void links_release(struct link_owner *owner) {
    struct link *next = NULL;
    for (struct link *l = LIST_FIRST(&owner->links); l != NULL; l = next) {
        next = LIST_NEXT(l, entry);
        release(l);
    }
}

/* ---- Events ---- */

static void on_bytes(struct bufferevent *stream, void *user) {
    struct side *side = user;
    (void)stream;
    go_on(side->link);
}

static void on_event(struct bufferevent *stream, short what, void *user) {
    struct side *side = user;
    struct link *l = side->link;
    bool from_server = side == &l->sides[SERVER];
    (void)stream;
    bool connected = (what & BEV_EVENT_CONNECTED) != 0;
    bool failed = (what & BEV_EVENT_ERROR) != 0;
    bool hidden = l->stalled && from_server;
    side->connected = side->connected || connected;
    side->ended = side->ended || !connected;
    if (failed && !hidden)
        reset_now(l);
    else
        go_on(l);
}

/* What is passed on waits for nobody's acknowledgement: a relay must not slow an exchange down. */
static void pass_at_once(struct bufferevent *stream) {
    const int on = 1;
    int fd = bufferevent_getfd(stream);
    if (fd >= 0)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static struct bufferevent *open_side(struct link *l, struct side *side, int fd) {
    side->link = l;
    side->stream =
        bufferevent_socket_new(l->owner->loop, fd, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
    if (side->stream == NULL)
        return NULL;
    bufferevent_setcb(side->stream, on_bytes, on_bytes, on_event, side);
    pass_at_once(side->stream);
    bufferevent_setwatermark(side->stream, EV_READ, 0, BUFFER_MAX);
    bufferevent_setwatermark(side->stream, EV_WRITE, BUFFER_MAX / 2, 0);
    bufferevent_enable(side->stream, EV_READ | EV_WRITE);
    return side->stream;
}

/* ---- The way to the server ---- */

static socklen_t read_address(const char *text, uint16_t port, struct sockaddr_storage *out) {
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        return sizeof *v4;
    }
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1)
        return 0;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    return sizeof *v6;
}

static int connect_to(struct link *l, const char *address) {
    struct sockaddr_storage where;
    socklen_t len = read_address(address, l->target->port, &where);
    struct side *server = &l->sides[SERVER];
    if (len == 0 || open_side(l, server, -1) == NULL)
        return -1;
    int connecting =
        bufferevent_socket_connect(server->stream, (const struct sockaddr *)&where, (int)len);
    pass_at_once(server->stream);
    return connecting;
}

static void on_tick(void *user) {
    struct link *l = user;
    l->sides[CLIENT].credit = 1;
    l->sides[SERVER].credit = 1;
    timer_start(l->timer, l->fault->value);
    go_on(l);
}

static void start_dribble(struct link *l) {
    timer_free(l->timer);
    l->timer = timer_new(l->owner->loop, on_tick, l);
    if (l->timer != NULL)
        timer_start(l->timer, l->fault->value);
}

static void on_address(void *user, const char *const *addresses, const struct err *e) {
    struct link_lookup *mine = user;
    struct link *l = mine->link;
    free(mine);
    if (l == NULL)
        return;
    l->lookup = NULL;
    if (addresses == NULL)
        tell(l, "%s: %s", l->target->host, e->text);
    bool wanted = l->state == RELAYING;
    if (addresses == NULL || (wanted && connect_to(l, addresses[0]) != 0)) {
        reset_now(l);
        return;
    }
    l->stalled = does(l, WIRE_STALL_BEFORE_HELLO);
    if (does(l, WIRE_DRIBBLE))
        start_dribble(l);
    go_on(l);
}

static void reach_server(struct link *l) {
    l->stalled = does(l, WIRE_SILENT);
    if (l->stalled)
        return;
    l->lookup = malloc(sizeof *l->lookup);
    if (l->lookup == NULL) {
        reset_now(l);
        return;
    }
    l->lookup->link = l;
    resolver_lookup(l->owner->resolver, l->target->host, on_address, l->lookup);
}

/* ---- Start ---- */

static void on_delayed(void *user) {
    reach_server(user);
}

static int64_t delay_of(const struct fault_visit *visit) {
    int64_t sum = 0;
    for (size_t i = 0; i < visit->beside_count; i++)
        if (__builtin_add_overflow(sum, visit->beside[i]->value, &sum))
            return INT64_MAX;
    return sum;
}

static void tell_start(const struct link *l) {
    AUTO_BUF fault = BUF_INIT(1024);
    if (l->fault != NULL)
        fault_put(l->fault, &fault);
    tell(l, "to %s:%u%s%s", l->target->host, (unsigned)l->target->port,
         l->fault != NULL ? ", fault: " : "", buf_str(&fault));
}

static void begin(struct link *l, int64_t delay) {
    if (delay > 0)
        l->timer = timer_new(l->owner->loop, on_delayed, l);
    if (l->timer != NULL)
        timer_start(l->timer, delay);
    else
        reach_server(l);
}

void link_start(struct link_owner *owner, const struct link_target *target, int fd, uint64_t number,
                const struct fault_visit *visit) {
    struct link *l = calloc(1, sizeof *l);
    if (l == NULL) {
        close(fd);
        return;
    }
    *l = (struct link){.owner = owner, .target = target, .number = number, .fault = visit->fault};
    LIST_INSERT_HEAD(&owner->links, l, entry);
    owner->count++;
    tell_start(l);
    if (open_side(l, &l->sides[CLIENT], fd) == NULL) {
        close(fd);
        link_free(l);
        return;
    }
    l->sides[CLIENT].connected = true;
    begin(l, delay_of(visit));
}
