/* Queues of numbers. Each phone stands in at most one of them. */
#include "bench/chaos_phones.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void chaos_phone_name(size_t number, char out[CHAOS_NAME_MAX]) {
    snprintf(out, CHAOS_NAME_MAX, "SEPBE%010zX", number);
}

/* The one that waited longest; the queues are short. */
static size_t take_first(size_t *queue, size_t *count) {
    size_t first = queue[0];
    memmove(queue, queue + 1, --*count * sizeof *queue);
    return first;
}

static int start(void *user, struct load_job *job, size_t unused, struct err *e) {
    struct chaos_phones *p = user;
    (void)unused;
    bool again = p->ready_count > 0;
    if (!again && (p->only_again || p->begun == p->max))
        return err_set(e, ERR_SYS_LIMIT, "no phone is left");
    size_t number = again ? take_first(p->ready, &p->ready_count) : p->begun++;
    int started = p->inner->start(p->inner->user, job, number, e);
    if (started != 0)
        chaos_phones_ended(p, number, err_name(e->code));
    return started;
}

static void release(void *user, struct load_job *job) {
    const struct chaos_phones *p = user;
    p->inner->release(p->inner->user, job);
}

int chaos_phones_init(struct chaos_phones *p, size_t max, struct err *e) {
    *p = (struct chaos_phones){.max = max, .work = {start, release, p}};
    p->items = calloc(max, sizeof *p->items);
    p->failed = calloc(max, sizeof *p->failed);
    p->ready = calloc(max, sizeof *p->ready);
    if (p->items != NULL && p->failed != NULL && p->ready != NULL)
        return 0;
    return err_set(e, ERR_SYS_NOMEM, "phones");
}

void chaos_phones_free(struct chaos_phones *p) {
    free(p->items);
    free(p->failed);
    free(p->ready);
}

void chaos_phones_ended(void *phones, size_t number, const char *error) {
    struct chaos_phones *p = phones;
    struct chaos_phone *phone = &p->items[number];
    phone->attempts++;
    phone->installed = error == NULL;
    snprintf(phone->error, sizeof phone->error, "%s", error == NULL ? "" : error);
    if (error != NULL)
        p->failed[p->failed_count++] = number;
}

size_t chaos_phones_reschedule(struct chaos_phones *p, size_t *numbers, size_t max) {
    size_t taken = 0;
    while (taken < max && p->failed_count > 0) {
        numbers[taken] = take_first(p->failed, &p->failed_count);
        p->ready[p->ready_count++] = numbers[taken++];
    }
    return taken;
}

void chaos_phones_settle(struct chaos_phones *p, size_t number) {
    if (number < p->begun && p->items[number].installed)
        p->ready[p->ready_count++] = number;
}
