/* The tables of points.h as the fault engine reads them. */
#include "mocks/tftp/points.h"
#include <stddef.h>

static const struct fault_point points[] = {
#define TFTP_POINT_ROW(point, word, kind, text) {(word), (kind), (text)},
    TFTP_POINT_TABLE(TFTP_POINT_ROW)
#undef TFTP_POINT_ROW
        {0},
};

static const struct fault_action actions[] = {
#define TFTP_ACTION_ROW(action, word, type, called, otherwise, least, most, where, along, text)    \
    {.name = (word),                                                                               \
     .argument = (type),                                                                           \
     .argument_name = (called),                                                                    \
     .default_text = (otherwise),                                                                  \
     .min = (least),                                                                               \
     .max = (most),                                                                                \
     .kinds = (where),                                                                             \
     .beside = (along),                                                                            \
     .help = (text)},
    TFTP_ACTION_TABLE(TFTP_ACTION_ROW)
#undef TFTP_ACTION_ROW
        {0},
};

const struct fault_tables tftp_faults = {
    .mock = "tftp", .points = points, .actions = actions, .named = true};
