/* What EST needs of HTTP's header fields: media types, Basic credentials, Retry-After, and which
 * base64 shape a peer can read. Pure functions, shared by client and server. */
#ifndef EST_EST_HTTP_H
#define EST_EST_HTTP_H

#include "base/base64.h"
#include "base/bytes.h"
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

/* Whether a Content-Type value names that type, in any case, with any parameters (RFC 9110 8.3).
 * value NULL: false. */
bool est_media_type_is(const char *value, const char *type);

enum { EST_CREDENTIAL_MAX = 255 }; /* bytes of a user name or password (protocol/est.md 1.9) */

struct est_credentials {
    char username[EST_CREDENTIAL_MAX + 1];
    char password[EST_CREDENTIAL_MAX + 1];
};
void est_credentials_wipe(struct est_credentials *c);

/* Reads an Authorization value "Basic BASE64" (RFC 7617): UTF-8, the first colon ends the user
 * name, no control characters. -1 EST_AUTH_FAIL (another scheme too); out is empty then. */
int est_basic_parse(const char *authorization, struct est_credentials *out, struct err *e);

/* Reads a Retry-After value, seconds or one of HTTP's three date forms (RFC 9110 10.2.3), into
 * microseconds from now_us; the past and 0 give one second. -1 EST_BAD_RETRY: NULL, neither form,
 * or longer than max_s. */
int est_retry_after_parse(const char *value, int64_t now_us, int64_t max_s, int64_t *wait_us,
                          struct err *e);

/* How an answer must be wrapped for a client (protocol/est.md 2, "Consequence"). */
enum b64_wrap est_wrap_like(const struct b64_shape *request); /* answers to a PKCS#10 */
/* Answers to a GET: libest and Cisco clients read wrapped base64 only, a client without User-Agent
 * (strongSwan) one line only; others get what wrap_by_default says. */
enum b64_wrap est_wrap_for(const char *user_agent, bool wrap_by_default);

/* Whether the client reads until the connection is closed (libest does), so that it must be. */
bool est_reads_to_close(const char *user_agent, const char *connection);

#endif
