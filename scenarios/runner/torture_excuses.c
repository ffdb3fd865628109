/* What libraries do when a call fails, and nobody who uses them can help: each row with its reason.
 * A row excuses one kind of finding, by one function of one library in the way to what was found or
 * to the call that failed; nothing else. */
#include "scenarios/runner/torture_lab.h"

#include <string.h>

enum finding { CRASH, LEAK };
enum way { TO_FINDING, TO_CALL };

/* X(kind of finding, in the way to which, library, exported function, reason) */
#define EXCUSE_TABLE(X)                                                                            \
    X(CRASH, TO_FINDING, "libtasn1", "asn1_create_element",                                        \
      "libtasn1 uses the element that it could not allocate")                                      \
    X(CRASH, TO_FINDING, "libgmp", "__gmp_default_allocate",                                       \
      "GMP ends the process without memory")                                                       \
    X(CRASH, TO_FINDING, "libhogweed", "_nettle_gmp_alloc",                                        \
      "Nettle ends the process without memory")                                                    \
    X(CRASH, TO_FINDING, "libxml2", "htmlParseDocument",                                           \
      "libxml2 never ends parsing a page for which it found no memory")                            \
    X(CRASH, TO_CALL, "libevent", "bufferevent_init_common_",                                      \
      "libevent frees the stream that it could not make, and uses what it lacks")                  \
    X(CRASH, TO_FINDING, "libevent", "bufferevent_setwatermark",                                   \
      "libevent uses the callback that it could not allocate")                                     \
    X(LEAK, TO_FINDING, "libtasn1", "asn1_der_coding",                                             \
      "libtasn1 forgets the copy of a part that it could not finish")                              \
    X(LEAK, TO_FINDING, "libxml2", "htmlCreateMemoryParserCtxt",                                   \
      "libxml2 forgets the parser for which it found no buffer")                                   \
    X(LEAK, TO_CALL, "libcrypto", "OPENSSL_cleanup",                                               \
      "OpenSSL gives up freeing at the end of the process")

static const struct {
    enum finding finding;
    enum way way;
    const char *library;
    const char *function;
    const char *reason;
} excuses[] = {
#define X(finding, way, library, function, reason) {finding, way, library, function, reason},
    EXCUSE_TABLE(X)
#undef X
};

static bool is_there(const struct torture_stack *stack, const char *library, const char *function) {
    for (uint32_t i = 0; i < stack->depth; i++) {
        const struct torture_frame *f = &stack->frames[i];
        if (strncmp(f->module, library, strlen(library)) == 0 && strcmp(f->symbol, function) == 0)
            return true;
    }
    return false;
}

static const char *excuse_of(enum finding finding, const struct torture_stack *found,
                             const struct torture_stack *call) {
    for (size_t i = 0; i < sizeof excuses / sizeof excuses[0]; i++)
        if (excuses[i].finding == finding && is_there(excuses[i].way == TO_CALL ? call : found,
                                                      excuses[i].library, excuses[i].function))
            return excuses[i].reason;
    return NULL;
}

const char *torture_crash_excuse(const struct torture_control *control) {
    return excuse_of(CRASH, &control->crash, &control->fired_at);
}

const char *torture_leak_excuse(const struct torture_control *control,
                                const struct torture_leak *leak) {
    return excuse_of(LEAK, &leak->stack, &control->fired_at);
}

void torture_excuses_print(FILE *to, const char *format) {
    for (size_t i = 0; i < sizeof excuses / sizeof excuses[0]; i++)
        fprintf(to, format, excuses[i].finding == CRASH ? "a crash or hang" : "a leak",
                excuses[i].function, excuses[i].library, excuses[i].reason);
}
