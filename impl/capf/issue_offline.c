/* Offline CA: the request waits in the store and in /tmp/capf/csr until somebody signs it elsewhere
 * and imports the certificate (capf-service.md 5). The device stays at Operation Pending. */
#include "capf/issuer.h"

int offline_start(struct session *s, struct err *e) {
    if (issuer_record_request(s, ISSUER_OFFLINE_CA, e) < 0)
        return -1;
    AUTO(char) shown = issuer_shown_path("csr", s->device.name, ".csr");
    session_trace(s, "CA Mode is OfflineCA, CSR is available at %s", shown == NULL ? "?" : shown);
    struct store_outcome pending = {
        .device = s->device.name,
        .operation = OPERATION_UPGRADE,
        .status = CERT_STATUS_OPERATION_PENDING,
    };
    return store_outcome(s->service->store, &pending, e);
}
