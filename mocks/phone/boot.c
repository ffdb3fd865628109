/* The phone's boot (phone-behaviour.md 1 to 3): a table of the files it asks for, what it does with
 * each, and which it asks for next. What a file says counts only once its signature was checked;
 * what cannot be checked leaves the phone with what it had. */
#include "base/file.h"
#include "mocks/phone/phone_impl.h"
#include <string.h>

enum boot_kind { BOOT_CTL, BOOT_ITL, BOOT_CONFIGURATION };

/* X(STEP, kind, name before, the device's name stands in it, name behind, step when the server has
 * it, step when not) */
#define BOOT_TABLE(X)                                                                              \
    X(OWN_CTL, CTL, "CTL", true, ".tlv", OWN_ITL, ANY_CTL)                                         \
    X(ANY_CTL, CTL, "CTLFile", false, ".tlv", OWN_ITL, OWN_ITL)                                    \
    X(OWN_ITL, ITL, "ITL", true, ".tlv", OWN_CONFIGURATION, ANY_ITL)                               \
    X(ANY_ITL, ITL, "ITLFile", false, ".tlv", OWN_CONFIGURATION, OWN_CONFIGURATION)                \
    X(OWN_CONFIGURATION, CONFIGURATION, "", true, ".cnf.xml", NO_FILE, ANY_CONFIGURATION)          \
    X(ANY_CONFIGURATION, CONFIGURATION, "XMLDefault", false, ".cnf.xml", NO_FILE, NO_FILE)

enum boot_step {
#define X(step, kind, before, own, behind, found, missing) BOOT_STEP_##step,
    BOOT_TABLE(X)
#undef X
        BOOT_STEP_NO_FILE
};

struct boot_row {
    enum boot_kind kind;
    const char *before;
    bool own;
    const char *behind;
    enum boot_step found, missing;
};

static const struct boot_row rows[] = {
#define X(step, type, front, of_device, end, if_found, if_missing)                                 \
    [BOOT_STEP_##step] = {BOOT_##type,           front, of_device, end, BOOT_STEP_##if_found,      \
                          BOOT_STEP_##if_missing},
    BOOT_TABLE(X)
#undef X
};

static const char configuration_file[] = "cnf.xml"; /* in the state folder */

static void go_to(struct phone *p, enum boot_step step);

static const struct boot_row *row_of(const struct phone *p) {
    return &rows[p->boot.step];
}

static enum trust_kind list_of(const struct phone *p) {
    return row_of(p)->kind == BOOT_CTL ? TRUST_CTL : TRUST_ITL;
}

bool phone_boots(const struct phone *p) {
    return p->config->tftp.servers.count > 0;
}

#define secureapp(p, level, ...)                                                                   \
    console_line((p)->console, CONSOLE_##level, CONSOLE_SECUREAPP, __VA_ARGS__)

/* ---- Lists ---- */

static void forget_offer(struct phone *p) {
    itl_free(p->boot.offered);
    p->boot.offered = NULL;
}

static void next_file(struct phone *p) {
    forget_offer(p);
    go_to(p, row_of(p)->found);
}

static void refuse_list(struct phone *p, const struct err *why) {
    secureapp(p, ERR, "AUTH: %s: %s", trust_file_name(list_of(p)), why->text);
    phone_show(p, CONSOLE_ERR, "Trust List update failed");
    next_file(p);
}

static void take_list(struct phone *p) {
    struct err e = {0};
    bool first = p->trust.lists[list_of(p)] == NULL;
    if (trust_take(&p->trust, list_of(p), TAKE(p->boot.offered), p->config->state, &e) != 0)
        secureapp(p, ERR, "updateFromFile: %s", e.text);
    secureapp(p, INF, "updateFromFile: TL parse to table: CTL_SUCCESS");
    secureapp(p, INF, "Updating master TL table");
    secureapp(p, NOT, "TL file updated.");
    if (!first)
        p->boot.updated = true;
    next_file(p);
}

/* TVS knows the signer: the signature must be by it all the same. */
static void on_signer_of_list(struct phone *p, X509 *certificate, const struct err *e) {
    struct err why = *e;
    if (certificate == NULL || itl_verify_by(p->boot.offered, certificate, &why) != 0) {
        refuse_list(p, &why);
        return;
    }
    secureapp(p, NOT, "TL file verified successfully.");
    take_list(p);
}

static void ask_for_signer(struct phone *p, const struct itl_header *header, unsigned role,
                           phone_tvs_fn *done) {
    struct err e = {0};
    if (phone_tvs_query(p, header, role, done, &e) != 0)
        done(p, NULL, &e);
}

static void act_on_list(struct phone *p, enum itl_update update, const struct err *why) {
    switch (update) {
    case ITL_UPDATE_FIRST_USE:
        secureapp(p, NOT, "Using leap of faith to accept TL file");
        take_list(p);
        break;
    case ITL_UPDATE_IDENTICAL:
        secureapp(p, INF, "Hashes match... authentication successful.");
        next_file(p);
        break;
    case ITL_UPDATE_ACCEPTED:
        secureapp(p, NOT, "TL file verified successfully.");
        take_list(p);
        break;
    case ITL_UPDATE_ASK_TVS:
        ask_for_signer(p, &p->boot.offered->header, ITL_ROLE_SAST, on_signer_of_list);
        break;
    case ITL_UPDATE_REFUSED:
        if (why->code == ERR_ITL_SIGNER_UNKNOWN)
            phone_tvs_possible(p);
        refuse_list(p, why);
        break;
    }
}

/* Phones know headers up to 1.1 (phone-behaviour.md 2). */
static void log_version(struct phone *p, const struct itl_header *h) {
    if (h->major == 1 && h->minor <= 1)
        return;
    secureapp(p, INF, "AUTH: hdr ver %u.%u (knows only upto 1.1)", h->major, h->minor);
    secureapp(p, INF, "AUTH: early exit from parser loop; old version header?");
}

static void on_list(struct phone *p, struct bytes content) {
    struct err why = {0};
    p->boot.offered = itl_parse(content, &why);
    if (p->boot.offered == NULL) {
        refuse_list(p, &why);
        return;
    }
    log_version(p, &p->boot.offered->header);
    act_on_list(p, trust_judge(&p->trust, list_of(p), p->boot.offered, &why), &why);
}

static void show_lists(struct phone *p) {
    if (p->boot.updated)
        phone_show(p, CONSOLE_NOT, "Trust List updated");
    phone_show(p, CONSOLE_NOT, "%s", trust_status(&p->trust));
}

/* ---- Configuration ---- */

static void refuse_configuration(struct phone *p, const char *shown, const struct err *why) {
    console_line(p->console, CONSOLE_ERR, CONSOLE_CONFIGMGR, "cip.cfg.FileProperty:? - %s: %s",
                 p->fetch.name, why->text);
    phone_show(p, CONSOLE_ERR, "%s", shown);
    go_to(p, BOOT_STEP_NO_FILE);
}

static void store_configuration(struct phone *p, struct bytes content) {
    struct err e = {0};
    if (p->config->state == NULL)
        return;
    AUTO(char) path = path_join(p->config->state, "%s", configuration_file);
    if (path == NULL || file_mkdirs(p->config->state, &e) != 0 ||
        file_write(path, content, 0644, &e) != 0)
        console_line(p->console, CONSOLE_ERR, CONSOLE_CONFIGMGR, "cip.cfg.FileProperty:? - %s",
                     e.text);
}

/* Other servers of TVS may stand in it. */
static void take_configuration(struct phone *p, struct bytes content) {
    struct cnf_xml fresh;
    struct err e = {0};
    if (cnf_xml_read(content, &fresh, &e) != 0) {
        refuse_configuration(p, "TFTP Error", &e);
        return;
    }
    p->cnf = fresh;
    p->has_cnf = true;
    phone_tvs_close(p);
    store_configuration(p, content);
    go_to(p, BOOT_STEP_NO_FILE);
}

static void on_signer_of_configuration(struct phone *p, X509 *certificate, const struct err *e) {
    struct err why = *e;
    if (certificate == NULL || sgn_verify_by(&p->boot.config, certificate, &why) != 0)
        refuse_configuration(p, "File auth error", &why);
    else
        take_configuration(p, p->boot.config.payload);
}

static bool is_named(const struct sgn *file, const char *name) {
    return bytes_equal(file->header.file_name, bytes_of_str(name));
}

static void check_configuration(struct phone *p, struct bytes content) {
    struct err why = {0};
    int result = sgn_parse(content, &p->boot.config, &why);
    if (result == 0 && !is_named(&p->boot.config, p->fetch.name))
        result = err_set(&why, ERR_ITL_HEADER, "signed under another name");
    if (result == 0 && trust_verify_file(&p->trust, &p->boot.config, &why) == 0)
        take_configuration(p, p->boot.config.payload);
    else if (result == 0 && why.code == ERR_ITL_SIGNER_UNKNOWN && phone_tvs_possible(p))
        ask_for_signer(p, &p->boot.config.header, ITL_ROLE_TFTP, on_signer_of_configuration);
    else
        refuse_configuration(p, "File auth error", &why);
}

static void on_configuration(struct phone *p, struct bytes content) {
    if (p->boot.is_signed)
        check_configuration(p, content);
    else
        take_configuration(p, content);
}

/* ---- Files ---- */

static void on_missing(struct phone *p) {
    enum boot_step step = (enum boot_step)p->boot.step;
    if (step == BOOT_STEP_ANY_CTL)
        phone_show(p, CONSOLE_NOT, "File Not Found <%s>", trust_file_name(TRUST_CTL));
    else if (step == BOOT_STEP_ANY_CONFIGURATION)
        phone_show(p, CONSOLE_ERR, "File Not Found <%s>", p->fetch.name);
    go_to(p, row_of(p)->missing);
}

static void on_file(struct phone *p, enum phone_file_result result, struct bytes content) {
    if (result == PHONE_FILE_MISSING) {
        on_missing(p);
    } else if (result == PHONE_FILE_FAILED) {
        phone_show(p, CONSOLE_ERR, "TFTP Timeout");
        if (row_of(p)->kind != BOOT_CONFIGURATION)
            show_lists(p);
        go_to(p, BOOT_STEP_NO_FILE);
    } else if (row_of(p)->kind == BOOT_CONFIGURATION) {
        on_configuration(p, content);
    } else {
        on_list(p, content);
    }
}

/* Files are signed when a list can tell by whom (phone-behaviour.md 1). */
static void ask_for_file(struct phone *p) {
    const struct boot_row *row = row_of(p);
    char name[PHONE_FILE_NAME_MAX];
    p->boot.is_signed = row->kind == BOOT_CONFIGURATION && trust_has_role(&p->trust, ITL_ROLE_TFTP);
    snprintf(name, sizeof name, "%s%s%s%s", row->before, row->own ? p->config->name : "",
             row->behind, p->boot.is_signed ? ".sgn" : "");
    phone_fetch(p, name, on_file);
}

/* ---- TVS servers of the configuration ---- */

static void resolve_members(struct phone *p);

static void on_member(struct phone *p, const char *address, const struct err *e) {
    phone_log_tvs_address(p, p->cnf.tvs.items[p->boot.member].host, address);
    if (address == NULL && !p->boot.unresolved) {
        p->boot.unresolved = true;
        phone_show(p, CONSOLE_ERR, "%s",
                   e->code == ERR_DNS_TIMEOUT ? "DNS timeout" : "DNS unknown IPv4 host");
    }
    p->boot.member++;
    resolve_members(p);
}

static void resolve_members(struct phone *p) {
    struct phone_place place;
    struct err e = {0};
    if (p->boot.member >= p->cnf.tvs.count) {
        phone_on_booted(p);
        return;
    }
    const struct cnf_server *server = &p->cnf.tvs.items[p->boot.member];
    if (phone_route(p, server->host, server->port, &place, &e) != 0)
        on_member(p, NULL, &e);
    else
        phone_look_up(p, place.host, on_member);
}

/* ---- Steps ---- */

/* Models without Security By Default know no ITL (phone-behaviour.md 8). */
static bool knows_itl(const struct phone *p) {
    static const char *const without[] = {"7935", "7936", "7937", "7940", "7960"};
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
        if (strstr(p->config->model, without[i]) != NULL)
            return false;
    }
    return true;
}

static void go_to(struct phone *p, enum boot_step step) {
    bool was_list = row_of(p)->kind != BOOT_CONFIGURATION;
    if (step == BOOT_STEP_OWN_ITL && !knows_itl(p))
        step = BOOT_STEP_OWN_CONFIGURATION;
    if (step == BOOT_STEP_NO_FILE) {
        resolve_members(p);
        return;
    }
    p->boot.step = (int)step;
    if (was_list && row_of(p)->kind == BOOT_CONFIGURATION)
        show_lists(p);
    ask_for_file(p);
}

static void load_configuration(struct phone *p) {
    AUTO_BUF content = BUF_INIT(CNF_FILE_MAX);
    AUTO(char)
    stored =
        p->config->state == NULL ? NULL : path_join(p->config->state, "%s", configuration_file);
    const char *from =
        stored != NULL && file_exists(stored) ? stored : p->config->before.configuration;
    struct err e = {0};
    if (from == NULL)
        return;
    p->has_cnf =
        file_read(from, &content, &e) == 0 && cnf_xml_read(buf_view(&content), &p->cnf, &e) == 0;
    if (!p->has_cnf)
        console_line(p->console, CONSOLE_ERR, CONSOLE_CONFIGMGR, "cip.cfg.FileProperty:? - %s: %s",
                     from, e.text);
}

/* What a phone without a folder has learnt stays in its memory. */
static void load(struct phone *p) {
    struct err e = {0};
    if (p->config->state == NULL && p->boots > 1)
        return;
    trust_clear(&p->trust);
    if (trust_load(&p->trust, p->config->state, &p->config->before, &e) != 0)
        secureapp(p, ERR, "updateFromFile: %s", e.text);
    load_configuration(p);
}

static void erase(struct phone *p) {
    trust_erase(&p->trust, p->config->state);
    phone_show(p, CONSOLE_NOT, "Erasing CTL and ITL files");
}

void phone_boot(struct phone *p) {
    phone_boot_stop(p);
    p->state = PHONE_STATE_BOOTING;
    p->boots++;
    p->boot = (struct phone_boot){.step = BOOT_STEP_OWN_CTL};
    console_line(p->console, CONSOLE_NOT, CONSOLE_CONFIGMGR, "cip.sys.Boot:? - boot %u of %s %s",
                 p->boots, p->config->model, p->config->name);
    load(p);
    if (p->config->erase_lists && p->boots == 1)
        erase(p);
    ask_for_file(p);
}

void phone_boot_stop(struct phone *p) {
    phone_forget_lookup(p);
    phone_fetch_stop(p);
    phone_tvs_close(p);
    forget_offer(p);
}
