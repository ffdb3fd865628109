/* The phone's signature under its certification request (capf-protocol.md 10.3): ENCRYPT_REQ/RES
 * for RSA, SIGN_CERT_REQ/RES for EC.
 *
 * NOBODY HAS CAPTURED THESE MESSAGES. The choice of messages, tags and payload below is ours, from
 * the evidence in 10.1; it stands in this header and its .c only, to be changed when somebody
 * captures the real thing:
 *   RSA  5 ENCRYPT_REQ   { 14 OPERATION_DATA = DER DigestInfo(SHA-256, SHA256(CRI)) }
 *        6 ENCRYPT_RES   { REASON = 1, SIGNED_DATA(6) = RSA_private(00 01 FF.. 00 || tag 14) }
 *   EC  22 SIGN_CERT_REQ { 19 DIGEST_TYPE = 2 (P-256) or 3 (P-384, P-521), 14 = DER CRI }
 *       23 SIGN_CERT_RES { REASON = 1, SIGNED_DATA(6) = DER ECDSA-Sig over the digest of tag 14 }
 * The answer is read from tag 6, else 15, else 20. */
#ifndef CAPF_AUTH_REQUEST_H
#define CAPF_AUTH_REQUEST_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/owned.h"
#include "capf/wire.h"

enum {
    CAPF_REQUEST_DATA_TAG = CAPF_TAG_OPERATION_DATA,
    CAPF_REQUEST_RESULT_TAG = CAPF_TAG_SIGNED_DATA,
    CAPF_DIGEST_INFO_MAX = 128,
};

/* Server: fills *request (type, session id, elements) so that the phone signs info, the DER of a
 * CertificationRequestInfo for public_key. octets keeps what the message views and must outlive it.
 * *md: the digest with which csr_assemble puts the request together. -1 KEY_UNSUPPORTED (neither
 * RSA nor P-256, P-384, P-521; RSA too short for the DigestInfo, as 496 bits), SYS_LIMIT. */
int auth_request_build(struct capf_message *request, uint32_t session_id, struct bytes info,
                       EVP_PKEY *public_key, struct buf *octets, const EVP_MD **md, struct err *e);

/* Server: the signature in an ENCRYPT_RES or SIGN_CERT_RES. -1 CAPF_REFUSED: REASON is not 1;
 * CAPF_MISSING_ELEMENT: no signature. A view into the response. */
int auth_request_signature(const struct capf_message *response, struct bytes *signature,
                           struct err *e);

/* Phone: signs what the request asks for with the key that was just generated, and appends the
 * signature. This would be a signing oracle for arbitrary octets: only a strictly parsed DigestInfo
 * (SHA-1, 256, 384 or 512) is signed with RSA, only a parsable CertificationRequestInfo that holds
 * this very key with EC. -1 CAPF_REFUSED: the request is none of these; CAPF_MISSING_ELEMENT;
 * KEY_UNSUPPORTED: message and key kind do not fit; SYS_LIMIT. */
int auth_request_sign(const struct capf_message *request, EVP_PKEY *fresh_key,
                      struct buf *signature, struct err *e);

/* DER DigestInfo (PKCS#1 v2, RFC 8017 9.2 note 1) of a hash value. Appends. -1 KEY_UNSUPPORTED for
 * a digest that has none here, CAPF_REFUSED for a hash of the wrong length. */
int auth_digest_info_write(const EVP_MD *md, struct bytes hash, struct buf *out, struct err *e);

/* Strict: exactly the DER that auth_digest_info_write makes. Views. -1 CAPF_REFUSED. */
int auth_digest_info_read(struct bytes der, const EVP_MD **md, struct bytes *hash, struct err *e);

#endif
