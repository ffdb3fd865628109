/* The table of certsrv.yaml. Keys of parts live with the parts. */
#include "mocks/certsrv/config.h"
#include "base/admission.h"
#include "base/http_server.h"
#include "mocks/certsrv/language.h"
#include "mocks/certsrv/ntlm.h"
#include "mocks/certsrv/template.h"
#include "mocks/fault/fault.h"

static const struct cfg_word content_words[] = {
    {"by-user-agent", CONTENT_BY_USER_AGENT},
    {"certificate", CONTENT_CERTIFICATE},
    {"html", CONTENT_HTML},
    {NULL, 0},
};

static const struct cfg_word protection_words[] = {
    {"none", NTLM_EPA_NONE},
    {"accept", NTLM_EPA_ACCEPT},
    {"require", NTLM_EPA_REQUIRE},
    {NULL, 0},
};

const struct cfg_field certsrv_fields[] = {
    CFG_MAP(struct certsrv_config, process, "process", process_fields, "what every daemon has"),
    CFG_STRING(struct certsrv_config, listen, "listen", "127.0.0.1:0", "address to serve on"),
    WORKERS_FIELDS(struct certsrv_config, workers),
    CFG_STRING(struct certsrv_config, log, "log", "-", "W3C log; -: standard error"),
    CFG_STRING(struct certsrv_config, database, "database", NULL,
               "request database (SQLite); default: in the state folder"),
    CFG_STRING(struct certsrv_config, state, "state", NULL,
               "folder for what is made at start; default: a temporary one"),
    CFG_STRING(struct certsrv_config, host, "host", "lab-dc.michamen.com",
               "name of the web server"),
    CFG_INT(struct certsrv_config, log_port, "log-port", "0", 0, 65535,
            "s-port in the log; 0: the real one"),
    CFG_STRING(struct certsrv_config, certificate, "certificate", NULL,
               "PEM chain of the web server; none: issued by the CA at start"),
    CFG_STRING(struct certsrv_config, key, "key", NULL, "PEM file of its key"),
    CFG_MAP(struct certsrv_config, ca, "ca", ca_fields, "the certification authority"),
    CFG_STRINGS(struct certsrv_config, authentication, "authentication",
                "negotiate, ntlm, basic, in the order offered; default: negotiate, ntlm"),
    CFG_MAP(struct certsrv_config, domain, "domain", domain_fields, "the Windows domain"),
    CFG_LIST(struct certsrv_config, users, "users", struct user, user_fields, "who may log on"),
    CFG_LIST(struct certsrv_config, templates, "templates", struct template, template_fields,
             "certificate templates; default: CiscoRA, WebServer, User"),
    CFG_ENUM(struct certsrv_config, language, "language", "en", language_words,
             "language of the pages"),
    CFG_ENUM(struct certsrv_config, content_rule, "content-type", "by-user-agent", content_words,
             "type of certificates: pkix-cert, text/html, or by Mozilla in the User-Agent"),
    CFG_ENUM(struct certsrv_config, extended_protection, "extended-protection", "none",
             protection_words, "channel binding of NTLM logons"),
    CFG_BOOL(struct certsrv_config, logon_per_request, "logon-per-request", "false",
             "authPersistSingleRequest: a connection stays logged on for one request only"),
    CFG_DURATION(struct certsrv_config, idle_timeout_us, "idle-timeout", "2m",
                 "IIS' connectionTimeout: connections that say nothing are closed"),
    HTTP_SERVER_LIMIT_FIELDS(struct certsrv_config, "2m"),
    CFG_LIST(struct certsrv_config, faults, "faults", struct fault_row, fault_fields,
             "what goes wrong, where and when"),
    CFG_END,
};
