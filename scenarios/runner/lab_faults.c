/* What can be made to go wrong in a lab: the tables of all mocks. */
#include "scenarios/runner/scenario.h"

#include "mocks/certsrv/points.h"
#include "mocks/dns/points.h"
#include "mocks/ntp/points.h"
#include "mocks/tftp/points.h"
#include "mocks/tvs/points.h"
#include "mocks/wire/points.h"

#include <string.h>

const struct fault_tables *const lab_fault_tables[] = {&certsrv_faults, &dns_faults,  &ntp_faults,
                                                       &wire_faults,    &tftp_faults, &tvs_faults,
                                                       &phone_faults,   NULL};

static const char *point_of(const struct fault *f) {
    return f->tables->points[f->point].name;
}

bool scenario_has_fault(const struct scenario *s, const char *point) {
    for (size_t i = 0; s->faults != NULL && i < s->faults->count; i++)
        if (strncmp(point_of(&s->faults->items[i]), point, strlen(point)) == 0)
            return true;
    return false;
}
