/* Call paths: unwinding, and a table in which each path has its place. Must never allocate. */
#include "scenarios/torture/inside.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>
#include <unwind.h>

enum { INNER_FRAMES = 3 }; /* of the library itself, and a few to spare */

struct walk {
    uintptr_t pcs[TORTURE_DEPTH + INNER_FRAMES];
    unsigned count, max;
};

/* What this process knows of a path beyond control->paths. */
struct known_path {
    uint64_t raw; /* hash of the addresses; 0: unused */
    unsigned depth;
    uintptr_t pcs[TORTURE_DEPTH];
};
static struct known_path *known;

static uint64_t mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 29);
}

static _Unwind_Reason_Code visit(struct _Unwind_Context *context, void *user) {
    struct walk *w = user;
    uintptr_t pc = _Unwind_GetIP(context);
    if (pc == 0 || w->count == w->max)
        return _URC_END_OF_STACK;
    w->pcs[w->count++] = pc;
    return _URC_NO_REASON;
}

/* The address of the call, not the one behind it. */
static struct link_map *module_of(uintptr_t pc) {
    struct dl_find_object found;
    return _dl_find_object((void *)(pc - 1), &found) == 0 ? found.dlfo_link_map : NULL;
}

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static bool is_this_library(uintptr_t pc) {
    return module_of(pc) == module_of((uintptr_t)path_of_caller);
}

extern void *__libc_stack_end;

uint64_t stack_depth(const void *frame) {
    enum { ALIGNMENT = 16 };
    return ((uintptr_t)__libc_stack_end - (uintptr_t)frame) / ALIGNMENT & DEPTH_MASK;
}

static uint64_t hash_text(const char *text) {
    uint64_t hash = 1;
    for (; *text != '\0'; text++)
        hash = mix(hash, (unsigned char)*text);
    return hash;
}

/* Independent of where the modules were loaded. */
static void settle_hashes(struct torture_path *path, const struct known_path *k, uint64_t depth) {
    path->hash = 1;
    path->own = 1;
    for (unsigned i = 0; i < k->depth; i++) {
        const struct link_map *m = module_of(k->pcs[i]);
        uint64_t offset = m == NULL ? 0 : k->pcs[i] - m->l_addr;
        path->hash =
            mix(path->hash, mix(hash_text(m == NULL ? "?" : base_name(m->l_name)), offset));
        if (m != NULL && m->l_name[0] == '\0')
            path->own = mix(path->own, offset);
    }
    path->hash = (path->hash & ~(uint64_t)DEPTH_MASK) | depth;
}

static void keep(struct torture_path *path, struct known_path *k, uint64_t raw,
                 const uintptr_t *pcs, unsigned count, enum torture_class kind, uint64_t depth) {
    k->raw = raw;
    k->depth = count;
    memcpy(k->pcs, pcs, count * sizeof *pcs);
    path->kind = kind;
    settle_hashes(path, k, depth);
}

static int place_of(struct torture_control *c, const uintptr_t *pcs, unsigned count,
                    enum torture_class kind, uint64_t depth) {
    uint64_t raw = mix(1 + kind, depth);
    for (unsigned i = 0; i < count; i++)
        raw = mix(raw, pcs[i]);
    raw |= 1;
    for (unsigned tries = 0; tries < 64; tries++) {
        unsigned at = (unsigned)((raw >> 20) + tries) % TORTURE_PATHS_MAX;
        if (known[at].raw == 0)
            keep(&c->paths[at], &known[at], raw, pcs, count, kind, depth);
        if (known[at].raw == raw)
            return (int)at;
    }
    c->lost++;
    return NO_PATH;
}

int path_of_caller(enum torture_class kind, uint64_t depth) {
    struct torture_control *c = torture_control();
    if (known == NULL)
        known = pages(TORTURE_PATHS_MAX * sizeof *known);
    if (c == NULL || known == NULL)
        return NO_PATH;
    struct walk w = {.max = TORTURE_DEPTH + INNER_FRAMES};
    _Unwind_Backtrace(visit, &w);
    unsigned skip = 0;
    while (skip < w.count && skip < INNER_FRAMES && is_this_library(w.pcs[skip]))
        skip++;
    unsigned count = w.count - skip < TORTURE_DEPTH ? w.count - skip : TORTURE_DEPTH;
    return place_of(c, w.pcs + skip, count, kind, depth);
}

static void copy_text(char *out, size_t size, const char *text) {
    size_t len = text == NULL ? 0 : strnlen(text, size - 1);
    if (len > 0)
        memcpy(out, text, len);
    out[len] = '\0';
}

static void describe(const uintptr_t *pcs, unsigned depth, struct torture_stack *out) {
    out->depth = depth < TORTURE_DEPTH ? depth : TORTURE_DEPTH;
    for (unsigned i = 0; i < out->depth; i++) {
        struct torture_frame *f = &out->frames[i];
        const struct link_map *m = module_of(pcs[i]);
        Dl_info info = {0};
        dladdr((void *)(pcs[i] - 1), &info);
        copy_text(f->module, sizeof f->module, m == NULL ? "?" : base_name(m->l_name));
        copy_text(f->symbol, sizeof f->symbol, info.dli_sname);
        f->offset = m == NULL ? pcs[i] : pcs[i] - 1 - m->l_addr;
    }
}

void path_describe(int path, struct torture_stack *out) {
    out->depth = 0;
    if (path >= 0)
        describe(known[path].pcs, known[path].depth, out);
}

void stack_here(struct torture_stack *out, unsigned skip) {
    struct walk w = {.max = TORTURE_DEPTH};
    _Unwind_Backtrace(visit, &w);
    skip = skip < w.count ? skip : w.count;
    describe(w.pcs + skip, w.count - skip, out);
}
