/* Whether what a TVS server says is the answer to what the phone has asked. Internal to the client.
 */
#ifndef MOCKS_TVS_TVS_ANSWER_H
#define MOCKS_TVS_TVS_ANSWER_H

#include "mocks/tvs/tvs_wire.h"

/* Both as tvs_message_parse leaves them. A no is an answer, too. -1:
 *   TVS_ANSWER           another id or command; a certificate with another subject, issuer, serial
 *   TVS_MISSING_ELEMENT  a QUERY's yes without certificate
 *   TVS_ELEMENT          a QUERY's yes whose certificate is none */
int tvs_answer_check(const struct tvs_message *asked, const struct tvs_message *answer,
                     struct err *e);

#endif
