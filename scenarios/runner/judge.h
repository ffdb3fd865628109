/* Shared by the judge*.c files only: one judge for each row of EXPECT_TABLE. Each notes what is not
 * as expected, with both values. */
#ifndef SCENARIOS_RUNNER_JUDGE_H
#define SCENARIOS_RUNNER_JUDGE_H

#include "base/x509.h"
#include "scenarios/runner/run.h"

#define X(name, suffix, argument, help)                                                            \
    void judge_##suffix(struct run *r, const struct cfg_node *node);
EXPECT_TABLE(X)
#undef X

/* Checks the LSC in lsc/NAME.pem: it verifies under the scenario's issuer, is for the private key
 * that the phone keeps beside it, and names the device. -1 with what is wrong. */
int lsc_verify(const struct run *r, const struct phone_settings *phone, struct err *e);

/* The issuer's part of it: whether the scenario's issuer made that certificate. */
int lsc_chain_verify(const struct run *r, X509 *cert, struct err *e);

/* Whether the phone holds an LSC at the end. */
bool lsc_is_there(const struct run *r, const struct phone_settings *phone);

#endif
