/* SEP<MAC>.cnf.xml as far as certificates depend on it (phone-behaviour.md 3, tvs-protocol.md 1).
 *
 * Every byte comes from a peer: no document type (so no entity of its own and no bomb), no network,
 * no file, and bounds for size, depth and each list. Elements that the phone does not know are
 * passed over. */
#ifndef PHONE_CNF_XML_H
#define PHONE_CNF_XML_H

#include "base/bytes.h"
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    CNF_FILE_MAX = 256 * 1024,
    CNF_DEPTH_MAX = 32,
    CNF_SERVERS_MAX = 5, /* of capfList and of TVS: those behind the fifth do not count */
    CNF_HOST_MAX = 255,
    CNF_TVS_HOST_MAX = 50,
    CNF_HASH_MAX = 128,
    CNF_CAPF_PORT = 3804,
    CNF_TVS_PORT = 2445
};

struct cnf_server {
    char host[CNF_HOST_MAX + 1];
    uint16_t port;
    int priority; /* TVS: 0 to 4, the lowest first; CAPF: 0 */
};

struct cnf_servers {
    struct cnf_server items[CNF_SERVERS_MAX];
    size_t count;
};

/* What an absent element means stands behind it. */
struct cnf_xml {
    int security_mode;           /* deviceSecurityMode: 1 non-secure */
    int transport;               /* transportLayerProtocol: 0, not given */
    int capf_mode;               /* capfAuthMode, an enum capf_auth_type: 0, no CAPF */
    bool full_config;            /* fullConfig: true */
    bool encrypted;              /* encrConfig: false */
    char hash[CNF_HASH_MAX + 1]; /* certHash, lower case: "" */
    struct cnf_servers capf;     /* in the order of the file */
    struct cnf_servers tvs;      /* by priority, equal ones in the order of the file */
};

/* Reads the whole file. An element given twice counts as it stands last. A server without a name is
 * left out. -1:
 *   CNF_SYNTAX     not well-formed XML, wrong encoding, a document type, another root than <device>
 *   CNF_TOO_LARGE  over CNF_FILE_MAX octets or CNF_DEPTH_MAX levels
 *   CNF_VALUE      an element above with a value outside its range; the text names it
 *   SYS_NOMEM */
int cnf_xml_read(struct bytes file, struct cnf_xml *config, struct err *e);

#endif
