/* What a result depends on beside the code under test: every option, the machine, the libraries and
 * the build. Two results are compared only where these agree. */
#ifndef BENCH_CONDITIONS_H
#define BENCH_CONDITIONS_H

#include "bench/options.h"
#include <jansson.h>

/* The options by their names, "machine" {model, processors, architecture, system}, "libraries" {by
 * name} and "build" {version, commit, compiler, sanitized}. Caller owns it; NULL without memory. */
json_t *conditions_of(const struct bench_options *o);

#endif
