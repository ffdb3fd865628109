/* What libraries do when a call fails, and nobody who uses them can help: each row with its reason.
 * A row excuses one kind of finding, in one function of one library; nothing else. */
#include "scenarios/runner/torture_lab.h"

#include <string.h>

enum finding { CRASHES, LEAKS };

/* X(kind of finding, library, nearest exported function in the stack, reason) */
#define EXCUSE_TABLE(X)                                                                            \
    X(CRASHES, "libevent", "event_errx", "libevent ends the process without memory")

static const struct {
    enum finding finding;
    const char *library;
    const char *function;
    const char *reason;
} excuses[] = {
#define X(finding, library, function, reason) {finding, library, function, reason},
    EXCUSE_TABLE(X)
#undef X
};

static bool is_there(const struct torture_stack *stack, const char *library, const char *function) {
    for (uint32_t i = 0; i < stack->depth; i++) {
        const struct torture_frame *f = &stack->frames[i];
        if (strncmp(f->module, library, strlen(library)) == 0 && strcmp(f->symbol, function) == 0)
            return true;
    }
    return false;
}

static const char *excuse_of(enum finding finding, const struct torture_stack *stack) {
    for (size_t i = 0; i < sizeof excuses / sizeof excuses[0]; i++)
        if (excuses[i].finding == finding &&
            is_there(stack, excuses[i].library, excuses[i].function))
            return excuses[i].reason;
    return NULL;
}

const char *torture_crash_excuse(const struct torture_stack *stack) {
    return excuse_of(CRASHES, stack);
}

const char *torture_leak_excuse(const struct torture_stack *stack) {
    return excuse_of(LEAKS, stack);
}

void torture_excuses_print(FILE *to) {
    for (size_t i = 0; i < sizeof excuses / sizeof excuses[0]; i++)
        fprintf(to, "  %s in %s of %s: %s\n", excuses[i].finding == CRASHES ? "a crash" : "a leak",
                excuses[i].function, excuses[i].library, excuses[i].reason);
}
