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

enum { VICTIMS_MAX = 256 * 1024 * 1024 };

struct walk {
    struct cli *cli;
    struct cli_choice choice;
    json_t *rows;
    const char *folder;
    struct err err;
};

static int each_waiting(struct walk *w, store_enrolment_fn *fn) {
    if (store_enrolment_each(w->cli->store, ISSUER_OFFLINE_CA, ENROLMENT_REQUESTED, fn, w,
                             &w->err) < 0)
        return -1;
    return w->err.code == ERR_OK ? cli_chosen(&w->choice, &w->err) : -1;
}

static bool list_row(void *user, const struct enrolment *x) {
    struct walk *w = user;
    char started[CLOCK_ISO_MAX];
    if (!cli_wants(&w->choice, x->device))
        return true;
    w->choice.taken++;
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
    struct walk w = {.cli = c, .choice = {.names = argv + 1, .count = argc - 1}};
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
    ((struct walk *)user)->choice.taken++;
    return true;
}

static int verb_count(struct cli *c, int argc, char **argv) {
    (void)argc;
    (void)argv;
    struct walk w = {.cli = c};
    if (each_waiting(&w, count_row) < 0)
        return cli_fail(c, &w.err);
    fprintf(c->out, "%d\n", w.choice.taken);
    return EXIT_DONE;
}

static bool dump_row(void *user, const struct enrolment *x) {
    struct walk *w = user;
    if (!cli_wants(&w->choice, x->device))
        return true;
    AUTO_BUF pem = BUF_INIT(4 * STORE_CSR_MAX);
    AUTO(char) path = path_join(w->folder, "%s.csr", x->device);
    b64_armour(bytes_of(x->csr, x->csr_len), "CERTIFICATE REQUEST", B64_WRAP_64_LF, &pem);
    if (path == NULL || file_write(path, buf_view(&pem), 0644, &w->err) < 0)
        return false;
    w->choice.taken++;
    return true;
}

static int dump_into(struct walk *w, const char *folder) {
    w->folder = folder;
    return file_mkdirs(folder, &w->err) < 0 ? -1 : each_waiting(w, dump_row);
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
    struct walk w = {.cli = c, .choice = {.names = argv + 1, .count = argc - 1}};
    const char *output = c->options->output == NULL ? "." : c->options->output;
    int rc = archive_is(output) ? dump_archive(&w, output) : dump_into(&w, output);
    if (rc < 0)
        return cli_fail(c, &w.err);
    fprintf(c->out, "%d written to %s\n", w.choice.taken, output);
    return EXIT_DONE;
}

/* Rows are changed after the walk: the statement of the walk must not meet its own changes. */
struct victims {
    struct walk walk; /* first: what the walk is given */
    struct buf ids, devices;
};

static bool collect_row(void *user, const struct enrolment *x) {
    struct victims *v = user;
    if (!cli_wants(&v->walk.choice, x->device))
        return true;
    v->walk.choice.taken++;
    buf_put(&v->ids, &x->id, sizeof x->id);
    if (buf_put(&v->devices, x->device, sizeof x->device) == 0)
        return true;
    err_set(&v->walk.err, ERR_SYS_LIMIT, "too many requests at once");
    return false;
}

static int delete_collected(struct victims *v) {
    struct cli *c = v->walk.cli;
    const int64_t *ids = (const void *)v->ids.data;
    const char(*devices)[CAPF_DEVICE_NAME_MAX + 1] = (const void *)v->devices.data;
    for (int i = 0; i < v->walk.choice.taken; i++) {
        if (store_enrolment_state(c->store, ids[i], ENROLMENT_STALE, &v->walk.err) < 0)
            return -1;
        issuer_remove_csr_file(c->config, devices[i]);
    }
    return 0;
}

static int verb_delete(struct cli *c, int argc, char **argv) {
    struct victims v = {
        .walk = {.cli = c, .choice = {.names = argv + 1, .count = argc - 1}},
        .ids = BUF_INIT(VICTIMS_MAX),
        .devices = BUF_INIT(VICTIMS_MAX),
    };
    int rc = -1;
    if (argc < 2 && !c->options->all)
        err_set(&v.walk.err, ERR_ARG_USAGE, "name devices, or say --all");
    else
        rc = each_waiting(&v.walk, collect_row) < 0 ? -1 : delete_collected(&v);
    buf_free(&v.ids);
    buf_free(&v.devices);
    if (rc < 0)
        return cli_fail(c, &v.walk.err);
    fprintf(c->out, "%d deleted\n", v.walk.choice.taken);
    return EXIT_DONE;
}

int cli_csr(struct cli *c, int argc, char **argv) {
    static const struct cli_verb verbs[] = {{"list", verb_list},
                                            {"dump", verb_dump},
                                            {"count", verb_count},
                                            {"delete", verb_delete},
                                            {NULL, NULL}};
    return cli_dispatch(c, "csr", verbs, argc, argv);
}
