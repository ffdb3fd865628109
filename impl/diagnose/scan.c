/* One file: its records in order, with what has to be remembered from line to line to say whose a
 * line is. It must never keep a line that no pattern asked for. */
#include "diagnose/scan.h"
#include "base/owned.h"
#include "diagnose/iis_fields.h"
#include "diagnose/records.h"
#include "diagnose/whose.h"
#include <errno.h>
#include <string.h>

enum { LINES_MAX = 4096, READ_BYTES = 64 * 1024, IIS_TEXT_MAX = RECORD_TEXT_MAX + 256 };

/* What a pattern is there for. */
enum purpose { FOR_RULE, FOR_FAILURE, FOR_USUAL, FOR_SUCCESS };

struct entry {
    const struct rule_line *line;
    enum purpose purpose;
};

struct scan_table {
    struct entry *by_source[SOURCE_COUNT];
    size_t counts[SOURCE_COUNT];
};

/* ---- the table ---- */

static int add_entry(struct scan_table *t, const struct rule_line *line, enum purpose purpose) {
    for (int source = 0; source < SOURCE_COUNT; source++) {
        if ((line->sources & (int)SOURCE_BIT(source)) == 0)
            continue;
        size_t n = t->counts[source];
        struct entry *grown = reallocarray(t->by_source[source], n + 1, sizeof *grown);
        if (grown == NULL)
            return -1;
        grown[n] = (struct entry){line, purpose};
        t->by_source[source] = grown;
        t->counts[source]++;
    }
    return 0;
}

static int add_list(struct scan_table *t, const struct cfg_list *lines, enum purpose purpose) {
    const struct rule_line *items = lines->items;
    int rc = 0;
    for (size_t i = 0; i < lines->count && rc == 0; i++)
        rc = add_entry(t, &items[i], purpose);
    return rc;
}

static int add_rules(struct scan_table *t, const struct rules *rules) {
    int rc = 0;
    for (size_t i = 0; i < rules_count(rules); i++)
        for (int part = 0; part < PART_COUNT && rc == 0; part++)
            rc = add_list(t, &rules_at(rules, i)->parts[part], FOR_RULE);
    return rc;
}

struct scan_table *scan_table_new(const struct rules *rules) {
    struct scan_table *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    if (add_list(t, &rules->usual, FOR_USUAL) == 0 &&
        add_list(t, &rules->failures, FOR_FAILURE) == 0 &&
        add_list(t, &rules->successes, FOR_SUCCESS) == 0 && add_rules(t, rules) == 0)
        return t;
    scan_table_free(t);
    return NULL;
}

void scan_table_free(struct scan_table *t) {
    for (int source = 0; t != NULL && source < SOURCE_COUNT; source++)
        free(t->by_source[source]);
    free(t);
}

/* ---- one record ---- */

struct scan {
    struct casefile *c;
    const struct scan_table *table;
    size_t file;
    struct iis_fields iis;
    struct whose whose;
    int64_t nginx_time; /* of its last line: libest's lines carry none */
    char lower[IIS_TEXT_MAX];
};

/* What a record's patterns are matched on. */
struct subject {
    const struct record *record;
    struct pattern_line line;
    size_t scope;
    int64_t kept; /* -1: not yet */
    bool failure;
};

static void take_captures(const struct rule_line *line, const struct pattern_match *m,
                          struct fact_capture *out) {
    for (size_t i = 0; i < PATTERN_CAPTURES_MAX; i++) {
        const char *name = pattern_capture(line->pattern, i);
        if (name == NULL)
            return;
        out[i].name = name;
        out[i].value = strndup((const char *)m->captures[i].data, m->captures[i].len);
    }
}

static struct bytes shown(struct bytes text) {
    if (text.len <= CASE_TEXT_MAX)
        return text;
    size_t len = CASE_TEXT_MAX;
    while (len > 0 && (text.data[len] & 0xc0) == 0x80)
        len--;
    return bytes_of(text.data, len);
}

static int64_t time_of(const struct scan *s, const struct record *record) {
    return record->source == SOURCE_EST ? s->nginx_time : source_time(record->source, record->text);
}

static bool keep(struct scan *s, struct subject *subject) {
    if (subject->kept >= 0)
        return true;
    struct kept line = {.file = s->file,
                        .first_line = subject->record->first_line,
                        .last_line = subject->record->last_line,
                        .order = s->c->order,
                        .scope = subject->scope,
                        .time = time_of(s, subject->record),
                        .source = subject->record->source,
                        .failure = subject->failure};
    subject->kept = case_keep(s->c, &line, shown(subject->record->text));
    return subject->kept >= 0;
}

/* Enough of these in this scope: counted only. */
static bool is_repeat(const struct scan *s, const struct subject *subject,
                      const struct rule_line *line) {
    const struct fact *last;
    if (subject->scope == CASE_NO_SCOPE ||
        case_count_facts(s->c, subject->scope, line, &last) < CASE_SAME_MAX)
        return false;
    s->c->kept[last->kept].repeats++;
    return true;
}

static void note(struct scan *s, struct subject *subject, const struct rule_line *line,
                 const struct pattern_match *m) {
    struct fact_capture captures[PATTERN_CAPTURES_MAX] = {{0}};
    if (is_repeat(s, subject, line) || !keep(s, subject))
        return;
    take_captures(line, m, captures);
    case_add_fact(s->c, (size_t)subject->kept, line, captures);
}

static void note_success(struct scan *s, const struct subject *subject) {
    s->c->successes++;
    if (subject->scope != CASE_NO_SCOPE)
        s->c->scopes[subject->scope].last_success = s->c->order;
}

static void match_entry(struct scan *s, struct subject *subject, const struct entry *entry,
                        bool *usual) {
    struct pattern_match m;
    if (!pattern_matches(entry->line->pattern, &subject->line, &m))
        return;
    if (entry->purpose == FOR_USUAL)
        *usual = true;
    else if (entry->purpose == FOR_SUCCESS)
        note_success(s, subject);
    else if (entry->purpose == FOR_RULE || !*usual) {
        subject->failure = subject->failure || entry->purpose == FOR_FAILURE;
        note(s, subject, entry->line, &m);
    }
}

static void match_all(struct scan *s, const struct record *record, struct bytes text) {
    struct subject subject = {.record = record, .kept = -1};
    bool usual = false;
    subject.scope = whose_scope(&s->whose, s->c, record);
    if (record->source == SOURCE_NGINX)
        s->nginx_time = source_time(SOURCE_NGINX, record->text);
    pattern_line_init(&subject.line, text, s->lower);
    s->c->order++;
    for (size_t i = 0; i < s->table->counts[record->source]; i++)
        match_entry(s, &subject, &s->table->by_source[record->source][i], &usual);
}

static void on_record(void *user, const struct record *record) {
    struct scan *s = user;
    struct case_file *file = &s->c->files[s->file];
    file->records++;
    file->sources |= SOURCE_BIT(record->source);
    if (record->source != SOURCE_IIS) {
        match_all(s, record, record->text);
        return;
    }
    AUTO_BUF text = BUF_INIT(IIS_TEXT_MAX);
    if (iis_fields_read(&s->iis, record->text) || record->text.data[0] == '#')
        return;
    iis_fields_put(&s->iis, record->text, &text);
    match_all(s, record, buf_view(&text));
}

/* ---- one file ---- */

static int feed_all(struct records *r, int fd, const char *path, struct err *e) {
    AUTO(char) data = malloc(READ_BYTES);
    if (data == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    for (;;) {
        ssize_t n = read(fd, data, READ_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(e, ERR_SYS_IO, "%s: %s", path, strerror(errno));
        if (n == 0)
            return 0;
        records_feed(r, bytes_of(data, (size_t)n));
    }
}

static int scan_with(struct scan *s, int fd, const char *path, struct err *e) {
    struct records *r = records_new(on_record, s);
    if (r == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    int rc = feed_all(r, fd, path, e);
    records_end(r);
    s->c->files[s->file].lines = records_lines(r);
    records_free(r);
    return rc;
}

int scan_fd(struct casefile *c, const struct scan_table *t, int fd, const char *path,
            struct err *e) {
    int64_t file = case_add_file(c, path, e);
    if (file < 0)
        return -1;
    struct scan *s = calloc(1, sizeof *s);
    if (s == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    s->c = c;
    s->table = t;
    s->file = (size_t)file;
    s->nginx_time = -1;
    iis_fields_init(&s->iis);
    whose_init(&s->whose, path);
    int rc = scan_with(s, fd, path, e);
    free(s);
    return rc;
}
