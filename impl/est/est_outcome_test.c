/* Outcomes in libest's numbers: the table of est_client.h. */
#include "base/test.h"
#include "est/est_outcome.h"

static const struct {
    struct est_exchange exchange;
    enum est_error error;
} transports[] = {
    {{CURLE_COULDNT_RESOLVE_HOST, ERR_DNS_NXDOMAIN, false, false}, EST_ERR_IP_GETADDR},
    {{CURLE_OPERATION_TIMEDOUT, ERR_DNS_TIMEOUT, false, false}, EST_ERR_IP_GETADDR},
    {{CURLE_COULDNT_CONNECT, ERR_TCP_REFUSED, false, false}, EST_ERR_IP_CONNECT},
    {{CURLE_OPERATION_TIMEDOUT, ERR_TCP_TIMEOUT, false, false}, EST_ERR_IP_CONNECT},
    {{CURLE_OPERATION_TIMEDOUT, ERR_HTTP_TIMEOUT, true, false}, EST_ERR_SSL_CONNECT},
    {{CURLE_OPERATION_TIMEDOUT, ERR_HTTP_TIMEOUT, true, true}, EST_ERR_SSL_READ},
    {{CURLE_SSL_CONNECT_ERROR, ERR_TLS_HANDSHAKE, true, false}, EST_ERR_SSL_CONNECT},
    {{CURLE_PEER_FAILED_VERIFICATION, ERR_TLS_UNTRUSTED, true, false}, EST_ERR_SSL_CONNECT},
    {{CURLE_PEER_FAILED_VERIFICATION, ERR_TLS_EXPIRED, true, false}, EST_ERR_SSL_CONNECT},
    {{CURLE_OBSOLETE51, ERR_TLS_NAME_MISMATCH, true, false}, EST_ERR_FQDN_MISMATCH},
    {{CURLE_PEER_FAILED_VERIFICATION, ERR_TLS_NAME_MISMATCH, true, false}, EST_ERR_FQDN_MISMATCH},
    {{CURLE_SEND_ERROR, ERR_TCP_RESET, true, false}, EST_ERR_HTTP_WRITE},
    {{CURLE_RECV_ERROR, ERR_TCP_RESET, true, true}, EST_ERR_SSL_READ},
    {{CURLE_GOT_NOTHING, ERR_TCP_CLOSED, true, true}, EST_ERR_SSL_READ},
    {{CURLE_PARTIAL_FILE, ERR_TCP_CLOSED, true, true}, EST_ERR_SSL_READ},
    {{CURLE_WRITE_ERROR, ERR_HTTP_TOO_LARGE, true, true}, EST_ERR_BUF_EXCEEDS_MAX_LEN},
    {{CURLE_OUT_OF_MEMORY, ERR_SYS_NOMEM, true, true}, EST_ERR_MALLOC},
    {{CURLE_WEIRD_SERVER_REPLY, ERR_HTTP_TRANSPORT, true, true}, EST_ERR_UNKNOWN},
};

START_TEST(transport_outcomes_have_libests_numbers) {
    for (size_t i = 0; i < sizeof transports / sizeof transports[0]; i++)
        ck_assert_int_eq(est_error_of_transport(&transports[i].exchange), transports[i].error);
}
END_TEST

static const struct {
    long status;
    enum est_error enrol;
    enum est_error csrattrs;
} statuses[] = {
    {200, EST_ERR_NONE, EST_ERR_NONE},
    {202, EST_ERR_CA_ENROLL_RETRY, EST_ERR_CA_ENROLL_RETRY},
    {204, EST_ERR_HTTP_NO_CONTENT, EST_ERR_NONE},
    {301, EST_ERR_UNKNOWN, EST_ERR_UNKNOWN},
    {400, EST_ERR_HTTP_BAD_REQ, EST_ERR_HTTP_BAD_REQ},
    {401, EST_ERR_AUTH_FAIL, EST_ERR_AUTH_FAIL},
    {404, EST_ERR_HTTP_NOT_FOUND, EST_ERR_NONE},
    {423, EST_ERR_HTTP_LOCKED, EST_ERR_HTTP_LOCKED},
    {500, EST_ERR_UNKNOWN, EST_ERR_UNKNOWN},
    {999, EST_ERR_UNKNOWN, EST_ERR_UNKNOWN},
};

START_TEST(statuses_have_libests_numbers) {
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        ck_assert_int_eq(est_error_of_status(statuses[i].status, EST_SIMPLEENROLL),
                         statuses[i].enrol);
        ck_assert_int_eq(est_error_of_status(statuses[i].status, EST_CSRATTRS),
                         statuses[i].csrattrs);
    }
}
END_TEST

START_TEST(only_success_has_no_cause) {
    for (int error = 0; error < EST_ERR_COUNT; error++)
        ck_assert_int_eq(est_cause_of((enum est_error)error) == ERR_OK, error == EST_ERR_NONE);
}
END_TEST

TEST_MAIN("est outcomes", transport_outcomes_have_libests_numbers, statuses_have_libests_numbers,
          only_success_has_no_cause)
