/* The commands of capflab: programs named capflab-COMMAND in one folder. */
#ifndef CAPFLAB_COMMANDS_H
#define CAPFLAB_COMMANDS_H

#include "base/bytes.h"
#include <stdbool.h>
#include <stddef.h>

enum { COMMANDS_MAX = 64 };

/* Command names in alphabetical order, malloc'ed; ends with NULL. */
struct commands {
    char *folder;
    char *names[COMMANDS_MAX + 1];
    size_t count;
};

/* Finds the executables capflab-* in folder (copied). A folder that cannot be read has none. */
void commands_find(struct commands *c, const char *folder);
void commands_free(struct commands *c);

/* The folder of the running program; malloc'ed, caller frees; NULL when it is not known. */
char *own_folder(void);

/* Appends one line for each command with what is known of it. */
void commands_describe(const struct commands *c, struct buf *out);

/* The command that was probably meant, or NULL. */
const char *commands_nearest(const struct commands *c, const char *command);

/* Becomes capflab-COMMAND of the folder, else of PATH; argv[0] is replaced. Returns only on
 * failure, with errno set: ENOENT means that there is no such command. */
void commands_exec(const struct commands *c, const char *command, char **argv);

#endif
