/* Shared by the files of the fault engine only. */
#ifndef MOCKS_FAULT_FAULT_INTERNAL_H
#define MOCKS_FAULT_FAULT_INTERNAL_H

#include "mocks/fault/fault.h"

/* "DURATION": what stands behind the action, for people; "" when nothing does. */
const char *fault_argument_name(const struct fault_action *action);

#endif
