/* What can be made to go wrong when a phone asks TVS: tables from which faults, --help and whoever
 * steers the mock are made. */
#ifndef MOCKS_TVS_POINTS_H
#define MOCKS_TVS_POINTS_H

#include "mocks/fault/fault.h"

/* What a point is: bits. */
enum tvs_point_kind { TVS_KIND_CONNECT = 1, TVS_KIND_REQUEST = 2, TVS_KIND_QUERY = 4 };

/* X(POINT, name, kind, help) */
#define TVS_POINT_TABLE(X)                                                                         \
    X(CONNECT, "tvs.connect", TVS_KIND_CONNECT, "a connection comes in, before TLS")               \
    X(VERIFY, "tvs.verify", TVS_KIND_REQUEST, "CERT_VERIFICATION_REQ: is this certificate known?") \
    X(QUERY, "tvs.query", TVS_KIND_REQUEST | TVS_KIND_QUERY,                                       \
      "QUERY_CERT_REQ: the certificate with this subject, issuer and serial")

enum tvs_point {
#define TVS_POINT_ENUM(point, name, kind, help) AT_TVS_##point,
    TVS_POINT_TABLE(TVS_POINT_ENUM)
#undef TVS_POINT_ENUM
};

/* X(ACTION, name, initialisers of struct fault_action) */
#define TVS_ACTION_TABLE(X)                                                                        \
    X(DELAY, "delay", .argument = FAULT_DURATION, .beside = true,                                  \
      .help = "the handshake or the answer that much later; goes beside another action")           \
    X(SILENCE, "silence", .help = "no handshake, or no answer; the connection stays open")         \
    X(CLOSE, "close", .help = "close the connection without a word")                               \
    X(NO, "says-no", .kinds = TVS_KIND_REQUEST, .help = "status 1, whatever the store has")        \
    X(ROLES, "roles", .argument = FAULT_TEXT, .argument_name = "ROLES", .kinds = TVS_KIND_REQUEST, \
      .help = "a yes has these roles (words with commas, or none) instead of its own")             \
    X(WRONG_ID, "wrong-id", .kinds = TVS_KIND_REQUEST,                                             \
      .help = "the answer has the id of the request after this one")                               \
    X(WRONG_COMMAND, "wrong-command", .kinds = TVS_KIND_REQUEST,                                   \
      .help = "the answer is one to the other kind of request")                                    \
    X(OTHER_CERTIFICATE, "other-certificate", .kinds = TVS_KIND_REQUEST,                           \
      .help = "the answer has another certificate, the server's own; to a query it is a yes")      \
    X(NO_CERTIFICATE, "no-certificate", .kinds = TVS_KIND_QUERY,                                   \
      .help = "found, but no certificate comes")                                                   \
    X(TRUNCATE, "truncate", .argument = FAULT_NUMBER, .argument_name = "BYTES",                    \
      .kinds = TVS_KIND_REQUEST,                                                                   \
      .help = "only the first bytes of the answer, then a closed connection")                      \
    X(GARBAGE, "garbage", .kinds = TVS_KIND_REQUEST, .help = "16 octets that are no TVS answer")

enum tvs_action {
#define TVS_ACTION_ENUM(action, name, ...) TVS_DO_##action,
    TVS_ACTION_TABLE(TVS_ACTION_ENUM)
#undef TVS_ACTION_ENUM
};

extern const struct fault_tables tvs_faults;

/* Checks what the tables cannot say: the words of `roles`. -1 CONFIG_BAD_VALUE. */
int tvs_faults_check(const struct fault_set *set, struct err *e);

/* Appends the roles of "sast,ccm+tftp" (words of the trust lists' FUNCTION), one byte each; "none"
 * are none. -1 CONFIG_BAD_VALUE. */
int tvs_roles_read(const char *words, struct buf *out, struct err *e);

#endif
