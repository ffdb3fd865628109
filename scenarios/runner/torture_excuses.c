/* What libraries do when a call fails, and nobody who uses them can help: each row with its reason.
 * A row excuses one kind of finding, by certain functions of one library in the way to what was
 * found and to the call that failed; nothing else. */
#include "scenarios/runner/torture_lab.h"

#include <fnmatch.h>
#include <string.h>

/* X(ID, text) */
#define FINDING_TABLE(X)                                                                           \
    X(CRASH, "a crash or hang")                                                                    \
    X(LEAK, "a leak")                                                                              \
    X(LASTING, "a next run that fails")

enum finding {
#define X(id, text) id,
    FINDING_TABLE(X)
#undef X
};

/* X(kind of finding, library, its exported function on the way to what was found, and to the call
 * that failed, reason). Functions are patterns: "*" is the library's own code, whatever it is;
 * NULL: not asked for. */
#define EXCUSE_TABLE(X)                                                                            \
    X(CRASH, "libtasn1", "asn1_create_element", NULL,                                              \
      "libtasn1 uses the element that it could not allocate")                                      \
    X(CRASH, "libgmp", "__gmp_default_allocate", NULL, "GMP ends the process without memory")      \
    X(CRASH, "libhogweed", "_nettle_gmp_alloc", NULL, "Nettle ends the process without memory")    \
    X(CRASH, "libxml2", "htmlParseDocument", NULL,                                                 \
      "libxml2 never ends parsing a page for which it found no memory")                            \
    X(CRASH, "libevent", NULL, "bufferevent_init_common_",                                         \
      "libevent frees the stream that it could not make, and uses what it lacks")                  \
    X(CRASH, "libevent", "bufferevent_setwatermark", NULL,                                         \
      "libevent uses the callback that it could not allocate")                                     \
    X(CRASH, "libmicrohttpd", "*", "*",                                                            \
      "libmicrohttpd ends the process when epoll does not do what it asks for")                    \
    X(CRASH, "libcrypto", "EVP_*_fetch", "CRYPTO_THREAD_run_once",                                 \
      "OpenSSL uses the library context that it could not set up")                                 \
    X(CRASH, "libcurl", "curl_multi_socket_action", "curl_multi_socket_action",                    \
      "libcurl divides by the size of a table that it could not allocate")                         \
    X(CRASH, "libcrypto", "OSSL_PROVIDER_*", "OSSL_PROVIDER_*",                                    \
      "OpenSSL uses the library context that it could not set up")                                 \
    X(LEAK, "libcrypto", "OSSL_PROVIDER_*", "OSSL_PROVIDER_*",                                     \
      "OpenSSL forgets parts of a library context that it could not set up")                       \
    X(LEAK, "libcrypto", "OSSL_LIB_CTX_new", "OSSL_LIB_CTX_new",                                   \
      "OpenSSL forgets parts of a library context that it could not set up")                       \
    X(LEAK, "libtasn1", "asn1_der_decoding2", "asn1_der_decoding2",                                \
      "libtasn1 forgets what it decoded before the part for which it found no memory")             \
    X(LEAK, "libxml2", "xmlSAX2StartElement", "xmlSAX2StartElement",                               \
      "libxml2 forgets the name of an element that it cannot add")                                 \
    X(LEAK, "libtasn1", "asn1_der_coding", NULL,                                                   \
      "libtasn1 forgets the copy of a part that it could not finish")                              \
    X(LEAK, "libgnutls", "gnutls_certificate_set_x509_key_mem2",                                   \
      "gnutls_certificate_set_x509_key_mem2",                                                      \
      "GnuTLS forgets the certificates of a chain that it could not read")                         \
    X(LEAK, "libxml2", "htmlCreateMemoryParserCtxt", NULL,                                         \
      "libxml2 forgets the parser for which it found no buffer")                                   \
    X(LEAK, "libcrypto", "EVP_*_fetch", "CRYPTO_strndup",                                          \
      "OpenSSL forgets the names of an algorithm that it could not add to all of them")            \
    X(LEAK, "libcrypto", NULL, "OPENSSL_cleanup",                                                  \
      "OpenSSL gives up freeing at the end of the process")                                        \
    X(LASTING, "libcrypto", NULL, "OSSL_DECODER_*",                                                \
      "OpenSSL keeps the list of algorithms that was cut short for good")                          \
    X(LASTING, "libcrypto", NULL, "OSSL_ENCODER_*",                                                \
      "OpenSSL keeps the list of algorithms that was cut short for good")                          \
    X(LASTING, "libcrypto", NULL, "OSSL_PROVIDER_*",                                               \
      "OpenSSL says nothing of a library context that it could only half set up")                  \
    X(LASTING, "libcrypto", NULL, "OSSL_LIB_CTX_new",                                              \
      "OpenSSL says nothing of a library context that it could only half set up")                  \
    X(LASTING, "libcrypto", NULL, "EVP_*_fetch",                                                   \
      "OpenSSL keeps the list of algorithms that was cut short for good")                          \
    X(LASTING, "libcrypto", NULL, "CRYPTO_THREAD_run_once",                                        \
      "OpenSSL does not try again what it does once in a process")

static const struct {
    enum finding finding;
    const char *library;
    const char *found;
    const char *call;
    const char *reason;
} excuses[] = {
#define X(finding, library, found, call, reason) {finding, library, found, call, reason},
    EXCUSE_TABLE(X)
#undef X
};

/* Reached from there without a call of the program's own code in between. */
static bool is_there(const struct torture_stack *stack, const char *library, const char *function) {
    for (uint32_t i = 0; function != NULL && i < stack->depth; i++) {
        const struct torture_frame *f = &stack->frames[i];
        if (f->module[0] == '\0')
            return false;
        if (strncmp(f->module, library, strlen(library)) == 0 &&
            fnmatch(function, f->symbol, 0) == 0)
            return true;
    }
    return function == NULL;
}

static const char *excuse_of(enum finding finding, const struct torture_stack *found,
                             const struct torture_stack *call) {
    for (size_t i = 0; i < sizeof excuses / sizeof excuses[0]; i++)
        if (excuses[i].finding == finding &&
            is_there(found, excuses[i].library, excuses[i].found) &&
            is_there(call, excuses[i].library, excuses[i].call))
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

const char *torture_lasting_excuse(const struct torture_control *control) {
    return excuse_of(LASTING, &control->fired_at, &control->fired_at);
}

void torture_excuses_print(FILE *to, const char *format) {
    static const char *const findings[] = {
#define X(id, text) text,
        FINDING_TABLE(X)
#undef X
    };
    for (size_t i = 0; i < sizeof excuses / sizeof excuses[0]; i++)
        fprintf(to, format, findings[excuses[i].finding],
                excuses[i].found != NULL ? excuses[i].found : excuses[i].call, excuses[i].library,
                excuses[i].reason);
}
