/* JSON values as block YAML that people like to read: the configuration files of the lab. */
#ifndef SCENARIOS_RUNNER_YAML_WRITE_H
#define SCENARIOS_RUNNER_YAML_WRITE_H

#include "base/bytes.h"
#include "base/err.h"
#include <jansson.h>

/* Appends value (object or array of objects, arrays and scalars). */
void yaml_put(struct buf *out, const json_t *value);

/* The same into a file. -1 SYS_IO, SYS_LIMIT. */
int yaml_write_file(const char *path, const char *comment, const json_t *value, struct err *e);

/* A duration as configuration files take it: "10s", "250ms". Owned by the caller. */
json_t *yaml_duration(int64_t us);

#endif
