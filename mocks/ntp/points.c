/* The tables of points.h as the fault engine reads them. */
#include "mocks/ntp/points.h"
#include <stddef.h>

static const char *const ntp_kiss_codes[] = {"DENY", "RSTR", "RATE", NULL};

static const struct fault_point points[] = {
    {"ntp.request", 0, "a client asks for the time"},
    {0},
};

static const struct fault_action actions[] = {
#define NTP_ACTION_ROW(action, word, kind, called, allowed, least, most, along, text)              \
    {.name = (word),                                                                               \
     .argument = (kind),                                                                           \
     .argument_name = (called),                                                                    \
     .choices = (allowed),                                                                         \
     .min = (least),                                                                               \
     .max = (most),                                                                                \
     .beside = (along),                                                                            \
     .help = (text)},
    NTP_ACTION_TABLE(NTP_ACTION_ROW)
#undef NTP_ACTION_ROW
        {0},
};

const struct fault_tables ntp_faults = {.mock = "ntp", .points = points, .actions = actions};
