/* Compares answers with requests. Believes nothing that a certificate does not bear out. */
#include "mocks/tvs/tvs_answer.h"
#include "base/owned.h"
#include "base/x509.h"
#include "itl/itl.h"

enum { DER_SEQUENCE = 0x30 };

static int check_names(const struct tvs_message *asked, const X509 *found, struct err *e) {
    if (!itl_serial_equal(asked->serial.octets, itl_serial_of(found)))
        return err_set(e, ERR_TVS_ANSWER, "a certificate with another serial number");
    if (!itl_name_is(asked->issuer.octets, X509_get_issuer_name(found)))
        return err_set(e, ERR_TVS_ANSWER, "a certificate of another issuer");
    if (!itl_name_is(asked->subject.octets, X509_get_subject_name(found)))
        return err_set(e, ERR_TVS_ANSWER, "a certificate with another subject");
    return 0;
}

static int check_found(const struct tvs_message *asked, const struct tvs_message *answer,
                       struct err *e) {
    if (!answer->certificate.present)
        return err_set(e, ERR_TVS_MISSING_ELEMENT, "found, but without CERTIFICATE");
    struct bytes der = answer->certificate.octets;
    AUTO(X509) found = der.data[0] == DER_SEQUENCE ? x509_read(der, e) : NULL; /* PEM is none */
    if (found == NULL)
        return err_set(e, ERR_TVS_ELEMENT, "what was found is not a certificate");
    return check_names(asked, found, e);
}

int tvs_answer_check(const struct tvs_message *asked, const struct tvs_message *answer,
                     struct err *e) {
    char word[TVS_WORD_MAX];
    tvs_command_log_name(answer->command, word);
    if (answer->id != asked->id)
        return err_set(e, ERR_TVS_ANSWER, "%s to request %u, but %u was asked", word,
                       (unsigned)answer->id, (unsigned)asked->id);
    if (answer->command != asked->command + 1)
        return err_set(e, ERR_TVS_ANSWER, "%s is no answer to what was asked", word);
    if (asked->command == TVS_QUERY_CERT_REQ && answer->status.number == TVS_STATUS_VALID)
        return check_found(asked, answer, e);
    return 0;
}
