/* The logon state machine of a connection. A challenge is good for one AUTHENTICATE; a new
 * NEGOTIATE starts over, also on a connection that is logged on. It never says why a logon failed
 * other than by the code in the log. */
#include "mocks/certsrv/auth.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/owned.h"
#include "base/random.h"
#include "mocks/certsrv/iis_log.h"
#include "mocks/certsrv/spnego.h"
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEADER_MAX = 64 * 1024 };

static const struct {
    const char *token, *word;
} schemes[] = {
#define AUTH_SCHEME_ROW(name, token, word) {token, word},
    AUTH_SCHEME_TABLE(AUTH_SCHEME_ROW)
#undef AUTH_SCHEME_ROW
};

static bool is_offered(const struct auth_policy *policy, enum auth_scheme scheme) {
    for (size_t i = 0; i < policy->offered_count; i++)
        if (policy->offered[i] == scheme)
            return true;
    return false;
}

int auth_offer(struct auth_policy *policy, const char *word, struct err *e) {
    for (size_t i = 0; i < AUTH_SCHEME_COUNT; i++) {
        if (strcasecmp(schemes[i].word, word) != 0)
            continue;
        if (is_offered(policy, (enum auth_scheme)i))
            return err_set(e, ERR_CONFIG_BAD_VALUE, "authentication: %s is given twice", word);
        policy->offered[policy->offered_count++] = (enum auth_scheme)i;
        return 0;
    }
    return err_set(e, ERR_CONFIG_BAD_VALUE, "authentication: %s is none of negotiate, ntlm, basic",
                   word);
}

void auth_put_offer(const struct auth_policy *policy, enum auth_scheme scheme, struct buf *out) {
    buf_put_str(out, schemes[scheme].token);
    if (scheme == AUTH_BASIC)
        buf_printf(out, " realm=\"%s\"", policy->realm);
}

void auth_result_free(struct auth_result *r) {
    free(r->log_name);
    buf_free(&r->header);
    *r = (struct auth_result){0};
}

struct logon {
    const struct auth_policy *policy;
    struct auth_connection *connection;
    struct auth_result *out;
    enum auth_scheme scheme;
    bool wrapped; /* in SPNEGO: so is the answer */
};

static int refuse(struct auth_result *out, unsigned substatus, uint32_t win32) {
    out->substatus = substatus;
    out->win32 = win32;
    out->offer_all = true;
    return 0;
}

static int accept(struct logon *l, const struct user *user, struct err *e) {
    l->out->user = user;
    if (l->out->log_name == NULL &&
        asprintf(&l->out->log_name, "%s\\%s", l->policy->accounts->domain.netbios, user->name) < 0)
        l->out->log_name = NULL;
    return l->out->log_name == NULL ? err_set(e, ERR_SYS_NOMEM, NULL) : 0;
}

/* "SCHEME base64" of message, in SPNEGO when the client spoke that. */
static int put_token(struct logon *l, enum spnego_state state, struct bytes message,
                     struct err *e) {
    AUTO_BUF token = BUF_INIT(HEADER_MAX);
    if (!l->wrapped)
        buf_put_bytes(&token, message);
    else if (spnego_put(state, message, &token, e) != 0)
        return -1;
    buf_printf(&l->out->header, "%s ", schemes[l->scheme].token);
    if (b64_encode(buf_view(&token), B64_ONE_LINE, &l->out->header) != 0)
        return err_set(e, ERR_SYS_LIMIT, "WWW-Authenticate");
    return 0;
}

static int send_challenge(struct logon *l, struct bytes negotiate, struct err *e) {
    uint32_t flags;
    AUTO_BUF message = BUF_INIT(NTLM_MESSAGE_MAX);
    l->out->step = AUTH_TYPE1;
    l->connection->user = NULL;
    l->connection->challenged = false;
    if (ntlm_read_negotiate(negotiate, &flags, NULL) != 0)
        return refuse(l->out, 1, IIS_SEC_E_INVALID_TOKEN);
    if (random_bytes(l->connection->challenge, NTLM_CHALLENGE_LEN, e) != 0 ||
        ntlm_put_challenge(&l->policy->names, flags, l->connection->challenge, clock_wall_us(),
                           &message, e) != 0)
        return -1;
    l->connection->challenged = true;
    l->out->substatus = 1;
    l->out->win32 = IIS_SEC_E_NO_CREDENTIALS;
    return put_token(l, SPNEGO_INCOMPLETE, buf_view(&message), e);
}

static uint32_t win32_of(const struct err *e) {
    switch (e->code) {
    case ERR_NTLM_LOGON:
        return IIS_SEC_E_LOGON_DENIED;
    case ERR_NTLM_BINDINGS:
        return IIS_SEC_E_BAD_BINDINGS;
    default:
        return IIS_SEC_E_INVALID_TOKEN;
    }
}

/* The user who proved to be one; NULL with *win32 set. */
static const struct user *check(const struct logon *l, const struct ntlm_authenticate *a,
                                uint32_t *win32) {
    struct err e = {.code = ERR_NTLM_LOGON};
    const struct user *user = account_find(l->policy->accounts, a->domain, a->user);
    if (user != NULL && user->locked) {
        *win32 = IIS_ACCOUNT_LOCKED_OUT;
        return NULL;
    }
    if (user != NULL && ntlm_check_proof(a, l->connection->challenge, user->password, &e) == 0 &&
        ntlm_check_binding(a, l->policy->epa, l->policy->binding, &e) == 0)
        return user;
    *win32 = win32_of(&e);
    return NULL;
}

static int check_authenticate(struct logon *l, struct bytes message, struct err *e) {
    struct ntlm_authenticate a;
    uint32_t win32 = IIS_SEC_E_INVALID_TOKEN;
    bool challenged = l->connection->challenged;
    l->connection->challenged = false;
    l->connection->user = NULL;
    l->out->step = AUTH_TYPE3;
    const struct user *user = NULL;
    if (challenged && ntlm_read_authenticate(message, &a, NULL) == 0)
        user = check(l, &a, &win32);
    if (challenged)
        ntlm_authenticate_free(&a);
    if (user == NULL)
        return refuse(l->out, 1, win32);
    l->connection->user = user;
    if (l->wrapped && put_token(l, SPNEGO_COMPLETED, bytes_of("", 0), e) != 0)
        return -1;
    return accept(l, user, e);
}

/* Kerberos came first, but NTLM is on the client's list: ask for it. */
static int ask_for_ntlm(struct logon *l, struct err *e) {
    l->out->step = AUTH_TYPE1;
    l->out->substatus = 1;
    l->out->win32 = IIS_SEC_E_NO_CREDENTIALS;
    return put_token(l, SPNEGO_INCOMPLETE, bytes_of("", 0), e);
}

static int ntlm_message(struct logon *l, struct bytes message, bool offers_ntlm, struct err *e) {
    switch (ntlm_kind(message)) {
    case NTLM_NEGOTIATE:
        return send_challenge(l, message, e);
    case NTLM_AUTHENTICATE:
        return check_authenticate(l, message, e);
    default:
        return offers_ntlm ? ask_for_ntlm(l, e) : refuse(l->out, 1, IIS_SEC_E_INVALID_TOKEN);
    }
}

static int windows_logon(struct logon *l, struct bytes token, struct err *e) {
    struct spnego_token spnego = {.mechanism_token = token};
    if (l->scheme == AUTH_NEGOTIATE && spnego_is(token)) {
        l->wrapped = true;
        if (spnego_read(token, &spnego, NULL) != 0)
            return refuse(l->out, 1, IIS_SEC_E_INVALID_TOKEN);
    }
    return ntlm_message(l, spnego.mechanism_token, spnego.offers_ntlm, e);
}

/* USER:PASSWORD; the user name is logged as it was typed. */
static int basic_logon(struct logon *l, const struct buf *text, struct err *e) {
    l->out->step = AUTH_PLAIN;
    const char *colon = text->len > 0 ? memchr(text->data, ':', text->len) : NULL;
    if (colon == NULL || memchr(text->data, '\0', text->len) != NULL)
        return refuse(l->out, 1, IIS_LOGON_FAILURE);
    AUTO(char) name = strndup((const char *)text->data, (size_t)(colon - (const char *)text->data));
    if (name == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    const struct user *user = account_find_typed(l->policy->accounts, name);
    if (user != NULL && user->locked)
        return refuse(l->out, 1, IIS_ACCOUNT_LOCKED_OUT);
    if (user == NULL ||
        !bytes_equal_constant_time(bytes_of_str(colon + 1), bytes_of_str(user->password)))
        return refuse(l->out, 1, IIS_LOGON_FAILURE);
    l->out->log_name = TAKE(name);
    return accept(l, user, e);
}

/* The scheme at the start of the header; *rest is what follows the blank. */
static bool find_scheme(const char *header, enum auth_scheme *scheme, const char **rest) {
    size_t len = strcspn(header, " ");
    for (size_t i = 0; i < AUTH_SCHEME_COUNT; i++) {
        if (strlen(schemes[i].token) == len && strncasecmp(schemes[i].token, header, len) == 0) {
            *scheme = (enum auth_scheme)i;
            *rest = header + len + strspn(header + len, " ");
            return true;
        }
    }
    return false;
}

static int nobody(const struct auth_policy *policy, struct logon *l, struct err *e) {
    l->out->step = AUTH_ANONYMOUS;
    if (l->connection->user == NULL || policy->per_request)
        return refuse(l->out, 2, IIS_ACCESS_DENIED);
    l->out->step = AUTH_SESSION;
    return accept(l, l->connection->user, e);
}

static int decoded_logon(struct logon *l, const char *encoded, struct err *e) {
    AUTO_BUF token = BUF_INIT(HEADER_MAX);
    l->out->step = AUTH_NONSENSE;
    if (b64_decode(bytes_of_str(encoded), &token, NULL) != 0)
        return refuse(l->out, 1, IIS_SEC_E_INVALID_TOKEN);
    int rc =
        l->scheme == AUTH_BASIC ? basic_logon(l, &token, e) : windows_logon(l, buf_view(&token), e);
    if (token.data != NULL)
        OPENSSL_cleanse(token.data, token.len);
    return rc;
}

int auth_request(const struct auth_policy *policy, struct auth_connection *connection,
                 const char *authorization, struct auth_result *out, struct err *e) {
    *out = (struct auth_result){.header = BUF_INIT(2 * HEADER_MAX)};
    struct logon l = {.policy = policy, .connection = connection, .out = out};
    const char *encoded;
    if (authorization == NULL || !find_scheme(authorization, &l.scheme, &encoded) ||
        !is_offered(policy, l.scheme))
        return nobody(policy, &l, e);
    return decoded_logon(&l, encoded, e);
}
