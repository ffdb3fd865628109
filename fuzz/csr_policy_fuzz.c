/* Reaches ca_submit, ca_retrieve, policy_decide, policy_unreadable,
 * policy_request_san, policy_keeps_rdn, attributes_read, attributes_get, san_names_read,
 * template_find, template_may_enroll, mint_certificate and mint_extensions. Input: a line with the
 * number of the user and of the CA's settings, lines of attributes up to an empty one, then the
 * request. What is issued is for the request's key, signed by the CA, and found again. The key
 * protects nothing. Floor: 300/s. */
#include "base/clock.h"
#include "base/owned.h"
#include "base/random.h"
#include "base/x509.h"
#include "fuzz/fuzz.h"
#include "mocks/certsrv/ca.h"
#include "mocks/certsrv/policy.h"
#include "pki/csr.h"
#include <string.h>

#define LAB "impl/capf/testdata/lab/"
enum { RUNS_PER_CA = 64 }; /* a CA remembers all that it was asked for */
static const int64_t day_us = INT64_C(86400) * 1000000;

static struct user users[] = {
    {.name = (char *)(uintptr_t) "ciscora",
     .email = (char *)(uintptr_t) "ciscora@michamen.com",
     .enroll = true,
     .request = true,
     .sid = (char *)(uintptr_t) "S-1-5-21-1-2-3"},
    {.name = (char *)(uintptr_t) "guest", .request = true},
    {.name = (char *)(uintptr_t) "nobody", .enroll = true},
};
static char *only_guest[] = {(char *)(uintptr_t) "guest"};
static struct template items[] = {
    {.name = (char *)(uintptr_t) "CiscoRA", .version = 2, .key_bits = 2048, .rsa_only = true},
    {.name = (char *)(uintptr_t) "WebServer", .version = 1, .key_bits = 1024},
    {.name = (char *)(uintptr_t) "User", .version = 1, .subject = TEMPLATE_SUBJECT_USER},
    {.name = (char *)(uintptr_t) "Manager", .version = 2, .approval = true},
    {.name = (char *)(uintptr_t) "Signed", .version = 2, .signatures = 1},
    {.name = (char *)(uintptr_t) "Guests", .version = 2, .enroll = {only_guest, 1}},
    {.name = (char *)(uintptr_t) "Hidden", .version = 2},
};
static const struct accounts accounts = {
    {(char *)(uintptr_t) "MICHAMEN", (char *)(uintptr_t) "michamen.com", false}, users, 3};
static const struct templates templates = {items, sizeof items / sizeof items[0]};
static char *copied[] = {(char *)(uintptr_t) "2.5.29.17", (char *)(uintptr_t) "1.2.3.4"};
static struct ca_config config = {
    .name = (char *)(uintptr_t) "LAB-DC-RTP",
    .certificate = (char *)(uintptr_t)LAB "online-ca.pem",
    .key = (char *)(uintptr_t)LAB "online-ca.key",
    .first_request = 10,
    .request_extensions = {copied, 2},
};

/* Anew now and then; each is as the one before. */
static struct ca *open_ca(void) {
    static struct ca *ca;
    static unsigned runs;
    struct err e = {0};
    if (runs++ % RUNS_PER_CA != 0)
        return ca;
    ca_close(ca);
    for (size_t i = 0; i < templates.count; i++) {
        items[i].validity_us = 730 * day_us;
        items[i].published = strcmp(items[i].name, "Hidden") != 0;
    }
    config.validity_us = 3650 * day_us;
    const struct ca_setup setup = {&config, &accounts, &templates, "lab-dc.michamen.com",
                                   ":memory:"};
    ca = ca_open(&setup, &e);
    if (ca == NULL)
        fprintf(stderr, "%s\n", e.text);
    FUZZ_CHECK(ca != NULL);
    return ca;
}

static void configure(unsigned settings) {
    config.serial = settings % 2 == 0 ? CA_SERIAL_LONG : CA_SERIAL_SHORT;
    config.san_attribute = settings / 2 % 2 != 0;
    config.end_date_attribute = settings / 4 % 2 != 0;
    config.restore_plus = settings / 8 % 2 != 0;
}

static X509 *read_ca_certificate(void) {
    static X509 *certificate; /* read once */
    struct err e = {0};
    if (certificate == NULL)
        certificate = x509_read_file(config.certificate, &e);
    FUZZ_CHECK(certificate != NULL);
    return certificate;
}

static void check_issued(const struct store_row *row) {
    struct err e = {0};
    AUTO(X509) certificate = x509_read(buf_view(&row->certificate), &e);
    AUTO(X509_REQ) request = csr_read(buf_view(&row->request), NULL, &e);
    FUZZ_CHECK(certificate != NULL && request != NULL);
    FUZZ_CHECK(csr_verify(request, &e) == 0);
    FUZZ_CHECK(x509_has_key(certificate, X509_REQ_get0_pubkey(request)));
    FUZZ_CHECK(X509_verify(certificate, X509_get0_pubkey(read_ca_certificate())) == 1);
    AUTO(char) serial = x509_serial_hex(certificate);
    FUZZ_CHECK(serial != NULL && strcmp(serial, row->serial) == 0);
    FUZZ_CHECK(ca_generation_of(row->serial) == 0);
}

static void check_again(struct ca *ca, const struct user *user, const struct store_row *row) {
    struct store_row again;
    struct err e = {0};
    store_row_init(&again);
    FUZZ_CHECK_OK(ca_retrieve(ca, user, row->id, &again, &e), e);
    FUZZ_CHECK(again.disposition == row->disposition && again.status == row->status);
    FUZZ_CHECK(bytes_equal(buf_view(&again.certificate), buf_view(&row->certificate)));
    store_row_free(&again);
}

static void submit(const struct user *user, struct bytes attributes, struct bytes request) {
    struct ca *ca = open_ca();
    struct store_row row;
    struct err e = {0};
    const struct ca_submission s = {user, request, attributes};
    store_row_init(&row);
    if (ca_submit(ca, &s, &row, &e) != 0) {
        FUZZ_CHECK(e.code == ERR_SYS_LIMIT || e.code == ERR_X509_ISSUE);
    } else {
        FUZZ_CHECK(row.disposition != DISPOSITION_ISSUED || user->request);
        if (row.disposition == DISPOSITION_ISSUED)
            check_issued(&row);
        if (row.id != 0)
            check_again(ca, user, &row);
    }
    store_row_free(&row);
}

/* Lines up to an empty one. */
static struct bytes attributes_of(struct bytes *rest) {
    struct bytes all = {rest->data, 0};
    while (rest->len > 0 && fuzz_line(rest).len > 0)
        all.len = (size_t)(rest->data - all.data);
    return all;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes rest = bytes_of(data, size);
    AUTO(char) first = fuzz_text(fuzz_line(&rest));
    unsigned user = 0, settings = 0;
    if (sscanf(first, "%1u %2u", &user, &settings) < 1)
        user = 0;
    configure(settings);
    random_seed("csr_policy_fuzz");
    struct bytes attributes = attributes_of(&rest);
    submit(&users[user % 3], attributes, rest);
    return 0;
}
