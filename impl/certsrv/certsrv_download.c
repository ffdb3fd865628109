/* Downloads of certnew.cer and certnew.p7b, judged by their content: IIS sends them as text/html to
 * some clients and errors with status 200 (certsrv.md 1.6, 8.5). */
#include "base/x509.h"
#include "certsrv/certsrv_page.h"
#include "pki/p7.h"
#include <ctype.h>
#include <string.h>

static struct bytes without_leading_blanks(struct bytes body) {
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
    if (body.len >= sizeof mark && memcmp(body.data, mark, sizeof mark) == 0)
        body = bytes_of(body.data + sizeof mark, body.len - sizeof mark);
    while (body.len > 0 && isspace(body.data[0]))
        body = bytes_of(body.data + 1, body.len - 1);
    return body;
}

/* -1 with the page's verdict when body is a page. */
static int refuse_page(struct bytes body, struct err *e) {
    if (body.len > 0 && body.data[0] != '<')
        return 0;
    struct certsrv_page page;
    if (certsrv_page_read(body, &page, e) != 0)
        return -1;
    struct err verdict = {0};
    if (certsrv_page_verdict(&page, &verdict) == 0 || verdict.code == ERR_CERTSRV_PAGE_UNKNOWN)
        err_set(&verdict, ERR_CERTSRV_PAGE_UNKNOWN, "a page came in place of the download");
    certsrv_page_clear(&page);
    return err_set(e, verdict.code, "%s", verdict.text);
}

X509 *certsrv_certificate_read(struct bytes body, struct err *e) {
    struct bytes content = without_leading_blanks(body);
    return refuse_page(content, e) == 0 ? x509_read(content, e) : NULL;
}

X509_STACK *certsrv_chain_read(struct bytes body, struct err *e) {
    struct bytes content = without_leading_blanks(body);
    return refuse_page(content, e) == 0 ? p7_read(content, e) : NULL;
}
