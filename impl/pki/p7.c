/* Certs-only PKCS#7. Reads what IIS, libest and EST servers write; never looks at signers. */
#include "pki/p7.h"

#include "base/base64.h"

#include <openssl/objects.h>

static bool fill(PKCS7 *message, const X509_STACK *certificates) {
    if (message == NULL || PKCS7_set_type(message, NID_pkcs7_signed) != 1 ||
        PKCS7_content_new(message, NID_pkcs7_data) != 1)
        return false;
    PKCS7_set_detached(message, 1);
    int added = 0;
    while (added < sk_X509_num(certificates) &&
           PKCS7_add_certificate(message, sk_X509_value(certificates, added)) == 1)
        added++;
    return added >= sk_X509_num(certificates);
}

int p7_put(const X509_STACK *certificates, struct buf *out, struct err *e) {
    AUTO(PKCS7) message = PKCS7_new();
    unsigned char *der = NULL;
    int len = fill(message, certificates) ? i2d_PKCS7(message, &der) : -1;
    if (len < 0)
        return err_openssl(e, ERR_X509_ISSUE, "cannot make a PKCS#7 message");
    int result = buf_put(out, der, (size_t)len);
    OPENSSL_free(der);
    return result == 0 ? 0 : err_set(e, ERR_SYS_LIMIT, "no room for the PKCS#7 message");
}

static X509_STACK *certificates_of(PKCS7 *message) {
    X509_STACK *found = NULL;
    if (PKCS7_type_is_signed(message) && message->d.sign != NULL)
        found = message->d.sign->cert;
    else if (PKCS7_type_is_signedAndEnveloped(message) && message->d.signed_and_enveloped != NULL)
        found = message->d.signed_and_enveloped->cert;
    return found;
}

X509_STACK *p7_read(struct bytes body, struct err *e) {
    AUTO_BUF der = BUF_INIT(P7_MAX);
    if (b64_decode_any(body, &der, NULL, e) != 0)
        return NULL;
    const unsigned char *at = der.data;
    AUTO(PKCS7) message = d2i_PKCS7(NULL, &at, (long)der.len);
    if (message == NULL || at != der.data + der.len) {
        err_openssl(e, ERR_PKCS7_PARSE, "not a PKCS#7 message");
        return NULL;
    }
    X509_STACK *inside = certificates_of(message);
    if (inside == NULL || sk_X509_num(inside) == 0) {
        err_set(e, ERR_PKCS7_EMPTY, "the PKCS#7 message holds no certificate");
        return NULL;
    }
    X509_STACK *copy = X509_chain_up_ref(inside);
    if (copy == NULL)
        err_set(e, ERR_SYS_NOMEM, NULL);
    return copy;
}
