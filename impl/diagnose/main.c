/* capflab-diagnose: what the logs say, printed. It must never change a file. */
#include "base/owned.h"
#include "base/program.h"
#include "diagnose/diagnose.h"
#include "diagnose/rules.h"
#include <string.h>
#include <sys/ioctl.h>

enum { HELP_BYTES_MAX = 64 * 1024, WIDTH = 100 };

static const char json_help[] =
    "Exit status: 0 healthy or quiet, 1 something was found, 2 wrong use, or nothing to read.\n"
    "\n"
    "JSON (--json):\n"
    "  {\"schema\": \"capflab-diagnose-1\",\n"
    "   \"verdict\": \"nothing\"|\"quiet\"|\"healthy\"|\"unknown\"|\"found\",\n"
    "   \"cases\": [{\n"
    "     \"name\": folder of a scenario's output, \"\" for everything else,\n"
    "     \"verdict\": as above,\n"
    "     \"files\": [{\"path\", \"lines\", \"records\", \"sources\": [\"capf\"|\"ra\"|\"nginx\"|"
    "\"est\"|\"iis\"|\"phone\"|\"status\"]}],\n"
    "     \"incidents\": [{\n"
    "       \"ids\": [rule id, or \"unknown\"; several: the lines do not tell them apart],\n"
    "       \"findings\": [{\"id\", \"title\", \"certainty\", \"cause\", \"remedy\", \"document\", "
    "\"heading\"}],\n"
    "       \"certainty\": \"certain\"|\"likely\"|\"possible\"|\"unknown\",\n"
    "       \"place\": \"phone\"|\"capf\"|\"ra\"|\"certsrv\"|\"ca\",\n"
    "       \"devices\": [name], \"over\": all of them had success afterwards,\n"
    "       \"evidence\": [{\"file\", \"line\", \"last_line\", \"source\", \"text\", "
    "\"supporting\"}],\n"
    "       \"more_lines\": number of lines like these}],\n"
    "     \"harmless\": [incidents that look like failures and are none],\n"
    "     \"successes\": number, \"dropped\": lines of evidence that found no room}]}\n"
    "\n"
    "Patterns of rules: text is found anywhere in a line, in any case; a blank is any white space; "
    "^ "
    "and $ are\n"
    "the ends of the line; {any}, {word} and {number} stand for what they say; {host}, {text:any} "
    "and "
    "{id:number}\n"
    "capture it for the title; {{ is a brace. Lines of iis are matched in the form\n"
    "  GET /certsrv ReqID=1 user DOMAIN\\name agent CiscoRA+1.0 status 401 1 2148074254 taken 0\n"
    "\n"
    "Rules (--rules FILE):\n";

static void describe(struct buf *out) {
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    if (to == NULL)
        return;
    rules_print_schema(to);
    fclose(to);
    buf_put_str(out, json_help);
    buf_put_str(out, text);
    free(text);
}

static int report_mistakes(const struct program *program, const struct cfg_mistakes *m,
                           const struct err *e) {
    if (cfg_mistakes_count(m) > 0)
        cfg_mistakes_print(m, stderr);
    else
        program_message(program, "%s", e->text);
    return EXIT_USAGE;
}

static int list(const struct program *program, const char *rules_file, struct cfg_mistakes *m) {
    struct err e = {0};
    struct rules *rules = rules_load(rules_file, m);
    if (rules == NULL)
        return report_mistakes(program, m, &e);
    for (size_t i = 0; i < rules_count(rules); i++)
        printf("%-30s %s\n", rules_at(rules, i)->id,
               rules_at(rules, i)->heading != NULL ? rules_at(rules, i)->heading : "");
    rules_free(rules);
    return EXIT_DONE;
}

static unsigned screen_width(void) {
    struct winsize size;
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known && size.ws_col < WIDTH ? size.ws_col : WIDTH;
}

static void print(const struct diagnosis *d, bool as_json) {
    if (!as_json) {
        diagnosis_print(d, screen_width(), stdout);
        return;
    }
    json_t *report = diagnosis_json(d);
    json_dumpf(report, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(report);
}

static int exit_code(enum verdict verdict) {
    if (verdict == VERDICT_NOTHING)
        return EXIT_USAGE;
    return verdict >= VERDICT_UNKNOWN ? EXIT_FAILED : EXIT_DONE;
}

static int diagnose(const struct program *program, char **paths, int count, const char *rules_file,
                    bool as_json, struct cfg_mistakes *m) {
    struct err e = {0};
    if (count == 0) {
        program_message(program, "which logs? Name files, folders, or - for standard input");
        return EXIT_USAGE;
    }
    struct diagnosis *d =
        diagnose_run((const char *const *)paths, (size_t)count, rules_file, m, &e);
    if (d == NULL)
        return report_mistakes(program, m, &e);
    print(d, as_json);
    int code = exit_code(diagnosis_verdict(d));
    diagnosis_free(d);
    return code;
}

int main(int argc, char **argv) {
    AUTO_BUF more = BUF_INIT(HELP_BYTES_MAX);
    describe(&more);
    const struct program program = {
        .name = "capflab-diagnose",
        .summary = "Names the cause of failures from CAPF, CiscoRA, nginx, IIS and phone logs.",
        .usage = "[OPTION...] PATH...",
        .example = "capflab diagnose capf00000001.txt nginx00000001.txt error.log u_ex190305.log\n"
                   "capflab diagnose --json out/online-ca/template-typo",
        .more = buf_str(&more),
    };
    bool as_json = false, wants_list = false;
    const char *rules_file = NULL;
    const struct opt options[] = {
        {"json", 0, OPT_FLAG, &as_json, NULL, "print JSON"},
        {"rules", 0, OPT_STRING, &rules_file, "FILE", "rules instead of the built-in ones"},
        {"list", 0, OPT_FLAG, &wants_list, NULL, "list the rules: id and heading"},
        {.type = OPT_END},
    };
    int first = program_options(&program, options, false, argc, argv);
    struct cfg_mistakes *m = cfg_mistakes_new();
    if (m == NULL)
        return EXIT_FAILED;
    int code = wants_list ? list(&program, rules_file, m)
                          : diagnose(&program, argv + first, argc - first, rules_file, as_json, m);
    cfg_mistakes_free(m);
    return code;
}
