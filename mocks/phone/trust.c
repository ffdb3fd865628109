/* The phone's lists and what follows from them. A list counts from the moment that trust_take or
 * trust_load put it here; who calls them has verified it. */
#include "mocks/phone/trust.h"
#include "base/file.h"

static const char *const files[] = {
#define X(list, file) [TRUST_##list] = (file),
    TRUST_LIST_TABLE(X)
#undef X
};

void trust_clear(struct trust *t) {
    for (size_t i = 0; i < TRUST_KINDS; i++)
        itl_free(t->lists[i]);
    *t = (struct trust){0};
}

const char *trust_file_name(enum trust_kind kind) {
    return files[kind];
}

const char *trust_status(const struct trust *t) {
    bool ctl = t->lists[TRUST_CTL] != NULL, itl = t->lists[TRUST_ITL] != NULL;
    if (ctl)
        return itl ? "CTL and ITL installed" : "CTL Installed";
    return itl ? "ITL installed" : "No Trust List installed";
}

/* ---- Looking up ---- */

bool trust_has_role(const struct trust *t, unsigned role) {
    for (size_t i = 0; i < TRUST_KINDS; i++) {
        if (t->lists[i] != NULL && itl_has_role(t->lists[i], role))
            return true;
    }
    return false;
}

bool trust_holds(const struct trust *t, unsigned role, const X509 *certificate) {
    for (size_t i = 0; i < TRUST_KINDS; i++) {
        if (t->lists[i] != NULL && itl_find(t->lists[i], role, certificate) != NULL)
            return true;
    }
    return false;
}

bool trust_allows_ec(const struct trust *t) {
    for (size_t i = 0; i < TRUST_KINDS; i++) {
        if (t->lists[i] != NULL && itl_allows_ec(t->lists[i]))
            return true;
    }
    return false;
}

struct bytes trust_capf_name(const struct trust *t) {
    for (size_t i = 0; i < TRUST_KINDS; i++) {
        const struct itl_record *r = NULL;
        while (t->lists[i] != NULL && (r = itl_next(t->lists[i], ITL_ROLE_CAPF, r)) != NULL) {
            if (r->dns_name.len > 0)
                return r->dns_name;
        }
    }
    return bytes_of(NULL, 0);
}

/* ---- Deciding ---- */

enum itl_update trust_judge(const struct trust *t, enum trust_kind kind, const ITL *offered,
                            struct err *why) {
    const ITL *own = t->lists[kind];
    if (own != NULL && bytes_equal(own->file, offered->file))
        return ITL_UPDATE_IDENTICAL;
    return itl_judge_update((const struct itl *const *)t->lists, TRUST_KINDS, offered, NULL, why);
}

int trust_verify_file(const struct trust *t, const struct sgn *file, struct err *e) {
    err_set(e, ERR_ITL_SIGNER_UNKNOWN, "no trust list");
    for (size_t i = 0; i < TRUST_KINDS; i++) {
        const struct itl_record *record = NULL;
        if (t->lists[i] == NULL)
            continue;
        if (sgn_verify(file, t->lists[i], &record, e) == 0)
            return 0;
        if (record != NULL)
            return -1;
    }
    return -1;
}

/* ---- Keeping ---- */

static int write_list(const char *folder, enum trust_kind kind, struct bytes content,
                      const char *suffix, struct err *e) {
    AUTO(char) path = path_join(folder, "%s%s", files[kind], suffix);
    if (path == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    return file_write(path, content, 0644, e);
}

/* The copy first: after a crash between the two there still is a list. */
static int store(const ITL *old, const ITL *list, enum trust_kind kind, const char *folder,
                 struct err *e) {
    if (file_mkdirs(folder, e) != 0)
        return -1;
    if (old != NULL && write_list(folder, kind, old->file, ".bak", e) != 0)
        return -1;
    return write_list(folder, kind, list->file, "", e);
}

int trust_take(struct trust *t, enum trust_kind kind, ITL *list, const char *folder,
               struct err *e) {
    ITL *old = t->lists[kind];
    t->lists[kind] = list;
    int result = folder == NULL ? 0 : store(old, list, kind, folder, e);
    itl_free(old);
    return result;
}

static int load_list(ITL **list, const char *folder, enum trust_kind kind, const char *before,
                     struct err *e) {
    AUTO(char) path = folder == NULL ? NULL : path_join(folder, "%s", files[kind]);
    const char *from = path != NULL && file_exists(path) ? path : before;
    if (from == NULL)
        return 0;
    *list = itl_read_file(from, e);
    return *list != NULL ? 0 : -1;
}

int trust_load(struct trust *t, const char *folder, const struct phone_before *before,
               struct err *e) {
    int ctl = load_list(&t->lists[TRUST_CTL], folder, TRUST_CTL, before->ctl, e);
    int itl = load_list(&t->lists[TRUST_ITL], folder, TRUST_ITL, before->itl, e);
    return ctl == 0 && itl == 0 ? 0 : -1;
}

void trust_erase(struct trust *t, const char *folder) {
    trust_clear(t);
    for (size_t i = 0; folder != NULL && i < TRUST_KINDS; i++) {
        AUTO(char) path = path_join(folder, "%s", files[i]);
        if (path != NULL)
            unlink(path);
    }
}
