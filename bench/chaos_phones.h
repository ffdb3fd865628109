/* The phones of a run of chaos: which comes next, what became of each, and who tries again. One
 * that failed stays as it is until its device was scheduled anew, as an operator does. */
#ifndef BENCH_CHAOS_PHONES_H
#define BENCH_CHAOS_PHONES_H

#include "base/err.h"
#include "bench/load.h"
#include <stdbool.h>
#include <stddef.h>

enum { CHAOS_NAME_MAX = 24, CHAOS_ERROR_MAX = 40 };

struct chaos_phone {
    char error[CHAOS_ERROR_MAX]; /* of the last attempt; "": it ended well */
    unsigned attempts;           /* that have ended */
    bool installed;              /* the last attempt ended so */
};

struct chaos_phones {
    struct chaos_phone *items;
    size_t max, begun;      /* devices there are; of them tried so far: 0 .. begun - 1 */
    size_t *failed, *ready; /* queues of numbers: to be scheduled; scheduled anew */
    size_t failed_count, ready_count;
    bool only_again; /* no new phone is begun */
    const struct load_work *inner;
    struct load_work work; /* for load_run: the number that it gives is not looked at */
};

/* -1 SYS_NOMEM. Release with chaos_phones_free. */
int chaos_phones_init(struct chaos_phones *p, size_t max, struct err *e);
void chaos_phones_free(struct chaos_phones *p);

/* For struct drive_target: notes the end of an attempt. */
void chaos_phones_ended(void *phones, size_t number, const char *error);

/* Takes up to max numbers of phones that failed; they are ready from then on. */
size_t chaos_phones_reschedule(struct chaos_phones *p, size_t *numbers, size_t max);

/* One that is installed, but not for CAPF, is to come again. Others are left as they are. */
void chaos_phones_settle(struct chaos_phones *p, size_t number);

void chaos_phone_name(size_t number, char out[CHAOS_NAME_MAX]);

#endif
