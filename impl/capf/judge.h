/* Judging certificates that phones show and CAs return, and naming what is issued to a phone. */
#ifndef CAPF_JUDGE_H
#define CAPF_JUDGE_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/owned.h"
#include "capf/store.h"
#include <stdbool.h>

/* Whether the certificate names the device: CN is the name, or ends in "-" and the name (as in
 * CP-8861-SEPB000B4BA0AEE, capf-protocol.md 8.2). */
bool judge_names_device(const X509 *certificate, const char *device);

/* Whether one of trust issued it (name and signature; that one may be an intermediate, as
 * CAPF-trust holds them flat). -1 X509_CHAIN. */
int judge_issuer(X509 *certificate, const X509_STACK *trust, struct err *e);

/* Validity at component time. -1 X509_NOT_YET_VALID, X509_EXPIRED. */
int judge_dates(const X509 *certificate, struct err *e);

/* A certificate that a CA made for a request: for this key and this device, and valid now (the
 * clocks of CA and CAPF may differ). Whatever it returns -1 for (X509_KEY_MISMATCH, X509_ISSUE,
 * X509_NOT_YET_VALID, X509_EXPIRED) must never reach the phone. */
int judge_issued(const X509 *certificate, EVP_PKEY *key, const char *device, struct err *e);

/* The subject of a phone's certificate (8.2): serialNumber and CN of its MIC when one is known,
 * else CN = MODEL-DEVICE or DEVICE (model "": none known); C, ST, L, O, OU of the CAPF certificate.
 * Caller frees. NULL X509_ISSUE. */
X509_NAME *judge_subject(const char *device, const char *model, const X509 *mic, const X509 *capf,
                         struct err *e);

#endif
