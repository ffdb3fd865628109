/* Shared by the files of the preloaded library only. It stands alone: the component's own copy of
 * our code must not be called from here. */
#ifndef SCENARIOS_TORTURE_INSIDE_H
#define SCENARIOS_TORTURE_INSIDE_H

#include "scenarios/torture/torture.h"

#define TORTURE_EXPORT __attribute__((visibility("default")))

/* Call paths as this process sees them; index is the place of the path in control->paths.
 * NOT_FOLLOWED: there is one, but it was not looked for. */
enum { NO_PATH = -1, NOT_FOLLOWED = -2 };
int path_of_caller(enum torture_class kind, uint64_t depth);
/* How deep the stack is, as it stands in the low bits of a path's hash. */
enum { DEPTH_MASK = 0xffff };
uint64_t stack_depth(const void *frame);
void path_describe(int path, struct torture_stack *out);
/* Where the caller is now, without its first `skip` frames. */
void stack_here(struct torture_stack *out, unsigned skip);

/* NULL: this process is not tortured. */
struct torture_control *torture_control(void);

/* Counts a call; true: it must fail. *path (may be NULL) becomes its path. */
bool torture_call(enum torture_class kind, const char *name, int *path);
/* True while the library itself works on this thread: its own calls are left alone. */
bool torture_enter(void);
void torture_leave(void);

/* Live blocks. */
struct block {
    uintptr_t at; /* 0: unused */
    size_t size;
    int path;
};
/* All of them, unordered; count is the number of slots to look through. */
struct block *blocks_all(size_t *slots);
/* At the end of the process: blocks to which nothing points any more, descriptors left open. */
void descriptors_begin(void);
void leaks_find(struct torture_control *c);
/* Memory of the system, zeroed; never from malloc. NULL: none. */
void *pages(size_t bytes);

#endif
