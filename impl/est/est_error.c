/* The tables of libest's result numbers. It must never hold a number that est_error.h does not. */
#include "est/est_error.h"
#include <stddef.h>
#include <string.h>

#define PREFIX "EST_ERR_"

struct row {
    const char *name;
    int number_3x;
};

static const struct row rows[EST_ERR_COUNT] = {
#define EST_ERR_ROW(name, number_3x) {PREFIX #name, number_3x},
    EST_ERR_TABLE(EST_ERR_ROW)
#undef EST_ERR_ROW
};

/* How many rows 2.x has: the first ones. */
enum {
    COUNT_2X = 0
#define EST_ERR_ONE(name, number_3x) +1
    EST_ERR_TABLE_2X(EST_ERR_ONE)
#undef EST_ERR_ONE
};
_Static_assert(EST_ERR_UNKNOWN == COUNT_2X - 1, "UNKNOWN ends the list of 2.x");

const char *est_err_name(int number) {
    return rows[number >= 0 && number < COUNT_2X ? number : EST_ERR_UNKNOWN].name;
}

const char *est_err_name_in(int number, enum est_release release) {
    if (release == EST_RELEASE_2)
        return est_err_name(number);
    for (size_t i = 0; i < EST_ERR_COUNT; i++)
        if (rows[i].number_3x == number)
            return rows[i].name;
    return rows[EST_ERR_UNKNOWN].name;
}

int est_err_number(enum est_error error, enum est_release release) {
    if ((unsigned)error >= EST_ERR_COUNT)
        error = EST_ERR_UNKNOWN;
    if (release == EST_RELEASE_3)
        return rows[error].number_3x;
    return (int)error < COUNT_2X ? (int)error : EST_ERR_UNKNOWN;
}

enum est_error est_err_by_name(const char *name) {
    size_t skip = strncmp(name, PREFIX, strlen(PREFIX)) == 0 ? 0 : strlen(PREFIX);
    for (size_t i = 0; i < EST_ERR_COUNT; i++)
        if (strcmp(rows[i].name + skip, name) == 0)
            return (enum est_error)i;
    return EST_ERR_COUNT;
}
