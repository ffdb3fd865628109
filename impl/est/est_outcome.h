/* From what curl and the server did to libest's result number: the table in est_client.h, as pure
 * functions of what one exchange left behind. */
#ifndef EST_EST_OUTCOME_H
#define EST_EST_OUTCOME_H

#include "base/err.h"
#include "est/est_error.h"
#include "est/est_path.h"
#include <curl/curl.h>
#include <stdbool.h>

/* One finished exchange. */
struct est_exchange {
    CURLcode code;
    enum err_code cause; /* the transport's own mapping (http_result.err) */
    bool connected;      /* TCP was up, or an old connection was used */
    bool request_sent;   /* the whole request went out */
};

/* The number for an exchange that brought no answer. Never EST_ERR_NONE. */
enum est_error est_error_of_transport(const struct est_exchange *x);

/* The number for an answer's status: EST_ERR_NONE means that the body decides, EST_ERR_NONE of a
 * csrattrs with 204 or 404 that there are none. 401 is EST_ERR_AUTH_FAIL, 202
 * EST_ERR_CA_ENROLL_RETRY. */
enum est_error est_error_of_status(long status, enum est_operation operation);

/* Base's code that goes with a number that was found here (struct err of a result). */
enum err_code est_cause_of(enum est_error error);

#endif
