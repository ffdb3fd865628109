/* The phone's console log (seed 5, phone-behaviour.md 7):
 *
 *     0633 NOT Mar 12 15:07:55.761649 (322:17812) SECUREAPP-CAPF_CLNT_INIT:CAPF clnt initialized
 */
#ifndef PHONE_CONSOLE_H
#define PHONE_CONSOLE_H

#include "base/bytes.h"
#include "base/err.h"

/* Which part of the phone writes: its name stands in front of the text, its pid and tid are those
 * of seed 5, so that two runs give the same lines; 0: it writes its own.
 * X(process, prefix, pid, tid) */
#define CONSOLE_PROCESS_TABLE(X)                                                                   \
    X(SECUREAPP, "SECUREAPP-", 322, 17812)                                                         \
    X(CONFIGMGR, "JAVA-configmgr MQThread|", 12905, 13036)                                         \
    X(DNSMASQ, "dnsmasq[12864]: ", 0, 0)

enum console_process {
#define X(process, prefix, pid, tid) CONSOLE_##process,
    CONSOLE_PROCESS_TABLE(X)
#undef X
};

/* X(level): as printed */
#define CONSOLE_LEVEL_TABLE(X) X(INF) X(NOT) X(WRN) X(ERR) X(CRT)
enum console_level {
#define X(level) CONSOLE_##level,
    CONSOLE_LEVEL_TABLE(X)
#undef X
};

struct console; /* opaque; NULL writes nothing */

/* path NULL: a console that writes nothing. NULL with e set on failure. */
struct console *console_open(const char *path, struct err *e);
void console_close(struct console *c);

/* One line; peer bytes in it are escaped. No secrets. */
void console_line(struct console *c, enum console_level level, enum console_process process,
                  const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Each line of text as an INF line of SECUREAPP. */
void console_lines(struct console *c, const char *text);

#endif
