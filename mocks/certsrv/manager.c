/* The manager's commands. "issue" only approves: the running mock, which has the CA's key, signs
 * when the certificate is asked for. */
#include "mocks/certsrv/manager.h"
#include "base/clock.h"
#include "base/file.h"
#include "mocks/certsrv/store.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COPIES_MAX = 1000000 };

static const struct command {
    const char *word;
    enum disposition from, to;
    const char *done; /* before the manager's name */
    uint32_t status;  /* HRESULT */
} commands[] = {
    {"issue", DISPOSITION_PENDING, DISPOSITION_APPROVED, "Resubmitted by", 0},
    {"deny", DISPOSITION_PENDING, DISPOSITION_DENIED, "Denied by",
     0x80094014 /* CERTSRV_E_ADMIN_DENIED_REQUEST */},
    {"revoke", DISPOSITION_ISSUED, DISPOSITION_REVOKED, "Revoked by", 0},
};

static const struct command *find(const char *word) {
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].word, word) == 0)
            return &commands[i];
    return NULL;
}

bool manager_is_command(const char *word) {
    return strcmp(word, "list") == 0 || find(word) != NULL;
}

static int print_row(void *user, const struct store_row *row) {
    (void)user;
    printf("%-6" PRId64 " %-9s %-20s %-12s %-38s %.*s\n", row->id,
           disposition_word(row->disposition), row->requester, row->template, row->serial,
           (int)strcspn(row->message, "\r\n"), row->message);
    return 0;
}

static int list(struct store *s, struct err *e) {
    printf("%-6s %-9s %-20s %-12s %-38s %s\n", "ID", "STATE", "REQUESTER", "TEMPLATE", "SERIAL",
           "MESSAGE");
    return store_each(s, print_row, NULL, e);
}

static int change(struct store *s, const struct command *c, int64_t id, const char *as,
                  struct err *e) {
    AUTO_ROW row;
    store_row_init(&row);
    if (store_find(s, id, &row, e) != 0)
        return -1;
    if (row.disposition != c->from)
        return err_set(e, ERR_CSR_POLICY, "request %" PRId64 " is %s, not %s", id,
                       disposition_word(row.disposition), disposition_word(c->from));
    row.disposition = c->to;
    row.status = c->status;
    row.resolved = clock_wall();
    snprintf(row.message, sizeof row.message, "%s %.200s", c->done, as);
    return store_save(s, &row, e);
}

/* In one transaction: what was pending when it was read is so when it is written. */
static int change_safely(struct store *s, const struct command *c, int64_t id, const char *as,
                         struct err *e) {
    if (store_begin(s, e) != 0)
        return -1;
    if (change(s, c, id, as, e) == 0 && store_commit(s, e) == 0)
        return 0;
    store_rollback(s);
    return -1;
}

static int read_id(const char *text, int64_t *id, struct err *e) {
    char *end = NULL;
    *id = text == NULL ? -1 : strtoll(text, &end, 10);
    if (text == NULL || end == text || *end != '\0' || *id < 0)
        return err_set(e, ERR_ARG_USAGE, "a request id is needed; `list` shows them");
    return 0;
}

static struct store *open_existing(const char *command, const char *database, struct err *e) {
    if (database != NULL && file_exists(database))
        return store_open(database, 1, e);
    err_set(e, ERR_ARG_USAGE, "%s: no such database; give --database FILE",
            database == NULL ? command : database);
    return NULL;
}

int manager_copy(const char *database, const char *id, int64_t count, struct err *e) {
    int64_t number = 0;
    if (count < 1 || count > COPIES_MAX)
        return err_set(e, ERR_ARG_USAGE, "--count: 1 to %d", COPIES_MAX);
    if (id != NULL && read_id(id, &number, e) != 0)
        return -1;
    struct store *s = open_existing("copy", database, e);
    int rc = s == NULL ? -1 : store_multiply(s, number, count, e);
    store_close(s);
    return rc;
}

int manager_run(const char *command, const char *database, const char *id, const char *as,
                struct err *e) {
    const struct command *c = find(command);
    int64_t number = 0;
    if (c != NULL && read_id(id, &number, e) != 0)
        return -1;
    struct store *s = open_existing(command, database, e);
    if (s == NULL)
        return -1;
    int rc = c == NULL ? list(s, e) : change_safely(s, c, number, as, e);
    store_close(s);
    return rc;
}
