/* capflab capf csr list|dump|count|delete: the requests that wait for an offline CA, as `utils capf
 * csr` shows them on CUCM (capf-service.md 1 and 5). */
#include "base/base64.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/owned.h"
#include "capf/archive.h"
#include "capf/cli.h"
#include "capf/csv.h"
#include "capf/issuer.h"
#include <jansson.h>
#include <string.h>
#include <strings.h>

struct walk {
    struct cli *cli;
    char **names; /* operands; count 0 with --all or none: every one */
    int count;
    int seen;
    json_t *rows;
    const char *folder;
    struct err err;
};

static bool is_wanted(const struct walk *w, const struct enrolment *x) {
    for (int i = 0; i < w->count; i++)
        if (strcasecmp(w->names[i], x->device) == 0)
            return true;
    return w->count == 0;
}

static int each_waiting(struct walk *w, store_enrolment_fn *fn) {
    return store_enrolment_each(w->cli->store, ISSUER_OFFLINE_CA, ENROLMENT_REQUESTED, fn, w,
                                &w->err);
}

static bool list_row(void *user, const struct enrolment *x) {
    struct walk *w = user;
    char started[CLOCK_ISO_MAX];
    if (!is_wanted(w, x))
        return true;
    clock_iso(x->started * 1000000, started);
    AUTO(char) path = issuer_shown_path("csr", x->device, ".csr");
    if (w->rows != NULL)
        json_array_append_new(w->rows, json_pack("{s:s, s:s, s:s}", "device", x->device,
                                                 "requested", started, "file", path));
    else
        fprintf(w->cli->out, w->cli->options->csv ? "%s,%s,%s\n" : "%-18s  %-28s  %s\n", x->device,
                started, path == NULL ? "" : path);
    return true;
}

static int verb_list(struct cli *c, int argc, char **argv) {
    struct walk w = {.cli = c, .names = argv + 1, .count = argc - 1};
    if (c->options->json)
        w.rows = json_array();
    else
        fprintf(c->out, c->options->csv ? "%s,%s,%s\n" : "%-18s  %-28s  %s\n", "device",
                "requested", "file");
    int rc = each_waiting(&w, list_row);
    if (w.rows != NULL) {
        json_dumpf(w.rows, c->out, JSON_INDENT(2));
        fputc('\n', c->out);
        json_decref(w.rows);
    }
    return rc < 0 ? cli_fail(c, &w.err) : EXIT_DONE;
}

static bool count_row(void *user, const struct enrolment *x) {
    (void)x;
    ((struct walk *)user)->seen++;
    return true;
}

static int verb_count(struct cli *c, int argc, char **argv) {
    (void)argc;
    (void)argv;
    struct walk w = {.cli = c};
    if (each_waiting(&w, count_row) < 0)
        return cli_fail(c, &w.err);
    fprintf(c->out, "%d\n", w.seen);
    return EXIT_DONE;
}

static bool dump_row(void *user, const struct enrolment *x) {
    struct walk *w = user;
    if (!is_wanted(w, x))
        return true;
    AUTO_BUF pem = BUF_INIT(4 * STORE_CSR_MAX);
    AUTO(char) path = path_join(w->folder, "%s.csr", x->device);
    b64_armour(bytes_of(x->csr, x->csr_len), "CERTIFICATE REQUEST", B64_WRAP_64_LF, &pem);
    if (path == NULL || file_write(path, buf_view(&pem), 0644, &w->err) < 0)
        return false;
    w->seen++;
    return true;
}

static int dump_into(struct walk *w, const char *folder) {
    w->folder = folder;
    if (file_mkdirs(folder, &w->err) < 0 || each_waiting(w, dump_row) < 0)
        return -1;
    return w->err.code == ERR_OK ? 0 : -1;
}

static int dump_archive(struct walk *w, const char *archive) {
    AUTO(char) folder = archive_new_folder(&w->err);
    if (folder == NULL)
        return -1;
    int rc = dump_into(w, folder);
    if (rc == 0)
        rc = archive_pack(archive, folder, &w->err);
    archive_remove_folder(folder);
    return rc;
}

static int verb_dump(struct cli *c, int argc, char **argv) {
    struct walk w = {.cli = c, .names = argv + 1, .count = argc - 1};
    const char *output = c->options->output == NULL ? "." : c->options->output;
    int rc = archive_is(output) ? dump_archive(&w, output) : dump_into(&w, output);
    if (rc < 0)
        return cli_fail(c, &w.err);
    fprintf(c->out, "%d written to %s\n", w.seen, output);
    return EXIT_DONE;
}

/* Rows are changed after the walk: the statement of the walk must not meet its own changes. */
struct victims {
    struct walk walk;
    int64_t ids[1024];
    char devices[1024][CAPF_DEVICE_NAME_MAX + 1];
};

static bool collect_row(void *user, const struct enrolment *x) {
    struct victims *v = user;
    if (!is_wanted(&v->walk, x))
        return true;
    v->ids[v->walk.seen] = x->id;
    memcpy(v->devices[v->walk.seen], x->device, sizeof x->device);
    return ++v->walk.seen < 1024;
}

static int delete_collected(struct cli *c, struct victims *v) {
    for (int i = 0; i < v->walk.seen; i++) {
        if (store_enrolment_state(c->store, v->ids[i], ENROLMENT_STALE, &v->walk.err) < 0)
            return -1;
        issuer_remove_csr_file(c->config, v->devices[i]);
    }
    return 0;
}

static int verb_delete(struct cli *c, int argc, char **argv) {
    struct err e = {0};
    if (argc < 2 && !c->options->all) {
        err_set(&e, ERR_ARG_USAGE, "name devices, or say --all");
        return cli_fail(c, &e);
    }
    AUTO(char) memory = calloc(1, sizeof(struct victims));
    if (memory == NULL)
        return cli_fail(c, &e);
    struct victims *v = (void *)memory;
    int total = 0;
    do {
        v->walk = (struct walk){.cli = c, .names = argv + 1, .count = argc - 1};
        if (store_enrolment_each(c->store, ISSUER_OFFLINE_CA, ENROLMENT_REQUESTED, collect_row, v,
                                 &v->walk.err) < 0 ||
            delete_collected(c, v) < 0)
            return cli_fail(c, &v->walk.err);
        total += v->walk.seen;
    } while (v->walk.seen == 1024);
    fprintf(c->out, "%d deleted\n", total);
    return total > 0 || c->options->all ? EXIT_DONE : EXIT_FAILED;
}

int cli_csr(struct cli *c, int argc, char **argv) {
    static const struct cli_verb verbs[] = {{"list", verb_list},
                                            {"dump", verb_dump},
                                            {"count", verb_count},
                                            {"delete", verb_delete},
                                            {NULL, NULL}};
    return cli_dispatch(c, "csr", verbs, argc, argv);
}
