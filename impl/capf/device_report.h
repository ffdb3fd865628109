/* Devices as a table for people, CSV or JSON. */
#ifndef CAPF_DEVICE_REPORT_H
#define CAPF_DEVICE_REPORT_H

#include "base/err.h"
#include "capf/cli.h"
#include "capf/store.h"
#include <stdio.h>

enum report_format { REPORT_TEXT, REPORT_CSV, REPORT_JSON };

/* Columns of `device list` and of `device report`: names of device_fields, ending with NULL. */
extern const char *const report_list_columns[];
extern const char *const report_lsc_columns[];

/* The chosen devices, counted in choice->taken. -1 STORE_*. */
int report_devices(struct store *s, const char *const *columns, enum report_format format,
                   struct cli_choice *choice, FILE *out, struct err *e);

/* Every column of one device, a line each or one JSON object. */
void report_device(const struct device *d, enum report_format format, FILE *out);

#endif
