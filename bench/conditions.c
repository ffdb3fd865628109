/* Asking the machine and the libraries what they are. Nothing here may fail a measurement: what
 * cannot be found out is "unknown". */
#include "bench/conditions.h"

#include "base/file.h"
#include "base/program.h"

#include <curl/curl.h>
#include <event2/event.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { CPUINFO_MAX = 1024 * 1024 };

#ifndef CAPFLAB_COMMIT
#define CAPFLAB_COMMIT "unknown"
#endif

#if defined(__SANITIZE_ADDRESS__)
enum { SANITIZED = true };
#else
enum { SANITIZED = false };
#endif

static void put_model(json_t *machine) {
    AUTO_BUF text = BUF_INIT(CPUINFO_MAX);
    const char *line =
        file_read("/proc/cpuinfo", &text, NULL) == 0 ? strstr(buf_str(&text), "model name") : NULL;
    const char *value = line == NULL ? NULL : strchr(line, ':');
    if (value == NULL)
        value = ": unknown\n";
    value += strspn(value, ": \t");
    json_object_set_new(machine, "model", json_stringn(value, strcspn(value, "\n")));
}

static json_t *machine(void) {
    struct utsname u = {0};
    uname(&u);
    json_t *o =
        json_pack("{s:I, s:s, s:s+}", "processors", (json_int_t)sysconf(_SC_NPROCESSORS_ONLN),
                  "architecture", u.machine, "system", "Linux ", u.release);
    put_model(o);
    return o;
}

static json_t *libraries(void) {
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "openssl",
                     OpenSSL_version(OPENSSL_VERSION_STRING), "gnutls", gnutls_check_version(NULL),
                     "libmicrohttpd", MHD_get_version(), "libcurl",
                     curl_version_info(CURLVERSION_NOW)->version, "libevent", event_get_version(),
                     "sqlite", sqlite3_libversion());
}

static json_t *build(void) {
    return json_pack("{s:s, s:s, s:s, s:b}", "version", capflab_version, "commit", CAPFLAB_COMMIT,
                     "compiler", __VERSION__, "sanitized", SANITIZED);
}

static void put_load(json_t *o, const struct bench_options *b) {
    json_object_set_new(o, "rate", json_integer(b->rate));
    json_object_set_new(o, "concurrency", json_integer(b->concurrency));
    json_object_set_new(o, "phones", json_integer(b->phones));
    json_object_set_new(o, "duration_s", json_real((double)b->duration_us / 1e6));
    json_object_set_new(o, "repeat", json_integer(b->repeat));
    json_object_set_new(o, "warm_up", json_integer(b->warm_up));
    json_object_set_new(o, "issued", json_integer(b->issued));
    json_object_set_new(o, "waiting", json_integer(b->waiting));
    json_object_set_new(o, "silent", json_integer(b->silent));
    json_object_set_new(o, "keygen", json_boolean(b->keygen));
}

static void put_servers(json_t *o, const struct bench_options *b) {
    json_object_set_new(o, "server_key", json_string(bench_key_word(b->server_key)));
    json_object_set_new(o, "login", json_string(bench_login_word(b->login)));
    json_object_set_new(o, "template", json_string(b->template_name));
    json_object_set_new(o, "external", json_boolean(bench_is_external(b)));
    /* Servers outside have settings of their own, which nobody here knows. */
    json_object_set_new(o, "workers",
                        bench_is_external(b) ? json_null() : json_integer(b->workers));
    json_object_set_new(o, "durability",
                        bench_is_external(b) ? json_null()
                                             : json_string(b->durable ? "on" : "off"));
}

json_t *conditions_of(const struct bench_options *b) {
    json_t *o = json_object();
    json_object_set_new(o, "stage", json_string(stage_word(b->stage)));
    json_object_set_new(o, "issuer", json_string(bench_issuer_word(b->issuer)));
    json_object_set_new(o, "key", json_string(bench_key_word(b->key)));
    json_object_set_new(o, "session", json_string(bench_session_word(b->session)));
    json_object_set_new(o, "upstream", json_string(bench_session_word(b->upstream)));
    put_servers(o, b);
    put_load(o, b);
    json_object_set_new(o, "machine", machine());
    json_object_set_new(o, "libraries", libraries());
    json_object_set_new(o, "build", build());
    return o;
}
