/* Reaches spnego_is, spnego_read, ntlm_kind, ntlm_read_negotiate, ntlm_put_challenge,
 * ntlm_read_authenticate, ntlm_check_proof, ntlm_check_binding, utf16_to_utf8, utf16_upper and
 * auth_request; spnego_put, utf16_put and b64_encode are what their results are checked with.
 * Input: a security token as it stands in an Authorization header, decoded. Floor: 8000/s. */
#include "base/base64.h"
#include "base/owned.h"
#include "base/random.h"
#include "fuzz/fuzz.h"
#include "mocks/certsrv/auth.h"
#include "mocks/certsrv/spnego.h"
#include "mocks/certsrv/utf16.h"
#include <string.h>

enum { TEXT_MAX = 256 * 1024 };

static const uint8_t challenge[NTLM_CHALLENGE_LEN] = {1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
static const struct ntlm_names names = {"MICHAMEN", "LAB-DC", "michamen.com", "lab-dc.michamen.com",
                                        "michamen.com"};
/* No input can hold a proof for it: the seeds were made with other passwords. */
static const char password[] = "a password that only this harness knows 3bd1f0";

static void check_negotiate(struct bytes message) {
    AUTO_BUF out = BUF_INIT(NTLM_MESSAGE_MAX);
    uint32_t flags;
    struct err e;
    if (ntlm_read_negotiate(message, &flags, &e) != 0) {
        FUZZ_CHECK(e.code == ERR_NTLM_MESSAGE);
        return;
    }
    FUZZ_CHECK_OK(ntlm_put_challenge(&names, flags, challenge, 0, &out, &e), e);
    FUZZ_CHECK(ntlm_kind(buf_view(&out)) == NTLM_CHALLENGE);
}

static void check_bindings(const struct ntlm_authenticate *a) {
    static const uint8_t ours[NTLM_HASH_LEN] = "harness binding";
    static const enum ntlm_epa modes[] = {NTLM_EPA_NONE, NTLM_EPA_ACCEPT, NTLM_EPA_REQUIRE};
    bool accepted = true;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        struct err e;
        int rc = ntlm_check_binding(a, modes[i], ours, &e);
        FUZZ_CHECK(rc == 0 || e.code == ERR_NTLM_BINDINGS || e.code == ERR_NTLM_MESSAGE ||
                   e.code == ERR_NTLM_LOGON);
        FUZZ_CHECK(rc != 0 || accepted); /* a stricter mode never takes more */
        accepted = rc == 0;
    }
}

static void check_authenticate(struct bytes message) {
    struct ntlm_authenticate a;
    struct err e;
    if (ntlm_read_authenticate(message, &a, &e) != 0) {
        FUZZ_CHECK(e.code == ERR_NTLM_MESSAGE);
    } else {
        FUZZ_CHECK(utf8_valid(a.user) && utf8_valid(a.domain) && utf8_valid(a.workstation));
        FUZZ_CHECK(a.identity.len % 2 == 0);
        FUZZ_CHECK(ntlm_check_proof(&a, challenge, password, &e) == -1);
        FUZZ_CHECK(e.code == ERR_NTLM_LOGON || e.code == ERR_NTLM_MESSAGE);
        check_bindings(&a);
    }
    ntlm_authenticate_free(&a);
}

static void check_message(struct bytes message) {
    enum ntlm_kind kind = ntlm_kind(message);
    check_negotiate(message);
    check_authenticate(message);
    FUZZ_CHECK(kind <= NTLM_AUTHENTICATE);
}

static void check_spnego(struct bytes token) {
    struct spnego_token inner;
    struct err e;
    if (spnego_read(token, &inner, &e) != 0) {
        FUZZ_CHECK(e.code == ERR_NTLM_MESSAGE);
        return;
    }
    FUZZ_CHECK(spnego_is(token) && (inner.mechanism_token.len > 0 || inner.offers_ntlm));
    check_message(inner.mechanism_token);
}

static void check_spnego_written(struct bytes message) {
    AUTO_BUF out = BUF_INIT(TEXT_MAX);
    struct spnego_token back;
    struct err e;
    if (message.len == 0 || message.len > UINT16_MAX)
        return;
    FUZZ_CHECK_OK(spnego_put(SPNEGO_INCOMPLETE, message, &out, &e), e);
    FUZZ_CHECK_OK(spnego_read(buf_view(&out), &back, &e), e);
    FUZZ_CHECK(bytes_equal(back.mechanism_token, message));
}

static void check_utf16(struct bytes wide) {
    AUTO_BUF narrow = BUF_INIT(TEXT_MAX);
    AUTO_BUF back = BUF_INIT(TEXT_MAX);
    if (!utf16_to_utf8(wide, &narrow))
        return;
    FUZZ_CHECK(utf8_valid(buf_str(&narrow)));
    FUZZ_CHECK(utf16_put(&back, buf_str(&narrow)) && bytes_equal(buf_view(&back), wide));
    if (back.len > 0)
        utf16_upper(back.data, back.len);
}

/* One connection: the token under each scheme, twice, as a client that tries again. */
static void check_connection(struct bytes token) {
    static struct user user = {.name = (char *)"ciscora", .password = (char *)(uintptr_t)password};
    static const struct accounts accounts = {
        .domain = {.netbios = (char *)"MICHAMEN", .dns = (char *)"michamen.com"},
        .users = &user,
        .count = 1};
    static const char *const schemes[] = {"Negotiate", "NTLM", "Basic"};
    const struct auth_policy policy = {.offered = {AUTH_NEGOTIATE, AUTH_NTLM, AUTH_BASIC},
                                       .offered_count = AUTH_SCHEME_COUNT,
                                       .realm = "lab-dc.michamen.com",
                                       .accounts = &accounts,
                                       .names = names,
                                       .epa = NTLM_EPA_ACCEPT};
    struct auth_connection connection = {0};
    random_seed("ntlm_fuzz");
    for (size_t i = 0; i < 6; i++) {
        AUTO_BUF header = BUF_INIT(TEXT_MAX);
        struct auth_result result;
        struct err e;
        buf_printf(&header, "%s ", schemes[i / 2]);
        if (b64_encode(token, B64_ONE_LINE, &header) != 0)
            return;
        FUZZ_CHECK_OK(auth_request(&policy, &connection, buf_str(&header), &result, &e), e);
        FUZZ_CHECK(result.user == NULL && connection.user == NULL);
        auth_result_free(&result);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes token = bytes_of(data, size);
    if (spnego_is(token))
        check_spnego(token);
    check_message(token);
    check_spnego_written(token);
    check_utf16(token);
    check_connection(token);
    return 0;
}
