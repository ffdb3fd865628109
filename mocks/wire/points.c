/* The rows of the tables, for the fault engine. */
#include "mocks/wire/points.h"

static const char *const wire_ends[] = {"client", "server", NULL};

static const struct fault_point points[] = {
#define WIRE_CONNECTION_ROW(name, help) {"wire:" name, 0, help},
    WIRE_CONNECTION_TABLE(WIRE_CONNECTION_ROW)
#undef WIRE_CONNECTION_ROW
        {0}};

const struct fault_action wire_actions[] = {
#define WIRE_ACTION_ROW(action, word, ...) {.name = word, __VA_ARGS__},
    WIRE_ACTION_TABLE(WIRE_ACTION_ROW)
#undef WIRE_ACTION_ROW
        {0}};

const struct fault_tables wire_faults = {.mock = "wire", .points = points, .actions = wire_actions};
