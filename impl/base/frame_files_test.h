/* Hostile frames as files: testdata/frames/NAME.hex has comments, "expect: CODE" and the octets in
 * hex. Test programs only. */
#ifndef BASE_FRAME_FILES_TEST_H
#define BASE_FRAME_FILES_TEST_H

#include "base/bytes.h"
#include "base/file.h"
#include "base/owned.h"
#include "base/test.h"

#include <dirent.h>
#include <string.h>

struct frame_file {
    char expect[64];
    struct buf frame;
};
enum { FRAME_FILE_MAX = 256 * 1024 };
#define FRAME_FILE_INIT                                                                            \
    { .frame = BUF_INIT(FRAME_FILE_MAX) }

static inline void frame_file_free(struct frame_file *f) {
    buf_free(&f->frame);
}
#define AUTO_FRAME_FILE __attribute__((cleanup(frame_file_free))) struct frame_file

static inline void frame_file_add_hex(struct buf *out, const char *text) {
    unsigned byte = 0;
    int used = 0;
    while (sscanf(text, " %2x%n", &byte, &used) == 1) {
        buf_put_u8(out, (uint8_t)byte);
        text += used;
    }
}

static inline void frame_file_load(const char *name, struct frame_file *f) {
    char line[256];
    AUTO(char) path = path_join(TESTDATA "/frames", "%s", name);
    AUTO(FILE) in = fopen(path, "r");
    ck_assert_msg(in != NULL, "%s", path);
    while (fgets(line, sizeof line, in) != NULL) {
        if (line[0] != '#' && sscanf(line, "expect: %63s", f->expect) != 1)
            frame_file_add_hex(&f->frame, line);
    }
    ck_assert_msg(f->expect[0] != '\0', "%s: no expect line", path);
}

/* What is tested: fills e, or leaves it as it is for a frame that is well. */
typedef void frame_parse_fn(struct bytes frame, struct err *e);

/* The frame must be one allocation of its own length, so that the sanitizers see a read behind it.
 */
static inline void frame_parse_exactly(frame_parse_fn *parse, struct bytes frame, struct err *e) {
    AUTO(char) copy = calloc(1, frame.len > 0 ? frame.len : 1);
    if (frame.len > 0)
        memcpy(copy, frame.data, frame.len);
    parse(bytes_of(copy, frame.len), e);
}

static inline void frame_file_check(frame_parse_fn *parse, const char *name) {
    AUTO_FRAME_FILE f = FRAME_FILE_INIT;
    struct err e = {0};
    frame_file_load(name, &f);
    frame_parse_exactly(parse, buf_view(&f.frame), &e);
    ck_assert_msg(strcmp(err_name(e.code), f.expect) == 0, "%s: error is %s (%s), expected %s",
                  name, err_name(e.code), e.text, f.expect);
}

/* Every file gives the code that it names; count: how many files there are. */
static inline void frame_files_check(frame_parse_fn *parse, int count) {
    DIR *dir = opendir(TESTDATA "/frames");
    int files = 0;
    ck_assert_ptr_nonnull(dir);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (strstr(entry->d_name, ".hex") == NULL)
            continue;
        frame_file_check(parse, entry->d_name);
        files++;
    }
    closedir(dir);
    ck_assert_int_eq(files, count);
}

#endif
