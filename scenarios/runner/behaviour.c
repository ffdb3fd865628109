/* The phone's points and actions as rows of the scenario format. */
#include "scenarios/runner/behaviour.h"

#include "mocks/phone/phone_config.h"

_Static_assert((int)PHONE_POINTS <= (int)BEHAVIOURS_MAX, "room for every point");

static const struct cfg_word action_words[] = {
#define X(action, word, help) {word, PHONE_##action},
    PHONE_ACTION_TABLE(X)
#undef X
        {NULL, 0}};

const struct cfg_field lab_behaviour_fields[] = {
#define X(point, key, text)                                                                        \
    {.type = CFG_T_ENUM,                                                                           \
     .name = (key),                                                                                \
     .offset = PHONE_AT_##point * sizeof(int),                                                     \
     .def = "answer",                                                                              \
     .words = action_words,                                                                        \
     .help = (text)},
    PHONE_POINT_TABLE(X)
#undef X
        CFG_END,
};

const char *behaviour_key(size_t i) {
    return i < PHONE_POINTS ? lab_behaviour_fields[i].name : NULL;
}

const char *behaviour_word(int action) {
    for (const struct cfg_word *w = action_words; w->word != NULL; w++)
        if (w->value == action)
            return w->word;
    return "?";
}

#define X(fallback, word) {word, PHONE_LSC_FALLBACK_##fallback},
const struct cfg_word lsc_fallback_words[] = {PHONE_LSC_FALLBACK_TABLE(X){NULL, 0}};
#undef X

#define X(message, word) {word, PHONE_UNRESOLVED_##message},
const struct cfg_word unresolved_words[] = {PHONE_UNRESOLVED_TABLE(X){NULL, 0}};
#undef X
