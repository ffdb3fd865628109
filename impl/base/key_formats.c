/* A provider that is OpenSSL's default one, but for the formats and kinds of keys that it leaves
 * out. It implements nothing: every function it names is the default provider's, called with that
 * one's context (provider-base(7), "Provider Functions"). */
#include "base/key_formats.h"

#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>
#include <openssl/provider.h>
#include <stdbool.h>
#include <string.h>

enum { FORMATS_MAX = 32, CIPHERS_MAX = 128 };

static struct {
    OSSL_PROVIDER *own; /* in the default context */
    OSSL_LIB_CTX *context;
    OSSL_PROVIDER *provider; /* the default one, in context */
    OSSL_ALGORITHM decoders[FORMATS_MAX], encoders[FORMATS_MAX], kinds[FORMATS_MAX];
    OSSL_ALGORITHM ciphers[CIPHERS_MAX];
} all;

struct format {
    const char *key, *property;
};

#define PUBLIC "structure=SubjectPublicKeyInfo"
static const struct format decoders[] = {{"RSA", PUBLIC},     {"RSA-PSS", PUBLIC}, {"EC", PUBLIC},
                                         {"ED25519", PUBLIC}, {"ED448", PUBLIC},   {"DSA", PUBLIC},
                                         {NULL, NULL}};

#define PUBLIC_DER "output=der,structure=SubjectPublicKeyInfo"
#define PRIVATE    "structure=PrivateKeyInfo"
static const struct format encoders[] = {{"RSA", PUBLIC_DER},
                                         {"RSA-PSS", PUBLIC_DER},
                                         {"EC", PUBLIC_DER},
                                         {"ED25519", PUBLIC_DER},
                                         {"ED448", PUBLIC_DER},
                                         {"DSA", PUBLIC_DER},
                                         {"RSA", PRIVATE},
                                         {"EC", PRIVATE},
                                         {"RSA", "output=der,structure=type-specific"},
                                         {"EC", "output=blob"},
                                         {NULL, NULL}};

/* What certificates, TLS and its key derivation have keys for. */
#define ANY ""
static const struct format kinds[] = {
    {"RSA", ANY},      {"RSA-PSS", ANY}, {"EC", ANY},   {"ED25519", ANY}, {"ED448", ANY},
    {"DSA", ANY},      {"X25519", ANY},  {"X448", ANY}, {"DH", ANY},      {"HKDF", ANY},
    {"TLS1-PRF", ANY}, {"HMAC", ANY},    {NULL, NULL}};

/* names: "RSA:rsaEncryption:1.2.840.113549.1.1.1", or only the first of these. */
static bool has_name(const char *names, const char *name) {
    size_t len = strlen(name);
    return strncmp(names, name, len) == 0 && (names[len] == '\0' || names[len] == ':');
}

static bool is_one_of(const OSSL_ALGORITHM *a, const struct format *formats) {
    for (; formats->key != NULL; formats++)
        if (has_name(a->algorithm_names, formats->key) &&
            strstr(a->property_definition, formats->property) != NULL)
            return true;
    return false;
}

/* OpenSSL asks again for each chain that it sets up: the selection is made once. into: zeros at
 * first, and at its end. */
static const OSSL_ALGORITHM *select_formats(const OSSL_ALGORITHM *from,
                                            const struct format *formats,
                                            OSSL_ALGORITHM into[FORMATS_MAX]) {
    size_t n = 0;
    if (into[0].algorithm_names != NULL)
        return into;
    for (; from != NULL && from->algorithm_names != NULL && n < FORMATS_MAX - 1; from++)
        if (is_one_of(from, formats))
            into[n++] = *from;
    return into;
}

/* Modes that neither TLS nor a file of this project uses. They cost because OpenSSL keeps all
 * algorithms in one table and walks through it for each kind of key. */
static bool is_unused_cipher(const OSSL_ALGORITHM *a) {
    static const char *const modes[] = {"WRAP", "CFB", "OFB", "SIV", "OCB", "XTS", "CTS", "SM4"};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (strstr(a->algorithm_names, modes[i]) != NULL)
            return true;
    return false;
}

static const OSSL_ALGORITHM *select_ciphers(const OSSL_ALGORITHM *from) {
    size_t n = 0;
    if (all.ciphers[0].algorithm_names != NULL)
        return all.ciphers;
    for (; from != NULL && from->algorithm_names != NULL && n < CIPHERS_MAX - 1; from++)
        if (!is_unused_cipher(from))
            all.ciphers[n++] = *from;
    return all.ciphers;
}

static const OSSL_ALGORITHM *on_query(void *context, int operation, int *no_cache) {
    (void)context;
    const OSSL_ALGORITHM *a = OSSL_PROVIDER_query_operation(all.provider, operation, no_cache);
    if (operation == OSSL_OP_DECODER)
        return select_formats(a, decoders, all.decoders);
    if (operation == OSSL_OP_CIPHER)
        return select_ciphers(a);
    if (operation == OSSL_OP_KEYMGMT)
        return select_formats(a, kinds, all.kinds);
    return operation == OSSL_OP_ENCODER ? select_formats(a, encoders, all.encoders) : a;
}

/* The groups of TLS. */
static int on_get_capabilities(void *context, const char *capability, OSSL_CALLBACK *each,
                               void *user) {
    (void)context;
    return OSSL_PROVIDER_get_capabilities(all.provider, capability, each, user);
}

static void forget(void) {
    if (all.provider != NULL)
        OSSL_PROVIDER_unload(all.provider);
    OSSL_LIB_CTX_free(all.context);
    all.provider = NULL;
    all.context = NULL;
}

static void on_teardown(void *context) {
    (void)context;
    forget();
}

#define DISPATCH(id, function)                                                                     \
    { id, (void (*)(void))(function) }
static const OSSL_DISPATCH dispatch[] = {
    DISPATCH(OSSL_FUNC_PROVIDER_TEARDOWN, on_teardown),
    DISPATCH(OSSL_FUNC_PROVIDER_QUERY_OPERATION, on_query),
    DISPATCH(OSSL_FUNC_PROVIDER_GET_CAPABILITIES, on_get_capabilities),
    {0, NULL}};

static int on_init(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *from,
                   const OSSL_DISPATCH **to, void **context) {
    (void)core;
    (void)from;
    all.context = OSSL_LIB_CTX_new();
    all.provider = all.context == NULL ? NULL : OSSL_PROVIDER_load(all.context, "default");
    if (all.provider == NULL) {
        forget();
        return 0;
    }
    *to = dispatch;
    *context = OSSL_PROVIDER_get0_provider_ctx(all.provider);
    return 1;
}

static void at_exit(void) {
    OSSL_PROVIDER_unload(all.own);
    all.own = NULL;
}

int key_formats_limit(struct err *e) {
    static const char name[] = "capflab";
    if (all.own != NULL)
        return 0;
    if (OSSL_PROVIDER_add_builtin(NULL, name, on_init) == 1)
        all.own = OSSL_PROVIDER_load(NULL, name);
    if (all.own == NULL || OPENSSL_atexit(at_exit) != 1)
        return err_openssl(e, ERR_SYS_NOMEM, "OpenSSL's set-up");
    return 0;
}

OSSL_LIB_CTX *key_formats_all(void) {
    return all.context;
}
