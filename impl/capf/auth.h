/* Proof of identity inside CAPF (capf-protocol.md 6): the octets that are signed, how they are
 * signed, and the checks. Who issued a certificate and whether it is trusted is judged elsewhere.
 *
 * The RSA form is a bare hash in a complete type-1 block, without DigestInfo (6.4). A check
 * compares the whole recovered block: looking at its tail only would let e=3 keys be forged. */
#ifndef CAPF_AUTH_H
#define CAPF_AUTH_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/owned.h"
#include "capf/wire.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    CAPF_SIGNATURE_MAX = 1024, /* room for RSA 8192 and any ECDSA signature */
    CAPF_SUDI_MAX = 16 * 1024,
};

/* DEVICE_NAME || 00 || DER, what SIGNED_DATA and SHA2_SIGNED_DATA sign. Appends; -1 SYS_LIMIT. */
int auth_signed_octets(struct bytes device_name, struct bytes certificate_der, struct buf *out,
                       struct err *e);

/* Appends the signature over octets: RSA as above, EC as DER ECDSA-Sig-Value. digest: enum
 * capf_digest. -1 KEY_UNSUPPORTED (other key kind; RSA modulus too short for the hash, as 512 bits
 * are for SHA-512; unknown digest id), SYS_LIMIT. */
int auth_sign(EVP_PKEY *key, unsigned digest, struct bytes octets, struct buf *signature,
              struct err *e);

/* -1 CAPF_AUTH_CREDENTIALS: the signature is not one over octets by that key, in that form;
 * KEY_UNSUPPORTED: as for auth_sign. */
int auth_check(EVP_PKEY *key, unsigned digest, struct bytes octets, struct bytes signature,
               struct err *e);

/* Whether an RSA modulus has no room for a SHA-512 block (RSA 512): then SHA2_SIGNED_DATA cannot
 * exist and its absence is accepted. */
bool auth_cannot_sha2(EVP_PKEY *key);

/* Checks what an AUTH_RES by certificate proves (6.4): SIGNED_DATA with SHA-1 always;
 * SHA2_SIGNED_DATA with SHA-512 (its digest id must be 3) required when version >= 3 unless
 * auth_cannot_sha2, and checked whenever present. version: the negotiated one. *certificate is the
 * parsed element 4, caller frees; its issuer, dates, name and type are not judged here.
 * -1 CAPF_MISSING_ELEMENT (certificate or a signature that is needed is absent), X509_PARSE,
 * CAPF_AUTH_CREDENTIALS, KEY_UNSUPPORTED; then *certificate is NULL. */
int auth_check_certificate(const struct capf_message *auth_res, unsigned version,
                           X509 **certificate, struct err *e);

/* Writes that proof: fills certificate, signed_data and, when version >= 3 and the key can,
 * sha2_signed_data of *auth_res (device_name must be set) with views into octets, a buffer of the
 * caller that must outlive the message. type: enum capf_certificate_type. -1 as auth_sign,
 * X509_PARSE. */
int auth_put_certificate(struct capf_message *auth_res, unsigned version, unsigned type,
                         const X509 *certificate, EVP_PKEY *key, struct buf *octets, struct err *e);

/* SUDI_DATA (6.5): the MIC and two RSA signatures over session id (little-endian!) || DER. Appends
 * the element's value to out. -1 KEY_UNSUPPORTED for an EC or a short RSA key. */
int auth_sudi_write(uint32_t session_id, const X509 *mic, EVP_PKEY *key, struct buf *out,
                    struct err *e);

/* Checks a SUDI_DATA value: three parts, each once, in any order, nothing behind them; both
 * signatures bind it to the session. *mic: caller frees; NULL on failure. -1 CAPF_ELEMENT
 * (layout), CAPF_DUPLICATE_ELEMENT, CAPF_MISSING_ELEMENT, X509_PARSE, CAPF_AUTH_CREDENTIALS,
 * KEY_UNSUPPORTED (not an RSA key). */
int auth_sudi_check(struct bytes value, uint32_t session_id, X509 **mic, struct err *e);

/* Compares PASSWORD of an AUTH_RES with the stored string in constant time. An absent or empty one
 * is the null string and never matches, also when nothing is stored. -1 CAPF_AUTH_STRING. */
int auth_check_string(const struct capf_message *auth_res, struct bytes stored, struct err *e);

#endif
