/* What is lost at the end of the process: live blocks that cannot be reached from any variable, by
 * a conservative search through writable data, the stack and the blocks themselves. What is still
 * reachable is no leak: libraries keep such things for good. */
#include "scenarios/torture/inside.h"

#include <dirent.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FIRST_OWN_FD = 3, FD_MAX = 1024, TLS_BYTES = 64 * 1024 };

static struct stat inherited[FD_MAX];

struct search {
    struct block *blocks; /* by address */
    bool *reached;
    size_t *todo; /* reached, not looked through yet */
    size_t count, waiting;
};

static int by_address(const void *a, const void *b) {
    uintptr_t x = ((const struct block *)a)->at;
    uintptr_t y = ((const struct block *)b)->at;
    return x < y ? -1 : x > y;
}

static bool collect(struct search *s) {
    size_t slots = 0;
    const struct block *all = blocks_all(&slots);
    s->blocks = pages((slots + 1) * sizeof *s->blocks);
    s->reached = pages((slots + 1) * sizeof *s->reached);
    s->todo = pages((slots + 1) * sizeof *s->todo);
    if (s->blocks == NULL || s->reached == NULL || s->todo == NULL)
        return false;
    for (size_t i = 0; i < slots; i++)
        if (all[i].at != 0)
            s->blocks[s->count++] = all[i];
    qsort(s->blocks, s->count, sizeof *s->blocks, by_address);
    return true;
}

/* The heap's own lists name the chunk behind a block by the block's last eight bytes. */
static bool points_into(const struct block *b, uintptr_t at) {
    size_t offset = at - b->at;
    if (offset == 0)
        return true;
    return offset < b->size && offset + sizeof(size_t) != malloc_usable_size((void *)b->at);
}

/* The block that an address points at or into; s->count: none. */
static size_t block_at(const struct search *s, uintptr_t at) {
    size_t low = 0;
    size_t high = s->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->blocks[middle].at <= at)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return s->count;
    return points_into(&s->blocks[low - 1], at) ? low - 1 : s->count;
}

static void look_through(struct search *s, uintptr_t from, uintptr_t to) {
    from = (from + sizeof(uintptr_t) - 1) / sizeof(uintptr_t) * sizeof(uintptr_t);
    for (; from + sizeof(uintptr_t) <= to; from += sizeof(uintptr_t)) {
        uintptr_t value;
        memcpy(&value, (const void *)from, sizeof value);
        size_t i = block_at(s, value);
        if (i == s->count || s->reached[i])
            continue;
        s->reached[i] = true;
        s->todo[s->waiting++] = i;
    }
}

static int look_through_module(struct dl_phdr_info *info, size_t size, void *user) {
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t from = info->dlpi_addr + part->p_vaddr;
        if (part->p_type == PT_LOAD && (part->p_flags & PF_W) != 0)
            look_through(user, from, from + part->p_memsz);
    }
    return 0;
}

/* The stack of this thread from here up. */
static void look_through_stack(struct search *s) {
    pthread_attr_t attributes;
    void *low = NULL;
    size_t size = 0;
    jmp_buf registers;
    setjmp(registers);
    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return;
    pthread_attr_getstack(&attributes, &low, &size);
    pthread_attr_destroy(&attributes);
    look_through(s, (uintptr_t)&registers, (uintptr_t)low + size);
}

/* Variables of the thread lie below its control block; how far, nobody tells: what can be read. */
static void look_through_thread(struct search *s) {
    uintptr_t self = (uintptr_t)pthread_self();
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t from = self / page * page;
    char there;
    while (self - from < TLS_BYTES && syscall(SYS_mincore, from - page, page, &there) == 0)
        from -= page;
    look_through(s, from, self + 4096);
}

static void search_all(struct search *s) {
    dl_iterate_phdr(look_through_module, s);
    look_through_stack(s);
    look_through_thread(s);
    while (s->waiting > 0) {
        const struct block *b = &s->blocks[s->todo[--s->waiting]];
        look_through(s, b->at, b->at + b->size);
    }
}

/* Blocks by the same path count as one finding. */
static void note(struct torture_control *c, int found_at[TORTURE_FINDINGS_MAX],
                 const struct block *b) {
    uint32_t i = 0;
    while (i < c->leak_count && found_at[i] != b->path)
        i++;
    if (i == TORTURE_FINDINGS_MAX)
        return;
    if (i == c->leak_count) {
        c->leak_count++;
        found_at[i] = b->path;
        path_describe(b->path, &c->leaks[i].stack);
    }
    c->leaks[i].blocks++;
    c->leaks[i].bytes += b->size;
}

/* Only blocks whose path is known: the loader's own come before the first path. */
static void note_lost(struct torture_control *c, const struct search *s) {
    int found_at[TORTURE_FINDINGS_MAX];
    for (size_t i = 0; i < s->count; i++)
        if (!s->reached[i] && s->blocks[i].path != NO_PATH)
            note(c, found_at, &s->blocks[i]);
}

/* What the process was given is not its own. */
void descriptors_begin(void) {
    for (int fd = FIRST_OWN_FD; fd < FD_MAX; fd++)
        if (fstat(fd, &inherited[fd]) != 0)
            inherited[fd] = (struct stat){0};
}

static bool is_own(int fd) {
    struct stat now;
    return fstat(fd, &now) == 0 &&
           (now.st_ino != inherited[fd].st_ino || now.st_dev != inherited[fd].st_dev);
}

static void note_open(struct torture_control *c) {
    for (int fd = FIRST_OWN_FD; fd < FD_MAX && c->open_count < TORTURE_FINDINGS_MAX; fd++) {
        char path[32];
        if (!is_own(fd))
            continue;
        char *text = c->open[c->open_count];
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        ssize_t len = readlink(path, text, sizeof c->open[0] - 1);
        if (len <= 0)
            continue;
        text[len] = '\0';
        c->open_count++;
    }
}

void leaks_find(struct torture_control *c) {
    struct search s = {0};
    note_open(c);
    if (!collect(&s))
        return;
    search_all(&s);
    note_lost(c, &s);
}
