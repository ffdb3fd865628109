/* DNS messages (RFC 1035 section 4, EDNS of RFC 6891): queries read, answers written.
 *
 * Our own, because libevent's evdns server cannot do what this mock is for: it has no TCP, decides
 * itself about truncation, and writes no malformed answer. */
#ifndef MOCKS_DNS_MESSAGE_H
#define MOCKS_DNS_MESSAGE_H

#include "base/bytes.h"
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DNS_NAME_MAX = 255,       /* octets on the wire */
    DNS_NAME_TEXT_MAX = 1024, /* as text, with the NUL */
    DNS_UDP_MAX = 512,        /* without EDNS */
    DNS_EDNS_MAX = 1232,      /* what we take and give over UDP with EDNS */
    DNS_MESSAGE_MAX = 65535,  /* over TCP */
    DNS_ALIASES_MAX = 8
};

/* X(RCODE, number) */
#define DNS_RCODE_TABLE(X)                                                                         \
    X(NOERROR, 0)                                                                                  \
    X(FORMERR, 1)                                                                                  \
    X(SERVFAIL, 2)                                                                                 \
    X(NXDOMAIN, 3)                                                                                 \
    X(NOTIMP, 4)                                                                                   \
    X(REFUSED, 5)                                                                                  \
    X(BADVERS, 16)
enum dns_rcode {
#define DNS_RCODE_ENUM(rcode, number) DNS_##rcode = (number),
    DNS_RCODE_TABLE(DNS_RCODE_ENUM)
#undef DNS_RCODE_ENUM
};

/* X(TYPE, number): those with a name here; others are answered, too. */
#define DNS_TYPE_TABLE(X)                                                                          \
    X(A, 1)                                                                                        \
    X(NS, 2)                                                                                       \
    X(CNAME, 5)                                                                                    \
    X(SOA, 6)                                                                                      \
    X(PTR, 12)                                                                                     \
    X(MX, 15)                                                                                      \
    X(TXT, 16)                                                                                     \
    X(AAAA, 28)                                                                                    \
    X(SRV, 33)                                                                                     \
    X(OPT, 41)                                                                                     \
    X(HTTPS, 65)                                                                                   \
    X(ANY, 255)
enum dns_type {
#define DNS_TYPE_ENUM(type, number) DNS_TYPE_##type = (number),
    DNS_TYPE_TABLE(DNS_TYPE_ENUM)
#undef DNS_TYPE_ENUM
};

/* "NXDOMAIN", "AAAA"; what has no name as "RCODE9", "TYPE257". */
enum { DNS_WORD_MAX = 16 };
void dns_rcode_text(unsigned rcode, char out[DNS_WORD_MAX]);
void dns_type_text(unsigned type, char out[DNS_WORD_MAX]);

struct dns_query {
    uint16_t id;
    unsigned opcode;
    bool recursion_desired;
    struct bytes question; /* as it came, in the packet that was read; empty if it cannot be read */
    char name[DNS_NAME_TEXT_MAX]; /* without the dot at the end; odd octets as \DDD; "." */
    uint16_t type;
    bool edns;
    size_t payload; /* the largest answer over UDP */
};

/* Returns the rcode to answer with, DNS_NOERROR if nothing is wrong with the query. -1 with e set
 * (DNS_BAD_ANSWER) when it must get no answer: too short for a header, or itself an answer. */
int dns_query_read(struct bytes octets, struct dns_query *q, struct err *e);

struct dns_address {
    uint16_t type; /* A or AAAA */
    uint8_t octets[16];
};

struct dns_answer {
    unsigned rcode;
    bool truncated;                       /* TC, and no records */
    const char *aliases[DNS_ALIASES_MAX]; /* CNAME targets from the question's name onwards */
    size_t alias_count;
    const struct dns_address *addresses; /* of the last alias; those of the type asked for count */
    size_t address_count;
    uint32_t ttl; /* seconds */
};

/* Appends the answer's octets to out; what does not fit into limit octets is truncated. -1
 * SYS_LIMIT when not even that fits into out. */
int dns_answer_write(const struct dns_query *q, const struct dns_answer *a, size_t limit,
                     struct buf *out, struct err *e);

/* An answer that goes wrong behind its question: 65535 records announced, the first with a name
 * that points at itself. */
void dns_garbage_write(const struct dns_query *q, struct buf *out);

/* Whether the address belongs into an answer to a question of this type. */
bool dns_address_answers(const struct dns_address *address, uint16_t type);

/* Appends the name's labels. -1 CONFIG_BAD_VALUE when it is none (empty label, more than 63 octets
 * in one, more than 255 altogether, a backslash). */
int dns_name_put(struct buf *out, const char *name, struct err *e);

#endif
