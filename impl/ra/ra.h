/* The registration authority (CiscoRA, CES): an EST server in front of certsrv, put together from
 * its configuration. Sources: seed 1, "NGINX log at CES start-up". */
#ifndef RA_RA_H
#define RA_RA_H

#include "base/err.h"
#include "base/process.h"
#include "ra/ra_config.h"

struct ra; /* opaque */

/* Opens files and sockets. process and config must outlive it. Caller frees. NULL with e set. */
struct ra *ra_new(struct process *process, const struct ra_config *config, struct err *e);
void ra_free(struct ra *ra); /* NULL allowed */

/* Logs in to the CA; when that ended, well or not, says that the RA is ready (process_ready) and
 * stops the process if it cannot say so. */
void ra_start(struct ra *ra);
/* Why it stopped the process; NULL: it did not. */
const struct err *ra_failure(const struct ra *ra);

#endif
