/* Single configuration values from text: numbers, words, durations. A value is taken whole or
 * refused with a message that shows it; nothing is guessed or cut. */
#include "base/config_internal.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SHOWN_MAX = 80 };

static const int64_t SECOND_US = 1000000;

/* Units of durations, the largest first. */
static const struct {
    const char *name;
    int64_t us;
} units[] = {{"d", 86400 * SECOND_US},
             {"h", 3600 * SECOND_US},
             {"m", 60 * SECOND_US},
             {"s", SECOND_US},
             {"ms", 1000},
             {"us", 1}};

enum { UNIT_COUNT = sizeof units / sizeof units[0] };

int cfg_shown(const char *text) {
    size_t len = strnlen(text, SHOWN_MAX + 1);
    if (len <= SHOWN_MAX)
        return (int)len;
    len = SHOWN_MAX;
    while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    return (int)len;
}

/* Digits with an optional minus sign, as far as *end. */
static bool whole_number(const char *text, int64_t *value, const char **end) {
    const char *digits = text + (*text == '-');
    if (*digits < '0' || *digits > '9')
        return false;
    char *stop = NULL;
    errno = 0;
    *value = strtoll(text, &stop, 10);
    *end = stop;
    return errno == 0;
}

int cfg_parse_int(const struct cfg_field *f, const char *text, int64_t *value, struct err *e) {
    const char *end = NULL;
    int64_t read = 0;
    if (!whole_number(text, &read, &end) || *end != '\0')
        return err_set(e, ERR_CONFIG_BAD_VALUE, "\"%.*s\" is not a whole number", cfg_shown(text),
                       text);
    bool bounded = f->min != 0 || f->max != 0;
    if (bounded && (read < f->min || read > f->max))
        return err_set(e, ERR_CONFIG_BAD_VALUE, "%lld is not between %lld and %lld",
                       (long long)read, (long long)f->min, (long long)f->max);
    *value = read;
    return 0;
}

int cfg_parse_bool(const char *text, bool *value, struct err *e) {
    static const char *const words[] = {"true", "yes", "on", "false", "no", "off"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(text, words[i]) == 0) {
            *value = i < 3;
            return 0;
        }
    }
    return err_set(e, ERR_CONFIG_BAD_VALUE, "\"%.*s\" is neither true nor false", cfg_shown(text),
                   text);
}

static int unknown_word(const struct cfg_field *f, const char *text, struct err *e) {
    enum { WORDS_MAX = 64 };
    const char *candidates[WORDS_MAX + 1] = {0};
    struct buf list = BUF_INIT(ERR_TEXT_MAX);
    for (size_t i = 0; i < WORDS_MAX && f->words[i].word != NULL; i++) {
        candidates[i] = f->words[i].word;
        buf_printf(&list, "%s%s", i > 0 ? ", " : "", f->words[i].word);
    }
    const char *near = nearest_word(text, candidates);
    err_set(e, ERR_CONFIG_BAD_VALUE, "\"%.*s\" is not one of %s%s%s%s", cfg_shown(text), text,
            buf_str(&list), near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
            near != NULL ? "\"?" : "");
    buf_free(&list);
    return -1;
}

int cfg_parse_word(const struct cfg_field *f, const char *text, int *value, struct err *e) {
    for (const struct cfg_word *w = f->words; w->word != NULL; w++) {
        if (strcmp(w->word, text) == 0) {
            *value = w->value;
            return 0;
        }
    }
    return unknown_word(f, text, e);
}

int cfg_parse_real(const char *text, double *value, struct err *e) {
    char *end = NULL;
    bool decimal = *text != '\0' && strspn(text, "0123456789.eE+-") == strlen(text);
    double read = decimal ? strtod(text, &end) : 0;
    if (!decimal || *end != '\0' || !isfinite(read) || read <= 0)
        return err_set(e, ERR_CONFIG_BAD_VALUE, "\"%.*s\" is not a number above 0", cfg_shown(text),
                       text);
    *value = read;
    return 0;
}

static int bad_duration(const char *text, struct err *e) {
    return err_set(e, ERR_CONFIG_BAD_VALUE,
                   "\"%.*s\" is not a duration such as 250ms, 10s, 5m, 2h or 30d", cfg_shown(text),
                   text);
}

int cfg_parse_duration(const char *text, int64_t *us, struct err *e) {
    const char *unit = NULL;
    int64_t number = 0;
    if (!whole_number(text, &number, &unit))
        return bad_duration(text, e);
    for (size_t i = 0; i < UNIT_COUNT; i++) {
        int64_t product = 0;
        if (strcmp(unit, units[i].name) != 0)
            continue;
        if (__builtin_mul_overflow(number, units[i].us, &product))
            return err_set(e, ERR_CONFIG_BAD_VALUE, "\"%.*s\" is too long", cfg_shown(text), text);
        *us = product;
        return 0;
    }
    if (*unit == '\0' && number == 0) {
        *us = 0;
        return 0;
    }
    return bad_duration(text, e);
}

/* In the largest unit that divides it. */
static void duration_text(int64_t us, char *out, size_t size) {
    size_t i = 0;
    while (i < UNIT_COUNT - 1 && us % units[i].us != 0)
        i++;
    if (us == 0)
        snprintf(out, size, "0s");
    else
        snprintf(out, size, "%lld%s", (long long)(us / units[i].us), units[i].name);
}

int cfg_parse_bounded_duration(const struct cfg_field *f, const char *text, int64_t *us,
                               struct err *e) {
    int64_t read = 0;
    if (cfg_parse_duration(text, &read, e) != 0)
        return -1;
    if (f->min == 0 && f->max == 0 && read < 0)
        return err_set(e, ERR_CONFIG_BAD_VALUE, "%.*s is negative", cfg_shown(text), text);
    if ((f->min != 0 || f->max != 0) && (read < f->min || read > f->max)) {
        char low[32];
        char high[32];
        duration_text(f->min, low, sizeof low);
        duration_text(f->max, high, sizeof high);
        return err_set(e, ERR_CONFIG_BAD_VALUE, "%.*s is not between %s and %s", cfg_shown(text),
                       text, low, high);
    }
    *us = read;
    return 0;
}
