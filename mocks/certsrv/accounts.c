/* Looking users up by what clients type. It never looks at passwords. */
#include "mocks/certsrv/accounts.h"
#include <string.h>
#include <strings.h>

const struct cfg_field user_fields[] = {
    CFG_STRING_REQUIRED(struct user, name, "name", "account name without the domain"),
    CFG_STRING_REQUIRED(struct user, password, "password", "password, UTF-8"),
    CFG_STRING(struct user, email, "email", NULL, "mail address in the directory"),
    CFG_STRING(struct user, upn, "upn", NULL, "user principal name; default NAME@DNS-DOMAIN"),
    CFG_STRING(struct user, sid, "sid", NULL, "security identifier, S-1-5-..."),
    CFG_BOOL(struct user, enroll, "enroll", "true",
             "Enroll right on templates that do not list users"),
    CFG_BOOL(struct user, request, "request", "true", "Request Certificates right on the CA"),
    CFG_BOOL(struct user, locked, "locked", "false", "the account is locked out"),
    CFG_END,
};

const struct cfg_field domain_fields[] = {
    CFG_STRING(struct domain, netbios, "netbios", "MICHAMEN", "NetBIOS name of the domain"),
    CFG_STRING(struct domain, dns, "dns", "michamen.com", "DNS name of the domain"),
    CFG_BOOL(struct domain, required, "required", "false",
             "accounts are only found with their domain (the web server is no domain controller)"),
    CFG_END,
};

static bool is_our_domain(const struct accounts *a, const char *domain) {
    return strcasecmp(domain, a->domain.netbios) == 0 || strcasecmp(domain, a->domain.dns) == 0;
}

static const struct user *find_name(const struct accounts *a, const char *name, size_t len) {
    for (size_t i = 0; i < a->count; i++)
        if (strlen(a->users[i].name) == len && strncasecmp(a->users[i].name, name, len) == 0)
            return &a->users[i];
    return NULL;
}

const struct user *account_find(const struct accounts *a, const char *domain, const char *user) {
    if (domain[0] != '\0')
        return is_our_domain(a, domain) ? find_name(a, user, strlen(user)) : NULL;
    const char *at = strrchr(user, '@');
    if (at != NULL && is_our_domain(a, at + 1))
        return find_name(a, user, (size_t)(at - user));
    return a->domain.required ? NULL : find_name(a, user, strlen(user));
}

const struct user *account_find_typed(const struct accounts *a, const char *text) {
    char domain[256];
    const char *slash = strchr(text, '\\');
    if (slash == NULL)
        return account_find(a, "", text);
    size_t len = (size_t)(slash - text);
    if (len >= sizeof domain)
        return NULL;
    memcpy(domain, text, len);
    domain[len] = '\0';
    return account_find(a, domain, slash + 1);
}
