/* The reference page of the scenario format, printed from the parser's own tables. */
#include "scenarios/runner/scenario.h"
#include "scenarios/runner/sut.h"
#include "scenarios/runner/torture.h"

/* Steps with the same arguments stand together. */
static void print_arguments(FILE *to) {
    for (size_t i = 0; i < STEP_COUNT; i++) {
        const struct cfg_field *fields = step_fields((enum step_kind)i);
        if (fields->type == CFG_T_END || (i > 0 && fields == step_fields((enum step_kind)(i - 1))))
            continue;
        fprintf(to, "\nArguments of");
        for (size_t j = i; j < STEP_COUNT; j++)
            if (step_fields((enum step_kind)j) == fields)
                fprintf(to, "%s `%s`", j > i ? "," : "", step_name((enum step_kind)j));
        const char *value = step_value_key((enum step_kind)i);
        if (value != NULL)
            fprintf(to, " (`NAME: VALUE` is `NAME: {%s: VALUE}`)", value);
        fprintf(to, ":\n\n");
        cfg_print_reference(fields, to);
    }
}

static void print_steps(FILE *to) {
    fprintf(to,
            "\n## Steps of `when`\n\n"
            "A step is its name alone, or `NAME: {ARGUMENTS}`.\n\n| step | does |\n|---|---|\n");
    for (size_t i = 0; i < STEP_COUNT; i++)
        fprintf(to, "| `%s` | %s |\n", step_name((enum step_kind)i), step_help((enum step_kind)i));
    print_arguments(to);
}

static void print_faults(FILE *to) {
    fprintf(to, "\n## Faults\n");
    for (size_t i = 0; lab_fault_tables[i] != NULL; i++) {
        fprintf(to, "\n### %s\n\n", lab_fault_tables[i]->mock);
        fault_print_reference(lab_fault_tables[i], to);
    }
}

static void print_expectations(FILE *to) {
    fprintf(to, "\n## Expectations of `then`\n\n| expectation | takes | says |\n|---|---|---|\n");
    for (size_t i = 0; i < EXPECT_COUNT; i++)
        fprintf(to, "| `%s` | %s | %s |\n", expect_name((enum expect_kind)i),
                expect_argument((enum expect_kind)i), expect_help((enum expect_kind)i));
    fprintf(to, "\n`phones`, for all or with `name` in a list:\n\n");
    cfg_print_reference(phone_expect_fields, to);
    fprintf(to, "\n`device`, for all or with `name` in a list:\n\n");
    cfg_print_reference(device_expect_fields, to);
    fprintf(to, "\n`files`:\n\n");
    cfg_print_reference(files_expect_fields, to);
    fprintf(to, "\nLogs:\n\n| word | file |\n|---|---|\n");
    for (size_t i = 0; i < LOG_COUNT; i++) {
        const char *file = log_file((enum log_kind)i);
        fprintf(to, "| `%s` | logs/%s |\n", log_word((enum log_kind)i),
                file != NULL ? file : "phone-NAME.log, of each phone");
    }
}

static void print_patterns(FILE *to) {
    fprintf(to, "\n## Patterns\n\n"
                "A pattern is a part of one line, exact but for placeholders. Patterns of a list "
                "stand in\nlines one after another. `each-phone: [PATTERN, ...]` among them stands "
                "for its list once for\neach phone, in the order of the phones.\n\n"
                "| placeholder | stands for |\n|---|---|\n");
    placeholders_print(to, "| `{%s}` | %s |\n");
}

static void print_suts(FILE *to) {
    fprintf(to, "\n## Programs under test\n\n"
                "Keys of the file of `capflab run --sut-config`:\n\n");
    cfg_print_reference(sut_fields, to);
    fprintf(to, "\nCapabilities:\n\n| word | means | behind an address |\n|---|---|---|\n");
#define X(id, word, there, help)                                                                   \
    fprintf(to, "| `%s` | %s | %s |\n", word, help, there ? "yes" : "when listed");
    CAPABILITY_TABLE(X)
#undef X
}

void reference_print(FILE *to) {
    fprintf(to, "# Scenario files\n\n"
                "Printed by `capflab run --reference`; do not edit.\n\n"
                "A scenario is one YAML file: the lab as far as it differs from the healthy one, "
                "the phones, the\nsteps, and what must be true at the end. Its name is its path "
                "below `scenarios/` without `.yaml`.\n`capflab run --lint PATH...` tells every "
                "mistake with file, line and column.\n\n## Keys\n\n");
    cfg_print_reference(scenario_fields, to);
    fprintf(to, "\n## Phones\n\n`phones` as a mapping: so many phones of one kind.\n\n");
    cfg_print_reference(phones_fields, to);
    fprintf(to, "\n`phones` as a list: each item has the same keys, with `name` instead of "
                "`count`.\n");
    print_faults(to);
    print_steps(to);
    print_expectations(to);
    print_patterns(to);
    print_suts(to);
    torture_print_reference(to);
}
