/* The run: rules, files, judgement. It must never name a cause itself; that is for the rules. */
#include "diagnose/diagnose.h"
#include "base/owned.h"
#include "diagnose/diagnose_impl.h"
#include "diagnose/paths.h"
#include "diagnose/scan.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum { CASES_MAX = 10 * 1000, IDS_BYTES_MAX = 1024 * 1024 };

static const char *const verdict_words[] = {
#define X(name, word) [VERDICT_##name] = word,
    VERDICT_TABLE(X)
#undef X
};

const char *verdict_word(enum verdict verdict) {
    return verdict_words[verdict];
}

const char *finding_id(const struct finding *f) {
    return f->rule != NULL ? f->rule->id : "unknown";
}

void diagnosis_free(struct diagnosis *d) {
    if (d == NULL)
        return;
    for (size_t i = 0; i < d->count; i++) {
        judgement_free(&d->cases[i].j);
        case_free(d->cases[i].c);
    }
    free(d->cases);
    rules_free(d->rules);
    free(d);
}

/* ---- reading ---- */

struct reading {
    struct diagnosis *d;
    struct scan_table *table;
};

static struct casefile *case_named(struct diagnosis *d, const char *name) {
    for (size_t i = d->count; i > 0; i--)
        if (strcmp(d->cases[i - 1].c->name, name) == 0)
            return d->cases[i - 1].c;
    if (d->count == CASES_MAX)
        return NULL;
    if (d->count == d->room) {
        size_t more = d->room == 0 ? 16 : d->room * 2;
        struct judged_case *grown = reallocarray(d->cases, more, sizeof *grown);
        if (grown == NULL)
            return NULL;
        d->cases = grown;
        d->room = more;
    }
    struct casefile *c = case_new(d->rules, name);
    if (c != NULL)
        d->cases[d->count++] = (struct judged_case){.c = c};
    return c;
}

static int read_path(void *user, const char *case_name, const char *path, struct err *e) {
    const struct reading *r = user;
    struct casefile *c = case_named(r->d, case_name);
    if (c == NULL)
        return err_set(e, ERR_SYS_LIMIT, "%s: no room for one more case", path);
    if (strcmp(path, "-") == 0)
        return scan_fd(c, r->table, STDIN_FILENO, "(standard input)", e);
    AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(e, ERR_SYS_IO, "%s: %s", path, strerror(errno));
    return scan_fd(c, r->table, fd, path, e);
}

static int read_paths(struct diagnosis *d, const char *const *paths, size_t count, struct err *e) {
    struct reading reading = {.d = d, .table = scan_table_new(d->rules)};
    int rc = reading.table != NULL ? 0 : err_set(e, ERR_SYS_NOMEM, NULL);
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = paths_walk(paths[i], read_path, &reading, e);
    scan_table_free(reading.table);
    return rc;
}

static struct rules *load_rules(const char *file, struct cfg_mistakes *m, struct err *e) {
    struct cfg_mistakes *own = m == NULL ? cfg_mistakes_new() : NULL;
    struct cfg_mistakes *used = m != NULL ? m : own;
    struct rules *rules = used != NULL ? rules_load(file, used) : NULL;
    if (rules == NULL && used != NULL && cfg_mistakes_count(used) > 0)
        err_set(e, cfg_mistake_code(used, 0), "%s", cfg_mistake_text(used, 0));
    else if (rules == NULL)
        err_set(e, ERR_SYS_NOMEM, NULL);
    cfg_mistakes_free(own);
    return rules;
}

static int run(struct diagnosis *d, const char *const *paths, size_t count, struct err *e) {
    int rc = read_paths(d, paths, count, e);
    for (size_t i = 0; i < d->count && rc == 0; i++)
        rc = judge(d->cases[i].c, &d->cases[i].j, e);
    return rc;
}

struct diagnosis *diagnose_run(const char *const *paths, size_t count, const char *rules_file,
                               struct cfg_mistakes *m, struct err *e) {
    struct diagnosis *d = calloc(1, sizeof *d);
    if (d == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    d->rules = load_rules(rules_file, m, e);
    if (d->rules != NULL && run(d, paths, count, e) == 0)
        return d;
    diagnosis_free(d);
    return NULL;
}

/* ---- the outcome ---- */

static bool has_records(const struct casefile *c) {
    for (size_t i = 0; i < c->file_count; i++)
        if (c->files[i].records > 0)
            return true;
    return false;
}

enum verdict case_verdict(const struct judged_case *c) {
    bool unknown = false;
    for (size_t i = 0; i < c->j.count; i++) {
        if (c->j.incidents[i].findings[0].rule != NULL)
            return VERDICT_FOUND;
        unknown = true;
    }
    if (unknown)
        return VERDICT_UNKNOWN;
    if (c->c->successes > 0 || c->j.harmless_count > 0)
        return VERDICT_HEALTHY;
    return has_records(c->c) ? VERDICT_QUIET : VERDICT_NOTHING;
}

enum verdict diagnosis_verdict(const struct diagnosis *d) {
    enum verdict highest = VERDICT_NOTHING;
    for (size_t i = 0; i < d->count; i++)
        if (case_verdict(&d->cases[i]) > highest)
            highest = case_verdict(&d->cases[i]);
    return highest;
}

static bool incident_names(const struct incident *i, const char *id) {
    for (size_t k = 0; k < i->finding_count; k++)
        if (strcmp(finding_id(&i->findings[k]), id) == 0)
            return true;
    return false;
}

static bool case_names(const struct judged_case *c, const char *id) {
    for (size_t i = 0; i < c->j.count; i++)
        if (incident_names(&c->j.incidents[i], id))
            return true;
    for (size_t i = 0; i < c->j.harmless_count; i++)
        if (incident_names(&c->j.harmless[i], id))
            return true;
    return false;
}

bool diagnosis_names(const struct diagnosis *d, const char *id) {
    for (size_t i = 0; i < d->count; i++)
        if (case_names(&d->cases[i], id))
            return true;
    return false;
}

static void put_ids(struct buf *out, const struct incident *i) {
    AUTO_BUF ids = BUF_INIT(4096);
    for (size_t k = 0; k < i->finding_count; k++)
        buf_printf(&ids, "%s%s", k > 0 ? "|" : "", finding_id(&i->findings[k]));
    size_t len = ids.len;
    for (const char *at = buf_str(out); (at = strstr(at, buf_str(&ids))) != NULL; at += len)
        if ((at == buf_str(out) || at[-1] == ' ') && (at[len] == ',' || at[len] == '\0'))
            return;
    buf_printf(out, "%s%s", out->len > 0 ? ", " : "", buf_str(&ids));
}

char *diagnosis_ids(const struct diagnosis *d) {
    AUTO_BUF out = BUF_INIT(IDS_BYTES_MAX);
    buf_put_str(&out, "");
    for (size_t i = 0; i < d->count; i++)
        for (size_t k = 0; k < d->cases[i].j.count; k++)
            put_ids(&out, &d->cases[i].j.incidents[k]);
    return out.len > 0 ? buf_take_str(&out) : strdup("");
}
