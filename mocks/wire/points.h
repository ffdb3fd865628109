/* What the relay can make go wrong on a connection: one table for the parser, --help and the
 * relay. */
#ifndef MOCKS_WIRE_POINTS_H
#define MOCKS_WIRE_POINTS_H

#include "mocks/fault/fault.h"

/* The connections of a laboratory; a configuration may name its relays as it likes. X(name, help)
 */
#define WIRE_CONNECTION_TABLE(X)                                                                   \
    X("phone-http", "a connection from a phone to the file service (HTTP)")                        \
    X("phone-tvs", "a connection from a phone to TVS")                                             \
    X("phone-capf", "a connection from a phone to CAPF")                                           \
    X("capf-ra", "a connection from CAPF to the RA")                                               \
    X("ra-certsrv", "a connection from the RA to the CA's web server")

/* X(ACTION, name, initialisers of struct fault_action) */
#define WIRE_ACTION_TABLE(X)                                                                       \
    X(REFUSE, "refuse", .lasting = true,                                                           \
      .help = "connection refused, from then on: nobody listens")                                  \
    X(REFUSE_FOR, "refuse-for", .argument = FAULT_DURATION,                                        \
      .help = "connection refused for that long, from the connection before (or the start) on")    \
    X(SILENT, "silent", .help = "accept, then never say anything")                                 \
    X(RESET_AFTER, "reset-after", .argument = FAULT_NUMBER, .argument_name = "BYTES",              \
      .help = "reset once that many bytes came from the server")                                   \
    X(RESET_AFTER_CLIENT, "reset-after-client", .argument = FAULT_NUMBER,                          \
      .argument_name = "BYTES", .help = "reset once that many bytes came from the client")         \
    X(RESET_HELD, "reset-held", .argument = FAULT_NUMBER, .argument_name = "FLIGHT", .min = 1,     \
      .max = 1000,                                                                                 \
      .help = "hold the server's flight of that number; once released (SIGUSR1), pass it and "     \
              "reset")                                                                             \
    X(CUT, "cut", .argument = FAULT_NUMBER, .argument_name = "BYTES",                              \
      .help = "close once that many bytes came from the server")                                   \
    X(HALF_CLOSE, "half-close", .argument = FAULT_NUMBER, .argument_name = "BYTES",                \
      .default_text = "0",                                                                         \
      .help = "the client gets no more than that many bytes and the end; its own still pass")      \
    X(STALL_BEFORE_HELLO, "stall-before-hello", .help = "connect to the server, but pass nothing") \
    X(STALL_AFTER_HELLO, "stall-after-hello", .argument = FAULT_TEXT, .choices = wire_ends,        \
      .default_text = "server",                                                                    \
      .help = "pass nothing behind the first flight of the client or of the server")               \
    X(DRIBBLE, "dribble", .argument = FAULT_DURATION, .min = 1, .max = INT64_C(86400000000),       \
      .help = "one byte each way in that time")                                                    \
    X(DELAY, "delay", .argument = FAULT_DURATION, .beside = true,                                  \
      .help = "connect to the server that much later; goes beside another action")

enum wire_action {
#define WIRE_ACTION_ENUM(action, name, ...) WIRE_##action,
    WIRE_ACTION_TABLE(WIRE_ACTION_ENUM)
#undef WIRE_ACTION_ENUM
};

extern const struct fault_action wire_actions[];
/* Points "wire:NAME" for the connections of a laboratory. */
extern const struct fault_tables wire_faults;

#endif
