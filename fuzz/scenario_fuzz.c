/* Reaches scenario_load_text, scenario_free, scenario_phone_names, scenario_phone, phone_is_meant,
 * scenario_has_fault, cfg_parse_text, cfg_node_read, steps_read, then_read, fault_set_new and
 * cfg_mistakes_print. Input: a scenario file. Floor: 500/s. */
#include "base/owned.h"
#include "fuzz/fuzz.h"
#include "scenarios/runner/scenario.h"
#include <string.h>
#include <strings.h>

static const char path[] = "fuzz/scenario.yaml";

/* A mistake is one line that a terminal may show, and names the file. */
static void check_mistakes(const struct cfg_mistakes *m) {
    char *printed = NULL;
    size_t size = 0;
    for (size_t i = 0; i < cfg_mistakes_count(m); i++) {
        const char *text = cfg_mistake_text(m, i);
        FUZZ_CHECK(cfg_mistake_code(m, i) != ERR_OK && strstr(text, ": ") != NULL);
        for (const char *at = text; *at != '\0'; at++)
            FUZZ_CHECK((unsigned char)*at >= ' ' && *at != 0x7f);
    }
    FILE *to = open_memstream(&printed, &size);
    FUZZ_CHECK(to != NULL);
    cfg_mistakes_print(m, to);
    fclose(to);
    FUZZ_CHECK((size == 0) == (cfg_mistakes_count(m) == 0));
    free(printed);
}

/* Names are fit for a path and for CAPF, and each is found again. */
static void check_phone(const struct scenario *s, const struct phone_settings *p) {
    FUZZ_CHECK(p->name != NULL && p->name[0] != '\0' && p->name[0] != '.');
    FUZZ_CHECK(strchr(p->name, '/') == NULL && strlen(p->name) <= 128);
    FUZZ_CHECK(phone_is_meant(p, p->name) && scenario_phone(s, p->name) != NULL);
    FUZZ_CHECK(p->keys.rsa || p->keys.ec);
}

/* With a thousand phones the first and the last stand for the others. */
static void check_scenario(const struct scenario *s) {
    FUZZ_CHECK(s->phone_count > 0 && s->phone_count <= PHONES_MAX);
    FUZZ_CHECK(scenario_phone_names(s).count == s->phone_count);
    check_phone(s, &s->phones[0]);
    check_phone(s, &s->phones[s->phone_count - 1]);
    FUZZ_CHECK(s->deadline_us > 0 && s->title != NULL);
    FUZZ_CHECK(s->step_count == 0 || s->steps != NULL);
    scenario_has_fault(s, "dns.");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct cfg_mistakes *m = cfg_mistakes_new();
    struct scenario *s = scenario_load_text(path, "fuzz/scenario", bytes_of(data, size), m);
    FUZZ_CHECK((s != NULL) == (cfg_mistakes_count(m) == 0));
    check_mistakes(m);
    if (s != NULL)
        check_scenario(s);
    scenario_free(s);
    cfg_mistakes_free(m);
    return 0;
}
