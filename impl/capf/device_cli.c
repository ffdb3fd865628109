/* capflab capf device add|set|list|show|report: phones into the store and out of it, one at a time,
 * by pattern or from a file. A bulk change is one transaction: all of it, or nothing. */
#include "base/owned.h"
#include "capf/cli.h"
#include "capf/csv.h"
#include "capf/device_fields.h"
#include "capf/device_report.h"
#include <stdlib.h>
#include <string.h>

enum { CSV_COLUMNS_MAX = 32, COUNT_MAX = 1000000, FITTING_MAX = 256 * 1024 * 1024 };

/* What happens to each named device: options or a CSV record applied, then added or updated. */
typedef int change_fn(struct cli *c, const char *name, void *extra, struct err *e);

static int commit_or_not(struct cli *c, int rc, struct err *e) {
    if (rc == 0)
        rc = store_commit(c->store, e);
    if (rc < 0)
        store_rollback(c->store);
    return rc;
}

/* A name with its number cut out: "SEP0011223344%02d", or %02X for names that are addresses. */
struct pattern {
    int prefix; /* characters in front of the number */
    int width;
    char kind; /* d, x or X */
    const char *suffix;
};

static int read_pattern(const char *text, struct pattern *p, struct err *e) {
    const char *percent = strchr(text, '%');
    char *end = NULL;
    if (percent != NULL) {
        long digits = strtol(percent + 1, &end, 10);
        bool known = *end != '\0' && strchr("dxX", *end) != NULL;
        if (known && digits >= 0 && digits <= 12 && strchr(end, '%') == NULL) {
            *p = (struct pattern){(int)(percent - text), (int)digits, *end, end + 1};
            return 0;
        }
    }
    return err_set(e, ERR_ARG_USAGE,
                   "'%s': with --count a name needs one %%d, %%x or %%X such as %%02d", text);
}

static void put_number(struct buf *out, const struct pattern *p, long long number) {
    if (p->kind == 'd')
        buf_printf(out, "%0*lld", p->width, number);
    else if (p->kind == 'x')
        buf_printf(out, "%0*llx", p->width, (unsigned long long)number);
    else
        buf_printf(out, "%0*llX", p->width, (unsigned long long)number);
}

static int expand(struct cli *c, const char *text, change_fn *change, void *extra, struct err *e) {
    struct pattern p = {0};
    if (read_pattern(text, &p, e) < 0)
        return -1;
    for (int64_t i = 0; i < c->options->count; i++) {
        AUTO_BUF name = BUF_INIT(1024);
        buf_printf(&name, "%.*s", p.prefix, text);
        put_number(&name, &p, (long long)(c->options->first + i));
        buf_put_str(&name, p.suffix);
        if (change(c, buf_str(&name), extra, e) < 0)
            return -1;
    }
    return 0;
}

struct csv_record {
    char *const *headings;
    char *const *values;
    int count;
};

static int apply_record(struct device *d, const struct csv_record *r, bool *schedules,
                        struct err *e) {
    int before = d->operation;
    bool status_given = false;
    for (int i = 0; i < r->count; i++) {
        const struct device_field *f = device_field_find(r->headings[i]);
        if (r->values[i][0] == '\0' || strcmp(f->name, "name") == 0)
            continue;
        if (f->set(d, r->values[i], e) < 0)
            return -1;
        *schedules |= strcmp(f->name, "operation") == 0;
        status_given |= strcmp(f->name, "status") == 0;
    }
    if (*schedules)
        device_settle(d, before, status_given);
    return 0;
}

static int apply_all(struct cli *c, struct device *d, const struct csv_record *record,
                     bool *schedules, struct err *e) {
    if (device_fields_apply(d, c->options, schedules, e) < 0)
        return -1;
    return record == NULL ? 0 : apply_record(d, record, schedules, e);
}

static int add_one(struct cli *c, const char *name, void *record, struct err *e) {
    struct device d;
    bool schedules = false;
    device_defaults(&d);
    if (device_field_find("name")->set(&d, name, e) < 0 ||
        apply_all(c, &d, record, &schedules, e) < 0)
        return -1;
    return store_add(c->store, &d, e);
}

static int set_device(struct cli *c, const char *name, void *record, struct err *e) {
    struct device d;
    bool schedules = false;
    if (store_device(c->store, name, &d, e) < 0 || apply_all(c, &d, record, &schedules, e) < 0)
        return -1;
    return store_update(c->store, &d, schedules, e);
}

/* Names that fit a pattern, each with its NUL: they are changed after the walk, whose statement
 * must not meet its own changes. */
struct fitting {
    struct cli_choice choice;
    struct buf names;
};

static bool collect_fitting(void *user, const struct device *d) {
    struct fitting *f = user;
    return !cli_wants(&f->choice, d->name) || buf_put(&f->names, d->name, strlen(d->name) + 1) == 0;
}

static int change_collected(struct cli *c, struct fitting *f, store_device_fn *collect,
                            void *record, struct err *e) {
    if (store_each(c->store, collect, f, e) < 0)
        return -1;
    if (f->names.failed)
        return err_set(e, ERR_SYS_LIMIT, "too many devices at once");
    for (size_t at = 0; at < f->names.len; f->choice.taken++) {
        const char *name = (const char *)f->names.data + at;
        at += strlen(name) + 1;
        if (set_device(c, name, record, e) < 0)
            return -1;
    }
    return 0;
}

static int set_fitting(struct cli *c, struct fitting *f, void *record, struct err *e) {
    int rc = change_collected(c, f, collect_fitting, record, e);
    return rc < 0 ? -1 : cli_chosen(&f->choice, e);
}

static int set_one(struct cli *c, const char *name, void *record, struct err *e) {
    if (!cli_is_pattern(name))
        return set_device(c, name, record, e);
    char *names[] = {(char *)name};
    struct fitting f = {{.names = names, .count = 1}, BUF_INIT(FITTING_MAX)};
    int rc = set_fitting(c, &f, record, e);
    buf_free(&f.names);
    return rc;
}

/* Every heading must be a column that can be set; the place of "name", or -1. */
static int check_headings(char *const *headings, int count, struct err *e) {
    int name = -1;
    for (int i = 0; i < count; i++) {
        const struct device_field *f = device_field_find(headings[i]);
        if (f == NULL || f->set == NULL)
            return err_set(e, ERR_ARG_USAGE, "1: '%s' is not a column that can be set",
                           headings[i]);
        if (strcmp(f->name, "name") == 0)
            name = i;
    }
    return name >= 0 ? name : err_set(e, ERR_ARG_USAGE, "1: a column 'name' is needed");
}

static int change_records(struct cli *c, FILE *file, change_fn *change, struct err *e) {
    AUTO(char) heading = NULL;
    AUTO(char) line = NULL;
    size_t heading_size = 0, line_size = 0;
    char *headings[CSV_COLUMNS_MAX], *values[CSV_COLUMNS_MAX];
    if (getline(&heading, &heading_size, file) < 0)
        return err_set(e, ERR_ARG_USAGE, "1: headings are missing");
    int columns = csv_split(heading, headings, CSV_COLUMNS_MAX);
    if (columns < 0)
        return err_set(e, ERR_ARG_USAGE, "1: not CSV");
    int name = check_headings(headings, columns, e);
    if (name < 0)
        return -1;
    for (int number = 2; getline(&line, &line_size, file) >= 0; number++) {
        if (line[strspn(line, " \t\r\n")] == '\0')
            continue;
        if (csv_split(line, values, CSV_COLUMNS_MAX) != columns)
            return err_set(e, ERR_ARG_USAGE, "%d: %d columns are needed", number, columns);
        struct csv_record record = {headings, values, columns};
        if (change(c, values[name], &record, e) < 0)
            return err_context(e, "%d", number);
    }
    return 0;
}

static int change_file(struct cli *c, const char *path, change_fn *change, struct err *e) {
    AUTO(FILE) file = fopen(path, "re");
    if (file == NULL)
        return err_errno(e, "%s", path);
    return change_records(c, file, change, e) < 0 ? err_context(e, "%s", path) : 0;
}

static int change_each(struct cli *c, int argc, char **argv, change_fn *change, struct err *e) {
    if (c->options->file != NULL && change_file(c, c->options->file, change, e) < 0)
        return -1;
    for (int i = 1; i < argc; i++) {
        int rc = c->options->count > 0 ? expand(c, argv[i], change, NULL, e)
                                       : change(c, argv[i], NULL, e);
        if (rc < 0)
            return -1;
    }
    return 0;
}

static int check_count(const struct cli *c, struct err *e) {
    bool fits = c->options->count >= 0 && c->options->count <= COUNT_MAX;
    return fits ? 0 : err_set(e, ERR_ARG_USAGE, "--count: 1 to %d", COUNT_MAX);
}

static int change_devices(struct cli *c, int argc, char **argv, change_fn *change) {
    struct err e = {0};
    if (argc < 2 && c->options->file == NULL) {
        err_set(&e, ERR_ARG_USAGE, "name a device, a pattern with --count, or --file FILE");
        return cli_fail(c, &e);
    }
    if (check_count(c, &e) < 0)
        return cli_fail(c, &e);
    if (store_begin(c->store, &e) < 0)
        return cli_fail(c, &e);
    int rc = commit_or_not(c, change_each(c, argc, argv, change, &e), &e);
    return rc < 0 ? cli_fail(c, &e) : EXIT_DONE;
}

static int verb_add(struct cli *c, int argc, char **argv) {
    return change_devices(c, argc, argv, add_one);
}

static int verb_set(struct cli *c, int argc, char **argv) {
    return change_devices(c, argc, argv, set_one);
}

static int copy_to(struct cli *c, const char *name, void *original, struct err *e) {
    return store_copy_device(c->store, original, name, e);
}

/* device copy NAME NEW, or with --count a pattern for the new names. */
static int verb_copy(struct cli *c, int argc, char **argv) {
    struct err e = {0};
    if (argc != 3)
        err_set(&e, ERR_ARG_USAGE, "device copy NAME NEW");
    if (argc != 3 || check_count(c, &e) < 0 || store_begin(c->store, &e) < 0)
        return cli_fail(c, &e);
    int rc = c->options->count > 0 ? expand(c, argv[2], copy_to, argv[1], &e)
                                   : copy_to(c, argv[2], argv[1], &e);
    return commit_or_not(c, rc, &e) < 0 ? cli_fail(c, &e) : EXIT_DONE;
}

static bool collect_due(void *user, const struct device *d) {
    struct fitting *f = user;
    bool due = cli_wants(&f->choice, d->name) && device_lsc_is_due(d);
    return !due || buf_put(&f->names, d->name, strlen(d->name) + 1) == 0;
}

static int renew_due(struct cli *c, struct fitting *f, struct err *e) {
    char heading[] = "operation", value[] = "install";
    char *const headings[] = {heading}, *const values[] = {value};
    struct csv_record install = {headings, values, 1};
    if (change_collected(c, f, collect_due, &install, e) < 0)
        return -1;
    for (size_t at = 0; at < f->names.len; at += strlen((char *)f->names.data + at) + 1)
        fprintf(c->out, "%s\n", (char *)f->names.data + at);
    return 0;
}

/* Schedules an install for each device whose LSC is due, and says which those are. */
static int verb_renew(struct cli *c, int argc, char **argv) {
    struct err e = {0};
    struct fitting f = {{.names = argv + 1, .count = argc - 1}, BUF_INIT(FITTING_MAX)};
    if (store_begin(c->store, &e) < 0)
        return cli_fail(c, &e);
    int rc = commit_or_not(c, renew_due(c, &f, &e), &e);
    buf_free(&f.names);
    return rc < 0 ? cli_fail(c, &e) : EXIT_DONE;
}

static enum report_format format_of(const struct cli *c) {
    return c->options->json ? REPORT_JSON : c->options->csv ? REPORT_CSV : REPORT_TEXT;
}

static int report(struct cli *c, int argc, char **argv, const char *const *columns) {
    struct err e = {0};
    struct cli_choice choice = {.names = argv + 1, .count = argc - 1};
    int rc = report_devices(c->store, columns, format_of(c), &choice, c->out, &e);
    return rc < 0 || cli_chosen(&choice, &e) < 0 ? cli_fail(c, &e) : EXIT_DONE;
}

static int verb_list(struct cli *c, int argc, char **argv) {
    return report(c, argc, argv, report_list_columns);
}

static int verb_report(struct cli *c, int argc, char **argv) {
    return report(c, argc, argv, report_lsc_columns);
}

static int verb_show(struct cli *c, int argc, char **argv) {
    struct err e = {0};
    struct device d;
    if (argc != 2)
        err_set(&e, ERR_ARG_USAGE, "device show NAME");
    if (argc != 2 || store_device(c->store, argv[1], &d, &e) < 0)
        return cli_fail(c, &e);
    report_device(&d, format_of(c), c->out);
    return EXIT_DONE;
}

int cli_device(struct cli *c, int argc, char **argv) {
    static const struct cli_verb verbs[] = {
        {"add", verb_add},   {"set", verb_set},       {"renew", verb_renew}, {"list", verb_list},
        {"show", verb_show}, {"report", verb_report}, {"copy", verb_copy},   {NULL, NULL}};
    return cli_dispatch(c, "device", verbs, argc, argv);
}
