/* The certificates that "troubleshoot" fetches from a phone, as two trace files beside the log
 * (capf-service.md 6): DEVICE_LSC.txt and DEVICE_MIC.txt, each with the certificate's names, dates
 * and PEM. */
#ifndef CAPF_TROUBLESHOOT_H
#define CAPF_TROUBLESHOOT_H

#include "capf/session.h"

/* Writes the file for s->fetching. -1 X509_PARSE (not a certificate), SYS_IO. */
int troubleshoot_write(struct session *s, struct bytes der, struct err *e);

#endif
