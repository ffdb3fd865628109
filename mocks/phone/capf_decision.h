/* Whether a phone goes to CAPF after it has loaded its configuration, why, and how it proves who it
 * is: phone-behaviour.md 4 as a table. Pure. */
#ifndef PHONE_CAPF_DECISION_H
#define PHONE_CAPF_DECISION_H

#include <stdbool.h>

/* X(REASON, name in the console, number there): only AUTO with its 1 is attested (seed 5). */
#define CAPF_WHY_TABLE(X)                                                                          \
    X(MANUAL, "MANUAL", 0)                                                                         \
    X(AUTO, "AUTO", 1)                                                                             \
    X(PUBKEY_MISMATCH, "PUBKEY_MISMATCH", 2)                                                       \
    X(DECRYPT_FILE_FAILED, "DECRYPT_FILE_FAILED", 3)

enum capf_why {
#define X(why, name, number) CAPF_WHY_##why = (number),
    CAPF_WHY_TABLE(X)
#undef X
};
const char *capf_why_name(enum capf_why why);

enum capf_action {
    CAPF_NOT_NOW,        /* nothing to do */
    CAPF_WAIT_FOR_USER,  /* LSC: Pending until a string is entered */
    CAPF_GO,             /* start a session */
    CAPF_NO_CERTIFICATE, /* a session is due, but nothing can prove who the phone is */
};

/* What decides. mode and prove are of enum capf_auth_type. */
struct capf_facts {
    int mode;       /* capfAuthMode */
    bool encrypted; /* encrConfig is true and the encrypted file could not be read */
    bool hash;      /* certHash is there, and is not the hash of the phone's own certificate */
    bool string;    /* the user entered an authentication string */
    bool lsc, mic;  /* the phone has one */
    bool fall_back; /* mode 3 without an LSC takes the MIC */
};

struct capf_decision {
    enum capf_action action;
    enum capf_why why;
    int prove; /* how: with string, null string, LSC or MIC */
};

struct capf_decision capf_decide(const struct capf_facts *facts);

#endif
