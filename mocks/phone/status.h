/* The phone's list of status messages (phone-behaviour.md 6.2): the last 30, in order. */
#ifndef PHONE_STATUS_H
#define PHONE_STATUS_H

#include <jansson.h>
#include <stddef.h>

enum { STATUS_MESSAGES_MAX = 30, STATUS_TEXT_MAX = 96 };

struct status_list {
    char texts[STATUS_MESSAGES_MAX][STATUS_TEXT_MAX];
    size_t count;
};

/* Puts the message behind the others; the oldest goes when there are more. */
void status_put(struct status_list *list, const char *text);

/* The messages as an array of strings; the caller owns the reference. */
json_t *status_json(const struct status_list *list);

#endif
