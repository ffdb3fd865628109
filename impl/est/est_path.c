/* EST paths, read and written. It must never let a label stand for an operation or for more than
 * one path segment. */
#include "est/est_path.h"
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define WELL_KNOWN "/.well-known/est"

struct row {
    const char *segment;
    const char *method;
};

static const struct row rows[EST_OPERATION_COUNT] = {
#define EST_OPERATION_ROW(name, segment, method) {segment, method},
    EST_OPERATION_TABLE(EST_OPERATION_ROW)
#undef EST_OPERATION_ROW
};

/* Operations of RFC 7030 that are not offered; no label may be named so either. */
static const char *const foreign_operations[] = {"fullcmc", "serverkeygen"};

const char *est_operation_name(enum est_operation operation) {
    return rows[operation].segment;
}

const char *est_operation_method(enum est_operation operation) {
    return rows[operation].method;
}

static bool operation_of(const char *segment, enum est_operation *operation) {
    for (size_t i = 0; i < EST_OPERATION_COUNT; i++)
        if (strcmp(rows[i].segment, segment) == 0) {
            *operation = (enum est_operation)i;
            return true;
        }
    return false;
}

static bool names_an_operation(const char *label) {
    enum est_operation operation;
    for (size_t i = 0; i < sizeof foreign_operations / sizeof foreign_operations[0]; i++)
        if (strcmp(foreign_operations[i], label) == 0)
            return true;
    return operation_of(label, &operation);
}

int est_label_check(const char *label, struct err *e) {
    size_t len = strlen(label);
    if (len == 0 || len > EST_LABEL_MAX)
        return err_set(e, ERR_EST_BAD_REQUEST, "label must have 1 to %d bytes", EST_LABEL_MAX);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)label[i] < 0x20 || label[i] == 0x7f || label[i] == '/')
            return err_set(e, ERR_EST_BAD_REQUEST, "label holds a byte that no label may hold");
    if (strcmp(label, ".") == 0 || strcmp(label, "..") == 0 || names_an_operation(label))
        return err_set(e, ERR_EST_BAD_REQUEST, "no label may be named %s (RFC 7030, 3.2.2)", label);
    return 0;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes percent-encoding into out (max bytes and a NUL). False when it does not fit, is broken,
 * or hides a NUL. */
static bool percent_decode(const char *from, size_t len, char *out, size_t max) {
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        int c = (unsigned char)from[i];
        if (c == '%') {
            bool whole = len - i > 2;
            int high = whole ? hex_digit(from[i + 1]) : -1;
            int low = whole ? hex_digit(from[i + 2]) : -1;
            c = high < 0 || low < 0 ? 0 : high * 16 + low;
            i += 2;
        }
        if (c == 0 || used == max)
            return false;
        out[used++] = (char)c;
    }
    out[used] = '\0';
    return true;
}

static enum est_path_result take_label(const char *from, size_t len, struct est_path *out) {
    return percent_decode(from, len, out->label, EST_LABEL_MAX) &&
                   est_label_check(out->label, NULL) == 0
               ? EST_PATH_OK
               : EST_PATH_BAD_LABEL;
}

/* tail: what follows /.well-known/est/, "operation" or "label/operation". */
static enum est_path_result parse_tail(const char *tail, struct est_path *out) {
    const char *slash = strrchr(tail, '/');
    if (!operation_of(slash == NULL ? tail : slash + 1, &out->operation))
        return EST_PATH_UNKNOWN;
    return slash == NULL ? EST_PATH_OK : take_label(tail, (size_t)(slash - tail), out);
}

enum est_path_result est_path_parse(const char *path, struct est_path *out) {
    *out = (struct est_path){.operation = EST_OPERATION_COUNT};
    const char *at = strstr(path, WELL_KNOWN "/");
    if (at == NULL || path[0] != '/')
        return EST_PATH_UNKNOWN;
    enum est_path_result result = parse_tail(at + strlen(WELL_KNOWN "/"), out);
    if (result != EST_PATH_OK || at == path)
        return result;
    if (out->label[0] != '\0')
        return EST_PATH_BAD_LABEL;
    return take_label(path + 1, (size_t)(at - path) - 1, out);
}

static bool plain_in_path(char c) {
    return isalnum((unsigned char)c) || (c != '\0' && strchr("-._~!$&'()*+,;=:@", c) != NULL);
}

static void put_segment(const char *label, struct buf *out) {
    buf_put_str(out, "/");
    for (const char *at = label; *at != '\0'; at++) {
        if (plain_in_path(*at))
            buf_put(out, at, 1);
        else
            buf_printf(out, "%%%02X", (unsigned char)*at);
    }
}

int est_path_put(enum est_operation operation, const char *label, struct buf *out, struct err *e) {
    bool labelled = label != NULL && label[0] != '\0';
    if (labelled && est_label_check(label, e) != 0)
        return -1;
    buf_put_str(out, WELL_KNOWN);
    if (labelled)
        put_segment(label, out);
    buf_printf(out, "/%s", rows[operation].segment);
    return out->failed ? err_set(e, ERR_SYS_LIMIT, "no room for the path") : 0;
}
