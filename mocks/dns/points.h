/* What can be made to go wrong when somebody asks for a name: tables from which faults, --help and
 * whoever steers the mock are made. */
#ifndef MOCKS_DNS_POINTS_H
#define MOCKS_DNS_POINTS_H

#include "mocks/dns/message.h"
#include "mocks/fault/fault.h"

enum dns_point { AT_DNS_QUERY };

/* X(ACTION, name, argument, its name, beside another, help) */
#define DNS_ACTION_TABLE(X)                                                                        \
    X(NXDOMAIN, "nxdomain", FAULT_NONE, NULL, false, "there is no such name")                      \
    X(SERVFAIL, "servfail", FAULT_NONE, NULL, false, "the server failed")                          \
    X(REFUSED, "refused", FAULT_NONE, NULL, false, "the server refuses the query")                 \
    X(NODATA, "nodata", FAULT_NONE, NULL, false, "the name is there, but nothing of this type")    \
    X(SILENCE, "silence", FAULT_NONE, NULL, false, "no answer")                                    \
    X(DELAY, "delay", FAULT_DURATION, NULL, true, "the answer comes so much later")                \
    X(ADDRESS, "address", FAULT_ADDRESS, NULL, false,                                              \
      "this IPv4 or IPv6 address, whatever the records say")                                       \
    X(TRUNCATE, "truncate", FAULT_NONE, NULL, false,                                               \
      "over UDP no records and the TC bit, so that the client comes again over TCP")               \
    X(GARBAGE, "garbage", FAULT_NONE, NULL, false, "an answer that cannot be read")

enum dns_action {
#define DNS_ACTION_ENUM(action, ...) DNS_DO_##action,
    DNS_ACTION_TABLE(DNS_ACTION_ENUM)
#undef DNS_ACTION_ENUM
};

extern const struct fault_tables dns_faults;

/* A numeric address. -1 CONFIG_BAD_VALUE. */
int dns_address_read(const char *text, struct dns_address *out, struct err *e);

#endif
