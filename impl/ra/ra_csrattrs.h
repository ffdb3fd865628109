/* The body of /csrattrs from the configuration (RFC 7030 section 4.5.2; est.md X3). */
#ifndef RA_RA_CSRATTRS_H
#define RA_RA_CSRATTRS_H

#include "base/bytes.h"
#include "base/config.h"
#include "base/err.h"

/* Appends the DER of a CsrAttrs that lists the names (dotted, or OpenSSL's). None: appends nothing.
 * -1 CONFIG_BAD_VALUE, SYS_NOMEM. */
int ra_csrattrs_put(const struct cfg_strings *names, struct buf *out, struct err *e);

#endif
