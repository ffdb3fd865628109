/* Titles with the captures of the evidence filled in. */
#ifndef DIAGNOSE_TITLE_H
#define DIAGNOSE_TITLE_H

#include "diagnose/casefile.h"

/* "{host|the CA}" becomes the value of the first capture named host among the facts, or "the CA",
 * or nothing. malloc'ed, caller frees; NULL without memory. */
char *title_fill(const char *title, const struct fact *const *facts, size_t count);

#endif
