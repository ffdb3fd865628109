/* The face of every program: options by getopt_long from one table, help made from the same table,
 * messages and exit codes. It must never let a program go on with options it did not understand. */
#include "base/program.h"
#include "base/key_formats.h"
#include "base/owned.h"
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char capflab_version[] = "0.1.0";

/* getopt's value for the option at index i of the table: letters stay below LONG_BASE. */
enum { OPTIONS_MAX = 64, LONG_BASE = 256, LONG_HELP = 1024, LONG_VERSION };

/* What getopt needs, made from the table: letters may be given as "c:lh". */
struct parser {
    const struct program *program;
    const struct opt *options;
    size_t count;
    struct option longs[OPTIONS_MAX + 3];
    char letters[2 * OPTIONS_MAX + 8];
};

void program_message(const struct program *program, const char *fmt, ...) {
    AUTO(char) text = NULL;
    va_list args;
    va_start(args, fmt);
    int n = vasprintf(&text, fmt, args);
    va_end(args);
    if (n < 0)
        text = NULL;
    fprintf(stderr, "%s: %s\n", program->name, text != NULL ? text : "out of memory");
}

_Noreturn void program_die(const struct program *program, enum exit_code code,
                           const struct err *e) {
    program_message(program, "%s (%s)", e->text, err_name(e->code));
    exit((int)code);
}

static _Noreturn void die_usage(const struct program *program, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static _Noreturn void die_usage(const struct program *program, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    fprintf(stderr, "%s: ", program->name);
    vfprintf(stderr, fmt, args);
    fprintf(stderr, " (see %s --help)\n", program->name);
    va_end(args);
    exit(EXIT_USAGE);
}

static bool letter_taken(const struct opt *options, char letter) {
    for (; options->type != OPT_END; options++) {
        if (options->letter == letter)
            return true;
    }
    return false;
}

static void parser_add_letter(struct parser *p, const struct opt *o) {
    if (o->letter == 0)
        return;
    size_t n = strlen(p->letters);
    p->letters[n] = o->letter;
    p->letters[n + 1] = o->type == OPT_FLAG ? '\0' : ':';
}

static void parser_init(struct parser *p, bool stop_at_operand) {
    snprintf(p->letters, sizeof p->letters, "%s", stop_at_operand ? "+:" : ":");
    for (const struct opt *o = p->options; o->type != OPT_END && p->count < OPTIONS_MAX; o++) {
        p->longs[p->count] =
            (struct option){o->name, o->type == OPT_FLAG ? no_argument : required_argument, NULL,
                            LONG_BASE + (int)p->count};
        p->count++;
        parser_add_letter(p, o);
    }
    p->longs[p->count] = (struct option){"help", no_argument, NULL, LONG_HELP};
    p->longs[p->count + 1] = (struct option){"version", no_argument, NULL, LONG_VERSION};
    if (!letter_taken(p->options, 'h'))
        p->letters[strlen(p->letters)] = 'h';
    if (!letter_taken(p->options, 'V'))
        p->letters[strlen(p->letters)] = 'V';
}

/* The table's row for what getopt returned, or NULL for --help and --version. */
static const struct opt *parser_find(const struct parser *p, int value) {
    if (value >= LONG_BASE && value < LONG_BASE + (int)p->count)
        return &p->options[value - LONG_BASE];
    for (size_t i = 0; i < p->count && value < LONG_BASE; i++) {
        if (p->options[i].letter != 0 && p->options[i].letter == value)
            return &p->options[i];
    }
    return NULL;
}

static void store_int(const struct program *program, const struct opt *o, const char *text) {
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0')
        die_usage(program, "option --%s: \"%s\" is not a whole number", o->name, text);
    *(int64_t *)o->value = value;
}

static void store_duration(const struct program *program, const struct opt *o, const char *text) {
    struct err e = {0};
    if (cfg_parse_duration(text, o->value, &e) != 0)
        die_usage(program, "option --%s: %s", o->name, e.text);
}

static void store_one_more(const struct program *program, const struct opt *o, const char *text) {
    struct opt_strings *all = o->value;
    if (all->count == OPT_STRINGS_MAX)
        die_usage(program, "option --%s: given more than %d times", o->name, OPT_STRINGS_MAX);
    all->items[all->count++] = text;
}

static void store(const struct program *program, const struct opt *o, const char *text) {
    switch (o->type) {
    case OPT_FLAG:
        *(bool *)o->value = true;
        break;
    case OPT_STRING:
        *(const char **)o->value = text;
        break;
    case OPT_INT:
        store_int(program, o, text);
        break;
    case OPT_DURATION:
        store_duration(program, o, text);
        break;
    case OPT_STRINGS:
        store_one_more(program, o, text);
        break;
    case OPT_END:
        break;
    }
}

/* A long option that is no option, or the beginning of several. given: argv's word, with dashes. */
static _Noreturn void die_unknown_long(const struct parser *p, const char *given) {
    const char *names[OPTIONS_MAX + 3] = {0};
    int len = (int)strcspn(given, "=");
    AUTO(char) name = strndup(given + 2, (size_t)len - 2);
    size_t beginnings = 0;
    for (size_t i = 0; i < p->count + 2; i++) {
        names[i] = p->longs[i].name;
        if (name != NULL && strncmp(name, names[i], strlen(name)) == 0)
            beginnings++;
    }
    if (beginnings > 1)
        die_usage(p->program, "option %.*s is the beginning of several", len, given);
    const char *near = name != NULL ? nearest_word(name, names) : NULL;
    if (near != NULL)
        die_usage(p->program, "unknown option %.*s, did you mean --%s?", len, given, near);
    die_usage(p->program, "unknown option %.*s", len, given);
}

static _Noreturn void die_refused(const struct parser *p, int result, char **argv) {
    const char *given = argv[optind - 1];
    const struct opt *o = parser_find(p, optopt);
    if (result == ':' && o != NULL)
        die_usage(p->program, "option %s needs %s", given, o->arg != NULL ? o->arg : "a value");
    if (optopt >= LONG_BASE)
        die_usage(p->program, "option %.*s takes no value", (int)strcspn(given, "="), given);
    if (optopt != 0)
        die_usage(p->program, "unknown option -%c", optopt);
    die_unknown_long(p, given);
}

static void take_option(const struct parser *p, int result, char **argv) {
    const struct opt *o = parser_find(p, result);
    if (result == '?' || result == ':')
        die_refused(p, result, argv);
    if (o != NULL) {
        store(p->program, o, optarg);
        return;
    }
    if (result == 'h' || result == LONG_HELP)
        program_print_help(p->program, p->options, stdout);
    else
        printf("%s %s\n", p->program->name, capflab_version);
    exit(EXIT_DONE);
}

int program_options(const struct program *program, const struct opt *options, bool stop_at_operand,
                    int argc, char **argv) {
    struct parser p = {.program = program, .options = options};
    parser_init(&p, stop_at_operand);
    opterr = 0;
    optind = 0; /* glibc: start afresh */
    int result;
    while ((result = getopt_long(argc, argv, p.letters, p.longs, NULL)) != -1)
        take_option(&p, result, argv);
    struct err e = {0};
    if (key_formats_limit(&e) != 0)
        program_die(program, EXIT_FAILED, &e);
    return optind;
}

struct cfg_doc *program_config(const struct program *program, const char *path, void *out) {
    struct cfg_mistakes *mistakes = cfg_mistakes_new();
    if (mistakes == NULL) {
        program_message(program, "out of memory");
        exit(EXIT_FAILED);
    }
    struct cfg_doc *doc = path != NULL
                              ? cfg_load_file(path, program->config, out, mistakes)
                              : cfg_load_text("", bytes_of_str(""), program->config, out, mistakes);
    if (doc == NULL) {
        cfg_mistakes_print(mistakes, stderr);
        program_message(program, path != NULL ? "the configuration was not accepted"
                                              : "no configuration file; give one with --config");
        exit(EXIT_USAGE);
    }
    cfg_mistakes_free(mistakes);
    return doc;
}
