/* What an answer to the EST client means: status, header fields and body to libest's result number
 * and certificates (the outcome table in est_client.h). A pure function of what came in. */
#ifndef EST_EST_ANSWER_H
#define EST_EST_ANSWER_H

#include "est/est_client.h"

/* One whole answer. Views and strings belong to the caller. */
struct est_answer {
    enum est_operation operation;
    long status;
    const char *content_type; /* header fields as received; NULL: not there */
    const char *retry_after;
    struct bytes body; /* as received */
    EVP_PKEY *key;     /* what a certificate must be for; not used for GETs */
    const char *host;  /* for texts */
    uint16_t port;
};

/* Fills *r, whose views look into a->body, der and *certificates (the caller frees these two, also
 * on failure); der must be empty. Returns r->code. */
enum est_error est_answer_judge(const struct est_answer *a, struct buf *der,
                                X509_STACK **certificates, struct est_result *r);

#endif
