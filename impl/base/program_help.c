/* --help: usage, options in columns, the configuration file's keys, an example. All of it comes
 * from the tables that also parse, so that help cannot say what is not so. */
#include "base/program.h"
#include <stdio.h>
#include <string.h>

enum { COLUMN_MAX = 34 };

/* "  -c, --config FILE", written into out; its length. */
static int option_face(const struct opt *o, char *out, size_t size) {
    char letter[8] = "    ";
    if (o->letter != 0)
        snprintf(letter, sizeof letter, "-%c, ", o->letter);
    return snprintf(out, size, "  %s--%s%s%s", letter, o->name, o->arg != NULL ? " " : "",
                    o->arg != NULL ? o->arg : "");
}

static int widest(const struct opt *options) {
    int width = 0;
    for (; options->type != OPT_END; options++) {
        char face[128];
        int n = option_face(options, face, sizeof face);
        if (n > width && n <= COLUMN_MAX)
            width = n;
    }
    return width;
}

/* Faces wider than the column stand on a line of their own; further help lines are indented. */
static void print_option(const struct opt *o, int width, FILE *to) {
    char face[128];
    int n = option_face(o, face, sizeof face);
    if (n > width)
        fprintf(to, "%s\n%*s  ", face, width, "");
    else
        fprintf(to, "%-*s  ", width, face);
    for (const char *at = o->help; at != NULL;) {
        size_t line = strcspn(at, "\n");
        fprintf(to, "%.*s\n", (int)line, at);
        at = at[line] == '\n' ? at + line + 1 : NULL;
        if (at != NULL)
            fprintf(to, "%*s  ", width, "");
    }
}

static bool has_letter(const struct opt *options, char letter) {
    for (; options->type != OPT_END; options++) {
        if (options->letter == letter)
            return true;
    }
    return false;
}

static void print_options(const struct opt *options, FILE *to) {
    const struct opt builtin[] = {
        {"help", has_letter(options, 'h') ? 0 : 'h', OPT_FLAG, NULL, NULL, "print this and exit"},
        {"version", has_letter(options, 'V') ? 0 : 'V', OPT_FLAG, NULL, NULL,
         "print the version and exit"},
        {.type = OPT_END}};
    int width = widest(options) > widest(builtin) ? widest(options) : widest(builtin);
    fprintf(to, "\nOptions:\n");
    for (const struct opt *o = options; o->type != OPT_END; o++)
        print_option(o, width, to);
    for (const struct opt *o = builtin; o->type != OPT_END; o++)
        print_option(o, width, to);
}

/* Each line of text behind prefix on the first and behind other on the further ones. */
static void print_lines(const char *text, const char *first, const char *further, FILE *to) {
    const char *prefix = first;
    while (*text != '\0') {
        size_t line = strcspn(text, "\n");
        if (line > 0 || prefix == first)
            fprintf(to, "%s%.*s\n", prefix, (int)line, text);
        else
            fputc('\n', to);
        text += line + (text[line] == '\n');
        prefix = further;
    }
}

static void print_usage(const struct program *program, FILE *to) {
    char first[128];
    char further[128];
    snprintf(first, sizeof first, "Usage: %s ", program->name);
    snprintf(further, sizeof further, "       %s ", program->name);
    print_lines(program->usage != NULL ? program->usage : "[OPTION...]", first, further, to);
}

void program_print_help(const struct program *program, const struct opt *options, FILE *to) {
    print_usage(program, to);
    if (program->summary != NULL)
        fprintf(to, "\n%s\n", program->summary);
    print_options(options, to);
    if (program->config != NULL) {
        fprintf(to, "\nConfiguration file (YAML; key, type, default, meaning):\n");
        cfg_print_help(program->config, to);
    }
    if (program->more != NULL) {
        fputc('\n', to);
        print_lines(program->more, "", "", to);
    }
    if (program->example != NULL) {
        fprintf(to, "\nExample:\n");
        print_lines(program->example, "    ", "    ", to);
    }
}
