/* rules.yaml as it was when the program was built, inside the program. The file stays the one
 * source; nothing here may know what it says. */
#include "diagnose/rules.h"

__asm__(".pushsection .rodata\n"
        ".global diagnose_rules_begin\n"
        "diagnose_rules_begin:\n"
        ".incbin \"impl/diagnose/rules.yaml\"\n"
        ".global diagnose_rules_end\n"
        "diagnose_rules_end:\n"
        ".byte 0\n"
        ".popsection\n");

extern const char diagnose_rules_begin[];
extern const char diagnose_rules_end[];

struct bytes rules_embedded(void) {
    return bytes_of(diagnose_rules_begin, (size_t)(diagnose_rules_end - diagnose_rules_begin));
}
