/* Finding and starting capflab-COMMAND programs. It must never start anything whose name does not
 * begin with capflab-. */
#include "capflab/commands.h"
#include "base/config.h"
#include "base/owned.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static const char prefix[] = "capflab-";

/* What the list of commands says of each. */
static const struct {
    const char *command;
    const char *summary;
} summaries[] = {
    {"bench", "measure how fast phones are enrolled, and what that costs"},
    {"capf", "the CAPF service, and the administration of its devices"},
    {"ra", "the registration authority: EST for CAPF, certsrv for the CA"},
    {"certsrv", "a mock of IIS and AD CS web enrolment"},
    {"tftp", "CUCM's file service: trust lists and phones' configurations"},
    {"tvs", "the Trust Verification Service: which certificates phones may trust"},
    {"dns", "a mock of the DNS server: right answers, wrong ones, or none"},
    {"ntp", "a mock of the NTP server: the right time, a wrong one, or none"},
    {"wire", "a relay that damages a connection on demand"},
    {"itl", "read, verify, compare and make trust lists (ITL, CTL) and signed files"},
    {"phone", "a simulated IP phone that gets or gives up its LSC"},
    {"diagnose", "name the cause of failures from their logs"},
    {"run", "run scenarios and judge them"},
    {"up", "start a lab and leave it running for real clients"},
};

static const char *summary_of(const char *command) {
    for (size_t i = 0; i < sizeof summaries / sizeof summaries[0]; i++) {
        if (strcmp(summaries[i].command, command) == 0)
            return summaries[i].summary;
    }
    return "";
}

char *own_folder(void) {
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0)
        return NULL;
    path[n] = '\0';
    return strndup(path, (size_t)(strrchr(path, '/') - path));
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_command(struct commands *c, DIR *folder, const char *file) {
    size_t skip = sizeof prefix - 1;
    if (strncmp(file, prefix, skip) != 0 || c->count == COMMANDS_MAX ||
        faccessat(dirfd(folder), file, X_OK, 0) != 0)
        return;
    char *name = strdup(file + skip);
    if (name != NULL)
        c->names[c->count++] = name;
}

void commands_find(struct commands *c, const char *folder) {
    *c = (struct commands){.folder = strdup(folder)};
    DIR *opened = opendir(folder);
    if (opened == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(opened)) != NULL;)
        add_command(c, opened, entry->d_name);
    closedir(opened);
    qsort(c->names, c->count, sizeof c->names[0], by_name);
}

void commands_free(struct commands *c) {
    for (size_t i = 0; i < c->count; i++)
        free(c->names[i]);
    free(c->folder);
}

void commands_describe(const struct commands *c, struct buf *out) {
    for (size_t i = 0; i < c->count; i++)
        buf_printf(out, "  %-10s  %s\n", c->names[i], summary_of(c->names[i]));
}

const char *commands_nearest(const struct commands *c, const char *command) {
    return nearest_word(command, (const char *const *)c->names);
}

static bool is_known(const struct commands *c, const char *command) {
    for (size_t i = 0; i < c->count; i++) {
        if (strcmp(c->names[i], command) == 0)
            return true;
    }
    return false;
}

void commands_exec(const struct commands *c, const char *command, char **argv) {
    char name[NAME_MAX];
    AUTO(char) beside = NULL;
    int n = snprintf(name, sizeof name, "%s%s", prefix, command);
    errno = ENOENT;
    if (n >= NAME_MAX || strchr(command, '/') != NULL)
        return;
    argv[0] = name;
    if (!is_known(c, command)) {
        execvp(name, argv);
    } else if (asprintf(&beside, "%s/%s", c->folder, name) >= 0) {
        execv(beside, argv);
    } else {
        beside = NULL;
        errno = ENOMEM;
    }
    argv[0] = NULL; /* name ends here */
}
