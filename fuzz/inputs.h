/* The inputs of a target: the files of fuzz/corpus/NAME and those elsewhere in the tree that its
 * FROM names, one glob a line from the root of the repository, so that no file is kept twice. */
#ifndef FUZZ_INPUTS_H
#define FUZZ_INPUTS_H

#include "base/bytes.h"
#include "base/err.h"

enum { INPUTS_MAX = 8192, INPUT_BYTES_MAX = 16 * 1024 * 1024 };

struct inputs {
    char *paths[INPUTS_MAX];
    size_t count;
};

/* Finds them, sorted; *in is freed with inputs_free also on failure. -1 SYS_IO: the folder or FROM
 * cannot be read, or a glob meets nothing; SYS_LIMIT: more than INPUTS_MAX. */
int inputs_find(struct inputs *in, const char *target, struct err *e);
void inputs_free(struct inputs *in);

/* Appends one file's bytes to out. Of a file NAME.hex: the octets that it writes down; lines that
 * begin with '#' or "expect:" are remarks. -1 as file_read. */
int input_read(const char *path, struct buf *out, struct err *e);

/* Writes every input into folder, under its path with '-' for '/': what libFuzzer starts from. */
int inputs_copy(const struct inputs *in, const char *folder, struct err *e);

#endif
