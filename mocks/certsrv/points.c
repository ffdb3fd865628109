/* The rows of the tables, for the fault engine. */
#include "mocks/certsrv/points.h"

static const char *const certsrv_statuses[] = {"401", "403", "404", "500", "503", NULL};

static const struct fault_point points[] = {
#define CERTSRV_POINT_ROW(point, name, kind, help) {name, kind, help},
    CERTSRV_POINT_TABLE(CERTSRV_POINT_ROW)
#undef CERTSRV_POINT_ROW
        {0}};

static const struct fault_action actions[] = {
#define CERTSRV_ACTION_ROW(action, word, ...) {.name = word, __VA_ARGS__},
    CERTSRV_ACTION_TABLE(CERTSRV_ACTION_ROW)
#undef CERTSRV_ACTION_ROW
        {0}};

const struct fault_tables certsrv_faults = {
    .mock = "certsrv", .points = points, .actions = actions};
