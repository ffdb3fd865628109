/* The named places of a request's way through the mock, the routes to them, and what can be made to
 * go wrong there: tables from which routing, faults, --help and whoever steers the mock are made.
 */
#ifndef MOCKS_CERTSRV_POINTS_H
#define MOCKS_CERTSRV_POINTS_H

#include "mocks/fault/fault.h"

/* What a point is: bits. */
enum certsrv_kind {
    KIND_REQUEST = 1,     /* before the logon */
    KIND_LOGON = 2,       /* a step of the logon */
    KIND_CHALLENGE = 4,   /* the one that answers with a challenge */
    KIND_LOGGED_ON = 8,   /* after it */
    KIND_CA = 16,         /* the page asks the CA */
    KIND_FETCH = 32,      /* it gives a file, not a page */
    KIND_CERTIFICATE = 64 /* the certificate of a request */
};

/* X(POINT, name, kind, help) */
#define CERTSRV_POINT_TABLE(X)                                                                     \
    X(REQUEST, "certsrv.request", KIND_REQUEST, "any request, before the logon")                   \
    X(ANONYMOUS, "certsrv.anonymous", KIND_LOGON, "a request without credentials: its 401")        \
    X(TYPE1, "certsrv.type1", KIND_LOGON | KIND_CHALLENGE, "NTLM type 1: the challenge")           \
    X(TYPE3, "certsrv.type3", KIND_LOGON, "NTLM type 3: logged on or refused")                     \
    X(BASIC, "certsrv.basic", KIND_LOGON, "HTTP Basic: logged on or refused")                      \
    X(SESSION, "certsrv.session", KIND_LOGON | KIND_LOGGED_ON,                                     \
      "a request on a connection that is logged on")                                               \
    X(PAGE, "certsrv.page", KIND_LOGGED_ON, "any page, after the logon")                           \
    X(LOGIN, "certsrv.login", KIND_LOGGED_ON, "GET /certsrv: the redirection")                     \
    X(HOME, "certsrv.home", KIND_LOGGED_ON, "/certsrv/")                                           \
    X(CERTRQXT, "certsrv.certrqxt", KIND_LOGGED_ON | KIND_CA, "the form with the templates")       \
    X(CERTRQUS, "certsrv.certrqus", KIND_LOGGED_ON | KIND_CA, "another form")                      \
    X(CERTRQAD, "certsrv.certrqad", KIND_LOGGED_ON | KIND_CA, "another form")                      \
    X(CERTRQMA, "certsrv.certrqma", KIND_LOGGED_ON | KIND_CA, "another form")                      \
    X(CERTRQBI, "certsrv.certrqbi", KIND_LOGGED_ON | KIND_CA, "another form")                      \
    X(CERTFNSH, "certsrv.certfnsh", KIND_LOGGED_ON | KIND_CA, "a request is submitted")            \
    X(CERTCKPN, "certsrv.certckpn", KIND_LOGGED_ON | KIND_CA, "status of pending requests")        \
    X(CERTCARC, "certsrv.certcarc", KIND_LOGGED_ON | KIND_CA, "list of the CA's certificates")     \
    X(CERTNEW_CER, "certsrv.certnew-cer",                                                          \
      KIND_LOGGED_ON | KIND_CA | KIND_FETCH | KIND_CERTIFICATE, "a certificate is fetched")        \
    X(CERTNEW_P7B, "certsrv.certnew-p7b", KIND_LOGGED_ON | KIND_CA | KIND_FETCH,                   \
      "a chain is fetched")                                                                        \
    X(CERTCRL, "certsrv.certcrl", KIND_LOGGED_ON | KIND_CA | KIND_FETCH, "a CRL is fetched")

enum certsrv_point {
#define CERTSRV_POINT_ENUM(point, name, kind, help) AT_##point,
    CERTSRV_POINT_TABLE(CERTSRV_POINT_ENUM)
#undef CERTSRV_POINT_ENUM
};

/* X(POINT, path in lower case, needs a logon, is an ASP page, handler of handlers.h) */
#define CERTSRV_ROUTE_TABLE(X)                                                                     \
    X(LOGIN, "/certsrv", true, false, handle_login)                                                \
    X(HOME, "/certsrv/", true, true, handle_home)                                                  \
    X(HOME, "/certsrv/default.asp", true, true, handle_home)                                       \
    X(CERTRQXT, "/certsrv/certrqxt.asp", true, true, handle_request_form)                          \
    X(CERTRQUS, "/certsrv/certrqus.asp", true, true, handle_request_form)                          \
    X(CERTRQAD, "/certsrv/certrqad.asp", true, true, handle_request_form)                          \
    X(CERTRQMA, "/certsrv/certrqma.asp", true, true, handle_request_form)                          \
    X(CERTRQBI, "/certsrv/certrqbi.asp", true, true, handle_request_form)                          \
    X(CERTFNSH, "/certsrv/certfnsh.asp", true, true, handle_submit)                                \
    X(CERTCKPN, "/certsrv/certckpn.asp", true, true, handle_check_pending)                         \
    X(CERTCARC, "/certsrv/certcarc.asp", true, true, handle_ca_download)                           \
    X(CERTNEW_CER, "/certsrv/certnew.cer", true, true, handle_certificate)                         \
    X(CERTNEW_P7B, "/certsrv/certnew.p7b", true, true, handle_chain)                               \
    X(CERTCRL, "/certsrv/certcrl.crl", true, true, handle_crl)

/* X(ACTION, name, initialisers of struct fault_action) */
#define CERTSRV_ACTION_TABLE(X)                                                                    \
    X(DELAY, "delay", .argument = FAULT_DURATION, .beside = true,                                  \
      .help = "answer that much later; goes beside another action")                                \
    X(SILENCE, "silence", .help = "never answer; the connection stays open")                       \
    X(CLOSE, "close", .help = "close the connection without an answer")                            \
    X(CLOSE_AFTER_CHALLENGE, "close-after-challenge", .kinds = KIND_CHALLENGE,                     \
      .help = "close the connection behind the challenge")                                         \
    X(STATUS, "status", .argument = FAULT_NUMBER, .choices = certsrv_statuses,                     \
      .help = "answer with that page of IIS; 503: of HTTP.sys, which IIS does not log")            \
    X(CLOSE_EACH_REPLY, "close-each-reply", .help = "close the connection behind the answer")      \
    X(DROP_AUTH, "drop-auth", .kinds = KIND_LOGGED_ON, .help = "forget who is logged on: 401")     \
    X(RPC_UNAVAILABLE, "rpc-unavailable", .kinds = KIND_CA,                                        \
      .help = "error page: the RPC server is unavailable")                                         \
    X(TRUNCATE, "truncate", .argument = FAULT_NUMBER, .argument_name = "BYTES",                    \
      .kinds = KIND_LOGGED_ON,                                                                     \
      .help = "only the first bytes of the body, then a closed connection")                        \
    X(HTML, "html", .kinds = KIND_FETCH, .help = "a page where a file should be")                  \
    X(OTHER_KEY, "other-key", .kinds = KIND_CERTIFICATE,                                           \
      .help = "the certificate of another key, signed by the CA")

enum certsrv_action {
#define CERTSRV_ACTION_ENUM(action, name, ...) DO_##action,
    CERTSRV_ACTION_TABLE(CERTSRV_ACTION_ENUM)
#undef CERTSRV_ACTION_ENUM
};

extern const struct fault_tables certsrv_faults;

#endif
