/* LSCs signed with CAPF's own key (capf-protocol.md 8.1 and 8.2). Only the key comes from the
 * phone; names, dates and extensions are ours. */
#include "base/clock.h"
#include "base/x509.h"
#include "capf/issuer.h"
#include "capf/judge.h"
#include "pki/issue.h"
#include <stdio.h>
#include <string.h>

enum { EXTENSIONS_MAX = 16 };

/* The profile of 8.1 and the device's name as URI. */
static void lsc_extensions(const char *san, struct issue_extension out[EXTENSIONS_MAX]) {
    size_t count = 0;
    memset(out, 0, EXTENSIONS_MAX * sizeof out[0]);
    while (count < EXTENSIONS_MAX - 2 && issue_lsc_extensions[count].name != NULL) {
        out[count] = issue_lsc_extensions[count];
        count++;
    }
    out[count].name = "subjectAltName";
    out[count].value = san;
}

static X509 *make_lsc(struct session *s, struct err *e) {
    const struct capf_service *service = s->service;
    char san[CAPF_DEVICE_NAME_MAX + 8];
    struct issue_extension extensions[EXTENSIONS_MAX];
    snprintf(san, sizeof san, "URI:%s", s->device.name);
    lsc_extensions(san, extensions);
    AUTO(X509_NAME)
    subject = judge_subject(s->device.name, s->device.model, s->mic, service->certificate, e);
    if (subject == NULL)
        return NULL;
    int64_t now = (int64_t)clock_wall();
    struct issue_request request = {
        .subject = subject,
        .key = s->key,
        .issuer = service->certificate,
        .issuer_key = service->key,
        .not_before = now,
        .not_after = now + service->config->lsc_validity_us / 1000000,
        .extensions = extensions,
        .only_encoded = true,
    };
    return issue_certificate(&request, e);
}

int issuer_local(struct session *s, struct err *e) {
    struct store *store = s->service->store;
    AUTO(X509) certificate = make_lsc(s, e);
    if (certificate == NULL)
        return -1;
    buf_reset(&s->certificate);
    if (x509_put_der(certificate, &s->certificate, e) < 0)
        return -1;
    if (store_enrolment_new(store, s->device.name, ISSUER_CAPF, buf_view(&s->spki),
                            (struct bytes){0}, (int64_t)clock_wall(), &s->enrolment, e) < 0)
        return -1;
    return store_enrolment_issued(store, s->enrolment, buf_view(&s->certificate), e);
}
