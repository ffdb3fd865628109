/* Attribution. nginx numbers its connections ("*2"); libest's lines carry nothing, and belong to
 * what wrote last. A wrong guess here costs a grouping, never a line. */
#include "diagnose/whose.h"
#include <ctype.h>
#include <string.h>

static const char sep[] = "SEP";
enum { DEVICE_NAME_LEN = 15 };

/* "SEP" and twelve hex digits, anywhere in text. */
static struct bytes find_device(struct bytes text) {
    for (size_t at = 0; at + DEVICE_NAME_LEN <= text.len; at++) {
        if (memcmp(text.data + at, sep, sizeof sep - 1) != 0)
            continue;
        size_t n = sizeof sep - 1;
        while (n < DEVICE_NAME_LEN && isxdigit(text.data[at + n]))
            n++;
        if (n == DEVICE_NAME_LEN)
            return bytes_of(text.data + at, n);
    }
    return bytes_of(NULL, 0);
}

static void set_device(struct whose *w, struct bytes name) {
    if (name.len == 0 || name.len > WHOSE_NAME_MAX)
        return;
    memcpy(w->device, name.data, name.len);
    w->device[name.len] = '\0';
}

void whose_init(struct whose *w, const char *path) {
    *w = (struct whose){.start = CASE_NO_SCOPE, .current = CASE_NO_SCOPE};
    const char *slash = strrchr(path, '/');
    set_device(w, find_device(bytes_of_str(slash != NULL ? slash + 1 : path)));
}

static bool has(struct bytes text, const char *part) {
    return memmem(text.data, text.len, part, strlen(part)) != NULL;
}

/* ---- CAPF and phones ---- */

/* "... debug 2:SEP74A02FC0A675:text": the name between the colons. */
static struct bytes session_device(struct bytes text) {
    static const char mark[] = "debug ";
    const uint8_t *found = memmem(text.data, text.len, mark, sizeof mark - 1);
    if (found == NULL)
        return bytes_of(NULL, 0);
    const uint8_t *at = found + sizeof mark - 1, *end = text.data + text.len;
    const uint8_t *digits = at;
    while (at < end && isdigit(*at))
        at++;
    if (at == digits || at == end || *at != ':')
        return bytes_of(NULL, 0);
    const uint8_t *name = ++at;
    while (at < end && *at != ':' && *at != ' ')
        at++;
    return at < end && *at == ':' ? bytes_of(name, (size_t)(at - name)) : bytes_of(NULL, 0);
}

static size_t device_scope(struct whose *w, struct casefile *c, const struct record *record) {
    struct bytes name = bytes_of(NULL, 0);
    if (record->source == SOURCE_CAPF)
        name = session_device(record->text);
    if (name.len == 0)
        name = find_device(record->text);
    if (bytes_equal(name, bytes_of_str("UNKNOWN")))
        w->device[0] = '\0';
    else
        set_device(w, name);
    return case_scope_device(c, bytes_of_str(w->device));
}

/* ---- the RA ---- */

/* "2019/02/27 16:53:28 [info] 3187#0: *2 text": 2; 0 for none. */
static uint64_t connection_of(struct bytes text) {
    const uint8_t *found = memmem(text.data, text.len, "#0: *", 5);
    uint64_t number = 0;
    if (found == NULL || found - text.data > 60)
        return 0;
    for (const uint8_t *at = found + 5; at < text.data + text.len && isdigit(*at); at++)
        number = number * 10 + (uint64_t)(*at - '0');
    return number;
}

static size_t begin_start(struct whose *w, struct casefile *c) {
    memset(w->connections, 0, sizeof w->connections);
    w->start_failed = false;
    w->start = w->current = case_scope_new_ra(c);
    w->unbound = false;
    return w->start;
}

/* A start-up begins with nginx's line about the chain. Extracts on a page lack it: there, a second
 * failure is another start. */
static size_t start_scope(struct whose *w, struct casefile *c, struct bytes text) {
    bool fails = has(text, "login_to_certsrv_ca: Curl ") || has(text, "retrieve_cacerts: Curl ");
    bool begins = has(text, "CA Chain requested but") || (fails && w->start_failed);
    size_t scope = w->start == CASE_NO_SCOPE || begins ? begin_start(w, c) : w->start;
    w->start_failed = w->start_failed || fails;
    return scope;
}

static size_t connection_scope(struct whose *w, struct casefile *c, uint64_t number) {
    size_t slot = number % WHOSE_CONNECTIONS;
    bool known = w->connections[slot].number == number;
    if (w->unbound || !known) {
        size_t scope = w->unbound ? w->current : case_scope_new_ra(c);
        w->connections[slot].number = number;
        w->connections[slot].scope = scope;
        w->unbound = w->ended = false;
    }
    w->current = w->connections[slot].scope;
    return w->current;
}

/* The first line that libest writes for a request: its URI, or when that is not in the extract, how
 * TLS went. */
static bool begins_request(const struct whose *w, struct bytes text) {
    if (has(text, "--> /.well-known/est/"))
        return true;
    bool fresh = w->unbound && !w->ended;
    return has(text, "[est_enroll_auth:") && has(text, "--> TLS: ") && !fresh;
}

static size_t est_scope(struct whose *w, struct casefile *c, struct bytes text) {
    if (has(text, "[est_log_version:") || has(text, "_init_cert_store_from_raw:") ||
        has(text, "[set_ssl_option:"))
        return w->start != CASE_NO_SCOPE ? w->start : begin_start(w, c);
    if (begins_request(w, text) || w->current == CASE_NO_SCOPE) {
        w->current = case_scope_new_ra(c);
        w->unbound = true;
        w->ended = false;
    }
    if (has(text, "[log_access:")) {
        w->ended = true;
        w->unbound = false;
    }
    return w->current;
}

size_t whose_scope(struct whose *w, struct casefile *c, const struct record *record) {
    switch (record->source) {
    case SOURCE_RA:
        return start_scope(w, c, record->text);
    case SOURCE_NGINX: {
        uint64_t number = connection_of(record->text);
        return number != 0 ? connection_scope(w, c, number) : start_scope(w, c, record->text);
    }
    case SOURCE_EST:
        return est_scope(w, c, record->text);
    case SOURCE_IIS:
        return case_scope_iis(c);
    default:
        return device_scope(w, c, record);
    }
}
