/* How fast a target is, told so that a busy or slow machine does not change the verdict. */
#ifndef FUZZ_RATE_H
#define FUZZ_RATE_H

#include "base/err.h"
#include "fuzz/inputs.h"

/* Runs all inputs in turn, and each with an octet changed, in five slices of CPU time. *rate: that
 * of the best slice, in executions a second of one core of the machine that the floors were set on.
 * CPU time counts, not waiting, and a loop of arithmetic tells how much slower this machine is now
 * (it is never taken for faster). -1 as input_read. */
int rate_measure(const struct inputs *in, double *rate, struct err *e);

#endif
