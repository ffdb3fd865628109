/* Tables and lookups for the numbers of the Device table. Everything is expanded from the X-macros
 * in the header; nothing here may list a value of its own. */
#include "capf/device_enums.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ROW(number, name, symbol, text, word) {(number), (symbol), (text), (word)},
#define END                                                                                        \
    { 0, NULL, NULL, NULL }

const struct enum_row capf_operations[] = {CAPF_OPERATION_TABLE(ROW) END};
const struct enum_row capf_auth_modes[] = {CAPF_AUTH_MODE_TABLE(ROW) END};
const struct enum_row capf_key_sizes[] = {CAPF_KEY_SIZE_TABLE(ROW) END};
const struct enum_row capf_ec_key_sizes[] = {CAPF_EC_KEY_SIZE_TABLE(ROW) END};
const struct enum_row capf_key_orders[] = {CAPF_KEY_ORDER_TABLE(ROW) END};
const struct enum_row capf_issuers[] = {CAPF_ISSUER_TABLE(ROW) END};

#define STATUS_ROW(number, name, text) {(number), "CERT_STATUS_" #name, (text), (text)},
const struct enum_row capf_statuses[] = {CAPF_STATUS_TABLE(STATUS_ROW) END};

#define RESULT_ROW(number, name, symbol, upgrade, del, troubleshoot, after)                        \
    {(number), (symbol), (symbol), (symbol)},
const struct enum_row capf_results[] = {CAPF_RESULT_TABLE(RESULT_ROW) END};

enum after_result { KEEPS, ENDS };

struct result_effect {
    enum capf_cert_status upgrade, del, troubleshoot;
    enum after_result after;
};
#define RESULT_EFFECT(number, name, symbol, upgrade_, delete_, troubleshoot_, after_)              \
    [number] = {CERT_STATUS_##upgrade_, CERT_STATUS_##delete_, CERT_STATUS_##troubleshoot_, after_},
static const struct result_effect effects[] = {CAPF_RESULT_TABLE(RESULT_EFFECT)};

static const struct enum_row *row_of(const struct enum_row *table, int number) {
    for (; table->symbol != NULL; table++)
        if (table->number == number)
            return table;
    return NULL;
}

const char *enum_symbol(const struct enum_row *table, int number) {
    const struct enum_row *row = row_of(table, number);
    return row == NULL ? "INVALID" : row->symbol;
}

const char *enum_text(const struct enum_row *table, int number) {
    const struct enum_row *row = row_of(table, number);
    return row == NULL ? "INVALID" : row->text;
}

const char *enum_word(const struct enum_row *table, int number) {
    const struct enum_row *row = row_of(table, number);
    return row == NULL ? "INVALID" : row->word;
}

bool enum_has(const struct enum_row *table, int number) {
    return row_of(table, number) != NULL;
}

static bool row_matches(const struct enum_row *row, const char *word) {
    return strcasecmp(row->word, word) == 0 || strcasecmp(row->symbol, word) == 0 ||
           (row->text[0] != '\0' && strcasecmp(row->text, word) == 0);
}

int enum_parse(const struct enum_row *table, const char *word) {
    for (const struct enum_row *row = table; row->symbol != NULL; row++)
        if (row_matches(row, word))
            return row->number;
    char *end = NULL;
    long number = strtol(word, &end, 10);
    bool is_number = end != word && *end == '\0' && number >= 0 && number <= 1000;
    return is_number && enum_has(table, (int)number) ? (int)number : -1;
}

enum capf_cert_status status_of_result(enum capf_operation operation, enum capf_result result) {
    const struct result_effect *effect = &effects[result];
    switch (operation) {
    case OPERATION_DELETE:
        return effect->del;
    case OPERATION_TROUBLESHOOT:
        return effect->troubleshoot;
    case OPERATION_NONE:
    case OPERATION_UPGRADE:
        break;
    }
    return effect->upgrade;
}

bool result_keeps_operation(enum capf_result result) {
    return effects[result].after == KEEPS;
}

unsigned key_size_bits(enum capf_key_size size) {
    return (unsigned)strtoul(enum_text(capf_key_sizes, (int)size), NULL, 10);
}

unsigned ec_key_size_bits(enum capf_ec_key_size size) {
    return (unsigned)strtoul(enum_text(capf_ec_key_sizes, (int)size), NULL, 10);
}
