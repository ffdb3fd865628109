/* The XML of phones' configurations. Every text comes from the configuration or the store and is
 * escaped by libxml2; it must never hold an authentication string: the user types it. */
#include "mocks/tftp/cnf.h"
#include "base/owned.h"
#include <libxml/xmlwriter.h>
#include <string.h>
#include <strings.h>

enum { MD5_OCTETS = 16, DIGITS = 24 };

#define XML(text) ((const xmlChar *)(text))

static int text(xmlTextWriterPtr w, const char *element, const char *content) {
    return xmlTextWriterWriteElement(w, XML(element), XML(content != NULL ? content : ""));
}

static int number(xmlTextWriterPtr w, const char *element, int64_t value) {
    char digits[DIGITS];
    snprintf(digits, sizeof digits, "%lld", (long long)value);
    return text(w, element, digits);
}

static int start(xmlTextWriterPtr w, const char *element) {
    return xmlTextWriterStartElement(w, XML(element));
}

static int end(xmlTextWriterPtr w) {
    return xmlTextWriterEndElement(w);
}

static int start_member(xmlTextWriterPtr w, size_t priority) {
    char digits[DIGITS];
    snprintf(digits, sizeof digits, "%zu", priority);
    return start(w, "member") < 0 ||
                   xmlTextWriterWriteAttribute(w, XML("priority"), XML(digits)) < 0
               ? -1
               : 0;
}

static int write_call_manager(xmlTextWriterPtr w, size_t priority, const char *host) {
    return start_member(w, priority) < 0 || start(w, "callManager") < 0 ||
                   text(w, "processNodeName", host) < 0 || end(w) < 0 || end(w) < 0
               ? -1
               : 0;
}

static int write_call_managers(xmlTextWriterPtr w, const struct cfg_strings *hosts) {
    if (start(w, "callManagerGroup") < 0 || start(w, "members") < 0)
        return -1;
    for (size_t i = 0; i < hosts->count; i++)
        if (write_call_manager(w, i, hosts->items[i]) < 0)
            return -1;
    return end(w) < 0 || end(w) < 0 ? -1 : 0;
}

static int write_tvs_member(xmlTextWriterPtr w, size_t priority, const struct tftp_host *server) {
    return start_member(w, priority) < 0 ||
                   number(w, "port", server->port != 0 ? server->port : CNF_TVS_PORT) < 0 ||
                   text(w, "address", server->host) < 0 || end(w) < 0
               ? -1
               : 0;
}

static int write_tvs(xmlTextWriterPtr w, const struct cfg_list *servers) {
    const struct tftp_host *items = servers->items;
    if (start(w, "TVS") < 0 || start(w, "members") < 0)
        return -1;
    for (size_t i = 0; i < servers->count; i++)
        if (write_tvs_member(w, i, &items[i]) < 0)
            return -1;
    return end(w) < 0 || end(w) < 0 ? -1 : 0;
}

static int write_capf(xmlTextWriterPtr w, const struct tftp_host *server) {
    return start(w, "capf") < 0 ||
                   number(w, "phonePort", server->port != 0 ? server->port : CNF_CAPF_PORT) < 0 ||
                   text(w, "processNodeName", server->host) < 0 || end(w) < 0
               ? -1
               : 0;
}

static int write_capf_list(xmlTextWriterPtr w, const struct cfg_list *servers) {
    const struct tftp_host *items = servers->items;
    if (start(w, "capfList") < 0)
        return -1;
    for (size_t i = 0; i < servers->count && i < CNF_CAPF_MAX; i++)
        if (write_capf(w, &items[i]) < 0)
            return -1;
    return end(w);
}

/* MD5, as phones compare it (itl-format.md 9, companion file). */
static int write_cert_hash(xmlTextWriterPtr w, const struct device *device) {
    unsigned char digest[MD5_OCTETS];
    if (device == NULL || device->certificate_len == 0)
        return text(w, "certHash", "");
    if (EVP_Digest(device->certificate, device->certificate_len, digest, NULL, EVP_md5(), NULL) !=
        1)
        return -1;
    AUTO(char) hex = hex_encode(bytes_of(digest, sizeof digest), 0);
    return hex != NULL ? text(w, "certHash", hex) : -1;
}

static int auth_mode(const struct tftp_phone *phone, const struct device *device) {
    bool pending = device == NULL || device->operation != OPERATION_NONE;
    if (pending && phone->auth_mode != 0)
        return phone->auth_mode;
    return device != NULL && pending ? device->auth_mode : 0;
}

static int write_phone(xmlTextWriterPtr w, const struct tftp_phone *phone,
                       const struct device *device) {
    return text(w, "fullConfig", "true") < 0 || text(w, "deviceProtocol", "SIP") < 0 ||
                   start(w, "devicePool") < 0 ||
                   write_call_managers(w, &phone->call_managers) < 0 || end(w) < 0 ||
                   text(w, "loadInformation", phone->load) < 0 ||
                   number(w, "deviceSecurityMode", phone->security_mode) < 0 ||
                   number(w, "transportLayerProtocol", phone->transport) < 0 ||
                   write_tvs(w, &phone->tvs) < 0 ||
                   number(w, "capfAuthMode", auth_mode(phone, device)) < 0 ||
                   write_capf_list(w, &phone->capf) < 0
               ? -1
               : 0;
}

static int write_security(xmlTextWriterPtr w, const struct tftp_devices *devices,
                          const struct device *device) {
    return write_cert_hash(w, devices->cert_hash ? device : NULL) < 0 ||
                   text(w, "encrConfig", devices->encrypted ? "true" : "false") < 0
               ? -1
               : 0;
}

static const struct tftp_phone *find_phone(const struct tftp_devices *devices, const char *name) {
    const struct tftp_phone *items = devices->phones.items;
    for (size_t i = 0; i < devices->phones.count; i++)
        if (strcasecmp(items[i].name, name) == 0)
            return &items[i];
    return NULL;
}

/* The template, where the phone has no own. */
static struct tftp_phone settings_of(const struct tftp_devices *devices, const char *name) {
    const struct tftp_phone *own = find_phone(devices, name);
    struct tftp_phone p = devices->template;
    if (own == NULL)
        return p;
    p.security_mode = own->security_mode != 0 ? own->security_mode : p.security_mode;
    p.transport = own->transport != 0 ? own->transport : p.transport;
    p.auth_mode = own->auth_mode != 0 ? own->auth_mode : p.auth_mode;
    p.capf = own->capf.count > 0 ? own->capf : p.capf;
    p.tvs = own->tvs.count > 0 ? own->tvs : p.tvs;
    p.call_managers = own->call_managers.count > 0 ? own->call_managers : p.call_managers;
    p.load = own->load != NULL ? own->load : p.load;
    return p;
}

struct document {
    xmlBufferPtr buffer;
    xmlTextWriterPtr writer;
};

static void document_free(struct document *d) {
    if (d->writer != NULL)
        xmlFreeTextWriter(d->writer);
    if (d->buffer != NULL)
        xmlBufferFree(d->buffer);
}
#define AUTO_DOCUMENT __attribute__((cleanup(document_free))) struct document

static int document_open(struct document *d, const char *root) {
    d->buffer = xmlBufferCreate();
    d->writer = d->buffer != NULL ? xmlNewTextWriterMemory(d->buffer, 0) : NULL;
    if (d->writer == NULL)
        return -1;
    xmlTextWriterSetIndent(d->writer, 1);
    return xmlTextWriterStartDocument(d->writer, NULL, "UTF-8", NULL) < 0 ? -1
                                                                          : start(d->writer, root);
}

static int document_put(struct document *d, int written, struct buf *out, struct err *e) {
    if (written < 0 || xmlTextWriterEndDocument(d->writer) < 0 || xmlTextWriterFlush(d->writer) < 0)
        return err_set(e, ERR_SYS_NOMEM, "configuration of a phone");
    buf_put(out, xmlBufferContent(d->buffer), (size_t)xmlBufferLength(d->buffer));
    return out->failed ? err_set(e, ERR_SYS_LIMIT, "configuration of a phone") : 0;
}

int cnf_put(const struct tftp_devices *devices, const char *name, const struct device *device,
            struct buf *out, struct err *e) {
    AUTO_DOCUMENT d = {0};
    const struct tftp_phone phone = settings_of(devices, name);
    int rc = document_open(&d, "device");
    if (rc >= 0)
        rc = write_phone(d.writer, &phone, device);
    if (rc >= 0)
        rc = write_security(d.writer, devices, device);
    return document_put(&d, rc, out, e);
}

int cnf_put_default(const struct tftp_devices *devices, struct buf *out, struct err *e) {
    AUTO_DOCUMENT d = {0};
    int rc = document_open(&d, "Default");
    if (rc >= 0)
        rc = write_call_managers(d.writer, &devices->template.call_managers);
    return document_put(&d, rc, out, e);
}
