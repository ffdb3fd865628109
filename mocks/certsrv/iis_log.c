/* W3C log lines, one column after the other. No peer can forge a line or a column: blanks become
 * '+', control characters are escaped. */
#include "mocks/certsrv/iis_log.h"
#include "base/clock.h"
#include "base/log.h"
#include <inttypes.h>
#include <stdlib.h>

struct iis_log {
    struct log *log;
};

enum { LINE_MAX_LEN = 64 * 1024 };

static void put_time(struct buf *out, int64_t wall_us) {
    struct tm t = clock_utc(wall_us);
    char text[32];
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &t);
    buf_put_str(out, text);
}

void iis_put_header(struct buf *out, int64_t wall_us) {
    buf_put_str(out, "#Software: Microsoft Internet Information Services 10.0\r\n"
                     "#Version: 1.0\r\n"
                     "#Date: ");
    put_time(out, wall_us);
    buf_put_str(out, "\r\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port "
                     "cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus "
                     "sc-win32-status time-taken\r\n");
}

static void put_column(struct buf *out, const char *value) {
    buf_put_str(out, " ");
    if (value == NULL || value[0] == '\0') {
        buf_put_str(out, "-");
        return;
    }
    for (; *value != '\0'; value++) {
        unsigned char c = (unsigned char)*value;
        if (c < ' ' || c == 0x7f)
            buf_printf(out, "\\x%02X", c);
        else
            buf_put_u8(out, c == ' ' ? '+' : c);
    }
}

void iis_put_entry(struct buf *out, const struct iis_entry *entry) {
    put_time(out, entry->wall_us);
    put_column(out, entry->server_ip);
    put_column(out, entry->method);
    put_column(out, entry->stem);
    put_column(out, entry->query);
    buf_printf(out, " %u", entry->port);
    put_column(out, entry->username);
    put_column(out, entry->client_ip);
    put_column(out, entry->user_agent);
    put_column(out, entry->referer);
    buf_printf(out, " %u %u %" PRIu32 " %" PRId64 "\r\n", entry->status, entry->substatus,
               entry->win32, entry->taken_ms);
}

struct iis_log *iis_log_open(const char *path, bool with_header, struct err *e) {
    struct iis_log *log = calloc(1, sizeof *log);
    if (log == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    log->log = log_open(path, e);
    if (log->log == NULL) {
        iis_log_close(log);
        return NULL;
    }
    if (!with_header)
        return log;
    AUTO_BUF header = BUF_INIT(LINE_MAX_LEN);
    iis_put_header(&header, clock_wall_us());
    log_block(log->log, buf_view(&header));
    return log;
}

void iis_log_close(struct iis_log *log) {
    if (log == NULL)
        return;
    log_close(log->log);
    free(log);
}

void iis_log_write(struct iis_log *log, const struct iis_entry *entry) {
    AUTO_BUF line = BUF_INIT(LINE_MAX_LEN);
    iis_put_entry(&line, entry);
    if (!line.failed)
        log_block(log->log, buf_view(&line));
}
