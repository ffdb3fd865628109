/* Names of the numbers in trust lists, all made from the tables of names.h. Never decides anything.
 */
#include "itl/names.h"

#include "base/config.h"

#include <string.h>

static const char unknown[] = "unknown";

const char *itl_role_shown(unsigned role) {
    switch (role) {
#define X(number, name, shown, word)                                                               \
    case number:                                                                                   \
        return shown;
        ITL_ROLE_TABLE(X)
#undef X
    default:
        return unknown;
    }
}

const char *itl_role_word(unsigned role) {
    switch (role) {
#define X(number, name, shown, word)                                                               \
    case number:                                                                                   \
        return word;
        ITL_ROLE_TABLE(X)
#undef X
    default:
        return unknown;
    }
}

int itl_role_by_word(const char *word) {
#define X(number, name, shown, own)                                                                \
    if (strcmp(word, own) == 0)                                                                    \
        return number;
    ITL_ROLE_TABLE(X)
#undef X
    return -1;
}

int itl_role_read(const char *word, unsigned *role, struct err *e) {
    static const char *const words[] = {
#define X(number, name, shown, own) (own),
        ITL_ROLE_TABLE(X)
#undef X
            NULL};
    int found = itl_role_by_word(word);
    if (found < 0) {
        const char *near = nearest_word(word, words);
        return err_set(e, ERR_CONFIG_BAD_VALUE, "there is no role '%.40s'%s%s", word,
                       near != NULL ? ", did you mean " : "", near != NULL ? near : "");
    }
    *role = (unsigned)found;
    return 0;
}

const char *itl_header_shown(unsigned tag) {
    switch (tag) {
#define X(number, name, shown, kind, container)                                                    \
    case number:                                                                                   \
        return shown;
        ITL_HEADER_TABLE(X)
#undef X
    default:
        return unknown;
    }
}

const char *itl_record_shown(unsigned tag) {
    switch (tag) {
#define X(number, name, shown, kind)                                                               \
    case number:                                                                                   \
        return shown;
        ITL_RECORD_TABLE(X)
#undef X
    default:
        return unknown;
    }
}

bool itl_role_is_known(unsigned role) {
    return itl_role_shown(role) != unknown;
}

bool itl_header_is_known(unsigned tag) {
    return itl_header_shown(tag) != unknown;
}

bool itl_record_is_known(unsigned tag) {
    return itl_record_shown(tag) != unknown;
}

struct digest_row {
    const char *openssl, *word;
    size_t octets;
};

static const struct digest_row *digest_row(unsigned digest) {
    static const struct digest_row rows[] = {
#define X(number, name, openssl, word, octets) [number] = {openssl, word, octets},
        ITL_DIGEST_TABLE(X)
#undef X
    };
    static const struct digest_row none = {NULL, unknown, 0};
    return digest < sizeof rows / sizeof rows[0] && rows[digest].word != NULL ? &rows[digest]
                                                                              : &none;
}

const char *itl_digest_word(unsigned digest) {
    return digest_row(digest)->word;
}

const char *itl_digest_openssl(unsigned digest) {
    return digest_row(digest)->openssl;
}

size_t itl_digest_octets(unsigned digest) {
    return digest_row(digest)->octets;
}

size_t itl_modulus_octets(unsigned index) {
    switch (index) {
#define X(number, octets)                                                                          \
    case number:                                                                                   \
        return octets;
        ITL_MODULUS_TABLE(X)
#undef X
    default:
        return 0;
    }
}

int itl_modulus_index(size_t octets) {
#define X(number, own)                                                                             \
    if (octets == (own))                                                                           \
        return number;
    ITL_MODULUS_TABLE(X)
#undef X
    return -1;
}
