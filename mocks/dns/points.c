/* The tables of points.h as the fault engine reads them. */
#include "mocks/dns/points.h"
#include <arpa/inet.h>
#include <stddef.h>

static const struct fault_point points[] = {
    {"dns.query", 0, "a client asks for a name and a type; a look-up asks for A and for AAAA"},
    {0},
};

static const struct fault_action actions[] = {
#define DNS_ACTION_ROW(action, word, kind, called, along, text)                                    \
    {.name = (word),                                                                               \
     .argument = (kind),                                                                           \
     .argument_name = (called),                                                                    \
     .beside = (along),                                                                            \
     .help = (text)},
    DNS_ACTION_TABLE(DNS_ACTION_ROW)
#undef DNS_ACTION_ROW
        {0},
};

const struct fault_tables dns_faults = {
    .mock = "dns", .points = points, .actions = actions, .named = true};

int dns_address_read(const char *text, struct dns_address *out, struct err *e) {
    *out = (struct dns_address){.type = DNS_TYPE_A};
    if (inet_pton(AF_INET, text, out->octets) == 1)
        return 0;
    out->type = DNS_TYPE_AAAA;
    if (inet_pton(AF_INET6, text, out->octets) == 1)
        return 0;
    return err_set(e, ERR_CONFIG_BAD_VALUE, "\"%.100s\" is no numeric address", text);
}
