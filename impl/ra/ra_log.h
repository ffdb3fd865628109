/* The log vocabulary of CiscoRA: every line that the RA itself writes, as a function named after
 * the function that the line names.
 *
 * CiscoRA is an nginx module, so two files take its lines as nginx does: error.log takes them all
 * with a time stamp; until start-up is over, those of level warn and above also go to standard
 * error, which is the CiscoRA log ("nginx: [warn] ..."). That is how seed 1 can say that later
 * activity is not in the CiscoRA log. libest writes to standard error: at start-up the CiscoRA log,
 * afterwards error.log. No password is a parameter of any function here. */
#ifndef RA_RA_LOG_H
#define RA_RA_LOG_H

#include "base/err.h"
#include "base/http_server.h"
#include "base/log.h"
#include "base/owned.h"
#include "certsrv/certsrv_client.h"
#include <stdbool.h>
#include <stdint.h>

struct ra_log; /* opaque */

/* Files as for log_open; NULL path: that log is not written. NULL with e set. */
struct ra_log *ra_log_open(const char *ra_path, const char *error_path, struct err *e);
void ra_log_close(struct ra_log *log);
struct log *ra_log_error_file(struct ra_log *log); /* for libest's lines after start-up */

/* Whom a line is about: the EST client's connection. NULL: the RA itself (start-up). */
struct ra_client {
    uint64_t connection;
    const char *peer;
    const char *server; /* listening address */
};

/* ---- start-up, in the order of seed 1 ---- */
void ra_log_nothing_set_yet(struct ra_log *log);
/* "Adding cert to store", for each: the web container's store. */
void ra_log_init_cert_store(struct ra_log *log, const struct ra_client *who,
                            const X509_STACK *certificates);
/* libest's banner: version, its own store, curve, SRP; the line about proof of possession before
 * the curve when it is not demanded. */
void ra_log_est_start(struct ra_log *log, const X509_STACK *certificates, bool pop_required);
/* The PID line; from here on nothing goes to the CiscoRA log. */
void ra_log_started(struct ra_log *log);

/* ---- connections; in the words of nginx ---- */
/* "client timed out (110: Connection timed out) while ..." or "limiting connections ...". */
void ra_log_cut(struct ra_log *log, const struct http_cut *cut, const char *server);

/* ---- certsrv ---- */
/* login_to_certsrv_ca: what became of GET /certsrv, with the data length when there was a body. */
void ra_log_login_to_certsrv_ca(struct ra_log *log, const struct ra_client *who,
                                const struct certsrv_answer *answer);
/* navigate_to_certsrv_page: the same for the pages behind the login. */
void ra_log_navigate_to_certsrv_page(struct ra_log *log, const struct ra_client *who,
                                     const struct certsrv_answer *answer);
/* retrieve_cacerts: the login failed, or what became of certnew.p7b. */
void ra_log_retrieve_cacerts_no_login(struct ra_log *log);
void ra_log_retrieve_cacerts(struct ra_log *log, const struct certsrv_answer *answer);
/* ra_certsrv_ca_plugin_postconf: whether there is a chain. */
void ra_log_plugin_postconf(struct ra_log *log, bool chain);

/* ---- enrolment; the seeds show no line of these ---- */
void ra_log_template_not_offered(struct ra_log *log, const struct ra_client *who,
                                 const char *template_name);
/* The form came, but it is none that can be read. */
void ra_log_form_not_read(struct ra_log *log, const struct ra_client *who, const struct err *cause);
void ra_log_enroll_issued(struct ra_log *log, const struct ra_client *who, uint32_t request_id);
/* What was issued is not by a certificate of the chain that the RA has: the CA was renewed. */
void ra_log_enroll_other_issuer(struct ra_log *log, const struct ra_client *who,
                                uint32_t request_id, const X509 *certificate);
/* It waits for what comes of that one. */
void ra_log_enroll_elsewhere(struct ra_log *log, const struct ra_client *who);
void ra_log_enroll_pending(struct ra_log *log, const struct ra_client *who, uint32_t request_id);
void ra_log_enroll_failed(struct ra_log *log, const struct ra_client *who, uint32_t request_id,
                          const struct err *cause);

#endif
