/* Request attributes: the lines of CertAttrib (protocol/certsrv.md 1.5; WCCE 3.2.1.4.2.1.2). */
#ifndef MOCKS_CERTSRV_ATTRIBUTES_H
#define MOCKS_CERTSRV_ATTRIBUTES_H

#include "base/bytes.h"
#include "base/err.h"

enum { ATTRIBUTES_MAX = 64, ATTRIBUTES_TEXT_MAX = 64 * 1024, SAN_NAMES_MAX = 64 };

struct attribute {
    char *name;  /* lower case, without blanks and '-' */
    char *value; /* trimmed */
};

struct attributes {
    struct attribute items[ATTRIBUTES_MAX];
    size_t count;
};

/* Lines end with CR LF or LF; those without ':' and those with a NUL are ignored. -1 SYS_LIMIT,
 * SYS_NOMEM. Free *out either way. */
int attributes_read(struct bytes text, struct attributes *out, struct err *e);
void attributes_free(struct attributes *a);
#define AUTO_ATTRIBUTES __attribute__((cleanup(attributes_free))) struct attributes

/* Value of the first attribute of that name, given in lower case without blanks; or NULL. */
const char *attributes_get(const struct attributes *a, const char *name);

/* One NAME=VALUE of a SAN attribute: "dns=a.example&dns=b.example". */
struct san_name {
    char *kind; /* lower case: dns, upn, email, ipaddress, url, guid */
    char *value;
};
struct san_names {
    struct san_name items[SAN_NAMES_MAX];
    size_t count;
};
/* -1 SYS_LIMIT, SYS_NOMEM. Pairs without '=' are ignored. Free *out either way. */
int san_names_read(const char *text, struct san_names *out, struct err *e);
void san_names_free(struct san_names *s);
#define AUTO_SAN_NAMES __attribute__((cleanup(san_names_free))) struct san_names

#endif
