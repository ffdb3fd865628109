/* The columns of a device as text: what the command line sets, lists and reports, from one table.
 */
#ifndef CAPF_DEVICE_FIELDS_H
#define CAPF_DEVICE_FIELDS_H

#include "base/bytes.h"
#include "base/err.h"
#include "capf/cli.h"
#include "capf/store.h"

struct device_field {
    const char *name; /* heading in CSV, key in JSON */
    /* -1 ARG_USAGE. NULL: cannot be set. */
    int (*set)(struct device *d, const char *text, struct err *e);
    void (*get)(const struct device *d, struct buf *out);
};
extern const struct device_field device_fields[]; /* ends with {NULL} */

/* Whether two thirds of the validity of its LSC are over (capf-service.md 4), or all of it. */
bool device_lsc_is_due(const struct device *d);

/* NULL when there is none. */
const struct device_field *device_field_find(const char *name);

/* Applies the options that are given. *schedules: a new operation was set. -1 ARG_USAGE. */
int device_fields_apply(struct device *d, const struct cli_options *options, bool *schedules,
                        struct err *e);
/* What follows from a change: a scheduled operation is pending, a cancelled one is not. */
void device_settle(struct device *d, int operation_before, bool status_given);

#endif
