/* Looking up names. It must never open a path that a client had a say in beyond one plain name, nor
 * write anything. */
#include "mocks/tftp/files.h"
#include "base/file.h"
#include "base/owned.h"
#include "mocks/tftp/cnf.h"
#include "mocks/tftp/lists.h"
#include <ctype.h>
#include <string.h>
#include <sys/stat.h>

enum { MAC_DIGITS = 12, SEP = 3 };

static const char signed_suffix[] = ".sgn";
static const char cnf_suffix[] = ".cnf.xml";

struct files {
    const struct tftp_config *config;
    struct lists lists;
};

struct files *files_new(const struct tftp_config *config, struct err *e) {
    struct files *f = calloc(1, sizeof *f);
    if (f == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    f->config = config;
    if (lists_build(&f->lists, config, e) == 0)
        return f;
    free(f);
    return NULL;
}

void files_free(struct files *f) {
    if (f != NULL)
        lists_free(&f->lists);
    free(f);
}

bool files_name_ok(const char *name) {
    size_t len = strlen(name);
    if (len == 0 || len > FILES_NAME_MAX || name[0] == '.' || strstr(name, "..") != NULL)
        return false;
    for (; *name != '\0'; name++)
        if (*name <= ' ' || *name > '~' || *name == '/' || *name == '\\')
            return false;
    return true;
}

/* Whether it is "SEP" and twelve hexadecimal digits, then the end. */
static bool is_sep(const char *text, const char *suffix) {
    if (strncmp(text, "SEP", SEP) != 0)
        return false;
    for (size_t i = SEP; i < SEP + MAC_DIGITS; i++)
        if (!isxdigit((unsigned char)text[i]))
            return false;
    return strcmp(text + SEP + MAC_DIGITS, suffix) == 0;
}

bool files_device(const char *name, char out[FILES_DEVICE_MAX]) {
    const char *sep = strstr(name, "SEP");
    bool found =
        sep != NULL && strlen(sep) >= SEP + MAC_DIGITS && is_sep(sep, sep + SEP + MAC_DIGITS);
    snprintf(out, FILES_DEVICE_MAX, "%.*s", SEP + MAC_DIGITS, found ? sep : "client");
    return found;
}

/* "ITLFile.tlv" for the list of one phone too; NULL for what is no list. */
static const char *list_of(const char *name) {
    static const char *const lists[] = {"ITLFile.tlv", "CTLFile.tlv"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        if (strcmp(name, lists[i]) == 0 ||
            (strncmp(name, lists[i], SEP) == 0 && is_sep(name + SEP, ".tlv")))
            return lists[i];
    return NULL;
}

static const char *overridden(const struct files *f, const char *name) {
    const struct cfg_pairs *pairs = &f->config->override;
    for (size_t i = 0; name != NULL && i < pairs->count; i++)
        if (strcmp(pairs->items[i].name, name) == 0)
            return pairs->items[i].value;
    return NULL;
}

static int not_found(const char *name, struct err *e) {
    return err_set(e, ERR_TFTP_NOT_FOUND, "%s: no such file", name);
}

static int put(struct buf *out, struct bytes content, const char *name, struct err *e) {
    if (content.len == 0)
        return not_found(name, e);
    return buf_put_bytes(out, content) == 0 ? 0 : err_set(e, ERR_SYS_LIMIT, "%s", name);
}

static int get_list(const struct files *f, const char *name, const char *list, struct buf *out,
                    struct err *e) {
    return put(out, buf_view(list[0] == 'I' ? &f->lists.itl : &f->lists.ctl), name, e);
}

/* The device's row now: what the administrator has just changed counts. */
static int get_device_cnf(const struct files *f, const char *device_name, struct buf *out,
                          struct err *e) {
    const struct tftp_devices *devices = &f->config->devices;
    struct device device;
    struct store *store = store_open_to_read(devices->store, e);
    int rc = store != NULL ? store_device(store, device_name, &device, e) : -1;
    store_close(store);
    if (rc != 0 && e->code == ERR_STORE_NOT_FOUND)
        return not_found(device_name, e);
    rc = rc == 0 ? cnf_put(devices, device.name, &device, out, e) : -1;
    OPENSSL_cleanse(&device, sizeof device);
    return rc;
}

static int get_cnf(const struct files *f, const char *name, struct buf *out, struct err *e) {
    char device[CAPF_DEVICE_NAME_MAX + 1];
    size_t len = strlen(name) - (sizeof cnf_suffix - 1);
    if (len == 0 || len >= sizeof device)
        return not_found(name, e);
    memcpy(device, name, len);
    device[len] = '\0';
    if (!device_name_ok(device))
        return not_found(name, e);
    if (f->config->devices.store != NULL)
        return get_device_cnf(f, device, out, e);
    return is_sep(device, "") ? cnf_put(&f->config->devices, device, NULL, out, e)
                              : not_found(name, e);
}

static bool ends_with(const char *name, const char *suffix) {
    size_t len = strlen(name), end = strlen(suffix);
    return len > end && strcmp(name + len - end, suffix) == 0;
}

/* Regular files only: a device or a pipe would hold up everybody. */
static int get_from_folder(const struct files *f, const char *name, struct buf *out,
                           struct err *e) {
    struct stat s;
    if (f->config->files == NULL)
        return not_found(name, e);
    AUTO(char) path = path_join(f->config->files, "%s", name);
    if (path == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    if (stat(path, &s) != 0 || !S_ISREG(s.st_mode))
        return not_found(name, e);
    return file_read(path, out, e);
}

static int get_unsigned(const struct files *f, const char *name, struct buf *out, struct err *e) {
    const char *list = list_of(name);
    const char *other = overridden(f, name);
    if (other == NULL)
        other = overridden(f, list);
    if (other != NULL)
        return file_read(other, out, e);
    if (list != NULL)
        return get_list(f, name, list, out, e);
    if (strcmp(name, "XMLDefault.cnf.xml") == 0 &&
        f->config->devices.template.call_managers.count > 0)
        return cnf_put_default(&f->config->devices, out, e);
    struct err why = {0};
    int rc = ends_with(name, cnf_suffix) ? get_cnf(f, name, out, &why) : not_found(name, &why);
    if (rc == 0 || why.code != ERR_TFTP_NOT_FOUND)
        return rc == 0 ? 0 : err_set(e, why.code, "%s", why.text);
    return get_from_folder(f, name, out, e);
}

static int get_signed(const struct files *f, const char *name, struct buf *out, struct err *e) {
    AUTO_BUF payload = BUF_INIT(FILES_MAX);
    AUTO(char) base = strndup(name, strlen(name) - (sizeof signed_suffix - 1));
    if (base == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    if (get_unsigned(f, base, &payload, e) != 0)
        return -1;
    return lists_sign(&f->lists, name, buf_view(&payload), out, e);
}

int files_get(const struct files *f, const char *name, struct buf *out, struct err *e) {
    struct err why = {0};
    if (!files_name_ok(name))
        return err_set(e, ERR_TFTP_ACCESS, "not a plain name");
    if (get_unsigned(f, name, out, &why) == 0)
        return 0;
    if (why.code == ERR_TFTP_NOT_FOUND && ends_with(name, signed_suffix))
        return get_signed(f, name, out, e);
    return err_set(e, why.code, "%s", why.text);
}
