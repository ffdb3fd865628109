/* The directory as far as the mock needs one: domain names, users, and which of them a client
 * means. Domain matching: protocol/certsrv.md 8.3. */
#ifndef MOCKS_CERTSRV_ACCOUNTS_H
#define MOCKS_CERTSRV_ACCOUNTS_H

#include "base/config.h"
#include <stdbool.h>

struct user {
    char *name;
    char *password;
    char *email;  /* NULL: none */
    char *upn;    /* NULL: name@dns domain */
    char *sid;    /* NULL: no security extension in certificates built from the user */
    bool enroll;  /* Enroll right on the templates that do not list their users */
    bool request; /* Request Certificates right on the CA */
    bool locked;  /* the account is locked out: no logon, whatever the password */
};
extern const struct cfg_field user_fields[];

struct domain {
    char *netbios, *dns;
    bool required; /* in what a client says: without one the account is not found */
};
extern const struct cfg_field domain_fields[];

struct accounts {
    struct domain domain;
    const struct user *users;
    size_t count;
};

/* The user of that name in that domain, or NULL. domain may be "", the NetBIOS or the DNS name, in
 * any case; with "" the user may be "user@domain", or, unless the domain is required, a bare name.
 */
const struct user *account_find(const struct accounts *a, const char *domain, const char *user);

/* The same for one text, as typed for HTTP Basic: "user", "DOMAIN\user", "user@domain". */
const struct user *account_find_typed(const struct accounts *a, const char *text);

#endif
