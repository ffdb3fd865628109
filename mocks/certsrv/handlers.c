/* The pages that submit and show; what fetches is in handlers_fetch.c. It never tells a client more
 * than a real server would: failures of the CA are pages with status 200. */
#include "mocks/certsrv/handlers.h"
#include "mocks/certsrv/handlers_internal.h"
#include "mocks/certsrv/hresult.h"
#include "mocks/certsrv/pages_iis.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int handle_login(const struct call *call, struct reply *reply, struct err *e) {
    (void)e;
    buf_printf(&reply->location, "https://%s/certsrv/%s%s", call->host,
               call->raw_query[0] != '\0' ? "?" : "", call->raw_query);
    reply->status = 301;
    reply->content_type = "text/html; charset=UTF-8";
    iis_page_moved(&reply->body, buf_str(&reply->location));
    return 0;
}

int handle_home(const struct call *call, struct reply *reply, struct err *e) {
    (void)e;
    page_home(&reply->body, &call->site);
    return 0;
}

int handle_check_pending(const struct call *call, struct reply *reply, struct err *e) {
    (void)e;
    page_check_pending(&reply->body, &call->site);
    return 0;
}

int handle_ca_download(const struct call *call, struct reply *reply, struct err *e) {
    (void)e;
    page_ca_download(&reply->body, &call->site);
    return 0;
}

struct option_list {
    struct page_option *items;
    size_t count;
};

static void free_options(struct option_list *l) {
    for (size_t i = 0; i < l->count; i++)
        free((char *)l->items[i].value);
    free(l->items);
}

static int add_option(struct option_list *l, const struct template *t) {
    AUTO_BUF value = BUF_INIT(16 * 1024);
    template_put_option(t, &value);
    char *text = buf_take_str(&value);
    if (text == NULL)
        return -1;
    l->items[l->count++] = (struct page_option){text, template_display(t)};
    return 0;
}

int handle_request_form(const struct call *call, struct reply *reply, struct err *e) {
    struct option_list list = {calloc(call->templates->count + 1, sizeof *list.items), 0};
    int rc = list.items == NULL ? -1 : 0;
    for (size_t i = 0; i < call->templates->count && rc == 0; i++)
        if (template_listed(&call->templates->items[i], call->user))
            rc = add_option(&list, &call->templates->items[i]);
    page_request_form(&reply->body, &call->site, list.items, list.count);
    free_options(&list);
    return rc == 0 ? 0 : err_set(e, ERR_SYS_NOMEM, NULL);
}

int reply_error(const struct call *call, struct reply *reply, const char *mode, const char *com,
                uint32_t code) {
    const struct page_error error = {
        .request_mode = mode, .result = code, .com_error = com, .last_status = code};
    page_error(&reply->body, &call->site, &error);
    return 0;
}

int reply_row_error(const struct call *call, struct reply *reply, const char *mode,
                    const struct store_row *row) {
    enum { INCOMPLETE = 0, ERROR = 1, DENIED = 2, UNDER_SUBMISSION = 5, REVOKED = 6 };
    struct page_error error = {.request_mode = mode,
                               .disposition = INCOMPLETE,
                               .message = row->message,
                               .result = HR_S_OK,
                               .last_status = row->status};
    if (row->disposition == DISPOSITION_PENDING)
        error.disposition = UNDER_SUBMISSION;
    else if (row->disposition == DISPOSITION_DENIED)
        error.disposition = DENIED;
    else if (row->disposition == DISPOSITION_REVOKED)
        error.disposition = REVOKED;
    else
        error.disposition = ERROR;
    page_error(&reply->body, &call->site, &error);
    return 0;
}

/* The page about a row, for certfnsh.asp; pending differs between the first and later answers. */
static int show_row(const struct call *call, struct reply *reply, const char *mode,
                    const struct store_row *row) {
    struct buf *out = &reply->body;
    switch (row->disposition) {
    case DISPOSITION_ISSUED:
        page_issued(out, &call->site, row->id);
        return 0;
    case DISPOSITION_PENDING:
        if (mode == page_mode_submit)
            page_pending(out, &call->site, row->id);
        else
            page_still_pending(out, &call->site, row->id);
        return 0;
    case DISPOSITION_DENIED:
    case DISPOSITION_FAILED:
        page_denied(out, &call->site, row->id, row->message);
        return 0;
    default:
        return reply_row_error(call, reply, mode, row);
    }
}

static int submit_new(const struct call *call, struct reply *reply, struct err *e) {
    const struct ca_submission submission = {.user = call->user,
                                             .request = form_get(call->fields, "CertRequest"),
                                             .attributes = form_get(call->fields, "CertAttrib")};
    if (submission.request.len == 0)
        return reply_error(call, reply, page_mode_submit, "CCertRequest::Submit", HR_E_INVALIDARG);
    AUTO_ROW row;
    store_row_init(&row);
    if (ca_submit(call->ca, &submission, &row, e) != 0)
        return -1;
    if (row.id == 0)
        return reply_error(call, reply, page_mode_submit, "CCertRequest::Submit", row.status);
    return show_row(call, reply, page_mode_submit, &row);
}

int64_t digits_in(struct bytes text) {
    enum { DIGITS_MAX = 10 };
    int64_t value = -1;
    unsigned count = 0;
    for (size_t i = 0; i < text.len && count < DIGITS_MAX; i++) {
        if (isdigit(text.data[i])) {
            value = (value < 0 ? 0 : value * 10) + (text.data[i] - '0');
            count++;
        } else if (count > 0) {
            break;
        }
    }
    return value;
}

/* The first digits count: a Go client sends "%!s(int=7)" (protocol/certsrv.md 1.2). */
static int submit_check(const struct call *call, struct reply *reply, struct err *e) {
    static const char where[] = "CCertRequest::RetrievePending";
    AUTO_ROW row;
    struct err why = {0};
    store_row_init(&row);
    int64_t id = digits_in(form_get(call->fields, "ReqID"));
    if (ca_retrieve(call->ca, call->user, id, &row, &why) == 0)
        return show_row(call, reply, page_mode_check, &row);
    return reply_retrieve_failure(call, reply, page_mode_check, where, &why, e);
}

int reply_retrieve_failure(const struct call *call, struct reply *reply, const char *mode,
                           const char *com, const struct err *why, struct err *e) {
    if (why->code == ERR_CSR_POLICY)
        return reply_error(call, reply, mode, com, HR_E_ACCESSDENIED);
    if (why->code == ERR_STORE_NOT_FOUND)
        return reply_error(call, reply, mode, com, HR_PROPERTY_EMPTY);
    return err_set(e, why->code, "%s", why->text);
}

static bool is_word(struct bytes value, const char *word) {
    return value.len == strlen(word) && strncasecmp((const char *)value.data, word, value.len) == 0;
}

/* What the page was about to ask the CA for. */
int reply_rpc_unavailable(const struct call *call, struct reply *reply, struct err *e) {
    (void)e;
    bool submits = form_get(call->fields, "Mode").len > 0;
    bool checks = is_word(form_get(call->fields, "Mode"), "chkpnd");
    bool of_ca = is_word(form_get(call->query, "ReqID"), "CACert");
    const char *mode = checks ? page_mode_check : submits ? page_mode_submit : page_mode_fetch;
    const char *com = checks    ? "CCertRequest::RetrievePending"
                      : submits ? "CCertRequest::Submit"
                      : of_ca   ? "CCertRequest::GetCACertificate"
                                : "CCertRequest::RetrievePending";
    return reply_error(call, reply, mode, com, HR_RPC_UNAVAILABLE);
}

int handle_submit(const struct call *call, struct reply *reply, struct err *e) {
    struct bytes mode = form_get(call->fields, "Mode");
    if (is_word(mode, "newreq"))
        return submit_new(call, reply, e);
    if (is_word(mode, "chkpnd"))
        return submit_check(call, reply, e);
    return reply_error(call, reply, page_mode_submit, NULL, HR_E_INVALIDARG);
}
