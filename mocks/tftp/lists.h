/* The trust lists of a cluster's TFTP service, made from its certificates when the service starts:
 * what changes afterwards reaches phones only after a restart (seed 5, "ITL file ... restart the
 * Cisco TFTP service"). */
#ifndef MOCKS_TFTP_LISTS_H
#define MOCKS_TFTP_LISTS_H

#include "base/owned.h"
#include "mocks/tftp/config.h"

struct lists {
    struct buf itl, ctl; /* empty: there is none */
    X509 *signer;        /* signs files; NULL: there is none, and no signed files */
    EVP_PKEY *signer_key;
    int layout, digest;
};

/* Builds what the configuration describes, with the component's time as TIMESTAMP, and writes it
 * into the folder of lists when there is one. *l need not be freed after an error. -1
 * CONFIG_MISSING (a list without a signer, a certificate without key, mixed mode without CTL),
 * CONFIG_BAD_VALUE (a role, an address), and what reading files and itl_build say. */
int lists_build(struct lists *l, const struct tftp_config *config, struct err *e);
void lists_free(struct lists *l);

/* Appends payload as the signed file of that name (".sgn" included). -1 TFTP_NOT_FOUND without a
 * signer, and what sgn_sign says. */
int lists_sign(const struct lists *l, const char *name, struct bytes payload, struct buf *out,
               struct err *e);

#endif
