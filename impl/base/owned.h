/* Owned objects: variables that free what they own when they go out of scope.
 *
 *     AUTO(X509) cert = x509_read_file(path, e);
 *     ...
 *     return TAKE(cert);      // hands the object to the caller
 */
#ifndef BASE_OWNED_H
#define BASE_OWNED_H

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pkcs7.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define AUTO(type) __attribute__((cleanup(auto_free_##type))) type *
#define AUTO_TYPE(type, free_function)                                                             \
    static inline void auto_free_##type(type **object) {                                           \
        if (*object != NULL)                                                                       \
            free_function(*object);                                                                \
    }                                                                                              \
    _Static_assert(1, "")

/* Gives the object away: the variable is NULL afterwards. */
#define TAKE(variable)                                                                             \
    __extension__({                                                                                \
        __typeof__(variable) taken_ = (variable);                                                  \
        (variable) = NULL;                                                                         \
        taken_;                                                                                    \
    })

typedef STACK_OF(X509) X509_STACK;
static inline void x509_stack_free(X509_STACK *stack) {
    sk_X509_pop_free(stack, X509_free);
}

AUTO_TYPE(char, free);
AUTO_TYPE(FILE, fclose);
AUTO_TYPE(BIO, BIO_free_all);
AUTO_TYPE(BIGNUM, BN_free);
AUTO_TYPE(EVP_PKEY, EVP_PKEY_free);
AUTO_TYPE(EVP_PKEY_CTX, EVP_PKEY_CTX_free);
AUTO_TYPE(EVP_MD_CTX, EVP_MD_CTX_free);
AUTO_TYPE(PKCS7, PKCS7_free);
AUTO_TYPE(SSL_CTX, SSL_CTX_free);
AUTO_TYPE(X509, X509_free);
AUTO_TYPE(X509_CRL, X509_CRL_free);
AUTO_TYPE(X509_NAME, X509_NAME_free);
AUTO_TYPE(X509_REQ, X509_REQ_free);
AUTO_TYPE(X509_STORE, X509_STORE_free);
AUTO_TYPE(X509_STORE_CTX, X509_STORE_CTX_free);
AUTO_TYPE(X509_STACK, x509_stack_free);

#define AUTO_FD __attribute__((cleanup(auto_close_fd))) int
static inline void auto_close_fd(const int *fd) {
    if (*fd >= 0)
        close(*fd);
}

#endif
