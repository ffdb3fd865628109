/* From kept lines to incidents: which rules hold where, which of them give way to others, what is
 * left that no rule explains. */
#ifndef DIAGNOSE_JUDGE_H
#define DIAGNOSE_JUDGE_H

#include "diagnose/casefile.h"

enum { INCIDENT_FINDINGS_MAX = 8, INCIDENT_EVIDENCE_MAX = 24, INCIDENT_DEVICES_MAX = 1000 };

/* One rule's reading of the evidence. Several in one incident: the lines do not tell them apart. */
struct finding {
    const struct rule *rule; /* NULL: no rule explains it */
    char *title;             /* captures filled in */
};

struct incident {
    struct finding findings[INCIDENT_FINDINGS_MAX];
    size_t finding_count;
    size_t evidence[INCIDENT_EVIDENCE_MAX]; /* indices of kept lines, in the order of reading */
    size_t evidence_count;
    size_t supporting; /* how many of them, the last ones, are what followed from the incident */
    uint64_t more;     /* further lines like these */
    size_t *scopes;
    size_t scope_count, scope_room;
    const char **devices; /* owned by the case */
    size_t device_count, device_room;
    uint64_t last_order; /* of the evidence proper */
    bool over;           /* all its devices had success afterwards */
    enum certainty certainty;
    const struct rule_line *mark; /* of an unexplained failure: the first pattern it met */
};

struct judgement {
    struct incident *incidents;
    size_t count, room;
    struct incident *harmless;
    size_t harmless_count, harmless_room;
};

/* Judges c. -1 SYS_NOMEM. judgement_free also after a failure; the case outlives it. */
int judge(struct casefile *c, struct judgement *out, struct err *e);
void judgement_free(struct judgement *j);

/* The place of an unexplained failure, and of a finding. */
enum place incident_place(const struct casefile *c, const struct incident *incident);

#endif
