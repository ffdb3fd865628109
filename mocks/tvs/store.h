/* The certificates that TVS vouches for, with their roles. Files are read again when they have
 * changed, so that a certificate that a site regenerates is known without a restart; while they
 * cannot be read, what was read before stays. */
#ifndef MOCKS_TVS_STORE_H
#define MOCKS_TVS_STORE_H

#include "base/bytes.h"
#include "base/owned.h"
#include "mocks/tvs/config.h"

struct tvs_store; /* opaque */

struct tvs_certificate {
    X509 *certificate;
    struct bytes der;
    struct bytes roles; /* one byte each, in the order of the configuration */
};

/* config must outlive the store. NULL: X509_PARSE, SYS_IO, CONFIG_BAD_VALUE (a role), SYS_LIMIT. */
struct tvs_store *tvs_store_new(const struct tvs_config *config, struct err *e);
void tvs_store_free(struct tvs_store *s);

/* Reads again what has changed. -1 as above: the store is as it was. What was found before is not
 * valid any more. */
int tvs_store_refresh(struct tvs_store *s, struct err *e);

/* NULL: not there. Owned by the store. */
const struct tvs_certificate *tvs_store_verify(const struct tvs_store *s, struct bytes der);

/* By names in either form (itl_name_is) and a serial number whose leading zeros do not count. */
const struct tvs_certificate *tvs_store_query(const struct tvs_store *s, struct bytes subject,
                                              struct bytes issuer, struct bytes serial);

size_t tvs_store_count(const struct tvs_store *s);

#endif
