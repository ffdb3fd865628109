/* The last lines of a log, for failures. Reads only the end of the file, whatever its size. */
#include "scenarios/runner/actor.h"

#include "base/owned.h"
#include "scenarios/runner/pattern.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { END_BYTES = 16 * 1024, LINE_BYTES_MAX = 240 };

static size_t read_end(const char *path, char *out, bool *cut) {
    AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0)
        return 0;
    off_t from = status.st_size > END_BYTES ? status.st_size - END_BYTES : 0;
    *cut = from > 0;
    ssize_t n = pread(fd, out, END_BYTES, from);
    return n < 0 ? 0 : (size_t)n;
}

/* Bytes that a terminal or a JSON reader could stumble over become '?'. */
static void put_line(struct bytes line, const char *indent, struct buf *out) {
    size_t len = line.len < LINE_BYTES_MAX ? line.len : LINE_BYTES_MAX;
    buf_put_str(out, indent);
    for (size_t i = 0; i < len; i++) {
        uint8_t c = line.data[i];
        buf_put_u8(out, c < 0x20 || c >= 0x7f ? '?' : c);
    }
    buf_put_str(out, len < line.len ? "...\n" : "\n");
}

void file_tail(const char *path, size_t lines, const char *indent, struct buf *out) {
    char end[END_BYTES];
    bool cut = false;
    struct lines l = lines_of(bytes_of(end, read_end(path, end, &cut)));
    size_t first = l.count > lines ? l.count - lines : cut && l.count > 0 ? 1 : 0;
    for (size_t i = first; i < l.count; i++)
        put_line(l.items[i], indent, out);
    lines_free(&l);
}
