/* rules.yaml as it was when the program was built, inside the program. The file stays the one
 * source; nothing here may know what it says. */
#include "diagnose/rules.h"

__asm__(".pushsection .rodata\n"
        ".global diagnose_rules_text\n"
        "diagnose_rules_text:\n"
        ".incbin \"impl/diagnose/rules.yaml\"\n"
        "0:\n"
        ".balign 8\n"
        ".global diagnose_rules_len\n"
        "diagnose_rules_len:\n"
        ".quad 0b - diagnose_rules_text\n"
        ".popsection\n");

extern const char diagnose_rules_text[];
extern const uint64_t diagnose_rules_len;

struct bytes rules_embedded(void) {
    return bytes_of(diagnose_rules_text, (size_t)diagnose_rules_len);
}
