/* What a phone trusts: its CTL and its ITL (phone-behaviour.md 2), and the folder where it keeps
 * them over its boots. Decides; asks nobody. */
#ifndef PHONE_TRUST_H
#define PHONE_TRUST_H

#include "itl/itl.h"
#include "itl/sgn.h"
#include "mocks/phone/phone_config.h"

/* X(LIST, its file in the state folder) */
#define TRUST_LIST_TABLE(X)                                                                        \
    X(CTL, "CTLFile.tlv")                                                                          \
    X(ITL, "ITLFile.tlv")

enum trust_kind {
#define X(list, file) TRUST_##list,
    TRUST_LIST_TABLE(X)
#undef X
        TRUST_KINDS
};

struct trust {
    ITL *lists[TRUST_KINDS]; /* owned; NULL: the phone has none */
};

void trust_clear(struct trust *t);

const char *trust_file_name(enum trust_kind kind); /* "ITLFile.tlv" */

/* "CTL and ITL installed", "No Trust List installed" and what is between: the phone's status
 * message (phone-behaviour.md 6.2). */
const char *trust_status(const struct trust *t);

/* Whether one of the lists has a record of that role. */
bool trust_has_role(const struct trust *t, unsigned role);
/* Whether one has a record of that role which holds this certificate, whole or by its hash. */
bool trust_holds(const struct trust *t, unsigned role, const X509 *certificate);
/* SIGNER VERSION 1.1 in one of them: the phone may make EC keys. */
bool trust_allows_ec(const struct trust *t);
/* DNSNAME of the first CAPF record that has one; empty without. */
struct bytes trust_capf_name(const struct trust *t);

/* What becomes of a list that the phone was offered: itl_judge_update with the lists it has. */
enum itl_update trust_judge(const struct trust *t, enum trust_kind kind, const ITL *offered,
                            struct err *why);

/* Whether a signed file is signed by a TFTP record of one of the lists. -1 as sgn_verify:
 * ITL_SIGNER_UNKNOWN when TVS may know more. */
int trust_verify_file(const struct trust *t, const struct sgn *file, struct err *e);

/* Takes the list over, in memory and, with a folder, on disk: the one before becomes FILE.bak.
 * -1 SYS_IO: it is on in memory only. */
int trust_take(struct trust *t, enum trust_kind kind, ITL *list, const char *folder, struct err *e);

/* Reads what the folder has, or what `before` gives where it has nothing; a list that cannot be
 * read counts as none, and says so in e (-1). folder may be NULL. */
int trust_load(struct trust *t, const char *folder, const struct phone_before *before,
               struct err *e);

/* Forgets both lists, on disk too. */
void trust_erase(struct trust *t, const char *folder);

#endif
