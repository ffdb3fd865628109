/* Who the phone is: the checks of capf-protocol.md 6 against the device's authentication mode. The
 * mode is not negotiated: the store says which proof is asked for. */
#ifndef CAPF_PHONE_AUTH_H
#define CAPF_PHONE_AUTH_H

#include "capf/session.h"

/* 0 when the phone proved what its mode asks. -1 with the result to record in *result and the
 * error: CAPF_LOCKED, CAPF_AUTH_STRING, CAPF_AUTH_LSC, CAPF_AUTH_MIC, CAPF_AUTH_CREDENTIALS,
 * STORE_*. Wrong strings are counted in the store before this returns. A MIC that was proved and is
 * trusted is left in s->mic. */
int phone_authenticate(struct session *s, const struct capf_message *auth_res,
                       enum capf_result *result, struct err *e);

#endif
