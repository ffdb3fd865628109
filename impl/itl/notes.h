/* What phones will stumble over in a list that is well-formed and verifies. */
#ifndef ITL_NOTES_H
#define ITL_NOTES_H

#include "itl/itl.h"

/* X(NAME, text): itl-format.md 4 and 4.1, seed 5. */
#define ITL_NOTE_TABLE(X)                                                                          \
    X(NO_SAST, "no SAST record: phones that take this list know no signer for the next one")       \
    X(MANY_SAST, "more than two SAST records")                                                     \
    X(NO_CAPF, "no CAPF record: phones say \"No valid CAPF server\"")                              \
    X(NO_TVS, "no TVS record: phones ask TVS nothing")                                             \
    X(LONG_KEY, "an RSA key above 2048 bits, which phones do not support in lists")                \
    X(OTHER_NAMES, "subject, issuer or serial number are not those of its certificate")            \
    X(UNREADABLE, "its certificate cannot be read")

enum itl_note {
#define X(name, text) ITL_NOTE_##name,
    ITL_NOTE_TABLE(X)
#undef X
};
const char *itl_note_text(enum itl_note note);

/* Calls fn for each note, in the order of the list; record NULL: of the whole list. */
typedef void itl_note_fn(void *user, enum itl_note note, const struct itl_record *record);
void itl_notes(const struct itl *list, itl_note_fn *fn, void *user);

#endif
