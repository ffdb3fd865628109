/* Trust stores of HTTP clients, read from their PEM files once and again when a file has changed:
 * reading one costs as much as a TLS handshake, and some clients make a connection for each
 * request. */
#ifndef BASE_TRUST_STORE_H
#define BASE_TRUST_STORE_H

#include <openssl/x509.h>

/* All certificates of path as anchors. A file counts as changed when its device, inode, size or
 * time of change differ. The caller gets a reference of its own (X509_STORE_free) and must not
 * change the store: it is shared. NULL: the file cannot be read as PEM certificates. One thread. */
X509_STORE *trust_store_get(const char *path);

/* The next trust_store_get reads the file. For a store that did not verify what it should: OpenSSL
 * keeps certificates for which it lacked memory as ones of which it does not know the key. */
void trust_store_forget(const char *path);

#endif
