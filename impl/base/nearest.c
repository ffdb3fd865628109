/* The nearest word, for messages about misspelt keys, options and commands: edit distance where
 * two swapped neighbours count as one mistake. Words of any length may come in; only those of
 * ordinary length are compared. */
#include "base/config.h"
#include <ctype.h>
#include <string.h>

enum { WORD_MAX = 64 };

static size_t min3(size_t a, size_t b, size_t c) {
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

static bool same_letter(char a, char b) {
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Damerau-Levenshtein (optimal string alignment) over three rows: row 0 is the current one. */
static size_t next_cell(const char *a, size_t i, const char *b, size_t j,
                        size_t rows[3][WORD_MAX + 1]) {
    size_t change = same_letter(a[i - 1], b[j - 1]) ? 0 : 1;
    size_t best = min3(rows[1][j] + 1, rows[0][j - 1] + 1, rows[1][j - 1] + change);
    bool swapped =
        i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1]);
    if (swapped && rows[2][j - 2] + 1 < best)
        best = rows[2][j - 2] + 1;
    return best;
}

static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len) {
    size_t rows[3][WORD_MAX + 1] = {0};
    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        memcpy(rows[2], rows[1], sizeof rows[1]);
        memcpy(rows[1], rows[0], sizeof rows[0]);
        rows[0][0] = i;
        for (size_t j = 1; j <= b_len; j++)
            rows[0][j] = next_cell(a, i, b, j, rows);
    }
    return rows[0][b_len];
}

const char *nearest_word(const char *word, const char *const *candidates) {
    const char *nearest = NULL;
    size_t least = SIZE_MAX;
    size_t len = strlen(word);
    for (; len <= WORD_MAX && *candidates != NULL; candidates++) {
        size_t other = strlen(*candidates);
        if (other > WORD_MAX)
            continue;
        size_t d = distance(word, len, *candidates, other);
        if (d < least && 3 * d <= (len > other ? len : other)) {
            nearest = *candidates;
            least = d;
        }
    }
    return nearest;
}
