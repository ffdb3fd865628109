/* What can be made to go wrong when somebody asks for the time: tables from which faults, --help
 * and whoever steers the mock are made. */
#ifndef MOCKS_NTP_POINTS_H
#define MOCKS_NTP_POINTS_H

#include "mocks/fault/fault.h"

enum ntp_point { AT_NTP_REQUEST };

#define NTP_OFFSET_MAX_US (INT64_C(24000) * 86400 * 1000000) /* NTP counts 68 years either way */

/* X(ACTION, name, argument, its name, choices, least, most, beside another, help) */
#define NTP_ACTION_TABLE(X)                                                                        \
    X(OFFSET, "offset", FAULT_DURATION, NULL, NULL, -NTP_OFFSET_MAX_US, NTP_OFFSET_MAX_US, false,  \
      "the time given is so much ahead (or behind, if negative)")                                  \
    X(KISS, "kiss", FAULT_TEXT, "CODE", ntp_kiss_codes, 0, 0, false,                               \
      "kiss-o'-death: no time, but DENY, RSTR (go away) or RATE (ask less often)")                 \
    X(SILENCE, "silence", FAULT_NONE, NULL, NULL, 0, 0, false, "no answer")                        \
    X(DELAY, "delay", FAULT_DURATION, NULL, NULL, 0, 0, true, "the answer comes so much later")    \
    X(GARBAGE, "garbage", FAULT_NONE, NULL, NULL, 0, 0, false, "48 octets that are no NTP answer") \
    X(SHORT, "short", FAULT_NONE, NULL, NULL, 0, 0, false, "half of an answer")                    \
    X(ORIGINATE, "wrong-originate", FAULT_NONE, NULL, NULL, 0, 0, false,                           \
      "an answer to a request that was never made")                                                \
    X(UNSYNCHRONISED, "unsynchronised", FAULT_NONE, NULL, NULL, 0, 0, false,                       \
      "leap indicator 3, stratum 16: the server does not know the time itself")

enum ntp_action {
#define NTP_ACTION_ENUM(action, ...) NTP_##action,
    NTP_ACTION_TABLE(NTP_ACTION_ENUM)
#undef NTP_ACTION_ENUM
};

extern const struct fault_tables ntp_faults;

#endif
