/* The tables for people: --help and the reference page print what the reader accepts, because they
 * walk the same rows. */
#include "base/owned.h"
#include "mocks/fault/fault_internal.h"
#include <string.h>

enum { HELP_MAX = 64 * 1024 };

const char *fault_argument_name(const struct fault_action *action) {
    static const char *const names[] = {
        [FAULT_NONE] = "",     [FAULT_DURATION] = "DURATION", [FAULT_NUMBER] = "N",
        [FAULT_TEXT] = "TEXT", [FAULT_ADDRESS] = "ADDRESS",   [FAULT_BYTES] = "HEX"};
    return action->argument_name != NULL ? action->argument_name : names[action->argument];
}

/* "status 401|403" or "delay DURATION", an argument that may be left out in brackets. */
static void put_face(const struct fault_action *a, struct buf *out) {
    buf_put_str(out, a->name);
    if (a->argument == FAULT_NONE)
        return;
    bool optional = a->default_text != NULL;
    buf_put_str(out, optional ? " [" : " ");
    for (size_t i = 0; a->choices != NULL && a->choices[i] != NULL; i++)
        buf_printf(out, "%s%s", i > 0 ? "|" : "", a->choices[i]);
    if (a->choices == NULL)
        buf_put_str(out, fault_argument_name(a));
    buf_put_str(out, optional ? "]" : "");
}

static bool possible(const struct fault_point *p, const struct fault_action *a) {
    return a->kinds == 0 || (a->kinds & p->kind) != 0;
}

/* The points where it is possible, or those where it is not, whichever are fewer. */
static void put_where(const struct fault_tables *tables, const struct fault_action *a,
                      struct buf *out) {
    size_t there = 0, elsewhere = 0;
    for (const struct fault_point *p = tables->points; p->name != NULL; p++)
        *(possible(p, a) ? &there : &elsewhere) += 1;
    bool name_possible = there <= elsewhere;
    const char *between = name_possible ? " (only at " : " (not at ";
    for (const struct fault_point *p = tables->points; p->name != NULL && elsewhere > 0; p++) {
        if (possible(p, a) != name_possible)
            continue;
        buf_printf(out, "%s%s", between, p->name);
        between = ", ";
    }
    buf_put_str(out, elsewhere > 0 ? ")" : "");
}

static int point_width(const struct fault_tables *tables) {
    size_t width = 0;
    for (const struct fault_point *p = tables->points; p->name != NULL; p++)
        width = strlen(p->name) > width ? strlen(p->name) : width;
    return (int)width;
}

static int action_width(const struct fault_tables *tables) {
    size_t width = 0;
    for (const struct fault_action *a = tables->actions; a->name != NULL; a++) {
        AUTO_BUF face = BUF_INIT(1024);
        put_face(a, &face);
        width = face.len > width ? face.len : width;
    }
    return (int)width;
}

char *fault_help(const struct fault_tables *tables) {
    AUTO_BUF out = BUF_INIT(HELP_MAX);
    int width = point_width(tables);
    buf_put_str(&out, "Fault points:\n");
    for (const struct fault_point *p = tables->points; p->name != NULL; p++)
        buf_printf(&out, "  %-*s  %s\n", width, p->name, p->help);
    buf_put_str(&out, "\nActions (do: ACTION [ARGUMENT]):\n");
    width = action_width(tables);
    for (const struct fault_action *a = tables->actions; a->name != NULL; a++) {
        AUTO_BUF face = BUF_INIT(1024);
        put_face(a, &face);
        buf_printf(&out, "  %-*s  %s", width, buf_str(&face), a->help);
        put_where(tables, a, &out);
        buf_put_str(&out, "\n");
    }
    return buf_take_str(&out);
}

static void print_cell(const char *text, FILE *to) {
    for (; *text != '\0'; text++)
        fprintf(to, "%s%c", *text == '|' ? "\\" : "", *text);
}

void fault_print_reference(const struct fault_tables *tables, FILE *to) {
    fputs("| point | what it is |\n| --- | --- |\n", to);
    for (const struct fault_point *p = tables->points; p->name != NULL; p++)
        fprintf(to, "| `%s` | %s |\n", p->name, p->help);
    fputs("\n| action | what it does |\n| --- | --- |\n", to);
    for (const struct fault_action *a = tables->actions; a->name != NULL; a++) {
        AUTO_BUF face = BUF_INIT(1024), where = BUF_INIT(4096);
        put_face(a, &face);
        put_where(tables, a, &where);
        fputs("| `", to);
        print_cell(buf_str(&face), to);
        fprintf(to, "` | %s%s |\n", a->help, buf_str(&where));
    }
}
