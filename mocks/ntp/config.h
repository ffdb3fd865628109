/* The configuration file of capflab-ntp. */
#ifndef MOCKS_NTP_CONFIG_H
#define MOCKS_NTP_CONFIG_H

#include "base/process.h"
#include "mocks/ntp/points.h"

struct ntp_config {
    struct process_config process;
    char *listen;
    char *log;         /* NULL: none */
    int64_t offset_us; /* between the process' clock and the time that is given */
    int64_t stratum;
    struct cfg_list faults; /* of struct fault_row */
};
extern const struct cfg_field ntp_fields[];

#endif
