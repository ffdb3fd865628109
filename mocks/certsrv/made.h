/* What a mock makes for itself when it is started with nothing: a CA, a web server certificate, a
 * database, in a folder that stays (state) or goes with the program (temporary). */
#ifndef MOCKS_CERTSRV_MADE_H
#define MOCKS_CERTSRV_MADE_H

#include "mocks/certsrv/config.h"

struct made {
    char *folder; /* owned; NULL: everything was configured */
    bool temporary;
    char *paths[8]; /* owned; what config points to */
    size_t count;
};

/* Fills the gaps of config (ca.certificate and key, certificate and key, database) with files, made
 * unless they are there from an earlier start. Free *out either way, after the last use of config.
 * -1 SYS_IO, X509_ISSUE, KEY_GENERATE, CONFIG_MISSING (a certificate without its key). */
int made_fill(struct certsrv_config *config, struct made *out, struct err *e);
void made_free(struct made *m); /* removes a temporary folder */

#endif
