/* Two trust lists compared: what changed, and what phones that hold the first do when they are
 * offered the second (phone-behaviour.md 2, seed 5). */
#ifndef ITL_DIFF_H
#define ITL_DIFF_H

#include "itl/itl.h"
#include <jansson.h>

enum itl_change { ITL_ADDED, ITL_REMOVED, ITL_REPLACED };

/* Records are matched by role and certificate (DER or hash); what is left over on both sides with
 * the same role and subject is a certificate that was replaced. */
struct itl_diff_row {
    enum itl_change change;
    const struct itl_record *before, *after; /* NULL where there is none */
};

/* X(NAME, what it means for the phones): made from the roles of the changed records. The texts of
 * the phone are those of seed 5 and phone-behaviour.md 6.2. */
#define ITL_CONSEQUENCE_TABLE(X)                                                                   \
    X(NO_CAPF, "no CAPF record: LSC operations end with \"No valid CAPF server\"")                 \
    X(CAPF_UNKNOWN, "a phone that keeps the first list does not know CAPF's new certificate: "     \
                    "\"LSC: Connection failed\", unless TVS vouches for it")                       \
    X(CAPF_REPLACED, "CAPF's certificate was replaced: CUCM resets the phones (CSCue55353)")       \
    X(NO_TVS, "no TVS record: unknown certificates are refused without asking (\"Not using TVS - " \
              "TVS not in Trust list\")")                                                          \
    X(TVS_UNKNOWN, "a phone that keeps the first list does not accept TVS's new certificate, so "  \
                   "that TVS cannot help it")                                                      \
    X(SIGNED_FILES, "TFTP is a role now: signed files (.sgn) are asked for")                       \
    X(PLAIN_FILES, "TFTP is no role any more: plain files are asked for")                          \
    X(NO_COMMON_SAST,                                                                              \
      "no SAST record is in both: later lists that a SAST of the first signs will "                \
      "not be taken without TVS")                                                                  \
    X(EC_ALLOWED, "SIGNER VERSION 1.1: EC keys, and HTTPS 6971 for the configuration")             \
    X(EC_NOT_ALLOWED, "SIGNER VERSION 1.1 is gone: no EC keys, no HTTPS 6971")

enum itl_consequence {
#define X(name, text) ITL_CONSEQUENCE_##name,
    ITL_CONSEQUENCE_TABLE(X)
#undef X
        ITL_CONSEQUENCE_COUNT
};
const char *itl_consequence_name(enum itl_consequence c); /* "no-capf" */

struct itl_diff {
    const struct itl *before, *after; /* borrowed */
    struct itl_diff_row *rows;
    size_t count;
    bool consequences[ITL_CONSEQUENCE_COUNT];
    enum itl_update update;          /* what a phone does that holds before */
    const struct itl_record *signer; /* of before, that signed after; NULL: none */
    struct err why;                  /* when it does not take the second list */
};

/* before and after stay the caller's, longer than *d. Frees with itl_diff_free. -1 SYS_NOMEM. */
int itl_diff(const struct itl *before, const struct itl *after, struct itl_diff *d, struct err *e);
void itl_diff_free(struct itl_diff *d);

/* Whether phones take the second list by themselves. */
bool itl_diff_taken(const struct itl_diff *d);

void itl_diff_put(const struct itl_diff *d, struct buf *out);
json_t *itl_diff_json(const struct itl_diff *d); /* caller owns the reference; NULL: no memory */

#endif
