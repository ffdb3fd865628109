/* The phone's certification request: CAPF composes it, the phone signs it, CAPF puts it together
 * and believes nothing before its signature and key are verified. */
#include "base/clock.h"
#include "base/x509.h"
#include "capf/auth_request.h"
#include "capf/issuer.h"
#include "capf/judge.h"
#include "pki/csr.h"

int issuer_ask_signature(struct session *s, struct capf_message *request, struct buf *octets,
                         struct err *e) {
    AUTO(X509_NAME)
    subject = judge_subject(s->device.name, s->device.model, s->mic, s->service->certificate, e);
    if (subject == NULL)
        return -1;
    struct csr_template wanted = {.subject = subject, .key = s->key, .san_uri = s->device.name};
    buf_reset(&s->info);
    if (csr_put_info(&wanted, &s->info, e) < 0)
        return -1;
    return auth_request_build(request, s->n, buf_view(&s->info), s->key, octets, &s->md, e);
}

int issuer_take_signature(struct session *s, const struct capf_message *answer, struct err *e) {
    struct bytes signature = {0};
    if (auth_request_signature(answer, &signature, e) < 0)
        return -1;
    buf_reset(&s->csr);
    return csr_assemble(buf_view(&s->info), s->key, s->md, signature, &s->csr, e);
}

int issuer_record_request(struct session *s, int issuer, struct err *e) {
    if (s->enrolment == 0 &&
        store_enrolment_new(s->service->store, s->device.name, issuer, buf_view(&s->spki),
                            buf_view(&s->csr), (int64_t)clock_wall(), &s->enrolment, e) < 0)
        return -1;
    return issuer_write_csr_file(s->service->config, s->device.name, buf_view(&s->csr), e);
}
