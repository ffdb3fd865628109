/* capflab-bench: drives phones or EST requests through a lab or an outside server, and tells what
 * an enrolment costs. Here: the command line, sweeps, and the files that are written. */
#include "base/owned.h"
#include "base/program.h"
#include "bench/chaos.h"
#include "bench/lab.h"
#include "bench/measure.h"
#include "bench/page.h"
#include "bench/results.h"
#include "bench/sweep.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SWEEPS_MAX = 8 };

#define STAGE_HELP(id, word, help) "  " word ": " help "\n"
static const char more[] = "Stages:\n" STAGE_TABLE(
    STAGE_HELP) "\n"
                "Figures are medians over the runs. CPU is user and system "
                "time of each component for one\n"
                "enrolment; \"phones\" is this program. The crypto floor "
                "is what the signatures, verifications,\n"
                "key exchanges and hashes of one enrolment cost done bare "
                "in the same run (bench/README.md).\n"
                "A CAPF outside needs devices for warm-up and all runs first, "
                "and a new schedule for the next time:\n"
                "  capflab capf device add '" BENCH_DEVICE_PATTERN
                "' --first 0 --count N --mode null-string \\\n"
                "      --operation install --store FILE        (for ec256 "
                "also --key-order ec-only --ec-key-size 256)\n"
                "  capflab capf device set '" BENCH_DEVICE_PATTERN
                "' --first 0 --count N --operation install --store FILE"
                "\n\n" CHAOS_HELP;

static const struct program program = {
    .name = "capflab-bench",
    .summary = "Measures how fast phones are enrolled, and what that costs.",
    .usage = "[OPTION...]\n--html FILE RESULT.json...",
    .example = "capflab bench --stage all --concurrency 8 --phones 200\n"
               "capflab bench --stage all --rate 20 --duration 30s\n"
               "capflab bench --stage est --duration 10s --session persistent --json est.json\n"
               "capflab bench --sweep concurrency=1,2,4,8,16 --json all.json --html all.html\n"
               "capflab bench --stage est --est ra.example:8084 --trust ca.pem --user ra:secret\n"
               "capflab bench --capf capf.example:3804 --trust capf.pem --phones 100 --repeat 5\n"
               "capflab bench --chaos --duration 5m --seed 7",
    .more = more,
};

/* What the command line says beside the options of the measurement. */
struct command {
    struct bench_options options; /* as given, not yet settled */
    struct sweep sweeps[SWEEPS_MAX];
    size_t sweep_count;
    const char *html, *duration;
    char **files; /* results of earlier runs, for a page */
    int file_count;
};

/* Every point is settled here once, so that a mistake is told before anything starts. */
static int check_sweep(const struct command *c, const struct sweep *s, struct err *e) {
    for (size_t i = 0; i < s->count; i++) {
        struct bench_options o = sweep_point(s, i, &c->options);
        if (bench_options_settle(&o, e) != 0)
            return err_context(e, "--sweep %s", s->over);
    }
    return 0;
}

/* Found out before a measurement and not behind it. */
static int check_files(const struct command *c, struct err *e) {
    if (c->options.trust != NULL && access(c->options.trust, R_OK) != 0)
        return err_errno(e, "--trust %s", c->options.trust);
    if (c->options.json != NULL && results_check(c->options.json, e) != 0)
        return -1;
    return c->html == NULL ? 0 : results_check(c->html, e);
}

static int check_page(const struct command *c, const struct opt_strings *sweeps, struct err *e) {
    if (c->html == NULL)
        return err_set(e, ERR_ARG_USAGE, "%s: results are for a page: give --html FILE",
                       c->files[0]);
    if (c->options.json != NULL || sweeps->count > 0)
        return err_set(e, ERR_ARG_USAGE, "a page of results measures nothing: no --json, --sweep");
    return 0;
}

static int check_command(struct command *c, const struct opt_strings *sweeps, struct err *e) {
    if (c->duration != NULL && bench_duration_parse(c->duration, &c->options.duration_us, e) != 0)
        return -1;
    struct bench_options o = c->options;
    if (o.chaos && (sweeps->count > 0 || c->html != NULL || c->file_count > 0))
        return err_set(e, ERR_ARG_USAGE, "--chaos takes no --sweep, no --html and no files");
    if (o.chaos)
        return chaos_options_settle(&c->options, e);
    if (c->file_count > 0)
        return check_page(c, sweeps, e);
    if (sweeps->count > SWEEPS_MAX)
        return err_set(e, ERR_ARG_USAGE, "--sweep: at most %d of them", SWEEPS_MAX);
    for (size_t i = 0; i < sweeps->count; i++)
        if (sweep_parse(sweeps->items[i], &c->sweeps[c->sweep_count++], e) != 0 ||
            check_sweep(c, &c->sweeps[i], e) != 0)
            return -1;
    return bench_options_settle(&o, e);
}

static void read_command(struct command *c, int argc, char **argv) {
    struct bench_options *o = &c->options;
    struct opt_strings sweeps = {0};
    const struct opt options[] = {
        {"stage", 's', OPT_STRING, &o->stage_word, "STAGE",
         "what is driven, see below (default: all)"},
        {"phones", 'n', OPT_INT, &o->phones, "N", "enrolments of a run (default: 200)"},
        {"concurrency", 'c', OPT_INT, &o->concurrency, "N",
         "at the same time, at most (default: 8; with --rate 1000)"},
        {"rate", 0, OPT_INT, &o->rate, "N",
         "start so many a second; latency counts from the intended start"},
        {"duration", 'd', OPT_STRING, &c->duration, "TIME",
         "of a run, at most: seconds, or with a unit such as 5m"},
        {"repeat", 'r', OPT_INT, &o->repeat, "N", "runs (default: 3)"},
        {"waiting", 0, OPT_INT, &o->waiting, "N",
         "also beside so many phones that are connected and wait for their keys"},
        {"silent", 0, OPT_INT, &o->silent, "N",
         "also beside so many enrolments that a stopped certsrv does not answer; the load is what "
         "needs no certsrv"},
        {"warm-up", 'w', OPT_INT, &o->warm_up, "N", "enrolments before the first (default: 20)"},
        {"issued", 0, OPT_INT, &o->issued, "N",
         "certificates and devices that there are already, as copies (default: 0)"},
        {"key", 'k', OPT_STRING, &o->key_word, "KEY", "rsa2048 or ec256 (default: rsa2048)"},
        {"keygen", 0, OPT_FLAG, &o->keygen, NULL, "phones make their keys (else: from a pool)"},
        {"issuer", 0, OPT_STRING, &o->issuer_word, "WHO",
         "of the phones' LSCs: capf (then --stage is capf) or online-ca (then it is all)"},
        {"session", 0, OPT_STRING, &o->session_word, "HOW",
         "per-enrollment or persistent connections (default: per-enrollment)"},
        {"upstream", 0, OPT_STRING, &o->upstream_word, "HOW",
         "the same between RA and certsrv (default: as --session)"},
        {"server-key", 0, OPT_STRING, &o->server_key_word, "KEY",
         "of the TLS certificates of RA and certsrv: rsa2048 or ec256 (default: rsa2048)"},
        {"workers", 0, OPT_INT, &o->workers, "N",
         "processes of each of CAPF, RA and certsrv (default: 1)"},
        {"durability", 0, OPT_STRING, &o->durability_word, "on|off",
         "commits are on disk before a peer hears of them (default: on)"},
        {"capf", 0, OPT_STRING, &o->capf, "HOST:PORT", "a CAPF outside, instead of a lab"},
        {"est", 0, OPT_STRING, &o->est, "HOST:PORT", "an EST server outside"},
        {"certsrv", 0, OPT_STRING, &o->certsrv, "HOST:PORT", "a certsrv outside"},
        {"login", 0, OPT_STRING, &o->login_word, "SCHEME",
         "of the RA, or of --stage certsrv: ntlm or basic (default: ntlm)"},
        {"template", 0, OPT_STRING, &o->template_name, "NAME",
         "that --stage certsrv asks for (default: CiscoRA)"},
        {"trust", 0, OPT_STRING, &o->trust, "FILE", "PEM that the outside server is trusted by"},
        {"server-name", 0, OPT_STRING, &o->name, "NAME",
         "that the certificate of the EST server or certsrv outside is for (default: its HOST)"},
        {"user", 0, OPT_STRING, &o->user, "USER:PASSWORD",
         "for the EST server or the certsrv outside"},
        {"output", 'o', OPT_STRING, &o->output, "DIR", "folder of the lab (out/bench/lab)"},
        {"sweep", 0, OPT_STRINGS, &sweeps, "OPTION=N,N",
         "then again for each value of concurrency, issued, workers or rate; may be repeated"},
        {"json", 'j', OPT_STRING, &o->json, "FILE", "also write all figures as JSON"},
        {"html", 0, OPT_STRING, &c->html, "FILE",
         "also write a page with curves; of results that were written before, if files are named"},
        {"chaos", 0, OPT_FLAG, &o->chaos, NULL,
         "phones beside faults, kills and hostile peers; then everything is judged (5m)"},
        {"seed", 0, OPT_INT, &o->seed, "N", "of the chaos: repeats its plan (default: 1)"},
        {.type = OPT_END},
    };
    struct err e = {0};
    int first = program_options(&program, options, false, argc, argv);
    c->files = argv + first;
    c->file_count = argc - first;
    if (check_command(c, &sweeps, &e) != 0)
        program_die(&program, EXIT_USAGE, &e);
}

/* All points, into "sweeps" of result. */
static int measure_sweep(const struct sweep *s, const struct bench_options *base, json_t *result,
                         struct err *e) {
    json_t *points = json_array();
    json_t *sweeps = json_object_get(result, "sweeps");
    json_array_append_new(sweeps, json_pack("{s:s, s:o}", "over", s->over, "points", points));
    for (size_t i = 0; i < s->count; i++) {
        struct bench_options o = sweep_point(s, i, base);
        char name[48];
        snprintf(name, sizeof name, "%s %lld", s->over, (long long)s->values[i]);
        printf("\n");
        json_t *point = bench_options_settle(&o, e) != 0 ? NULL : measure_setting(&o, name, e);
        if (point == NULL)
            return -1;
        json_array_append_new(
            points, json_pack("{s:I, s:o}", "value", (json_int_t)s->values[i], "result", point));
    }
    return 0;
}

static json_t *measure_all(const struct command *c, struct err *e) {
    struct bench_options o = c->options;
    json_t *result = bench_options_settle(&o, e) != 0 ? NULL : measure_setting(&o, "", e);
    if (result == NULL)
        return NULL;
    json_object_set_new(result, "sweeps", json_array());
    for (size_t i = 0; i < c->sweep_count; i++)
        if (measure_sweep(&c->sweeps[i], &c->options, result, e) != 0) {
            json_decref(result);
            return NULL;
        }
    return result;
}

static int write_results(const struct command *c, json_t *result, struct err *e) {
    if (c->options.json != NULL && results_write(c->options.json, result, e) != 0)
        return -1;
    if (c->html == NULL)
        return 0;
    json_t *results = json_object();
    const json_t *conditions = json_object_get(result, "conditions");
    json_object_set(results, json_string_value(json_object_get(conditions, "stage")), result);
    int written = bench_page_write(c->html, results, e);
    json_decref(results);
    return written;
}

static enum exit_code page_of_files(const struct command *c, struct err *e) {
    json_t *results = results_read(c->files, c->file_count, e);
    int written = results == NULL ? -1 : bench_page_write(c->html, results, e);
    json_decref(results);
    return written == 0 ? EXIT_DONE : e->code == ERR_ARG_USAGE ? EXIT_USAGE : EXIT_FAILED;
}

int main(int argc, char **argv) {
    struct command c = {.options = BENCH_OPTIONS_INIT};
    struct err e = {0};
    signal(SIGPIPE, SIG_IGN);
    read_command(&c, argc, argv);
    if (check_files(&c, &e) != 0)
        program_die(&program, EXIT_FAILED, &e);
    if (c.options.chaos)
        return chaos_run(&program, &c.options, c.options.json);
    if (c.file_count > 0) {
        enum exit_code code = page_of_files(&c, &e);
        if (code == EXIT_DONE)
            return EXIT_DONE;
        program_die(&program, code, &e);
    }
    json_t *result = measure_all(&c, &e);
    int done = result == NULL ? -1 : write_results(&c, result, &e);
    bool clean = done == 0 && !result_has_errors(result);
    json_decref(result);
    if (done != 0)
        program_die(&program, EXIT_FAILED, &e);
    return clean ? EXIT_DONE : EXIT_FAILED;
}
