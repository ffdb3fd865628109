/* Reaches certsrv_page_read, certsrv_page_verdict, certsrv_templates_read, certsrv_template_find,
 * certsrv_renewals_read, certsrv_certificate_read and certsrv_chain_read. Input: the body of any
 * answer of a certsrv web server. Floor: 400/s. */
#include "base/owned.h"
#include "certsrv/certsrv_page.h"
#include "fuzz/fuzz.h"
#include <string.h>

static bool is_verdict(enum err_code code) {
    return code == ERR_CERTSRV_PENDING || code == ERR_CERTSRV_DENIED ||
           code == ERR_CERTSRV_ERROR_PAGE || code == ERR_CERTSRV_AUTH ||
           code == ERR_CERTSRV_PAGE_UNKNOWN || code == ERR_SYS_LIMIT;
}

/* Of what a download may turn out to be when it is no page. */
static bool is_download_error(enum err_code code) {
    return is_verdict(code) || code == ERR_X509_PARSE || code == ERR_B64_PARSE ||
           code == ERR_PKCS7_PARSE || code == ERR_PKCS7_EMPTY;
}

static void check_line(const char *text) {
    FUZZ_CHECK(text == NULL || strpbrk(text, "\r\n") == NULL);
}

static void read_page(struct bytes body) {
    struct certsrv_page page;
    struct err e = {0};
    if (certsrv_page_read(body, &page, &e) != 0) {
        FUZZ_CHECK(e.code == ERR_SYS_LIMIT || e.code == ERR_SYS_NOMEM);
        return;
    }
    FUZZ_CHECK(page.kind != CERTSRV_PAGE_ISSUED || page.request_id != 0);
    check_line(page.message);
    check_line(page.last_status);
    int verdict = certsrv_page_verdict(&page, &e);
    FUZZ_CHECK((verdict == 0) == (page.kind == CERTSRV_PAGE_ISSUED));
    FUZZ_CHECK(verdict == 0 || is_verdict(e.code));
    check_line(e.text);
    certsrv_page_clear(&page);
}

static void read_templates(struct bytes body) {
    struct certsrv_templates list;
    struct err e = {0};
    if (certsrv_templates_read(body, &list, &e) != 0)
        FUZZ_CHECK(list.count == 0 && is_verdict(e.code));
    FUZZ_CHECK(list.count <= CERTSRV_TEMPLATES_MAX);
    for (size_t i = 0; i < list.count; i++) {
        const struct certsrv_template *t = &list.items[i];
#define CHECK_MEMBER(field) FUZZ_CHECK(t->field != NULL && strlen(t->field) <= body.len * 3);
        CERTSRV_TEMPLATE_FIELDS(CHECK_MEMBER)
#undef CHECK_MEMBER
        if (t->name[0] != '\0')
            FUZZ_CHECK(certsrv_template_find(&list, t->name) != NULL);
    }
    certsrv_template_find(&list, "CiscoRA");
    certsrv_templates_clear(&list);
}

static void read_downloads(struct bytes body) {
    uint32_t renewals = 0;
    struct err e = {0};
    if (certsrv_renewals_read(body, &renewals, &e) != 0)
        FUZZ_CHECK(is_verdict(e.code));
    AUTO(X509) certificate = certsrv_certificate_read(body, &e);
    FUZZ_CHECK(certificate != NULL || is_download_error(e.code));
    AUTO(X509_STACK) chain = certsrv_chain_read(body, &e);
    FUZZ_CHECK(chain != NULL ? sk_X509_num(chain) > 0 : is_download_error(e.code));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes body = bytes_of(data, size);
    read_page(body);
    read_templates(body);
    read_downloads(body);
    return 0;
}
