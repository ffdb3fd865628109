/* The rows of the tables, for the fault engine. */
#include "mocks/tvs/points.h"
#include "base/owned.h"
#include "itl/names.h"
#include "mocks/tvs/tvs_wire.h"
#include <string.h>

static const struct fault_point points[] = {
#define TVS_POINT_ROW(point, name, kind, help) {name, kind, help},
    TVS_POINT_TABLE(TVS_POINT_ROW)
#undef TVS_POINT_ROW
        {0}};

static const struct fault_action actions[] = {
#define TVS_ACTION_ROW(action, word, ...) {.name = word, __VA_ARGS__},
    TVS_ACTION_TABLE(TVS_ACTION_ROW)
#undef TVS_ACTION_ROW
        {0}};

const struct fault_tables tvs_faults = {.mock = "tvs", .points = points, .actions = actions};

static int read_role(const char *word, struct buf *out, struct err *e) {
    unsigned role = 0;
    if (itl_role_read(word, &role, e) != 0)
        return -1;
    return buf_put_u8(out, (uint8_t)role) == 0
               ? 0
               : err_set(e, ERR_CONFIG_BAD_VALUE, "more than %d roles", TVS_ROLES_MAX);
}

int tvs_roles_read(const char *words, struct buf *out, struct err *e) {
    AUTO(char) copy = strdup(words);
    char *rest = copy;
    if (copy == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    if (strcmp(words, "none") == 0)
        return 0;
    for (const char *word; (word = strsep(&rest, ",")) != NULL;)
        if (read_role(word, out, e) != 0)
            return -1;
    return 0;
}

int tvs_faults_check(const struct fault_set *set, struct err *e) {
    for (size_t i = 0; i < set->count; i++) {
        const struct fault *f = &set->items[i];
        AUTO_BUF roles = BUF_INIT(TVS_ROLES_MAX);
        if (f->action == TVS_DO_ROLES && tvs_roles_read(f->text, &roles, e) != 0)
            return err_context(e, "faults: roles %s", f->text);
    }
    return 0;
}
