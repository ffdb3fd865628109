/* The normaliser. It holds one physical line (or the next part of a long one) and one record, never
 * more. */
#include "diagnose/records.h"
#include "base/owned.h"
#include "diagnose/utf8.h"
#include <ctype.h>
#include <string.h>

enum { WINDOW = 16 * 1024, CONTINUATIONS_MAX = 64 };

struct records {
    record_fn *fn;
    void *user;
    uint64_t line;          /* the one that is being read */
    bool line_has_begun;    /* an earlier part of it was taken already */
    bool open;              /* a record is */
    bool after_blank;       /* the byte before the window was one */
    unsigned continuations; /* lines that the open record went on over */
    struct record record;
    size_t pending_len;
    size_t text_len;
    char pending[WINDOW];
    char text[RECORD_TEXT_MAX];
    char clean[RECORD_TEXT_MAX];
};

struct records *records_new(record_fn *fn, void *user) {
    struct records *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    r->fn = fn;
    r->user = user;
    r->line = 1;
    return r;
}

void records_free(struct records *r) {
    free(r);
}

uint64_t records_lines(const struct records *r) {
    return r->line - (r->pending_len == 0 && !r->line_has_begun);
}

/* ---- the open record ---- */

static void close_record(struct records *r) {
    if (!r->open)
        return;
    r->open = false;
    while (r->text_len > 0 && isspace((unsigned char)r->text[r->text_len - 1]))
        r->text_len--;
    r->record.text = bytes_of(r->clean, utf8_clean(bytes_of(r->text, r->text_len), r->clean));
    r->fn(r->user, &r->record);
}

static void append(struct records *r, const char *text, size_t len) {
    size_t room = sizeof r->text - r->text_len;
    if (len > room)
        r->record.cut = true;
    len = len < room ? len : room;
    memcpy(r->text + r->text_len, text, len);
    r->text_len += len;
    r->record.last_line = r->line;
}

static void open_record(struct records *r, enum source source) {
    close_record(r);
    r->open = true;
    r->continuations = 0;
    r->text_len = 0;
    r->record = (struct record){.source = source, .first_line = r->line, .last_line = r->line};
}

/* A word broken at its hyphen goes together without a blank; a field that is "-" does not. */
static bool is_broken_word(const struct records *r) {
    size_t n = r->text_len;
    return n >= 2 && r->text[n - 1] == '-' && r->text[n - 2] != ' ' && r->text[n - 2] != '-';
}

/* ---- one line, or a part of it ---- */

static size_t skip_blanks(const char *text, size_t len) {
    size_t n = 0;
    while (n < len && (text[n] == ' ' || text[n] == '\t'))
        n++;
    return n;
}

/* Marks of lists and quotations, and what editors put first in a file. */
static size_t skip_marks(const char *text, size_t len) {
    static const char *const marks[] = {"\xef\xbb\xbf", "\xff\xfe",      "> ", "- ",
                                        "* ",           "\xe2\x80\xa2 ", "`"};
    size_t at = skip_blanks(text, len);
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        size_t n = strlen(marks[i]);
        if (len - at < n || memcmp(text + at, marks[i], n) != 0)
            continue;
        at += n;
        at += skip_blanks(text + at, len - at);
    }
    return at;
}

static bool has_high_byte(const char *text, size_t len) {
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] >= 0x80)
            return true;
    return false;
}

static bool begins(const char *text, size_t len, const char *with) {
    return len >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

/* What cannot belong to the record of the lines before. */
static bool is_page(const char *text, size_t len) {
    return len == 0 || begins(text, len, "```") || begins(text, len, "~~~") ||
           begins(text, len, "++ ") || has_high_byte(text, len);
}

static bool is_separator(char c) {
    return c == ' ' || c == '\t';
}

/* The kind of the record that begins with tail and goes on with text, the next line; SOURCE_COUNT:
 * none, or one that tail alone begins, which is known already. */
static enum source source_across(const char *tail, size_t tail_len, const char *text, size_t len) {
    char seam[2 * SOURCE_START_MAX + 1];
    size_t n = len < SOURCE_START_MAX ? len : SOURCE_START_MAX;
    if (source_of(tail, tail_len, false) != SOURCE_COUNT)
        return SOURCE_COUNT;
    memcpy(seam, tail, tail_len);
    seam[tail_len] = ' ';
    memcpy(seam + tail_len + 1, text, n);
    return source_of(seam, tail_len + 1 + n, false);
}

/* Ends the open record before its last words where they begin the next one: a line that is run
 * together may be wrapped behind a time stamp. */
static void split_across(struct records *r, const char *text, size_t len) {
    char tail[SOURCE_START_MAX];
    size_t end = r->text_len;
    while (end > 0 && is_separator(r->text[end - 1]))
        end--;
    for (size_t at = end > sizeof tail ? end - sizeof tail : 0; at < end; at++) {
        if (is_separator(r->text[at]) || at == 0 || !is_separator(r->text[at - 1]))
            continue;
        enum source source = source_across(r->text + at, end - at, text, len);
        if (source == SOURCE_COUNT)
            continue;
        uint64_t line = r->record.last_line;
        memcpy(tail, r->text + at, end - at);
        r->text_len = at;
        open_record(r, source);
        append(r, tail, end - at);
        r->record.first_line = line;
        return;
    }
}

/* text begins a line and no known start does. */
static void take_line_start(struct records *r, const char *text, size_t len) {
    size_t blanks = skip_blanks(text, len);
    text += blanks;
    len -= blanks;
    if (!r->open || is_page(text, len) || ++r->continuations > CONTINUATIONS_MAX) {
        close_record(r);
        return;
    }
    split_across(r, text, len);
    if (!is_broken_word(r))
        append(r, " ", 1);
}

/* Cuts text, which belongs to one line, at the known starts behind its first byte. Returns how much
 * was taken: all, or when more of the line is to come, what needs no look ahead. */
static size_t take_text(struct records *r, const char *text, size_t len, bool complete) {
    size_t ahead = len < SOURCE_START_MAX ? len : SOURCE_START_MAX;
    size_t sure = complete ? len : len - ahead;
    size_t from = 0;
    for (size_t at = 0; at < sure; at++) {
        bool may_begin = at == 0 ? r->after_blank : is_separator(text[at - 1]);
        if (!may_begin || is_separator(text[at]))
            continue;
        enum source source = source_of(text + at, len - at, false);
        if (source == SOURCE_COUNT)
            continue;
        if (r->open)
            append(r, text + from, at - from);
        open_record(r, source);
        from = at;
    }
    if (r->open)
        append(r, text + from, sure - from);
    r->after_blank = sure > 0 && is_separator(text[sure - 1]);
    return sure;
}

static void drop_pending(struct records *r, size_t n) {
    memmove(r->pending, r->pending + n, r->pending_len - n);
    r->pending_len -= n;
}

/* The pending bytes begin a line: what they are decides about the record. Returns how many of them
 * are marks. */
static size_t begin_line(struct records *r) {
    size_t marks = skip_marks(r->pending, r->pending_len);
    enum source source = source_of(r->pending + marks, r->pending_len - marks, true);
    r->line_has_begun = true;
    r->after_blank = false;
    if (source != SOURCE_COUNT) {
        open_record(r, source);
        return marks;
    }
    take_line_start(r, r->pending, r->pending_len);
    return skip_blanks(r->pending, r->pending_len);
}

static void take_pending(struct records *r, bool complete) {
    size_t skipped = r->line_has_begun ? 0 : begin_line(r);
    size_t taken = take_text(r, r->pending + skipped, r->pending_len - skipped, complete) + skipped;
    drop_pending(r, taken);
    if (!complete)
        return;
    r->line_has_begun = false;
    r->pending_len = 0;
    r->line++;
}

void records_feed(struct records *r, struct bytes data) {
    for (size_t i = 0; i < data.len; i++) {
        char c = (char)data.data[i];
        if (c == '\n')
            take_pending(r, true);
        else if (c != '\0' && c != '\r')
            r->pending[r->pending_len++] = c;
        if (r->pending_len == sizeof r->pending)
            take_pending(r, false);
    }
}

void records_end(struct records *r) {
    if (r->pending_len > 0 || r->line_has_begun)
        take_pending(r, true);
    close_record(r);
}
