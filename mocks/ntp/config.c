/* The keys of capflab-ntp's configuration file. */
#include "mocks/ntp/config.h"

const struct cfg_field ntp_fields[] = {
    CFG_MAP(struct ntp_config, process, "process", process_fields, "what all daemons have"),
    CFG_STRING(struct ntp_config, listen, "listen", "127.0.0.1:0", "address to serve on (UDP)"),
    CFG_STRING(struct ntp_config, log, "log", NULL, "file for one line a request; -: stderr"),
    CFG_DURATION_RANGE(struct ntp_config, offset_us, "offset", "0s", -NTP_OFFSET_MAX_US,
                       NTP_OFFSET_MAX_US, "added to the process' clock in what is answered"),
    CFG_INT(struct ntp_config, stratum, "stratum", "1", 1, 15, "distance from the reference"),
    CFG_LIST(struct ntp_config, faults, "faults", struct fault_row, fault_fields,
             "what goes wrong, see the points and actions below"),
    CFG_END,
};
