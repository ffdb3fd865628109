/* Trust lists described in YAML: which certificates, in which roles, signed by whom. `capflab itl
 * build` reads them. */
#ifndef ITL_DESCRIPTION_H
#define ITL_DESCRIPTION_H

#include "base/config.h"
#include "itl/itl_write.h"

struct itl_description_record {
    int role;
    char *certificate; /* file, PEM or DER */
    int form;          /* enum itl_form */
    char *dns_name;
    char *address; /* IPv4 or IPv6 */
    char *hash;    /* hex, blanks and colons do not count */
};

struct itl_description {
    char *file_name;
    int layout;        /* enum itl_layout */
    int digest;        /* enum itl_digest */
    int64_t timestamp; /* seconds since 1970; 0: now */
    int signer_version;
    char *signer; /* files */
    char *key;
    bool add_signer;
    struct cfg_list records; /* of struct itl_description_record */
};
extern const struct cfg_field itl_description_fields[];
extern const struct cfg_word itl_role_words[], itl_form_words[], itl_layout_words[],
    itl_digest_words[];

/* Reads the files, names that do not start with a slash from folder (NULL: the current one), and
 * appends the list. -1 as itl_build; SYS_IO, X509_PARSE, KEY_PARSE of the files; CONFIG_MISSING,
 * CONFIG_BAD_VALUE. */
int itl_description_build(const struct itl_description *d, const char *folder, struct buf *out,
                          struct err *e);

#endif
