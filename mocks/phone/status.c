/* A list of the last messages. Knows nothing of what they say. */
#include "mocks/phone/status.h"
#include <stdio.h>
#include <string.h>

void status_put(struct status_list *list, const char *text) {
    if (list->count == STATUS_MESSAGES_MAX) {
        memmove(list->texts, list->texts + 1, sizeof list->texts - sizeof list->texts[0]);
        list->count--;
    }
    snprintf(list->texts[list->count++], STATUS_TEXT_MAX, "%s", text);
}

json_t *status_json(const struct status_list *list) {
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(array, json_string(list->texts[i]));
    return array;
}
