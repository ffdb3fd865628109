/* Phones' configuration files as the TFTP service makes them from the database: the elements that
 * concern CAPF and TVS (phone-behaviour.md 3), and who the call managers are. */
#ifndef MOCKS_TFTP_CNF_H
#define MOCKS_TFTP_CNF_H

#include "capf/store.h"
#include "mocks/tftp/config.h"

/* X(number in the file, NAME, word in the configuration, meaning) */
#define CNF_SECURITY_TABLE(X)                                                                      \
    X(1, NON_SECURE, "non-secure", "neither signalling nor media are protected")                   \
    X(2, AUTHENTICATED, "authenticated", "signalling is signed")                                   \
    X(3, ENCRYPTED, "encrypted", "signalling and media are encrypted")
#define CNF_TRANSPORT_TABLE(X)                                                                     \
    X(1, TCP, "tcp", "TCP")                                                                        \
    X(2, UDP, "udp", "UDP")                                                                        \
    X(3, TLS, "tls", "TLS")
/* 0: no operation is pending. CAPF's store numbers the others alike. */
#define CNF_AUTH_TABLE(X)                                                                          \
    X(1, STRING, "string", "authentication string")                                                \
    X(2, NULL_STRING, "null-string", "null string")                                                \
    X(3, LSC, "lsc", "existing certificate, precedence to LSC")                                    \
    X(4, MIC, "mic", "existing certificate, precedence to MIC")

enum { CNF_MAX = 64 * 1024, CNF_CAPF_MAX = 5, CNF_CAPF_PORT = 3804, CNF_TVS_PORT = 2445 };

/* Appends a phone's SEP<MAC>.cnf.xml. device: its row in CAPF's store; the mode of the security
 * profile (auth-mode) counts only while an operation is pending. NULL: there is no store, and
 * auth-mode is told as it stands. -1 SYS_LIMIT, SYS_NOMEM. */
int cnf_put(const struct tftp_devices *devices, const char *name, const struct device *device,
            struct buf *out, struct err *e);

/* Appends XMLDefault.cnf.xml: where phones that have no configuration register. */
int cnf_put_default(const struct tftp_devices *devices, struct buf *out, struct err *e);

#endif
