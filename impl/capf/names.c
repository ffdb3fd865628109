/* Names of the CAPF numbers, all made from the tables of names.h. Never decides anything. */
#include "capf/names.h"
#include <stddef.h>

struct message_row {
    const char *name;
    const char *log_name;
    enum capf_sender sender;
};

static const struct message_row messages[] = {
#define X(number, text, from, needs) [number] = {#text, "CAPF_MSG_" #text, CAPF_##from},
    CAPF_MESSAGE_TABLE(X)
#undef X
};

static const struct message_row *message_row(unsigned type) {
    static const struct message_row unknown = {"UNKNOWN", "CAPF_MSG_UNKNOWN", CAPF_FROM_EITHER};
    if (!capf_message_known(type))
        return &unknown;
    return &messages[type];
}

bool capf_message_known(unsigned type) {
    return type < sizeof messages / sizeof messages[0] && messages[type].name != NULL;
}

const char *capf_message_name(unsigned type) {
    return message_row(type)->name;
}

const char *capf_message_log_name(unsigned type) {
    return message_row(type)->log_name;
}

enum capf_sender capf_message_sender(unsigned type) {
    return message_row(type)->sender;
}

const char *capf_element_name(unsigned tag) {
    switch (tag) {
#define X(number, text, member, encoding, repeat)                                                  \
    case number:                                                                                   \
        return #text;
        CAPF_ELEMENT_TABLE(X)
#undef X
    default:
        return "UNKNOWN";
    }
}

/* One function for each table of X(value, NAME, text). */
#define NAME_FUNCTION(function, TABLE)                                                             \
    const char *function(unsigned value) {                                                         \
        switch (value) {                                                                           \
            TABLE(NAME_CASE)                                                                       \
        default:                                                                                   \
            return "unknown";                                                                      \
        }                                                                                          \
    }
#define NAME_CASE(number, name, text)                                                              \
    case number:                                                                                   \
        return text;

NAME_FUNCTION(capf_reason_name, CAPF_REASON_TABLE)
NAME_FUNCTION(capf_auth_type_name, CAPF_AUTH_TYPE_TABLE)
NAME_FUNCTION(capf_certificate_type_name, CAPF_CERTIFICATE_TYPE_TABLE)
NAME_FUNCTION(capf_key_type_name, CAPF_KEY_TYPE_TABLE)
NAME_FUNCTION(capf_curve_name, CAPF_CURVE_TABLE)
NAME_FUNCTION(capf_digest_name, CAPF_DIGEST_TABLE)

static const unsigned curve_bits[] = {
    [CAPF_CURVE_P256] = 256, [CAPF_CURVE_P384] = 384, [CAPF_CURVE_P521] = 521};

unsigned capf_curve_bits(unsigned curve) {
    return curve < sizeof curve_bits / sizeof curve_bits[0] ? curve_bits[curve] : 0;
}

int capf_curve_of_bits(unsigned bits) {
    for (unsigned i = 0; i < sizeof curve_bits / sizeof curve_bits[0]; i++) {
        if (curve_bits[i] == bits)
            return (int)i;
    }
    return -1;
}
