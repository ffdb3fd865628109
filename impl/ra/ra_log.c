/* The log vocabulary of CiscoRA (see the header). Must never be given a secret. */
#include "ra/ra_log.h"
#include "base/clock.h"
#include "base/x509.h"
#include "est/est_log.h"
#include <openssl/crypto.h>
#include <openssl/obj_mac.h>
#include <string.h>

struct ra_log {
    struct log *ra;
    struct log *error;
    bool starting;
};

enum level { LEVEL_ERROR, LEVEL_WARN, LEVEL_INFO };
static const char *const level_names[] = {
    [LEVEL_ERROR] = "error", [LEVEL_WARN] = "warn", [LEVEL_INFO] = "info"};
enum { LINE_MAX_BYTES = 4096 };

struct ra_log *ra_log_open(const char *ra_path, const char *error_path, struct err *e) {
    struct ra_log *log = calloc(1, sizeof *log);
    if (log == NULL) {
        err_set(e, ERR_SYS_NOMEM, "log");
        return NULL;
    }
    log->starting = true;
    log->ra = ra_path != NULL ? log_open(ra_path, e) : NULL;
    log->error = error_path != NULL ? log_open(error_path, e) : NULL;
    if ((ra_path == NULL || log->ra != NULL) && (error_path == NULL || log->error != NULL))
        return log;
    ra_log_close(log);
    return NULL;
}

void ra_log_close(struct ra_log *log) {
    if (log == NULL)
        return;
    log_close(log->ra);
    log_close(log->error);
    free(log);
}

struct log *ra_log_error_file(struct ra_log *log) {
    return log->error;
}

static void put_start(struct buf *line, enum level level) {
    struct tm t = clock_utc(clock_wall_us());
    buf_printf(line, "%04d/%02d/%02d %02d:%02d:%02d [%s] %ld#0: ", t.tm_year + 1900, t.tm_mon + 1,
               t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, level_names[level], (long)getpid());
}

/* "2019/03/05 12:31:21 [info] 31067#0: *2 " TEXT " while SSL EST handshaking, client: ..." */
static void write_error(struct ra_log *log, enum level level, const struct ra_client *who,
                        const char *text) {
    AUTO_BUF line = BUF_INIT(2 * LINE_MAX_BYTES);
    put_start(&line, level);
    if (who != NULL)
        buf_printf(&line, "*%llu ", (unsigned long long)who->connection);
    buf_put_str(&line, text);
    if (who != NULL)
        buf_printf(&line, " while SSL EST handshaking, client: %s, server: %s", who->peer,
                   who->server);
    log_line(log->error, "%s", buf_str(&line));
}

__attribute__((format(printf, 4, 5))) static void
say(struct ra_log *log, enum level level, const struct ra_client *who, const char *fmt, ...) {
    AUTO_BUF text = BUF_INIT(LINE_MAX_BYTES);
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    write_error(log, level, who, buf_str(&text));
    if (log->starting && level <= LEVEL_WARN)
        log_line(log->ra, "nginx: [%s] %s", level_names[level], buf_str(&text));
}

void ra_log_cut(struct ra_log *log, const struct http_cut *cut, const char *server) {
    static const char *const doing[] = {[HTTP_PHASE_HANDSHAKE] = "SSL handshaking",
                                        [HTTP_PHASE_REQUEST] = "reading client request",
                                        [HTTP_PHASE_ANSWER] = "sending to client"};
    AUTO_BUF line = BUF_INIT(LINE_MAX_BYTES);
    bool limit = cut->phase == HTTP_PHASE_PLACE;
    put_start(&line, limit ? LEVEL_ERROR : LEVEL_INFO);
    if (limit)
        buf_printf(&line, "limiting connections: %s", cut->why.text);
    else
        buf_printf(&line, "*%llu client timed out (110: Connection timed out) while %s",
                   (unsigned long long)cut->connection, doing[cut->phase]);
    buf_printf(&line, " (%s), client: %s, server: %s", err_name(cut->why.code), cut->peer, server);
    log_line(log->error, "%s", buf_str(&line));
}

void ra_log_nothing_set_yet(struct ra_log *log) {
    say(log, LEVEL_WARN, NULL, "CA Chain requested but this value has not yet been set");
    say(log, LEVEL_WARN, NULL, "CA Cert response requested but this value has not yet been set");
}

/* Seed 1 writes ssl_, ossl_ and openssl_init_cert_store for one and the same line; ossl_ is the one
 * that stands in seed 1 and seed 2 alike, and beside est's ossl_init_cert_store_from_raw. */
void ra_log_init_cert_store(struct ra_log *log, const struct ra_client *who,
                            const X509_STACK *certificates) {
    for (int i = 0; certificates != NULL && i < sk_X509_num(certificates); i++) {
        const X509 *certificate = sk_X509_value(certificates, i);
        AUTO(char) name = x509_name_slashes(X509_get_subject_name(certificate));
        say(log, LEVEL_WARN, who, "ossl_init_cert_store: Adding cert to store (%s)",
            name != NULL ? name : "");
    }
}

/* The release and API level are those whose lines and numbers are spoken here; what it was compiled
 * against and linked to is the truth. */
void ra_log_est_start(struct ra_log *log, const X509_STACK *certificates, bool pop_required) {
    est_log(log->ra, EST_LOG_VERSION, "2.2.0", 4);
    est_log(log->ra, EST_LOG_COMPILED, OPENSSL_VERSION_TEXT);
    est_log(log->ra, EST_LOG_LINKED, OpenSSL_version(OPENSSL_VERSION));
    for (int i = 0; certificates != NULL && i < sk_X509_num(certificates); i++) {
        const X509 *certificate = sk_X509_value(certificates, i);
        AUTO(char) name = x509_name_slashes(X509_get_subject_name(certificate));
        est_log(log->ra, EST_LOG_ADD_CERT, name != NULL ? name : "");
    }
    if (!pop_required)
        say(log, LEVEL_WARN, NULL,
            "pop_enabled off in nginx.conf. Disabling EST Proof of Possession");
    est_log(log->ra, EST_LOG_ECDHE, NID_X9_62_prime256v1);
    est_log(log->ra, EST_LOG_NO_SRP);
}

void ra_log_started(struct ra_log *log) {
    log_line(log->ra, "EnrollmentService.sh : nginx server PID value = %ld", (long)getpid());
    log->starting = false;
}

static const char secure[] =
    "Secure connection to MS CertServ completed successfully using the following URL";

static void say_received(struct ra_log *log, const struct ra_client *who,
                         const struct certsrv_answer *answer) {
    if (answer->curl == CURLE_OK && answer->received > 0)
        say(log, LEVEL_INFO, who, "ra_certsrv_auth_curl_data_cb: Rcvd data len: %zu",
            answer->received);
}

/* Why there is no page, in the seeds' words when libcurl failed, in our own when IIS refused. Takes
 * the wording of the failed call, which differs between login and page. */
static void say_failed(struct ra_log *log, const struct ra_client *who, const char *function,
                       const char *call, const struct certsrv_answer *answer) {
    if (answer->curl != CURLE_OK)
        say(log, LEVEL_WARN, who, "%s: Curl %s failed with return code %d (%s)", function, call,
            (int)answer->curl, answer->text);
    else if (answer->status != 200 && answer->status != 301)
        say(log, LEVEL_WARN, who, "%s: Curl %s failed with HTTP status %ld", function, call,
            answer->status);
    else
        say(log, LEVEL_WARN, who, "%s: %s: %s", function, err_name(answer->err.code),
            answer->err.text);
    say(log, LEVEL_WARN, who, "%s: URL used: %s", function, answer->url);
}

void ra_log_login_to_certsrv_ca(struct ra_log *log, const struct ra_client *who,
                                const struct certsrv_answer *answer) {
    static const char function[] = "login_to_certsrv_ca";
    say_received(log, who, answer);
    if (answer->err.code == ERR_OK)
        say(log, LEVEL_INFO, who, "%s: %s %s", function, secure, answer->url);
    else
        say_failed(log, who, function, "call for MS CA login", answer);
}

/* A page that was got and says no is still a completed connection: seed 1 logs success for the
 * template list that lacks the template. */
void ra_log_navigate_to_certsrv_page(struct ra_log *log, const struct ra_client *who,
                                     const struct certsrv_answer *answer) {
    static const char function[] = "navigate_to_certsrv_page";
    say_received(log, who, answer);
    if (answer->curl == CURLE_OK && answer->status == 200)
        say(log, LEVEL_INFO, who, "%s: %s %s", function, secure, answer->url);
    else
        say_failed(log, who, function, "request", answer);
}

void ra_log_retrieve_cacerts_no_login(struct ra_log *log) {
    say(log, LEVEL_ERROR, NULL, "retrieve_cacerts: Unable to execute login to certsrv with curl");
}

void ra_log_retrieve_cacerts(struct ra_log *log, const struct certsrv_answer *answer) {
    static const char function[] = "retrieve_cacerts";
    if (answer->err.code == ERR_OK)
        say(log, LEVEL_INFO, NULL, "%s: %s %s", function, secure, answer->url);
    else
        say_failed(log, NULL, function, "request", answer);
}

void ra_log_plugin_postconf(struct ra_log *log, bool chain) {
    static const char function[] = "ra_certsrv_ca_plugin_postconf";
    if (chain)
        say(log, LEVEL_INFO, NULL, "%s: CA Cert chain retrieved from CA, will be passed to EST",
            function);
    else
        say(log, LEVEL_WARN, NULL, "%s: Unable to retrieve CA Cert chain from CA", function);
}

void ra_log_template_not_offered(struct ra_log *log, const struct ra_client *who,
                                 const char *template_name) {
    say(log, LEVEL_INFO, who, "ra_certsrv_auth: template %s is not offered on certrqxt.asp",
        template_name);
}

void ra_log_form_not_read(struct ra_log *log, const struct ra_client *who,
                          const struct err *cause) {
    say(log, LEVEL_WARN, who, "ra_certsrv_auth: %s: %s", err_name(cause->code), cause->text);
}

void ra_log_enroll_issued(struct ra_log *log, const struct ra_client *who, uint32_t request_id) {
    say(log, LEVEL_INFO, who, "ra_certsrv_enroll: ReqID %u: certificate retrieved from CA",
        request_id);
}

void ra_log_enroll_other_issuer(struct ra_log *log, const struct ra_client *who,
                                uint32_t request_id, const X509 *certificate) {
    AUTO(char) name = x509_name_slashes(X509_get_issuer_name(certificate));
    say(log, LEVEL_WARN, who,
        "ra_certsrv_enroll: ReqID %u: no certificate in the CA Cert chain issued it (%s)",
        request_id, name == NULL ? "?" : name);
}

void ra_log_enroll_elsewhere(struct ra_log *log, const struct ra_client *who) {
    say(log, LEVEL_INFO, who,
        "ra_certsrv_enroll: the same enrolment is under way in another worker");
}

void ra_log_enroll_pending(struct ra_log *log, const struct ra_client *who, uint32_t request_id) {
    say(log, LEVEL_INFO, who, "ra_certsrv_enroll: ReqID %u: taken under submission", request_id);
}

void ra_log_enroll_failed(struct ra_log *log, const struct ra_client *who, uint32_t request_id,
                          const struct err *cause) {
    say(log, LEVEL_ERROR, who, "ra_certsrv_enroll: ReqID %u: %s: %s", request_id,
        err_name(cause->code), cause->text);
}
