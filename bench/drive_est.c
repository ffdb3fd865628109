/* Requests posted to an EST server with the credentials at once, with as little of a client around
 * as libcurl allows. Each is for a device of its own: a server may know a repeated one again and
 * answer without a CA. */
#include "base/base64.h"
#include "base/http_client.h"
#include "base/owned.h"
#include "base/x509.h"
#include "bench/drive_impl.h"
#include "pki/csr.h"

#include <string.h>

enum { ANSWER_MAX = 64 * 1024, HTTP_OK = 200 };

struct est {
    struct http_client *http;
    struct http_endpoint endpoint;
    char *host; /* of an address outside */
    const char *user;
    bool fresh; /* a connection for each enrolment */
    struct curl_slist *headers;
    const struct driver *driver;
};

struct one_request {
    struct est *est;
    struct load_job *job;
    CURL *easy;
    bool under_way;
    char *request; /* base64 */
    struct buf answer;
};

static void on_done(void *user, CURL *easy, const struct http_result *result) {
    struct one_request *one = user;
    char status[32];
    (void)easy;
    one->under_way = false;
    snprintf(status, sizeof status, "HTTP %ld", result->status);
    if (result->code != CURLE_OK)
        load_job_done(one->job, err_name(result->err.code));
    else
        load_job_done(one->job, result->status == HTTP_OK && one->answer.len > 0 ? NULL : status);
}

static void set_request(struct one_request *one) {
    const struct est *est = one->est;
    curl_easy_setopt(one->easy, CURLOPT_HTTPHEADER, est->headers);
    curl_easy_setopt(one->easy, CURLOPT_POSTFIELDS, one->request);
    curl_easy_setopt(one->easy, CURLOPT_WRITEFUNCTION, http_client_to_buf);
    curl_easy_setopt(one->easy, CURLOPT_WRITEDATA, &one->answer);
    if (est->user != NULL) {
        curl_easy_setopt(one->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(one->easy, CURLOPT_USERPWD, est->user);
    }
    if (!est->fresh)
        return;
    curl_easy_setopt(one->easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(one->easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(one->easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
}

static void free_request(struct one_request *one) {
    curl_easy_cleanup(one->easy);
    buf_free(&one->answer);
    free(one->request);
    free(one);
}

static char *make_request(const struct est *est, size_t index, struct err *e) {
    AUTO(X509_REQ) csr = driver_request(est->driver, index, e);
    AUTO_BUF der = BUF_INIT(CSR_MAX);
    AUTO_BUF text = BUF_INIT(2 * CSR_MAX);
    if (csr == NULL || csr_put_der(csr, &der, e) != 0)
        return NULL;
    b64_encode(buf_view(&der), B64_WRAP_64_LF, &text);
    return buf_take_str(&text);
}

static int start(void *user, struct load_job *job, size_t index, struct err *e) {
    struct est *est = user;
    struct one_request *one = calloc(1, sizeof *one);
    if (one == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    *one = (struct one_request){
        .est = est, .job = job, .easy = curl_easy_init(), .answer = BUF_INIT(ANSWER_MAX)};
    one->request = make_request(est, index, e);
    if (one->request == NULL) {
        free_request(one);
        return -1;
    }
    if (one->easy == NULL ||
        http_client_target(one->easy, &est->endpoint, "/.well-known/est/simpleenroll", e) != 0) {
        free_request(one);
        return err_set(e, ERR_SYS_NOMEM, NULL);
    }
    set_request(one);
    job->state = one;
    one->under_way = true;
    http_client_start(est->http, one->easy, &est->endpoint, DRIVE_TIMEOUT_US, on_done, one);
    return 0;
}

static void release(void *user, struct load_job *job) {
    const struct est *est = user;
    struct one_request *one = job->state;
    if (one->under_way)
        http_client_cancel(est->http, one->easy);
    free_request(one);
}

static void free_est(struct driver *d) {
    struct est *est = d->inside;
    http_client_free(est->http);
    curl_slist_free_all(est->headers);
    free(est->host);
    free(est);
}

static int prepare(struct est *est, const struct driver *d, struct process *process,
                   const struct drive_target *target, struct err *e) {
    est->headers = curl_slist_append(NULL, "Content-Type: application/pkcs10");
    est->http = http_client_new(process_loop(process), process_resolver(process), e);
    if (est->http == NULL ||
        drive_endpoint(target, "ra.michamen.com", 8084, &est->endpoint, &est->host, e) != 0)
        return -1;
    est->driver = d;
    return est->headers == NULL ? err_set(e, ERR_SYS_NOMEM, NULL) : 0;
}

struct driver *drive_est(struct process *process, const struct bench_options *o,
                         const struct drive_target *target, struct err *e) {
    struct driver *d = driver_new(o->key, e);
    struct est *est = d == NULL ? NULL : calloc(1, sizeof *est);
    if (est == NULL) {
        driver_free(d);
        return NULL;
    }
    est->user = target->user;
    est->fresh = o->session == BENCH_SESSION_PER_ENROLLMENT;
    d->inside = est;
    d->free_inside = free_est;
    d->work = (struct load_work){start, release, est};
    if (prepare(est, d, process, target, e) == 0)
        return d;
    driver_free(d);
    return NULL;
}
