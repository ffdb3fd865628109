/* HRESULTs of the CA as its pages spell them: protocol/certsrv.md 5.2 and 5.3. */
#ifndef MOCKS_CERTSRV_HRESULT_H
#define MOCKS_CERTSRV_HRESULT_H

#include "base/bytes.h"
#include <stdint.h>

/* X(name, code, symbol shown, text). The kind in the brackets follows from the code: 0x8007xxxx is
 * a WIN32 error, 0x800931xx an ASN.1 one, anything else shows its signed value. */
#define HRESULT_TABLE(X)                                                                           \
    X(S_OK, 0x00000000, "", "The operation completed successfully.")                               \
    X(E_ACCESSDENIED, 0x80070005, "ERROR_ACCESS_DENIED", "Access is denied.")                      \
    X(E_INVALIDARG, 0x80070057, "ERROR_INVALID_PARAMETER", "The parameter is incorrect.")          \
    X(RPC_UNAVAILABLE, 0x800706ba, "RPC_S_SERVER_UNAVAILABLE", "The RPC server is unavailable.")   \
    X(BAD_SIGNATURE, 0x80090006, "NTE_BAD_SIGNATURE", "Invalid Signature.")                        \
    X(REVOCATION_OFFLINE, 0x80092013, "CRYPT_E_REVOCATION_OFFLINE",                                \
      "The revocation function was unable to check revocation because the revocation server was "  \
      "offline.")                                                                                  \
    X(ASN1_EOD, 0x80093102, "CRYPT_E_ASN1_EOD", "ASN1 unexpected end of data.")                    \
    X(ASN1_BADTAG, 0x8009310b, "CRYPT_E_ASN1_BADTAG", "ASN1 bad tag value met.")                   \
    X(BAD_REQUESTSUBJECT, 0x80094001, "CERTSRV_E_BAD_REQUESTSUBJECT",                              \
      "The request subject name is invalid or too long.")                                          \
    X(PROPERTY_EMPTY, 0x80094004, "CERTSRV_E_PROPERTY_EMPTY",                                      \
      "The requested property value is empty.")                                                    \
    X(ENROLL_DENIED, 0x80094011, "CERTSRV_E_ENROLL_DENIED",                                        \
      "The permissions on this certification authority do not allow the current user to enroll "   \
      "for certificates.")                                                                         \
    X(TEMPLATE_DENIED, 0x80094012, "CERTSRV_E_TEMPLATE_DENIED",                                    \
      "The permissions on the certificate template do not allow the current user to enroll for "   \
      "this type of certificate.")                                                                 \
    X(ADMIN_DENIED_REQUEST, 0x80094014, "CERTSRV_E_ADMIN_DENIED_REQUEST",                          \
      "The request was denied by a certificate manager or CA administrator.")                      \
    X(UNSUPPORTED_CERT_TYPE, 0x80094800, "CERTSRV_E_UNSUPPORTED_CERT_TYPE",                        \
      "The requested certificate template is not supported by this CA.")                           \
    X(NO_CERT_TYPE, 0x80094801, "CERTSRV_E_NO_CERT_TYPE",                                          \
      "The request contains no certificate template information.")                                 \
    X(TEMPLATE_CONFLICT, 0x80094802, "CERTSRV_E_TEMPLATE_CONFLICT",                                \
      "The request contains conflicting template information.")                                    \
    X(SUBJECT_ALT_NAME_REQUIRED, 0x80094803, "CERTSRV_E_SUBJECT_ALT_NAME_REQUIRED",                \
      "The request is missing a required Subject Alternate name extension.")                       \
    X(SIGNATURE_POLICY_REQUIRED, 0x80094809, "CERTSRV_E_SIGNATURE_POLICY_REQUIRED",                \
      "The request is missing a required signature policy information.")                           \
    X(DNS_REQUIRED, 0x8009480f, "CERTSRV_E_SUBJECT_DNS_REQUIRED",                                  \
      "The DNS name is unavailable and cannot be added to the Subject Alternate name.")            \
    X(KEY_LENGTH, 0x80094811, "CERTSRV_E_KEY_LENGTH",                                              \
      "The public key does not meet the minimum size required by the specified certificate "       \
      "template.")                                                                                 \
    X(EMAIL_REQUIRED, 0x80094812, "CERTSRV_E_SUBJECT_EMAIL_REQUIRED",                              \
      "The email name is unavailable and cannot be added to the Subject or Subject Alternate "     \
      "name.")

#define HRESULT_CONSTANT(name, code, symbol, text) static const uint32_t HR_##name = code;
HRESULT_TABLE(HRESULT_CONSTANT)
#undef HRESULT_CONSTANT

/* Appends "TEXT 0x8009310b (ASN: 267 CRYPT_E_ASN1_BADTAG)". A code outside the table has neither
 * text nor symbol. */
void hresult_put(struct buf *out, uint32_t code);

#endif
