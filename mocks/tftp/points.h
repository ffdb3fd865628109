/* What can be made to go wrong when somebody asks for a file: tables from which faults, --help and
 * whoever steers the mock are made. */
#ifndef MOCKS_TFTP_POINTS_H
#define MOCKS_TFTP_POINTS_H

#include "mocks/fault/fault.h"

enum { TFTP_BY_TFTP = 1, TFTP_BY_HTTP = 2, TFTP_BY_ANY = TFTP_BY_TFTP | TFTP_BY_HTTP };
#define TFTP_OCTET_MAX (INT64_C(1) << 30)

/* X(POINT, name, kind, help) */
#define TFTP_POINT_TABLE(X)                                                                        \
    X(AT_TFTP_REQUEST, "tftp.request", TFTP_BY_TFTP, "a read request over TFTP")                   \
    X(AT_TFTP_HTTP, "tftp.http", TFTP_BY_HTTP, "a GET over HTTP")

enum tftp_point {
#define TFTP_POINT_ENUM(point, ...) point,
    TFTP_POINT_TABLE(TFTP_POINT_ENUM)
#undef TFTP_POINT_ENUM
};

/* X(ACTION, name, argument, its name, default, least, most, kinds, beside another, help) */
#define TFTP_ACTION_TABLE(X)                                                                       \
    X(NOT_FOUND, "not-found", FAULT_NONE, NULL, NULL, 0, 0, TFTP_BY_ANY, false,                    \
      "there is no such file")                                                                     \
    X(SILENCE, "silence", FAULT_NONE, NULL, NULL, 0, 0, TFTP_BY_ANY, false, "no answer")           \
    X(DELAY, "delay", FAULT_DURATION, NULL, NULL, 0, 0, TFTP_BY_ANY, true,                         \
      "the answer comes so much later")                                                            \
    X(TRUNCATE, "truncate", FAULT_NUMBER, "OCTETS", NULL, 0, TFTP_OCTET_MAX, TFTP_BY_ANY, false,   \
      "the file ends after so many octets")                                                        \
    X(CORRUPT, "corrupt", FAULT_NUMBER, "OCTET", "-1", -TFTP_OCTET_MAX, TFTP_OCTET_MAX,            \
      TFTP_BY_ANY, false, "this octet of the file is another one; -1 is the last (default)")       \
    X(DROP_BLOCK, "drop-block", FAULT_NUMBER, "BLOCK", NULL, 1, TFTP_OCTET_MAX, TFTP_BY_TFTP,      \
      false, "this block gets lost once")                                                          \
    X(STALL, "stall", FAULT_NUMBER, "BLOCK", NULL, 1, TFTP_OCTET_MAX, TFTP_BY_TFTP, false,         \
      "nothing comes any more from this block on")                                                 \
    X(ERROR, "error", FAULT_NUMBER, "CODE", NULL, 0, 65535, TFTP_BY_TFTP, false,                   \
      "an error with this code instead of the file")                                               \
    X(STATUS, "status", FAULT_NUMBER, "CODE", NULL, 400, 599, TFTP_BY_HTTP, false,                 \
      "this status instead of the file")                                                           \
    X(CUT, "cut", FAULT_NUMBER, "OCTETS", NULL, 0, TFTP_OCTET_MAX, TFTP_BY_HTTP, false,            \
      "the connection is closed after so many octets of the file")                                 \
    X(CLOSE, "close", FAULT_NONE, NULL, NULL, 0, 0, TFTP_BY_HTTP, false,                           \
      "the connection is closed without an answer")

enum tftp_action {
#define TFTP_ACTION_ENUM(action, ...) TFTP_DO_##action,
    TFTP_ACTION_TABLE(TFTP_ACTION_ENUM)
#undef TFTP_ACTION_ENUM
};

extern const struct fault_tables tftp_faults;

#endif
