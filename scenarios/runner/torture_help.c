/* What --help and the reference page say of torture, from its tables. */
#include "scenarios/runner/torture.h"
#include "scenarios/runner/torture_lab.h"

static void print_words(FILE *to, const char *format) {
#define X(id, word, help) fprintf(to, format, word, help);
    TORTURE_CLASS_TABLE(X)
    TORTURE_PHASE_TABLE(X)
#undef X
}

void torture_print_help(FILE *to) {
    fprintf(to, "\nWhat --torture makes fail, and when:\n");
    print_words(to, "  %-16s %s\n");
    fprintf(
        to,
        "and answers of DNS and connections, by faults of the mocks. Excused, because a library "
        "does it:\n");
    torture_excuses_print(to, "  %s by way of %s of %s: %s\n");
}

void torture_print_reference(FILE *to) {
    fprintf(
        to,
        "\n## Torture\n\n"
        "`capflab run --torture PATH...` repeats each (healthy) scenario, every time with another "
        "call of CAPF or\nof the RA that fails: a library preloaded into the component counts the "
        "calls in a first round, by the\nway that leads to them, and fails one of them in each "
        "of the others. In the same way DNS answers and\nconnections fail, by faults of the "
        "mocks.\n\n| word | |\n|---|---|\n");
    print_words(to, "| `%s` | %s |\n");
    fprintf(
        to,
        "\nA round plays the scenario with the failing call, then once more without, in the same "
        "lab, and stops it.\nIt fails when\n\n"
        "* a program crashes, hangs, or ends otherwise than it should; one that cannot start "
        "must say why and\n  end with status 1 or 2,\n"
        "* a phone does not come to a result in either run, or the second run is not what `then` "
        "says of phones,\n  devices, certificates and files,\n"
        "* at its end the component has lost a block of memory (nothing points to it any more) "
        "or has left a\n  descriptor open,\n"
        "* after either run the stores disagree: a certificate in CAPF's store that does not "
        "verify, is for\n  another key, or is unknown to the CA; a device called installed whose "
        "phone holds something else; a\n  request that the CA issued and CAPF does not know, or "
        "was given twice; two certificates for one key.\n\n"
        "A failure names the call with the way that led to it, and the command that repeats that "
        "round\n(`--torture-round`). The order of the rounds depends on the build and on "
        "`--seed`; `--torture-seconds`\nonly says where it ends, and a line before the last how "
        "much of all was tried.\n\n"
        "Excused, because a library does it and who uses it cannot help:\n\n"
        "| finding | by way of | reason |\n|---|---|---|\n");
    torture_excuses_print(to, "| %s | `%s` of %s | %s |\n");
}
