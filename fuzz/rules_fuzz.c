/* Reaches rules_load_text, rules_free, rules_count, rules_at, rules_find, rule_lines, rule_line and
 * pattern_new. Input: a file of rules for diagnose. Floor: 400/s. */
#include "base/owned.h"
#include "diagnose/rules.h"
#include "fuzz/fuzz.h"
#include <string.h>

static void check_line(const struct rule_line *line) {
    FUZZ_CHECK(line->pattern != NULL && line->sources != 0);
}

static void check_list(const struct cfg_list *lines) {
    const struct rule_line *items = lines->items;
    for (size_t i = 0; i < lines->count; i++)
        check_line(&items[i]);
}

static void check_rules(const struct rules *rules) {
    for (size_t i = 0; i < rules_count(rules); i++) {
        const struct rule *rule = rules_at(rules, i);
        FUZZ_CHECK(rule->id != NULL && rules_find(rules, rule->id) == rule);
        FUZZ_CHECK(rule->place >= 0 && rule->place < PLACE_COUNT);
        FUZZ_CHECK(rule->certainty >= 0 && rule->certainty < CERTAINTY_COUNT);
        for (int part = 0; part < PART_COUNT; part++)
            for (size_t k = 0; k < rule_lines(rule, (enum rule_part)part); k++)
                check_line(rule_line(rule, (enum rule_part)part, k));
    }
    check_list(&rules->failures);
    check_list(&rules->usual);
    check_list(&rules->successes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct cfg_mistakes *m = cfg_mistakes_new();
    struct rules *rules = rules_load_text("fuzz.yaml", bytes_of(data, size), m);
    FUZZ_CHECK((rules != NULL) == (cfg_mistakes_count(m) == 0));
    if (rules != NULL)
        check_rules(rules);
    rules_free(rules);
    cfg_mistakes_free(m);
    return 0;
}
