/* Online CA: one enrolment over EST for each request, with the trace of seed 1. The enrolment
 * belongs to the device, not to the session: when the phone is gone meanwhile, the certificate is
 * kept for its next session, and when it is back already, it gets it there. A certificate that does
 * not fit key and device is never recorded as issued. */
#include "base/base64.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/x509.h"
#include "capf/issuer.h"
#include "capf/judge.h"
#include "capf/sharing.h"
#include "est/est_error.h"
#include <stdlib.h>
#include <string.h>

struct online_job {
    struct capf_service *service;
    struct online_job *next;
    struct online_job **link;
    unsigned n; /* the session that the trace names */
    int fd;
    char device[CAPF_DEVICE_NAME_MAX + 1];
    int64_t enrolment;
    EVP_PKEY *key;
};

static void job_free(struct online_job *job) {
    *job->link = job->next;
    if (job->next != NULL)
        job->next->link = job->link;
    EVP_PKEY_free(job->key);
    sharing_release_request(job->enrolment);
    free(job);
}

static struct online_job *job_new(struct session *s, struct err *e) {
    struct online_job *job = calloc(1, sizeof *job);
    if (job == NULL || EVP_PKEY_up_ref(s->key) != 1) {
        free(job);
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    job->service = s->service;
    job->n = s->n;
    job->fd = s->fd;
    job->enrolment = s->enrolment;
    job->key = s->key;
    memcpy(job->device, s->device.name, sizeof job->device);
    job->link = &s->service->jobs;
    job->next = s->service->jobs;
    if (job->next != NULL)
        job->next->link = &job->next;
    s->service->jobs = job;
    return job;
}

static void job_trace(const struct online_job *job, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void job_trace(const struct online_job *job, const char *fmt, ...) {
    AUTO_BUF text = BUF_INIT(4 * ERR_TEXT_MAX);
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    trace_session(job->service->trace, job->n, job->device, "%s", buf_str(&text));
}

/* The result of the operation for an error of the EST client. 4xx other than 401 means that the RA
 * or CA understood and refused; 401 comes with every failed login of the RA at the CA (seed 1), so
 * that it counts as a failed communication. */
static int result_of(const struct est_result *r) {
    switch (r->code) {
    case EST_ERR_NONE:
        return CAPF_OP_SUCCESS;
    case EST_ERR_CA_ENROLL_RETRY:
        return CA_RESULT_PENDING;
    case EST_ERR_X509_PUBKEY:
    case EST_ERR_NO_CERTIFICATE:
        return CAPF_OP_FAIL;
    default:
        return r->status >= 400 && r->status < 500 && r->status != 401 ? CAPF_OP_CA_REJECTED
                                                                       : CAPF_OP_CA_COMM_ERROR;
    }
}

static int write_below_cert(const struct online_job *job, const char *suffix, struct bytes content,
                            struct err *e) {
    AUTO(char) shown = issuer_shown_path("cert", job->device, suffix);
    AUTO(char) path = shown == NULL ? NULL : issuer_real_path(job->service->config, shown);
    return path == NULL ? err_set(e, ERR_SYS_NOMEM, NULL) : file_write(path, content, 0644, e);
}

/* The one check that counts, before anything is recorded: the phone's key, the phone's name. */
static int record_issued(const struct online_job *job, const X509 *certificate, struct bytes der,
                         struct err *e) {
    struct store *store = job->service->store;
    if (judge_issued(certificate, job->key, job->device, e) < 0) {
        struct err ignored = {0};
        store_enrolment_state(store, job->enrolment, ENROLMENT_FAILED, &ignored);
        return -1;
    }
    return store_enrolment_issued(store, job->enrolment, der, e);
}

static int write_files(const struct online_job *job, const struct est_result *r, struct bytes der,
                       struct err *e) {
    if (!sharing_is_latest(job->service, job->device, job->enrolment))
        return 0;
    job_trace(job, "Signed Cert written to /tmp/capf/cert/ location...");
    job_trace(job, "Inside write_binary_file()");
    if (write_below_cert(job, ".p7", r->der, e) < 0)
        return -1;
    job_trace(job, "Completed action in write_binary_file()");
    job_trace(job, "Converting PKCS7 file to PEM format and PEM to DER");
    return write_below_cert(job, ".der", der, e);
}

/* *der is filled for the session. The result of the enrolment. */
static int take_answer(const struct online_job *job, const struct est_result *r, struct buf *der) {
    struct err e = {0};
    const X509 *certificate = sk_X509_value(r->certificates, 0);
    if (certificate == NULL || x509_put_der(certificate, der, &e) < 0 ||
        record_issued(job, certificate, buf_view(der), &e) < 0 ||
        write_files(job, r, buf_view(der), &e) < 0) {
        job_trace(job, "certificate is not accepted: %s (%s)", e.text, err_name(e.code));
        return CAPF_OP_FAIL;
    }
    return CAPF_OP_SUCCESS;
}

static void trace_failure(const struct online_job *job, const struct est_result *r) {
    job_trace(job, "est_client_enroll_csr() Failed! Could not obtain new certificate. Aborting.");
    job_trace(job, "Return value from enrollCertUsingEST() : %d", (int)r->code);
    job_trace(job, "Online Cert Signing Failed");
}

static struct session *waiting_session(const struct online_job *job) {
    struct session *s = capf_service_find(job->service, job->device);
    bool waits =
        s != NULL && s->state == CAPF_STATE_AWAIT_CA_CERT_RESP && s->enrolment == job->enrolment;
    return waits ? s : NULL;
}

static void trace_find_and_post(const struct online_job *job, bool found) {
    struct trace *t = job->service->trace;
    trace_enter(t, "findAndPost");
    trace_in(t, "findAndPost", "Device %s in the cache map %s", found ? "found" : "not found",
             job->device);
    trace_leave(t, "findAndPost");
}

static void wake(struct session *s, int result, const struct buf *der) {
    struct trace *t = s->service->trace;
    trace_debug(t, "added %d to readset", s->fd);
    trace_debug(t, "Recd event");
    buf_reset(&s->certificate);
    buf_put_bytes(&s->certificate, buf_view(der));
    s->ca_result = result;
    if (result == CAPF_OP_SUCCESS)
        session_trace(s, "CA CERT RES certificate ready .");
    states_run(s, CAPF_EV_CA_CERT_REP, NULL);
}

static void forget_failed(const struct online_job *job, int result) {
    struct err ignored = {0};
    if (result != CA_RESULT_PENDING)
        store_enrolment_state(job->service->store, job->enrolment, ENROLMENT_FAILED, &ignored);
}

static void on_enrolled(void *user, const struct est_result *r) {
    struct online_job *job = user;
    struct session *s = waiting_session(job);
    AUTO_BUF der = BUF_INIT(STORE_CERTIFICATE_MAX);
    int result = result_of(r);
    job_trace(job, "Enrollment rv = %d (%s) with pkcs7 length = %zu", (int)r->code,
              est_err_name((int)r->code), r->code == EST_ERR_NONE ? r->body.len : 0);
    if (result == CAPF_OP_SUCCESS) {
        result = take_answer(job, r, &der);
        job_trace(job, "Return value from enrollCertUsingEST() : 0");
        job_trace(job, "Online Cert Signing %s",
                  result == CAPF_OP_SUCCESS ? "successful" : "Failed");
        trace_find_and_post(job, s != NULL);
        if (s == NULL && result == CAPF_OP_SUCCESS)
            issuer_remove_csr_file(job->service->config, job->device);
    } else {
        trace_failure(job, r);
        forget_failed(job, result);
    }
    job_free(job);
    if (s != NULL)
        wake(s, result, &der);
}

static struct online_job *job_under_way(struct session *s) {
    for (struct online_job *job = s->service->jobs; job != NULL; job = job->next)
        if (job->enrolment == s->enrolment)
            return job;
    return NULL;
}

/* What is sent is what was written and can be read again, as on CUCM. */
static int read_csr(struct session *s, const char *shown, struct err *e) {
    session_trace(s, "Inside X509_REQ *read_csr()");
    AUTO(char) path = issuer_real_path(s->service->config, shown);
    AUTO_BUF pem = BUF_INIT(4 * STORE_CSR_MAX);
    AUTO_BUF der = BUF_INIT(STORE_CSR_MAX);
    if (path == NULL || file_read(path, &pem, e) < 0 ||
        b64_decode_any(buf_view(&pem), &der, NULL, e) < 0)
        return -1;
    if (!bytes_equal(buf_view(&der), buf_view(&s->csr)))
        return err_set(e, ERR_CSR_PARSE, "%s is not what the phone signed", shown);
    session_trace(s, "Completed action in X509_REQ *read_csr()");
    return 0;
}

static int start_job(struct session *s, struct err *e) {
    AUTO(char) shown = issuer_shown_path("csr", s->device.name, ".csr");
    const struct capf_enroller *enroller = &s->service->enroller;
    if (shown == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    session_trace(s, "CA Mode is OnlineCA, Initiating Automatic Certificate Enrollment");
    session_trace(s, "Calling enrollCertUsingEST() csr_file=%s", shown);
    if (read_csr(s, shown, e) < 0)
        return -1;
    struct online_job *job = job_new(s, e);
    if (job == NULL)
        return -1;
    if (enroller->start(enroller->self, buf_view(&s->csr), s->key, on_enrolled, job, e) == 0)
        return 0;
    job_free(job);
    return -1;
}

/* The claim of the request passes to the job. */
static int start_claimed(struct session *s, bool begun_earlier, struct err *e) {
    enum request_state state = begun_earlier ? sharing_request_state(s) : REQUEST_OPEN;
    int rc = ONLINE_ISSUED;
    if (state == REQUEST_OVER)
        rc = err_set(e, ERR_EST_BAD_RESPONSE, "the enrolment failed in another worker");
    if (state == REQUEST_OPEN)
        rc = start_job(s, e);
    if (rc != ONLINE_STARTED)
        sharing_release_request(s->enrolment);
    return rc;
}

int online_start(struct session *s, struct err *e) {
    struct online_job *job = s->enrolment == 0 ? NULL : job_under_way(s);
    if (job != NULL) {
        session_trace(s, "the enrolment of this key is under way");
        job->n = s->n;
        job->fd = s->fd;
        return ONLINE_STARTED;
    }
    bool begun_earlier = s->enrolment != 0;
    if (issuer_record_request(s, ISSUER_ONLINE_CA, e) < 0)
        return -1;
    return sharing_claim_request(s) ? start_claimed(s, begun_earlier, e) : ONLINE_STARTED;
}

/* The certificate was judged when it came; what may have changed since is the file. */
int online_take_certificate(struct session *s, struct err *e) {
    struct trace *t = s->service->trace;
    AUTO(char) csr = issuer_shown_path("csr", s->device.name, ".csr");
    AUTO(char) shown = issuer_shown_path("cert", s->device.name, ".der");
    AUTO(char) path = shown == NULL ? NULL : issuer_real_path(s->service->config, shown);
    if (csr == NULL || path == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    session_trace(s, "CAPF got device certificate");
    trace_debug(t, "loadFile('%s')", shown);
    AUTO_BUF loaded = BUF_INIT(STORE_CERTIFICATE_MAX);
    if (file_read(path, &loaded, e) < 0)
        return -1;
    trace_debug(t, "loadFile() successfully loaded file: '%s'", shown);
    if (!bytes_equal(buf_view(&loaded), buf_view(&s->certificate)))
        return err_set(e, ERR_X509_PARSE, "%s is not what the CA returned", shown);
    session_trace(s, "Read certificate for device");
    trace_debug(t, "LSC is verified. removing CSR at %s", csr);
    issuer_remove_csr_file(s->service->config, s->device.name);
    return 0;
}

void online_cancel_all(struct capf_service *service) {
    while (service->jobs != NULL)
        job_free(service->jobs);
}
