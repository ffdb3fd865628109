/* The bodies that IIS itself answers with, outside of the certsrv pages: protocol/certsrv.md 1.7,
 * 2.2 (401 body), 5.4. All append to out. */
#ifndef MOCKS_CERTSRV_PAGES_IIS_H
#define MOCKS_CERTSRV_PAGES_IIS_H

#include "base/bytes.h"

/* Body of the 301; 163 bytes for https://lab-dc-iis.michamen.com/certsrv/, as CiscoRA logged. */
void iis_page_moved(struct buf *out, const char *url);

/* The page of an error status: 401, 403, 404, 405, 500; another one gets a page with its number.
 */
void iis_page_status(struct buf *out, unsigned status);

/* What HTTP.sys answers while the application pool is stopped. */
void iis_page_unavailable(struct buf *out);

#endif
