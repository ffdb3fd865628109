/* Devices as a table for people, CSV or JSON. */
#ifndef CAPF_DEVICE_REPORT_H
#define CAPF_DEVICE_REPORT_H

#include "base/err.h"
#include "capf/store.h"
#include <stdio.h>

enum report_format { REPORT_TEXT, REPORT_CSV, REPORT_JSON };

/* Columns of `device list` and of `device report`: names of device_fields, ending with NULL. */
extern const char *const report_list_columns[];
extern const char *const report_lsc_columns[];

/* All devices, or those in names (count of them; 0: all). -1 STORE_*, SYS_IO. */
int report_devices(struct store *s, const char *const *columns, enum report_format format,
                   char **names, int count, FILE *out, struct err *e);

/* Every column of one device, a line each or one JSON object. */
void report_device(const struct device *d, enum report_format format, FILE *out);

#endif
