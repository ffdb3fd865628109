/* What is posted to certfnsh.asp: application/x-www-form-urlencoded with the fields that browsers
 * and CiscoRA send. Sources: seed 1, heading /certsrv/certfnsh.asp; certsrv.md 1.3 to 1.5. */
#ifndef CERTSRV_FORM_H
#define CERTSRV_FORM_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/owned.h"
#include <stdint.h>

enum { CERTSRV_FORM_MAX = 200 * 1000 }; /* classic ASP takes no more (certsrv.md 5.4) */

/* Appends "&name=value" (without the "&" at the start); every byte outside A-Z a-z 0-9 - . _ ~ is
 * percent-encoded, so that base64's + / = survive. The result is in out->failed. */
void certsrv_form_put(struct buf *out, const char *name, struct bytes value);

/* -1 CONFIG_BAD_VALUE: a template name that is empty, or would start another attribute. */
int certsrv_form_check_template(const char *template_name, struct err *e);

/* The form of a new request for that template, made at wall_us. -1 CSR_PARSE, CONFIG_BAD_VALUE (a
 * template name that would start another attribute line), SYS_LIMIT. */
int certsrv_form_new_request(struct buf *out, const X509_REQ *request, const char *template_name,
                             int64_t wall_us, struct err *e);

/* The form that asks for the state of a request. -1 SYS_LIMIT. */
int certsrv_form_check_pending(struct buf *out, uint32_t request_id, struct err *e);

#endif
