/* Where an LSC comes from: CAPF's own key, the registration authority (Online CA), or a person with
 * files (Offline CA). For the latter two the phone signs a PKCS#10 that CAPF composed
 * (capf-protocol.md 10.3).
 *
 * Everything is recorded in the store before somebody outside hears of it. */
#ifndef CAPF_ISSUER_H
#define CAPF_ISSUER_H

#include "capf/session.h"

enum { CA_RESULT_PENDING = 1000 }; /* beside enum capf_result: the CA has not decided */

/* issue_local.c: makes the certificate for s->key with the CAPF key (8.1, 8.2) into s->certificate,
 * recorded as issued. -1 X509_ISSUE, STORE_*. */
int issuer_local(struct session *s, struct err *e);

/* issue_request.c: the request that the phone has to sign: fills *request and s->info, s->md.
 * octets must outlive *request. -1 X509_ISSUE, KEY_UNSUPPORTED, SYS_LIMIT. */
int issuer_ask_signature(struct session *s, struct capf_message *request, struct buf *octets,
                         struct err *e);
/* Puts the PKCS#10 together from the phone's answer and verifies it, into s->csr. -1 CAPF_REFUSED
 * (the phone does not sign), CAPF_MISSING_ELEMENT, CSR_SIGNATURE, CSR_KEY_MISMATCH. */
int issuer_take_signature(struct session *s, const struct capf_message *answer, struct err *e);
/* Records the request s->csr as s->enrolment (unless it is one already) and writes
 * /tmp/capf/csr/DEVICE.csr. -1 STORE_*, SYS_IO. */
int issuer_record_request(struct session *s, int issuer, struct err *e);

/* issue_online.c: sends s->csr to the CA; the answer comes as CAPF_EV_CA_CERT_REP to whatever
 * session the device has then, s->ca_result and s->certificate set. A request that is under way
 * already is joined, not repeated. -1: nothing was started. ONLINE_ISSUED: another worker has got
 * the certificate meanwhile, s->certificate is set and no event will come. */
enum { ONLINE_STARTED = 0, ONLINE_ISSUED = 1 };
int online_start(struct session *s, struct err *e);
/* Loads and checks /tmp/capf/cert/DEVICE.der for CA_CERT_REP, removes the request's file. -1
 * X509_*, SYS_IO: the certificate must not reach the phone. */
int online_take_certificate(struct session *s, struct err *e);
/* Ends all enrolments without an answer (their records stay). */
void online_cancel_all(struct capf_service *service);

/* issue_offline.c: s->csr now waits to be signed by hand. -1 STORE_*, SYS_IO. */
int offline_start(struct session *s, struct err *e);

/* issue_files.c: paths as the trace shows them, and as they are opened under root. malloc'ed,
 * caller frees, NULL without memory. folder: "csr" or "cert". */
char *issuer_shown_path(const char *folder, const char *device, const char *suffix);
char *issuer_real_path(const struct capf_config *config, const char *shown);
/* Makes ROOT/tmp/capf/csr and cert. -1 SYS_IO. */
int issuer_make_folders(const struct capf_config *config, struct err *e);
/* Writes the PEM of a request where it is expected; removes it. */
int issuer_write_csr_file(const struct capf_config *config, const char *device, struct bytes csr,
                          struct err *e);
void issuer_remove_csr_file(const struct capf_config *config, const char *device);

#endif
