/* Shared by the lab_config*.c files only: putting values into configurations. Without memory a key
 * is left out, which the program that reads the file tells. */
#ifndef SCENARIOS_RUNNER_LAB_CONFIG_H
#define SCENARIOS_RUNNER_LAB_CONFIG_H

#include "scenarios/runner/run.h"

enum { CAPF_PORT = 3804, TVS_PORT = 2445, HTTP_PORT = 6970, TFTP_PORT = 69 };

/* A path below the scenario's folder. */
void set_path(json_t *o, const char *key, const struct run *r, const char *below);
void set_string(json_t *o, const char *key, const char *text); /* NULL: nothing */
void set_word(json_t *o, const char *key, const struct cfg_word *words, int value);
void set_duration(json_t *o, const char *key, int64_t us);
void set_listen(json_t *o, const struct run *r, enum component c);
void set_workers(json_t *o, const struct workers_config *workers);
/* Where a component listens, or shall listen. */
const char *listen_of(const struct run *r, enum component c);

/* The process: block; the second with names and, when told so, the NTP server. */
json_t *process_of(const struct run *r, const char *actor, struct lab_clock clock);
json_t *process_with_names(const struct run *r, enum component c, bool ntp);

#endif
