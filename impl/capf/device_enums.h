/* The numbers of CUCM's Device table and of CAPF's operation results, each with the symbol that the
 * trace shows, the text that reports show and the word that the command line takes. Sources:
 * capf-service.md 2 and 2.1; rows marked inferred there are inferred here. */
#ifndef CAPF_DEVICE_ENUMS_H
#define CAPF_DEVICE_ENUMS_H

#include <stdbool.h>
#include <stddef.h>

/* X(number, NAME, symbol, text, word) */
#define CAPF_OPERATION_TABLE(X)                                                                    \
    X(1, NONE, "OPERATION_NONE", "No Pending Operation", "none")                                   \
    X(2, UPGRADE, "OPERATION_UPGRADE", "Install/Upgrade", "install")                               \
    X(3, DELETE, "OPERATION_DELETE", "Delete", "delete")                                           \
    X(4, TROUBLESHOOT, "OPERATION_TROUBLESHOOT", "Troubleshoot", "troubleshoot")

#define CAPF_AUTH_MODE_TABLE(X)                                                                    \
    X(1, STRING, "AUTH_BY_STR", "By Authentication String", "string")                              \
    X(2, NULL_STRING, "AUTH_BY_NULL_STR", "By Null String", "null-string")                         \
    X(3, LSC, "AUTH_BY_EXISTING_LSC", "By Existing Certificate (Precedence to LSC)", "lsc")        \
    X(4, MIC, "AUTH_BY_EXISTING_MIC", "By Existing Certificate (Precedence to MIC)", "mic")

#define CAPF_KEY_SIZE_TABLE(X)                                                                     \
    X(1, 512, "KEY_SIZE_512", "512", "512")                                                        \
    X(2, 1024, "KEY_SIZE_1024", "1024", "1024")                                                    \
    X(3, 2048, "KEY_SIZE_2048", "2048", "2048")                                                    \
    X(4, 3072, "KEY_SIZE_3072", "3072", "3072")                                                    \
    X(5, 4096, "KEY_SIZE_4096", "4096", "4096")

/* The numbers of the EC sizes other than 0 are ours. */
#define CAPF_EC_KEY_SIZE_TABLE(X)                                                                  \
    X(0, UNSET, "INVALID", "", "none")                                                             \
    X(1, 256, "EC_KEY_SIZE_256", "256", "256")                                                     \
    X(2, 384, "EC_KEY_SIZE_384", "384", "384")                                                     \
    X(3, 521, "EC_KEY_SIZE_521", "521", "521")

#define CAPF_KEY_ORDER_TABLE(X)                                                                    \
    X(1, RSA_ONLY, "KEYORDER_RSA_ONLY", "RSA Only", "rsa-only")                                    \
    X(2, EC_ONLY, "KEYORDER_EC_ONLY", "EC Only", "ec-only")                                        \
    X(3, EC_PREFERRED, "KEYORDER_EC_PREFERRED", "EC Preferred, RSA Backup", "ec-preferred")

/* The issuer of LSCs; only 4 is attested ("OnlineCA:4"). */
#define CAPF_ISSUER_TABLE(X)                                                                       \
    X(1, CAPF, "CAPF", "Cisco Certificate Authority Proxy Function", "capf")                       \
    X(4, ONLINE_CA, "OnlineCA", "Online CA", "online-ca")                                          \
    X(5, OFFLINE_CA, "OfflineCA", "Offline CA", "offline-ca")

/* X(number, NAME, text); the symbol is CERT_STATUS_NAME. */
#define CAPF_STATUS_TABLE(X)                                                                       \
    X(1, NONE, "None")                                                                             \
    X(2, OPERATION_PENDING, "Operation Pending")                                                   \
    X(3, UPGRADE_SUCCESS, "Upgrade Success")                                                       \
    X(4, DELETE_SUCCESS, "Delete Success")                                                         \
    X(5, TROUBLESHOOT_SUCCESS, "Troubleshoot Success")                                             \
    X(6, UPGRADE_FAILED, "Upgrade Failed")                                                         \
    X(7, DELETE_FAILED, "Delete Failed")                                                           \
    X(8, TROUBLESHOOT_FAILED, "Troubleshoot Failed")                                               \
    X(9, UPGRADE_INVALID_LSC, "Upgrade Failed: Invalid LSC")                                       \
    X(10, UPGRADE_INVALID_AUTH_STR, "Upgrade Failed: Invalid Authentication String")               \
    X(11, UPGRADE_INVALID_MIC, "Upgrade Failed: Invalid MIC")                                      \
    X(12, UPGRADE_INVALID_CREDENTIALS, "Upgrade Failed: Invalid Credentials")                      \
    X(13, UPGRADE_PHONE_COMM_ERROR, "Upgrade Failed: Phone Communication Failure")                 \
    X(14, UPGRADE_KEY_GEN_FAILED, "Upgrade Failed: Key Generation Failed/Timeout")                 \
    X(15, UPGRADE_CA_COMM_ERROR, "Upgrade Failed: CA Communication Failure")                       \
    X(16, UPGRADE_CA_REJECTED, "Upgrade Failed: CA Rejected Connection")                           \
    X(17, UPGRADE_LATE_REQUEST, "Upgrade Failed: User Initiated Request Late/Timedout")            \
    X(18, DELETE_INVALID_LSC, "Delete Failed: Invalid LSC")                                        \
    X(19, DELETE_INVALID_AUTH_STR, "Delete Failed: Invalid Authentication String")                 \
    X(20, DELETE_INVALID_MIC, "Delete Failed: Invalid MIC")                                        \
    X(21, DELETE_INVALID_CREDENTIALS, "Delete Failed: Invalid Credentials")                        \
    X(22, DELETE_PHONE_COMM_ERROR, "Delete Failed: Phone Communication Failure")                   \
    X(23, DELETE_KEY_GEN_FAILED, "Delete Failed: Key Generation Failed/Timeout")                   \
    X(24, DELETE_CA_COMM_ERROR, "Delete Failed: CA Communication Failure")                         \
    X(25, DELETE_CA_REJECTED, "Delete Failed: CA Rejected Connection")                             \
    X(26, DELETE_LATE_REQUEST, "Delete Failed: User Initiated Request Late/Timedout")              \
    X(27, TROUBLESHOOT_INVALID_LSC, "Troubleshoot Failed: Invalid LSC")                            \
    X(28, TROUBLESHOOT_INVALID_AUTH_STR, "Troubleshoot Failed: Invalid Authentication String")     \
    X(29, TROUBLESHOOT_INVALID_MIC, "Troubleshoot Failed: Invalid MIC")                            \
    X(30, TROUBLESHOOT_INVALID_CREDENTIALS, "Troubleshoot Failed: Invalid Credentials")            \
    X(31, TROUBLESHOOT_PHONE_COMM_ERROR, "Troubleshoot Failed: Phone Communication Failure")       \
    X(32, TROUBLESHOOT_KEY_GEN_FAILED, "Troubleshoot Failed: Key Generation Failed/Timeout")       \
    X(33, TROUBLESHOOT_LATE_REQUEST, "Troubleshoot Failed: User Initiated Request Late/Timedout")  \
    X(34, UPGRADE_NO_EC_SUPPORT, "Upgrade Failed: No Support for EC only in CAPF version 3")

/* X(number, NAME, symbol, status of upgrade, of delete, of troubleshoot, what becomes of the
 * operation). KEEPS: the phone may try again, as after a mistyped string or a lost connection;
 * ENDS: somebody must schedule it anew. 9, 10 and 12 are ours (capf-service.md 2.1). */
#define CAPF_RESULT_TABLE(X)                                                                       \
    X(0, SUCCESS, "CAPF_OP_SUCCESS", UPGRADE_SUCCESS, DELETE_SUCCESS, TROUBLESHOOT_SUCCESS, ENDS)  \
    X(1, FETCH_NO_CERT, "CAPF_FETCH_SUCCESS_BUT_NO_CERT", UPGRADE_FAILED, DELETE_FAILED,           \
      TROUBLESHOOT_SUCCESS, ENDS)                                                                  \
    X(2, FAIL, "CAPF_OP_FAIL", UPGRADE_FAILED, DELETE_FAILED, TROUBLESHOOT_FAILED, ENDS)           \
    X(3, INVALID_AUTH_STR, "CAPF_OP_INVALID_AUTH_STR", UPGRADE_INVALID_AUTH_STR,                   \
      DELETE_INVALID_AUTH_STR, TROUBLESHOOT_INVALID_AUTH_STR, KEEPS)                               \
    X(4, INVALID_LSC, "CAPF_OP_INVALID_LSC", UPGRADE_INVALID_LSC, DELETE_INVALID_LSC,              \
      TROUBLESHOOT_INVALID_LSC, KEEPS)                                                             \
    X(5, INVALID_MIC, "CAPF_OP_INVALID_MIC", UPGRADE_INVALID_MIC, DELETE_INVALID_MIC,              \
      TROUBLESHOOT_INVALID_MIC, KEEPS)                                                             \
    X(6, INVALID_CREDENTIALS, "CAPF_OP_INVALID_CRENDENTIALS", UPGRADE_INVALID_CREDENTIALS,         \
      DELETE_INVALID_CREDENTIALS, TROUBLESHOOT_INVALID_CREDENTIALS, KEEPS)                         \
    X(7, PHONE_COMM_ERROR, "CAPF_OP_PHONE_COMM_ERROR", UPGRADE_PHONE_COMM_ERROR,                   \
      DELETE_PHONE_COMM_ERROR, TROUBLESHOOT_PHONE_COMM_ERROR, KEEPS)                               \
    X(8, TIMED_OUT, "CAPF_OP_TIMED_OUT", UPGRADE_KEY_GEN_FAILED, DELETE_KEY_GEN_FAILED,            \
      TROUBLESHOOT_KEY_GEN_FAILED, ENDS)                                                           \
    X(9, CA_COMM_ERROR, "CAPF_OP_CA_COMM_ERROR", UPGRADE_CA_COMM_ERROR, DELETE_CA_COMM_ERROR,      \
      TROUBLESHOOT_FAILED, ENDS)                                                                   \
    X(10, CA_REJECTED, "CAPF_OP_CA_REJECTED", UPGRADE_CA_REJECTED, DELETE_CA_REJECTED,             \
      TROUBLESHOOT_FAILED, ENDS)                                                                   \
    X(11, LATE_REQUEST, "CAPF_OP_LATE_REQUEST", UPGRADE_LATE_REQUEST, DELETE_LATE_REQUEST,         \
      TROUBLESHOOT_LATE_REQUEST, ENDS)                                                             \
    X(12, NO_EC_SUPPORT, "CAPF_OP_NO_EC_SUPPORT", UPGRADE_NO_EC_SUPPORT, DELETE_FAILED,            \
      TROUBLESHOOT_FAILED, ENDS)

#define X(number, name, symbol, text, word) OPERATION_##name = (number),
enum capf_operation { CAPF_OPERATION_TABLE(X) };
#undef X
#define X(number, name, symbol, text, word) AUTH_MODE_##name = (number),
enum capf_auth_mode { CAPF_AUTH_MODE_TABLE(X) };
#undef X
#define X(number, name, symbol, text, word) KEY_SIZE_##name = (number),
enum capf_key_size { CAPF_KEY_SIZE_TABLE(X) };
#undef X
#define X(number, name, symbol, text, word) EC_KEY_SIZE_##name = (number),
enum capf_ec_key_size { CAPF_EC_KEY_SIZE_TABLE(X) };
#undef X
#define X(number, name, symbol, text, word) KEY_ORDER_##name = (number),
enum capf_key_order { CAPF_KEY_ORDER_TABLE(X) };
#undef X
#define X(number, name, symbol, text, word) ISSUER_##name = (number),
enum capf_issuer { CAPF_ISSUER_TABLE(X) };
#undef X
#define X(number, name, text) CERT_STATUS_##name = (number),
enum capf_cert_status { CAPF_STATUS_TABLE(X) };
#undef X
#define X(number, name, symbol, upgrade, del, troubleshoot, after) CAPF_OP_##name = (number),
enum capf_result { CAPF_RESULT_TABLE(X) };
#undef X

/* One row of a table above, for lookups and for help texts. */
struct enum_row {
    int number;
    const char *symbol; /* as in the trace */
    const char *text;   /* as in reports */
    const char *word;   /* as on the command line */
};                      /* tables end with {.symbol = NULL} */

extern const struct enum_row capf_operations[];
extern const struct enum_row capf_auth_modes[];
extern const struct enum_row capf_key_sizes[];
extern const struct enum_row capf_ec_key_sizes[];
extern const struct enum_row capf_key_orders[];
extern const struct enum_row capf_issuers[];
extern const struct enum_row capf_statuses[]; /* word = text */
extern const struct enum_row capf_results[];  /* text and word = symbol */

/* The row's member, or "INVALID" for a number that no row has. Static strings. */
const char *enum_symbol(const struct enum_row *table, int number);
const char *enum_text(const struct enum_row *table, int number);
const char *enum_word(const struct enum_row *table, int number);
bool enum_has(const struct enum_row *table, int number);

/* The number for a word, a text, a symbol (all case-insensitive) or a decimal number in the table;
 * -1 when none fits. */
int enum_parse(const struct enum_row *table, const char *word);

/* What the trace calls MapCapf_OpStatusToDBLTypeCertificateStatus: the status for an operation that
 * ended with result. OPERATION_NONE maps as an upgrade does. */
enum capf_cert_status status_of_result(enum capf_operation operation, enum capf_result result);

/* Whether the operation stays pending after result. */
bool result_keeps_operation(enum capf_result result);

/* Bits of a key size number, 0 when unset. */
unsigned key_size_bits(enum capf_key_size size);
unsigned ec_key_size_bits(enum capf_ec_key_size size);

#endif
