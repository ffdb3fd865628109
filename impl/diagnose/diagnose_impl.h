/* What diagnose_run made, for the reports. Not for use outside this folder. */
#ifndef DIAGNOSE_DIAGNOSE_IMPL_H
#define DIAGNOSE_DIAGNOSE_IMPL_H

#include "diagnose/casefile.h"
#include "diagnose/diagnose.h"
#include "diagnose/judge.h"

struct judged_case {
    struct casefile *c;
    struct judgement j;
};

struct diagnosis {
    struct rules *rules;
    struct judged_case *cases;
    size_t count, room;
};

enum verdict case_verdict(const struct judged_case *c);
const char *finding_id(const struct finding *f);

#endif
