/* The named places of a request's way through the mock: one table, from which the routes are made
 * and by whose names events (and whoever steers the mock) speak of them. */
#ifndef MOCKS_CERTSRV_POINTS_H
#define MOCKS_CERTSRV_POINTS_H

/* X(name, path in lower case, needs a logon, is an ASP page, handler of handlers.h) */
#define CERTSRV_POINT_TABLE(X)                                                                     \
    X("certsrv.login", "/certsrv", true, false, handle_login)                                      \
    X("certsrv.home", "/certsrv/", true, true, handle_home)                                        \
    X("certsrv.home", "/certsrv/default.asp", true, true, handle_home)                             \
    X("certsrv.certrqxt", "/certsrv/certrqxt.asp", true, true, handle_request_form)                \
    X("certsrv.certrqus", "/certsrv/certrqus.asp", true, true, handle_request_form)                \
    X("certsrv.certrqad", "/certsrv/certrqad.asp", true, true, handle_request_form)                \
    X("certsrv.certrqma", "/certsrv/certrqma.asp", true, true, handle_request_form)                \
    X("certsrv.certrqbi", "/certsrv/certrqbi.asp", true, true, handle_request_form)                \
    X("certsrv.certfnsh", "/certsrv/certfnsh.asp", true, true, handle_submit)                      \
    X("certsrv.certckpn", "/certsrv/certckpn.asp", true, true, handle_check_pending)               \
    X("certsrv.certcarc", "/certsrv/certcarc.asp", true, true, handle_ca_download)                 \
    X("certsrv.certnew-cer", "/certsrv/certnew.cer", true, true, handle_certificate)               \
    X("certsrv.certnew-p7b", "/certsrv/certnew.p7b", true, true, handle_chain)                     \
    X("certsrv.certcrl", "/certsrv/certcrl.crl", true, true, handle_crl)

#endif
