/* CSV lines, read and written. */
#include "capf/csv.h"
#include <string.h>

/* A quoted field from the character behind its quote; returns what follows it, or NULL. */
static char *read_quoted(char *at) {
    char *out = at;
    for (; *at != '\0'; at++) {
        if (*at == '"' && at[1] == '"') {
            at++;
        } else if (*at == '"') {
            char *rest = at + 1;
            bool ends = *rest == ',' || *rest == '\0';
            *out = '\0';
            return ends ? rest : NULL;
        }
        *out++ = *at;
    }
    return NULL;
}

int csv_split(char *line, char **fields, size_t max) {
    line[strcspn(line, "\r\n")] = '\0';
    size_t count = 0;
    for (char *at = line;; at++) {
        if (count == max)
            return -1;
        bool quoted = *at == '"';
        fields[count++] = quoted ? at + 1 : at;
        at = quoted ? read_quoted(at + 1) : at + strcspn(at, ",");
        if (at == NULL)
            return -1;
        if (*at == '\0')
            return (int)count;
        *at = '\0';
    }
}

void csv_put(struct buf *out, const char *text) {
    bool formula = strchr("=+@", text[0]) != NULL && text[0] != '\0';
    if (!formula && strpbrk(text, ",\"\r\n") == NULL) {
        buf_put_str(out, text);
        return;
    }
    buf_put_str(out, formula ? "\"'" : "\"");
    for (; *text != '\0'; text++) {
        if (*text == '"')
            buf_put_u8(out, '"');
        buf_put_u8(out, (uint8_t)*text);
    }
    buf_put_u8(out, '"');
}
