/* capflab-run: runs scenario files and reports. Wiring only; scenarios run in jobs.c and
 * run_scenario.c. */
#include "base/clock.h"
#include "base/file.h"
#include "base/owned.h"
#include "base/program.h"
#include "scenarios/runner/collect.h"
#include "scenarios/runner/diagnosis_ids.h"
#include "scenarios/runner/html.h"
#include "scenarios/runner/jobs.h"
#include "scenarios/runner/place.h"
#include "scenarios/runner/report.h"
#include "scenarios/runner/sut.h"
#include "scenarios/runner/torture.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

enum { REPEAT_MAX = 100000, PROGRESS_AFTER_US = 2 * 1000000 };

struct options {
    int64_t parallel;
    const char *dir;
    struct opt_strings tags;
    const char *seed;
    const char *junit;
    const char *json;
    const char *html;
    int64_t repeat;
    const char *shard;
    const char *wrap;
    const char *patience_text;
    bool failed;
    bool until_fail;
    bool lint;
    bool reference;
    struct opt_strings sut;
    const char *sut_config;
    bool torture;
    bool torture_all;
    const char *torture_round;
    int64_t torture_seconds;
    struct opt_strings torture_components;
    struct opt_strings torture_classes;
    const struct suts *suts; /* read from both; NULL: none */
};

static const char default_dir[] = "out";

static struct program program = {
    .name = "capflab-run",
    .summary = "Runs scenario files: builds each lab, plays the scenario, judges it, reports.",
    .usage = "[OPTION...] PATH...\n--lint PATH...\n--reference",
    .example = "capflab run -j2 -o out scenarios\n"
               "capflab run -o /tmp/one scenarios/healthy/online-ca.yaml\n"
               "capflab run --lint scenarios\n"
               "capflab run --torture scenarios/healthy/online-ca.yaml",
};

/* The tables of the format, for --help. Lives until the end of the program. */
static char *help_text(void) {
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    if (to == NULL)
        return NULL;
    fprintf(to, "Artifacts go to DIR/NAME/, NAME being the path below scenarios/ without .yaml; "
                "with -o and\nexactly one scenario file, to DIR itself. The last line is "
                "\"N passed, N failed\".\n\nSteps of `when`:\n");
    for (size_t i = 0; i < STEP_COUNT; i++)
        fprintf(to, "  %-16s %s\n", step_name((enum step_kind)i), step_help((enum step_kind)i));
    fprintf(to, "\nExpectations of `then`:\n");
    for (size_t i = 0; i < EXPECT_COUNT; i++)
        fprintf(to, "  %-16s %s\n", expect_name((enum expect_kind)i),
                expect_help((enum expect_kind)i));
    fprintf(to, "\nPlaceholders in patterns:\n");
    placeholders_print(to, "  {%s}\t%s\n");
    sut_print_help(to);
    torture_print_help(to);
    fprintf(to, "\nThe whole format: capflab run --reference.\n");
    fclose(to);
    return text;
}

static int parse_options(struct options *o, int argc, char **argv) {
    const struct opt table[] = {
        {"jobs", 'j', OPT_INT, &o->parallel, "N", "scenarios at a time (default: processors)"},
        {"output", 'o', OPT_STRING, &o->dir, "DIR", "folder for artifacts (default: out)"},
        {"tag", 't', OPT_STRINGS, &o->tags, "TAG", "only scenarios with this tag or folder"},
        {"seed", 0, OPT_STRING, &o->seed, "N", "seed of every random choice (default: 1)"},
        {"junit", 0, OPT_STRING, &o->junit, "FILE", "also report as JUnit XML"},
        {"json", 0, OPT_STRING, &o->json, "FILE", "also report as JSON"},
        {"html", 0, OPT_STRING, &o->html, "FILE", "also report as one page with charts"},
        {"repeat", 0, OPT_INT, &o->repeat, "N", "run each scenario N times"},
        {"failed", 0, OPT_FLAG, &o->failed, NULL,
         "only scenarios that failed in the last run in DIR"},
        {"until-fail", 0, OPT_FLAG, &o->until_fail, NULL,
         "run all again and again until one fails (at most --repeat times, if given)"},
        {"shard", 0, OPT_STRING, &o->shard, "I/N", "only the I-th of N parts"},
        {"wrap", 0, OPT_STRING, &o->wrap, "COMMAND",
         "put this in front of every program (valgrind -q ...); patience is 10 then"},
        {"patience", 0, OPT_STRING, &o->patience_text, "X", "make deadlines X times longer"},
        {"sut", 0, OPT_STRINGS, &o->sut, "COMPONENT=ADDRESS",
         "test that program in the component's place; or a command to start it"},
        {"sut-config", 0, OPT_STRING, &o->sut_config, "FILE",
         "credentials, trust, capabilities and excuses of it"},
        {"torture", 0, OPT_FLAG, &o->torture, NULL,
         "repeat each scenario, every time with another call of a component that fails"},
        {"torture-seconds", 0, OPT_INT, &o->torture_seconds, "N",
         "for each scenario (default: 40)"},
        {"torture-all", 0, OPT_FLAG, &o->torture_all, NULL, "every call, however long it takes"},
        {"torture-component", 0, OPT_STRINGS, &o->torture_components, "COMPONENT",
         "of this one only (default: capf and ra)"},
        {"torture-class", 0, OPT_STRINGS, &o->torture_classes, "CLASS",
         "of these only: alloc, socket, file, fault"},
        {"torture-round", 0, OPT_STRING, &o->torture_round, "CALL",
         "only the round that a failure has named"},
        {"lint", 0, OPT_FLAG, &o->lint, NULL, "only check the files"},
        {"reference", 0, OPT_FLAG, &o->reference, NULL, "print the reference page of the format"},
        {.type = OPT_END},
    };
    char *more = help_text();
    program.more = more;
    int first = program_options(&program, table, false, argc, argv);
    program.more = NULL;
    free(more);
    return first;
}

/* What the jobs report to. */
struct session {
    const struct options *options;
    json_t *results;
    size_t total;
    int width;
    int64_t begun;
    bool terminal;
    bool progress_shown;
};

static void clear_progress(struct session *s) {
    if (s->progress_shown)
        fputs("\r\033[K", stderr);
    s->progress_shown = false;
}

/* The folder of the programs as one would type it here. */
static char *programs_as_typed(void) {
    AUTO(char) dir = place_programs();
    char here[PATH_MAX];
    if (dir == NULL || getcwd(here, sizeof here) == NULL)
        return TAKE(dir);
    size_t len = strlen(here);
    if (strncmp(dir, here, len) == 0 && dir[len] == '/')
        return strdup(dir + len + 1);
    return TAKE(dir);
}

static void put_suts(struct buf *out, const struct options *o) {
    for (size_t i = 0; i < o->sut.count; i++)
        buf_printf(out, " --sut '%s'", o->sut.items[i]);
    if (o->sut_config != NULL)
        buf_printf(out, " --sut-config %s", o->sut_config);
}

static char *repeat_command(const struct options *o, const json_t *result) {
    AUTO(char) programs = programs_as_typed();
    const char *wrap = o->wrap == NULL ? "" : o->wrap;
    AUTO_BUF suts = BUF_INIT(64 * 1024);
    put_suts(&suts, o);
    char *text = NULL;
    if (asprintf(&text, "%s/capflab-run --seed %s%s%s%s%s -o %s %s",
                 programs == NULL ? "." : programs, o->seed, wrap[0] != '\0' ? " --wrap '" : "",
                 wrap, wrap[0] != '\0' ? "'" : "", buf_str(&suts),
                 json_string_value(json_object_get(result, "folder")),
                 json_string_value(json_object_get(result, "file"))) < 0)
        return NULL;
    return text;
}

static void on_done(void *user, const struct job *job) {
    struct session *s = user;
    clear_progress(s);
    AUTO(char) again = repeat_command(s->options, job->result);
    json_object_set_new(job->result, "again", json_string(again == NULL ? "" : again));
    report_result(stdout, job->result, s->width, again == NULL ? "" : again);
    fflush(stdout);
    json_array_append(s->results, job->result);
}

static void on_tick(void *user, const struct job *jobs, size_t count) {
    struct session *s = user;
    if (!s->terminal || clock_real_mono_us() - s->begun < PROGRESS_AFTER_US)
        return;
    AUTO_BUF names = BUF_INIT(60);
    for (size_t i = 0; i < count; i++)
        if (jobs[i].pid != 0)
            buf_printf(&names, " %s", jobs[i].name);
    fprintf(stderr, "\r\033[K[%zu/%zu]%s", json_array_size(s->results), s->total, buf_str(&names));
    s->progress_shown = true;
}

static bool one_file(const char *const *paths, size_t count) {
    size_t len = count == 1 ? strlen(paths[0]) : 0;
    return len > 5 && strcmp(paths[0] + len - 5, ".yaml") == 0;
}

/* Job i of repetition n. */
static int fill_job(struct job *job, const struct scenario *s, const struct options *o, bool direct,
                    int64_t repetition) {
    const char *dir = o->dir == NULL ? default_dir : o->dir;
    char suffix[24] = "";
    if (repetition > 0)
        snprintf(suffix, sizeof suffix, "#%" PRId64, repetition + 1);
    *job = (struct job){.scenario = s, .pidfd = -1, .result_fd = -1};
    if (asprintf(&job->name, "%s%s", s->name, suffix) < 0)
        job->name = NULL;
    job->dir = direct ? strdup(dir) : path_join(dir, "%s%s", s->name, suffix);
    return job->name != NULL && job->dir != NULL ? 0 : -1;
}

static struct job *make_jobs(const struct collection *c, const struct options *o, bool direct,
                             size_t *count) {
    *count = c->count * (size_t)o->repeat;
    struct job *jobs = calloc(*count, sizeof *jobs);
    for (size_t i = 0; jobs != NULL && i < *count; i++)
        if (fill_job(&jobs[i], c->items[i % c->count], o, direct, (int64_t)(i / c->count)) != 0)
            return NULL;
    return jobs;
}

static int write_reports(const struct options *o, const json_t *results) {
    struct err e = {0};
    if (o->junit != NULL && report_junit(o->junit, results, &e) != 0) {
        program_message(&program, "%s", e.text);
        return -1;
    }
    if (o->json != NULL && report_json(o->json, results, &e) != 0) {
        program_message(&program, "%s", e.text);
        return -1;
    }
    if (o->html != NULL && report_html(o->html, results, &e) != 0) {
        program_message(&program, "%s", e.text);
        return -1;
    }
    return 0;
}

static int exit_code_of(const struct tally *t) {
    if (t->failed > 0)
        return EXIT_FAILED;
    return t->passed == 0 && t->skipped > 0 ? EXIT_SKIPPED : EXIT_DONE;
}

static int run_jobs(struct job *jobs, size_t count, struct session *s,
                    const struct run_options *run) {
    const struct jobs_options options = {.run = run,
                                         .parallel = (size_t)s->options->parallel,
                                         .done = on_done,
                                         .tick = on_tick,
                                         .user = s};
    struct err e = {0};
    int interrupted = jobs_run(jobs, count, &options, &e);
    clear_progress(s);
    if (interrupted != 0)
        program_message(&program, "%s", e.text);
    int unwritten = write_reports(s->options, s->results);
    struct tally t = tally_of(s->results);
    report_counts(stdout, &t);
    return interrupted != 0 || unwritten != 0 ? EXIT_FAILED : exit_code_of(&t);
}

static int run_all(const struct collection *c, const struct options *o, bool direct,
                   double patience) {
    AUTO(char) programs = place_programs();
    AUTO(char) keys = keypool_default_dir();
    size_t count = 0;
    struct job *jobs = make_jobs(c, o, direct, &count);
    if (programs == NULL || keys == NULL || jobs == NULL) {
        program_message(&program, "out of memory");
        return EXIT_FAILED;
    }
    const struct run_options run = {.programs = programs,
                                    .keys = keys,
                                    .seed = o->seed,
                                    .wrap = o->wrap,
                                    .patience = patience,
                                    .suts = o->suts};
    struct session s = {.options = o,
                        .results = json_array(),
                        .total = count,
                        .begun = clock_real_mono_us(),
                        .terminal = isatty(STDERR_FILENO) == 1};
    for (size_t i = 0; i < count; i++)
        s.width = (int)strlen(jobs[i].name) > s.width ? (int)strlen(jobs[i].name) : s.width;
    int code = run_jobs(jobs, count, &s, &run);
    for (size_t i = 0; i < count; i++)
        job_release(&jobs[i]);
    free(jobs);
    json_decref(s.results);
    return code;
}

static bool tortures(const struct options *o) {
    return o->torture || o->torture_all || o->torture_round != NULL;
}

static int torture_all(const struct collection *c, const struct options *o) {
    AUTO(char) programs = place_programs();
    AUTO(char) typed = programs_as_typed();
    AUTO(char) keys = keypool_default_dir();
    if (programs == NULL || typed == NULL || keys == NULL) {
        program_message(&program, "out of memory");
        return EXIT_FAILED;
    }
    const struct run_options run = {
        .programs = programs, .keys = keys, .seed = o->seed, .patience = 1};
    const struct torture_request request = {.run = &run,
                                            .parallel = (size_t)o->parallel,
                                            .dir = o->dir == NULL ? default_dir : o->dir,
                                            .programs = typed,
                                            .components = o->torture_components.items,
                                            .component_count = o->torture_components.count,
                                            .classes = o->torture_classes.items,
                                            .class_count = o->torture_classes.count,
                                            .round = o->torture_round,
                                            .seconds = o->torture_seconds,
                                            .all = o->torture_all};
    struct err e = {0};
    json_t *results = json_array();
    int broken = torture_run(c, &request, results, &e);
    if (broken != 0)
        program_message(&program, "%s", e.text);
    int unwritten = write_reports(o, results);
    struct tally t = tally_of(results);
    report_counts(stdout, &t);
    json_decref(results);
    return broken != 0 || unwritten != 0 || t.failed > 0 ? EXIT_FAILED : EXIT_DONE;
}

/* Rounds until one does not end well. */
static int run_rounds(const struct collection *c, const struct options *o, bool direct,
                      double patience) {
    struct options round = *o;
    int64_t rounds = o->repeat > 1 ? o->repeat : REPEAT_MAX;
    if (!o->until_fail)
        return run_all(c, o, direct && o->repeat == 1, patience);
    round.repeat = 1;
    for (int64_t i = 1; i <= rounds; i++) {
        printf("round %" PRId64 "\n", i);
        int code = run_all(c, &round, direct, patience);
        if (code != EXIT_DONE)
            return code;
    }
    return EXIT_DONE;
}

static int wrong_use(const char *text) {
    program_message(&program, "%s", text);
    return EXIT_USAGE;
}

static int keep_shard(struct collection *c, const char *shard) {
    size_t index = 0;
    size_t parts = 0;
    char behind = '\0';
    if (shard == NULL)
        return 0;
    if (sscanf(shard, "%zu/%zu%c", &index, &parts, &behind) != 2 || index < 1 || index > parts)
        return -1;
    collection_keep_shard(c, index, parts);
    return 0;
}

static int select_and_run(struct collection *c, const struct options *o, bool direct) {
    char *end = NULL;
    const char *text = o->patience_text != NULL ? o->patience_text : o->wrap != NULL ? "10" : "1";
    double patience = strtod(text, &end);
    collection_keep_tags(c, o->tags.items, o->tags.count);
    if (keep_shard(c, o->shard) != 0)
        return wrong_use("--shard takes I/N with I between 1 and N");
    if (*end != '\0' || !(patience >= 1 && patience <= 1000))
        return wrong_use("--patience takes a number between 1 and 1000");
    if (o->repeat < 1 || o->repeat > REPEAT_MAX || o->parallel < 1)
        return wrong_use("--repeat and --jobs take a number from 1 on");
    if (tortures(o) && (o->wrap != NULL || o->sut.count > 0 || o->repeat > 1 || o->until_fail))
        return wrong_use("--torture goes with none of --wrap, --sut, --repeat and --until-fail");
    if (tortures(o) && o->torture_seconds < 1)
        return wrong_use("--torture-seconds takes a number from 1 on");
    if (o->torture_round != NULL && c->count > 1)
        return wrong_use("--torture-round takes one scenario");
    if (o->failed)
        collection_keep_failed(c, o->dir == NULL ? default_dir : o->dir, direct);
    if (c->count == 0 && (o->shard != NULL || o->failed)) {
        printf("0 passed, 0 failed\n");
        return EXIT_DONE;
    }
    if (c->count == 0)
        return wrong_use("no scenario is left to run; look at the paths and --tag");
    const char *twice = collection_twice(c);
    if (twice != NULL) {
        program_message(&program, "two scenarios are called %s; run them one after another", twice);
        return EXIT_USAGE;
    }
    if (tortures(o))
        return torture_all(c, o);
    return run_rounds(c, o, direct, patience);
}

static int check_and_run(const struct options *o, const char *const *paths, size_t count) {
    struct cfg_mistakes *m = cfg_mistakes_new();
    struct collection c = {0};
    if (m == NULL)
        return EXIT_FAILED;
    AUTO(char) programs = place_programs();
    collect(paths, count, &c, m);
    if (programs != NULL)
        diagnosis_ids_check(&c, programs, m);
    int code = EXIT_USAGE;
    if (cfg_mistakes_count(m) > 0) {
        cfg_mistakes_print(m, stderr);
        program_message(&program, "%zu mistake%s in %zu file%s; nothing was started",
                        cfg_mistakes_count(m), cfg_mistakes_count(m) == 1 ? "" : "s", c.files,
                        c.files == 1 ? "" : "s");
    } else if (o->lint) {
        code = EXIT_DONE;
        printf("%zu file%s, no mistakes\n", c.files, c.files == 1 ? "" : "s");
    } else {
        code = select_and_run(&c, o, o->dir != NULL && one_file(paths, count));
    }
    collection_free(&c);
    cfg_mistakes_free(m);
    return code;
}

static int read_suts(const struct options *o, struct suts *suts) {
    struct cfg_mistakes *m = cfg_mistakes_new();
    struct err e = {0};
    int failed = m == NULL ? -1 : 0;
    for (size_t i = 0; i < o->sut.count && failed == 0; i++)
        failed = sut_parse(suts, o->sut.items[i], &e);
    if (failed != 0)
        program_message(&program, "%s", e.text);
    if (failed == 0 && o->sut_config != NULL)
        failed = sut_load(suts, o->sut_config, m);
    if (m != NULL)
        cfg_mistakes_print(m, stderr);
    cfg_mistakes_free(m);
    return failed;
}

int main(int argc, char **argv) {
    struct options o = {.parallel = sysconf(_SC_NPROCESSORS_ONLN),
                        .seed = "1",
                        .repeat = 1,
                        .torture_seconds = TORTURE_SECONDS};
    int first = parse_options(&o, argc, argv);
    if (o.reference) {
        reference_print(stdout);
        return EXIT_DONE;
    }
    if (first == argc)
        return wrong_use("which scenarios? Give files or folders; --help has an example");
    struct suts suts = {0};
    int code = EXIT_USAGE;
    if (read_suts(&o, &suts) == 0) {
        o.suts = &suts;
        code = check_and_run(&o, (const char *const *)argv + first, (size_t)(argc - first));
    }
    suts_free(&suts);
    return code;
}
