/* Steps that change what the cluster's parts are trusted by. */
#include "scenarios/runner/run.h"

#include "base/events.h"

#include <stdlib.h>

static enum component owner_of(int certificate) {
    switch (certificate) {
    case CERT_CAPF:
        return COMPONENT_CAPF;
    case CERT_TVS:
        return COMPONENT_TVS;
    default:
        return COMPONENT_COUNT;
    }
}

/* The lists on CUCM's disk stay as they are: the file service makes them when it starts. */
int step_regenerate(struct run *r, const struct step *step) {
    struct err e = {0};
    enum lab_cert_id id = (enum lab_cert_id)step->certificate;
    enum component c = owner_of(step->certificate);
    event_message("lab", "lab", "regenerate", "%s", word_of(certificate_words, step->certificate));
    if (lab_certs_regenerate(&r->certs, id, &r->scenario->lab, &r->pool, &e) != 0) {
        run_fail(r, step->node, NULL, "%s", e.text);
        return -1;
    }
    if (c != COMPONENT_COUNT && lab_needs(r, c) && lab_restart(r, step, c) != 0)
        return -1;
    return step_contact(r, step);
}

int step_reset_localkey(struct run *r, const struct step *step) {
    lab_change(r, COMPONENT_TFTP, "sign-with", "recovery");
    return lab_restart(r, step, COMPONENT_TFTP);
}
