/* x */
#include "scenarios/runner/run.h"
int step_kill(struct run *r, const struct step *step) {
    run_fail(r, step->node, NULL, "not yet");
    return -1;
}
int step_stop(struct run *r, const struct step *step) {
    run_fail(r, step->node, NULL, "not yet");
    return -1;
}
int step_start(struct run *r, const struct step *step) {
    run_fail(r, step->node, NULL, "not yet");
    return -1;
}
int step_restart(struct run *r, const struct step *step) {
    run_fail(r, step->node, NULL, "not yet");
    return -1;
}
int step_set(struct run *r, const struct step *step) {
    run_fail(r, step->node, NULL, "not yet");
    return -1;
}
int step_set_device(struct run *r, const struct step *step) {
    run_fail(r, step->node, NULL, "not yet");
    return -1;
}
int step_advance_clock(struct run *r, const struct step *step) {
    run_fail(r, step->node, NULL, "not yet");
    return -1;
}
int step_wait_for(struct run *r, const struct step *step) {
    run_fail(r, step->node, NULL, "not yet");
    return -1;
}
int step_issue(struct run *r, const struct step *step) {
    run_fail(r, step->node, NULL, "not yet");
    return -1;
}
int step_deny(struct run *r, const struct step *step) {
    run_fail(r, step->node, NULL, "not yet");
    return -1;
}
