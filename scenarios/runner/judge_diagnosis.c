/* x */
#include "scenarios/runner/judge.h"
void judge_diagnosis(struct run *r, const struct cfg_node *node) {
    (void)r;
    (void)node;
}
