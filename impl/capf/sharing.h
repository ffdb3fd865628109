/* What the workers of one CAPF service settle among themselves: a device is under operation in one
 * of them at a time, a request to the CA is under way in one, and a phone that comes back to
 * another worker finds what was begun. With one process every claim is granted at once. */
#ifndef CAPF_SHARING_H
#define CAPF_SHARING_H

#include "capf/session.h"

/* -1 SYS_NOMEM. */
int sharing_start(struct capf_service *service, struct err *e);
void sharing_stop(void);

/* False: another worker's session has the device; it is given up there, as an earlier one here
 * would be, and the operation of s begins when that is done. Only for an authenticated session. */
bool sharing_claim_device(struct session *s);
void sharing_release_device(struct session *s);

/* False: another worker has the request of s->enrolment under way; s goes on when that is over. */
bool sharing_claim_request(struct session *s);
/* The request is over: recorded, or failed. */
void sharing_release_request(int64_t enrolment);

/* What the store says of s->enrolment, which another worker may have moved. Without workers it is
 * REQUEST_OPEN. With REQUEST_ISSUED the certificate is in s->certificate. */
enum request_state { REQUEST_OPEN, REQUEST_ISSUED, REQUEST_OVER };
enum request_state sharing_request_state(struct session *s);
/* Whether files of the device are for this enrolment to write: no worker began a later one. */
bool sharing_is_latest(struct capf_service *service, const char *device, int64_t enrolment);

#endif
