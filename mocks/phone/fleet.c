/* Many phones in one process. A phone is never freed from its own callback: an event of the loop
 * collects those that have ended and starts the next ones. */
#include "mocks/phone/fleet.h"
#include <stdlib.h>

struct fleet {
    const struct phone_shared *shared;
    const struct phone_list *list;
    size_t concurrency;
    FILE *out;
    fleet_done_fn *done;
    void *user;
    struct event *turn;
    struct phone **active; /* up to concurrency, without gaps */
    struct phone **over;   /* those of active that have ended and wait to be collected */
    size_t active_count, over_count;
    size_t next, ended, failed;
};

static void print_line(struct fleet *f, json_t *line) {
    if (line != NULL)
        json_dumpf(line, f->out, JSON_COMPACT);
    fputc('\n', f->out);
    fflush(f->out);
    json_decref(line);
}

/* A phone that could not be made has a result too. */
static void report_unmade(struct fleet *f, const struct phone_config *config, const struct err *e) {
    print_line(f, json_pack("{s:s, s:s, s:s, s:[], s:n, s:i, s:s, s:s}", "device", config->name,
                            "result", "failed", "operation", "none", "status", "reason", "attempts",
                            0, "error", err_name(e->code), "detail", e->text));
    f->ended++;
    f->failed++;
}

static void on_phone_done(struct phone *phone, void *user) {
    struct fleet *f = user;
    f->over[f->over_count++] = phone;
    event_active(f->turn, EV_TIMEOUT, 0);
}

static void forget(struct fleet *f, const struct phone *phone) {
    size_t i = 0;
    while (f->active[i] != phone)
        i++;
    f->active[i] = f->active[--f->active_count];
}

static void collect(struct fleet *f, struct phone *phone) {
    print_line(f, phone_result(phone));
    f->failed += phone_outcome_success(phone_outcome(phone)) ? 0 : 1;
    f->ended++;
    forget(f, phone);
    phone_free(phone);
}

static void start_next(struct fleet *f) {
    struct err e = {0};
    const struct phone_config *config = &f->list->items[f->next++];
    struct phone *phone = phone_new(f->shared, config, &e);
    if (phone == NULL) {
        report_unmade(f, config, &e);
        return;
    }
    f->active[f->active_count++] = phone;
    phone_start(phone, on_phone_done, f);
}

static void on_turn(evutil_socket_t fd, short what, void *user) {
    struct fleet *f = user;
    (void)fd;
    (void)what;
    for (size_t i = 0; i < f->over_count; i++)
        collect(f, f->over[i]);
    f->over_count = 0;
    while (f->active_count < f->concurrency && f->next < f->list->count)
        start_next(f);
    if (f->ended == f->list->count)
        f->done(f->user);
}

struct fleet *fleet_new(const struct phone_shared *shared, const struct phone_list *list,
                        size_t concurrency, FILE *out, fleet_done_fn *done, void *user,
                        struct err *e) {
    struct fleet *f = calloc(1, sizeof *f);
    if (f != NULL) {
        *f = (struct fleet){.shared = shared,
                            .list = list,
                            .concurrency = concurrency,
                            .out = out,
                            .done = done,
                            .user = user};
        f->active = calloc(concurrency, sizeof(struct phone *));
        f->over = calloc(concurrency, sizeof(struct phone *));
        f->turn = event_new(shared->loop, -1, 0, on_turn, f);
    }
    if (f == NULL || f->active == NULL || f->over == NULL || f->turn == NULL) {
        err_set(e, ERR_SYS_NOMEM, "phones");
        fleet_free(f);
        return NULL;
    }
    event_active(f->turn, EV_TIMEOUT, 0);
    return f;
}

void fleet_free(struct fleet *fleet) {
    if (fleet == NULL)
        return;
    for (size_t i = 0; i < fleet->active_count; i++)
        phone_free(fleet->active[i]);
    if (fleet->turn != NULL)
        event_free(fleet->turn);
    free(fleet->active);
    free(fleet->over);
    free(fleet);
}

size_t fleet_ended(const struct fleet *fleet) {
    return fleet->ended;
}

size_t fleet_failed(const struct fleet *fleet) {
    return fleet->failed;
}
