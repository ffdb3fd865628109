/* One line that is written again and again. */
#include "bench/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define LINE_BEGIN      "\r"
#define LINE_CLEAR_REST "\033[K"

bool progress_wanted(void) {
    return isatty(STDERR_FILENO) == 1;
}

void progress_show(const char *fmt, ...) {
    va_list args;
    if (!progress_wanted())
        return;
    fputs(LINE_BEGIN, stderr);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputs(LINE_CLEAR_REST, stderr);
}

void progress_clear(void) {
    progress_show("%s", "");
}
