/* libest's result numbers (EST_ERROR), in the vocabulary of its releases 2.x and 3.x.
 *
 * The field's CES and CAPF run libest 2.2.0 (seed 1, "NGINX log at CES start-up"), so the value of
 * the enumeration is the number of 2.x and may be logged as it is. 3.x inserted two entries behind
 * 54 and appended many. Source: protocol/est.md 1.2. */
#ifndef EST_EST_ERROR_H
#define EST_EST_ERROR_H

/* X(name without EST_ERR_, number in 3.2): the 2.x list, whose position is the number there. */
#define EST_ERR_TABLE_2X(X)                                                                        \
    X(NONE, 0)                                                                                     \
    X(NO_CTX, 1)                                                                                   \
    X(NO_CSR, 2)                                                                                   \
    X(NO_CERT, 3)                                                                                  \
    X(NO_KEY, 4)                                                                                   \
    X(INVALID_PARAMETERS, 5)                                                                       \
    X(LOAD_CACERTS, 6)                                                                             \
    X(LOAD_TRUST_CERTS, 7)                                                                         \
    X(BAD_MODE, 8)                                                                                 \
    X(BAD_PKCS10, 9)                                                                               \
    X(HTTP_WRITE, 10)                                                                              \
    X(HTTP_UNSUPPORTED, 11)                                                                        \
    X(HTTP_CANNOT_BUILD_HEADER, 12)                                                                \
    X(HTTP_BAD_REQ, 13)                                                                            \
    X(HTTP_NOT_FOUND, 14)                                                                          \
    X(HTTP_NO_CONTENT, 15)                                                                         \
    X(HTTP_LOCKED, 16)                                                                             \
    X(HTTP_INVALID_PATH_SEGMENT, 17)                                                               \
    X(HTTP_PATH_SEGMENT_NOT_SUPPORTED, 18)                                                         \
    X(BAD_CONTENT_TYPE, 19)                                                                        \
    X(BAD_CONTENT_LEN, 20)                                                                         \
    X(NO_SSL_CTX, 21)                                                                              \
    X(AUTH_FAIL, 22)                                                                               \
    X(AUTH_FAIL_TLSUID, 23)                                                                        \
    X(AUTH_PENDING, 24)                                                                            \
    X(CA_ENROLL_FAIL, 25)                                                                          \
    X(CA_ENROLL_RETRY, 26)                                                                         \
    X(WRONG_METHOD, 27)                                                                            \
    X(X509_SIGN, 28)                                                                               \
    X(X509_VER, 29)                                                                                \
    X(X509_CN, 30)                                                                                 \
    X(X509_ATTR, 31)                                                                               \
    X(X509_PUBKEY, 32)                                                                             \
    X(MALLOC, 33)                                                                                  \
    X(SSL_WRITE, 34)                                                                               \
    X(SSL_READ, 35)                                                                                \
    X(SSL_NEW, 36)                                                                                 \
    X(SSL_CTX_NEW, 37)                                                                             \
    X(SSL_CONNECT, 38)                                                                             \
    X(SSL_CIPHER_LIST, 39)                                                                         \
    X(PEM_READ, 40)                                                                                \
    X(NULL_CALLBACK, 41)                                                                           \
    X(IP_GETADDR, 42)                                                                              \
    X(IP_CONNECT, 43)                                                                              \
    X(INVALID_SERVER_NAME, 44)                                                                     \
    X(INVALID_PORT_NUM, 45)                                                                        \
    X(CLIENT_INVALID_KEY, 46)                                                                      \
    X(CLIENT_NOT_INITIALIZED, 47)                                                                  \
    X(ZERO_LENGTH_BUF, 48)                                                                         \
    X(READ_BUFFER_TOO_SMALL, 49)                                                                   \
    X(BUF_EXCEEDS_MAX_LEN, 50)                                                                     \
    X(NO_CERTIFICATE, 51)                                                                          \
    X(NO_CERTS_FOUND, 52)                                                                          \
    X(FQDN_MISMATCH, 53)                                                                           \
    X(SYSCALL, 54)                                                                                 \
    X(CSR_ALREADY_SIGNED, 57)                                                                      \
    X(CSR_ATTR_MISSING, 58)                                                                        \
    X(INVALID_DIGEST, 59)                                                                          \
    X(CACERT_VERIFICATION, 60)                                                                     \
    X(INVALID_TOKEN, 61)                                                                           \
    X(INVALID_RETRY_VALUE, 62)                                                                     \
    X(BAD_X509, 63)                                                                                \
    X(BAD_BASE64, 64)                                                                              \
    X(BAD_ASN1_HEX, 65)                                                                            \
    X(BAD_ASN1_HEX_TOO_SHORT, 66)                                                                  \
    X(BAD_ASN1_HEX_TOO_LONG, 67)                                                                   \
    X(SRP_STRENGTH_LOW, 68)                                                                        \
    X(SRP_USERID_BAD, 69)                                                                          \
    X(SRP_PWD_BAD, 70)                                                                             \
    X(CB_FAILED, 71)                                                                               \
    X(CLIENT_PROXY_MODE_NOT_SUPPORTED, 72)                                                         \
    X(INVALID_CLIENT_PROXY_PROTOCOL, 73)                                                           \
    X(INVALID_CLIENT_PROXY_AUTH, 74)                                                               \
    X(UNKNOWN, 94)

/* Entries that only 3.x has. */
#define EST_ERR_TABLE_3X(X)                                                                        \
    X(ALREADY_ENABLED, 55)                                                                         \
    X(ALREADY_DISABLED, 56)                                                                        \
    X(CLIENT_BRSKI_MODE_NOT_SUPPORTED, 75)                                                         \
    X(CLIENT_COAP_MODE_NOT_SUPPORTED, 76)                                                          \
    X(CLIENT_BRSKI_NO_VOUCHER, 77)                                                                 \
    X(CLIENT_BRSKI_NONCE_MISSING, 78)                                                              \
    X(CLIENT_BRSKI_NONCE_MISMATCH, 79)                                                             \
    X(CLIENT_BRSKI_NONCE_TOO_LARGE, 80)                                                            \
    X(CLIENT_BRSKI_SERIAL_NUM_MISSING, 81)                                                         \
    X(CLIENT_BRSKI_SERIAL_NUM_MISMATCH, 82)                                                        \
    X(CLIENT_BRSKI_SERIAL_NUM_TOO_LARGE, 83)                                                       \
    X(CLIENT_BRSKI_VOUCHER_VERIFY_FAILED, 84)                                                      \
    X(BAD_KEY, 85)                                                                                 \
    X(MULTIPART_PARSE, 86)                                                                         \
    X(ENC_PRIV_KEY_CMS, 87)                                                                        \
    X(CMS_TYPE_CONVERSION, 88)                                                                     \
    X(EXPORT_KEY_MATERIAL, 89)                                                                     \
    X(VALIDATION, 90)                                                                              \
    X(COAP_INIT_FAIL, 91)                                                                          \
    X(COAP_PROCESSING_ERROR, 92)                                                                   \
    X(SERVER_ALREADY_OPERATIONAL, 93)                                                              \
    X(LAST, 95)

#define EST_ERR_TABLE(X) EST_ERR_TABLE_2X(X) EST_ERR_TABLE_3X(X)

enum est_error {
#define EST_ERR_ENUM(name, number_3x) EST_ERR_##name,
    EST_ERR_TABLE(EST_ERR_ENUM)
#undef EST_ERR_ENUM
        EST_ERR_COUNT
};

enum est_release { EST_RELEASE_2, EST_RELEASE_3 };

/* "EST_ERR_AUTH_FAIL" for 22: the number as release 2.x counts. A number outside its list reads
 * "EST_ERR_UNKNOWN". Static. */
const char *est_err_name(int number);
/* The same for the count of another release. */
const char *est_err_name_in(int number, enum est_release release);

/* The number of error in that release; one that the release does not have counts as its UNKNOWN. */
int est_err_number(enum est_error error, enum est_release release);

/* The error named "EST_ERR_AUTH_FAIL" or "AUTH_FAIL"; EST_ERR_COUNT when there is none. */
enum est_error est_err_by_name(const char *name);

#endif
