/* The certificates of a lab: AD CS root and issuing CA, its web server, CAPF, the RA, the
 * manufacturer's hierarchy, MICs and LSCs that phones already hold. Names are those of the seed
 * documents. Keys are members of the pool; certificates are new for each run and valid at the
 * component's time. */
#ifndef SCENARIOS_RUNNER_LAB_CERTS_H
#define SCENARIOS_RUNNER_LAB_CERTS_H

#include "base/err.h"
#include "base/owned.h"
#include "scenarios/runner/keypool.h"
#include "scenarios/runner/scenario.h"

/* X(ID, file name without .pem, subject, issuer ID, profile) */
#define LAB_CERT_TABLE(X)                                                                          \
    X(LAB_CA, "lab-ca", "DC=com, DC=michamen, CN=lab-ca.michamen.com", LAB_CA, CA)                 \
    X(LAB_DC_RTP, "lab-dc-rtp", "DC=com, DC=michamen, CN=LAB-DC-RTP", LAB_CA, CA)                  \
    X(LAB_DC_RTP_0, "lab-dc-rtp-0", "DC=com, DC=michamen, CN=LAB-DC-RTP", LAB_CA, CA)              \
    X(WEB, "web", "CN=lab-dc.michamen.com", LAB_DC_RTP, SERVER)                                    \
    X(CAPF, "capf", "C=US, O=cisco, OU=tac, CN=CAPF-eb606ac0, ST=nc, L=rtp", CAPF, CAPF)           \
    X(RA, "ra", "C=US, O=cisco, OU=tac, CN=ra.michamen.com, ST=nc, L=rtp", CAPF, REACHABLE_SERVER) \
    X(ROOT_2048, "cisco-root-ca-2048", "O=Cisco Systems, CN=Cisco Root CA 2048", ROOT_2048, CA)    \
    X(ROOT_M2, "cisco-root-ca-m2", "O=Cisco, CN=Cisco Root CA M2", ROOT_M2, CA)                    \
    X(MANUFACTURING, "cisco-manufacturing-ca", "O=Cisco Systems, CN=Cisco Manufacturing CA",       \
      ROOT_2048, CA)                                                                               \
    X(MANUFACTURING_SHA2, "cisco-manufacturing-ca-sha2",                                           \
      "O=Cisco, CN=Cisco Manufacturing CA SHA2", ROOT_M2, CA)                                      \
    X(SUDI, "act2-sudi-ca", "O=Cisco, CN=ACT2 SUDI CA", ROOT_2048, CA)                             \
    X(OFFLINE, "lab-offline-ca", "DC=com, DC=michamen, CN=LAB-OFFLINE-CA", OFFLINE, CA)            \
    X(FOREIGN, "foreign-ca", "O=Elsewhere, CN=Foreign CA", FOREIGN, CA)                            \
    X(CALLMANAGER, "callmanager", "C=US, O=cisco, OU=tac, CN=cucm-pub.michamen.com, ST=nc, L=rtp", \
      CALLMANAGER, NODE)                                                                           \
    X(ITLRECOVERY, "itlrecovery", "C=US, O=cisco, OU=tac, CN=ITLRECOVERY_cucm-pub, ST=nc, L=rtp",  \
      ITLRECOVERY, NODE)                                                                           \
    X(TVS, "tvs", "C=US, O=cisco, OU=tac, CN=cucm-pub.michamen.com, ST=nc, L=rtp", TVS, NODE)      \
    X(OTHER_CALLMANAGER, "other-callmanager",                                                      \
      "C=US, O=elsewhere, OU=tac, CN=cucm-other.example.com, ST=nc, L=rtp", OTHER_CALLMANAGER,     \
      NODE)                                                                                        \
    X(OTHER_CAPF, "other-capf", "C=US, O=elsewhere, OU=tac, CN=CAPF-0badcafe, ST=nc, L=rtp",       \
      OTHER_CAPF, NODE)

enum lab_cert_id {
#define X(id, file, subject, issuer, profile) CERT_##id,
    LAB_CERT_TABLE(X)
#undef X
        LAB_CERT_COUNT
};

struct lab_certs {
    char *dir; /* where the PEM files stand */
    X509 *certs[LAB_CERT_COUNT];
    EVP_PKEY *keys[LAB_CERT_COUNT];
    char *key_paths[LAB_CERT_COUNT];
};

/* Makes them all below dir, with the bundles: chain.pem (issuing CA, root), web-chain.pem (what the
 * web server presents), web-trust.pem (what the RA trusts it by), ra-trust.pem, capf-trust.pem,
 * mic-ca.pem and store.pem (what the RA logs as its store). Release with lab_certs_free. */
int lab_certs_make(struct lab_certs *c, const struct lab_settings *settings, struct keypool *pool,
                   const char *dir, struct err *e);
/* A new key and certificate in place of that one, in its file and in the bundles, as CUCM's
 * "Regenerate" does. */
int lab_certs_regenerate(struct lab_certs *c, enum lab_cert_id id,
                         const struct lab_settings *settings, struct keypool *pool, struct err *e);
void lab_certs_free(struct lab_certs *c);

/* "DIR/capf.pem" and the like; malloc'ed. */
char *lab_certs_path(const struct lab_certs *c, const char *file);

/* The phone's MIC as mic-NAME.pem, with the subject of capf-protocol.md 8.2. key_path is the pool
 * member that it is for. */
int lab_certs_mic(const struct lab_certs *c, const struct phone_settings *phone,
                  const char *key_path, struct err *e);

/* An LSC as CAPF or an external CA would have issued it, into path. */
int lab_certs_lsc(const struct lab_certs *c, const struct phone_settings *phone,
                  enum lab_cert_id issuer, const char *key_path, const char *path, struct err *e);

/* The certificate for a PKCS#10 request, as the offline CA's administrator would sign it. Caller
 * frees. NULL CSR_SIGNATURE, X509_ISSUE. */
X509 *lab_certs_sign(const struct lab_certs *c, enum lab_cert_id issuer, X509_REQ *request,
                     struct err *e);

/* The CA that issues LSCs in a lab with this issuer setting (enum capf_issuer). */
enum lab_cert_id lab_lsc_issuer(int issuer);

#endif
