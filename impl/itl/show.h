/* Trust lists in words: the text of CUCM's `show itl` and `show ctl` (itl-format.md 7), and JSON
 * for machines. */
#ifndef ITL_SHOW_H
#define ITL_SHOW_H

#include "itl/itl.h"
#include <jansson.h>

/* Appends the text, "ITL" or "CTL" by the list's file name: checksums, header, records, after each
 * SAST record whether it signed the list, and whether the list verifies by its own SAST records.
 * The date is the header's TIMESTAMP in UTC. A tag that CUCM does not have is shown like the rest.
 * -1, with the text complete, when the list does not verify: as itl_verify; SYS_LIMIT. */
int itl_show(const struct itl *list, struct buf *out, struct err *e);

/* Appends what `show` prints of a file that holds no list: checksums of what there is, and that it
 * could not be parsed. */
void itl_show_unreadable(const char *path, struct bytes file, struct buf *out);

/* The same as an object (`capflab itl show --help` has its keys); caller owns the reference. NULL
 * without memory. */
json_t *itl_show_json(const struct itl *list);

/* Appends octets in hex, upper case, that separator between them: "64:F2:FE". */
void itl_put_hex(struct bytes v, char separator, struct buf *out);
/* SHA-1 of v as the list's text shows it, "C3 E6 97". */
void itl_put_sha1(struct bytes v, char separator, struct buf *out);

#endif
