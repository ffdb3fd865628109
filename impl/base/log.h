/* Log files: whole lines, appended with one write each or several together, so that lines of
 * several processes never mix. A daemon holds its lines until it waits for something; CAPF and HTTP
 * servers write them before each answer too: what their peers have seen is in the log, also after
 * kill -9. Formats (CAPF trace, nginx, W3C, phone console) belong to their components. Control
 * characters of peers are escaped here: nobody forges a line. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/bytes.h"
#include "base/err.h"
#include <stdarg.h>

struct log; /* opaque; NULL is a log that writes nothing */

/* Appends to path, made if missing; "-" is standard error. NULL with e set on failure. */
struct log *log_open(const char *path, struct err *e);
void log_close(struct log *log);

/* One line (printf form); the newline is added. Bytes below 0x20 and 0x7f in it are written as \xHH
 * ('\n' is kept as a line break only by log_block). */
void log_line(struct log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_vline(struct log *log, const char *fmt, va_list args);

/* Several lines already formatted and escaped, written with one write. */
void log_block(struct log *log, struct bytes lines);

/* From now on the lines of every log of this process are kept until logs_flush or logs_release,
 * which also ends it. */
void logs_hold(void);
void logs_flush(void);
void logs_release(void);

/* Appends text to out with bytes below 0x20 and 0x7f as \xHH. */
void log_escape(struct buf *out, const char *text);

#endif
