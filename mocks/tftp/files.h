/* From the name that a client asks for to the octets that it gets: trust lists, phones'
 * configurations, files of a folder, and the signed form of each (NAME.sgn).
 *
 * In this order: what `override` says; ITLFile.tlv, ITLSEP<MAC>.tlv and, in mixed mode, CTLFile.tlv
 * and CTLSEP<MAC>.tlv; <DEVICE>.cnf.xml and XMLDefault.cnf.xml; the folder; then, for NAME.sgn,
 * NAME signed by the CallManager. */
#ifndef MOCKS_TFTP_FILES_H
#define MOCKS_TFTP_FILES_H

#include "mocks/tftp/config.h"

enum { FILES_MAX = 16 * 1024 * 1024, FILES_NAME_MAX = 255 };

struct files; /* opaque */

/* Builds the lists. config must outlive it. NULL with the error of lists_build. */
struct files *files_new(const struct tftp_config *config, struct err *e);
void files_free(struct files *f);

/* Appends the file to out (max FILES_MAX). -1:
 *   TFTP_ACCESS     the name is none (see files_name_ok)
 *   TFTP_NOT_FOUND  there is no such file
 *   others          it could not be read or made; the text is for the log, not for the client */
int files_get(const struct files *f, const char *name, struct buf *out, struct err *e);

/* Printable ASCII without '/' and '\', no dot in front and no two in a row, 1 to 255 of them: a
 * name that cannot lead out of a folder. */
bool files_name_ok(const char *name);

/* The device that a name of a file speaks of: "SEP74A02FC0A675" of ITLSEP74A02FC0A675.tlv; false
 * and "client" when there is none. For events. */
enum { FILES_DEVICE_MAX = 16 };
bool files_device(const char *name, char out[FILES_DEVICE_MAX]);

#endif
