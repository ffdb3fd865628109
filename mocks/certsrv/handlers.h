/* What each page does, apart from HTTP: from parameters and a logged-on user to a reply. Facts:
 * protocol/certsrv.md 1 and 2. */
#ifndef MOCKS_CERTSRV_HANDLERS_H
#define MOCKS_CERTSRV_HANDLERS_H

#include "mocks/certsrv/config.h"
#include "mocks/certsrv/form.h"
#include "mocks/certsrv/pages.h"

/* What faults make of the answer. */
struct damage {
    bool close;     /* the connection behind the answer */
    bool truncated; /* after kept bytes of the body */
    size_t kept;
    bool rpc_unavailable; /* of the CA */
    bool html;            /* where a file should be */
    bool other_key;       /* in the certificate */
};

struct call {
    const struct certsrv_config *config;
    const struct templates *templates;
    struct ca *ca;
    struct page_site site;
    const struct user *user;
    const struct form *query, *fields;
    const char *user_agent; /* "" without */
    const char *host;       /* authority for redirects, validated */
    const char *raw_query;
    const struct damage *damage;
};

struct reply {
    unsigned status;
    const char *content_type;
    struct buf location; /* of a redirect */
    struct buf body;
};

/* All: -1 when the server itself failed (500). */
typedef int handler_fn(const struct call *call, struct reply *reply, struct err *e);
handler_fn handle_login, handle_home, handle_request_form, handle_submit, handle_check_pending,
    handle_ca_download, handle_certificate, handle_chain, handle_crl;

/* The error page of a page that cannot reach the CA. */
handler_fn reply_rpc_unavailable;

#endif
