/* The table of page texts, one column a language. It holds words only, never markup that clients
 * match on. */
#include "mocks/certsrv/language.h"

static const char *const texts[TEXT_COUNT][LANGUAGE_COUNT] = {
#define PAGE_TEXT_ROW(key, en, de, ja) [TEXT_##key] = {en, de, ja},
    PAGE_TEXT_TABLE(PAGE_TEXT_ROW)
#undef PAGE_TEXT_ROW
};

const struct cfg_word language_words[] = {
    {"en", LANGUAGE_EN},
    {"de", LANGUAGE_DE},
    {"ja", LANGUAGE_JA},
    {NULL, 0},
};

const char *page_text(enum language language, enum page_text text) {
    return texts[text][language];
}
