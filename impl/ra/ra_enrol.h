/* The EST backend of the RA: who may enrol is who certsrv lets in and offers the template to;
 * enrolling is submitting and fetching there. Sources: seed 1, IIS log of an LSC installation and
 * heading 証明書テンプレートの設定ミス; certsrv.md 4.1. */
#ifndef RA_RA_ENROL_H
#define RA_RA_ENROL_H

#include "base/err.h"
#include "est/est_server.h"
#include "ra/ra_ca.h"
#include "ra/ra_log.h"
#include "ra/ra_store.h"

struct ra_enrol; /* opaque */

struct ra_enrol_options {
    const char *template_name;
    struct ra_ca *ca;
    struct ra_log *log;
    struct ra_store *store;
    struct bytes csr_attributes; /* DER of CsrAttrs; len 0: none */
    int64_t answer_memory_s;     /* how long a repeated request gets the certificate of the first */
};

/* What options points to must outlive it. NULL SYS_NOMEM. */
struct ra_enrol *ra_enrol_new(const struct ra_enrol_options *options, struct err *e);
/* The functions for est_server_new. */
struct est_backend ra_enrol_backend(struct ra_enrol *enrol);
/* The address that the log lines name as the server; borrowed. Set once, when it is known. */
void ra_enrol_set_address(struct ra_enrol *enrol, const char *address);
/* With other workers: enrolments that one of them has under way are waited for. -1 SYS_NOMEM. */
int ra_enrol_share(struct ra_enrol *enrol, struct event_base *loop, struct err *e);
/* Gives up everything under way and answers it. NULL allowed. */
void ra_enrol_free(struct ra_enrol *enrol);

#endif
