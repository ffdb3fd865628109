/* The NTLM acceptor: the vector of protocol/certsrv.md 8.3, whole handshakes, channel bindings, and
 * the hostile messages of testdata/ntlm. */
#include "base/file.h"
#include "base/owned.h"
#include "base/test.h"
#include "mocks/certsrv/md4.h"
#include "mocks/certsrv/ntlm.h"
#include "mocks/certsrv/ntlm_test_client.h"
#include "mocks/certsrv/spnego.h"
#include "mocks/certsrv/utf16.h"
#include <dirent.h>
#include <string.h>

static const uint8_t challenge[NTLM_CHALLENGE_LEN] = {1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
static const struct ntlm_names names = {"MICHAMEN", "LAB-DC", "michamen.com", "lab-dc.michamen.com",
                                        NULL};

static void check_hex(const uint8_t *data, size_t len, const char *expected) {
    AUTO(char) hex = hex_encode(bytes_of(data, len), 0);
    ck_assert_str_eq(hex, expected);
}

START_TEST(md4_matches_rfc1320) {
    static const struct {
        const char *text, *digest;
    } vectors[] = {
        {"", "31d6cfe0d16ae931b73c59d7e0c089c0"},
        {"abc", "a448017aaf21d8525fc10ae87aa6729d"},
        {"message digest", "d9130a8164549fe818874806e1c7014b"},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
         "043f8582f241db351ce627e153e7f0e4"},
        {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
         "e33b4ddc9c38f2199c3e7b164fcc0536"},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        uint8_t digest[MD4_LEN];
        md4(bytes_of_str(vectors[i].text), digest);
        check_hex(digest, sizeof digest, vectors[i].digest);
    }
}
END_TEST

START_TEST(proof_matches_the_vector) {
    uint8_t out[NTLM_HASH_LEN], key[NTLM_HASH_LEN];
    struct err e;
    ck_assert_ok(ntlm_nt_hash("Password", out, &e), e);
    check_hex(out, sizeof out, "a4f49c406510bdcab6824ee7c30fd852");
    AUTO_BUF identity = BUF_INIT(256);
    utf16_put(&identity, "USERDomain");
    ck_assert_ok(ntlm_v2_key("Password", buf_view(&identity), key, &e), e);
    check_hex(key, sizeof key, "0c868a403bfd7a93a3001ef22ef02e3f");
    AUTO_BUF blob = BUF_INIT(1024);
    put_blob(&blob, NULL);
    ck_assert_ok(ntlm_v2_proof(key, challenge, buf_view(&blob), out, &e), e);
    check_hex(out, sizeof out, "68cd0ab851e51c96aabc927bebef6a1c");
}
END_TEST

static int logon(const struct client *c, const char *password, enum ntlm_epa epa, struct err *e) {
    static const uint8_t ours[NTLM_HASH_LEN] = {1, 2, 3};
    AUTO_BUF message = BUF_INIT(16384);
    put_authenticate(&message, c, challenge);
    struct ntlm_authenticate a;
    int rc = ntlm_read_authenticate(buf_view(&message), &a, e);
    if (rc == 0) {
        ck_assert_str_eq(a.user, c->user);
        ck_assert_str_eq(a.domain, c->domain);
        rc = ntlm_check_proof(&a, challenge, password, e);
    }
    if (rc == 0)
        rc = ntlm_check_binding(&a, epa, ours, e);
    ntlm_authenticate_free(&a);
    return rc;
}

START_TEST(right_password_is_accepted) {
    static const struct client clients[] = {
        {"User", "Domain", "Password", false, NULL},
        {"ciscora", "michamen", "p:\xc3\xa4 \xe2\x82\xac", false, NULL},
        {"ciscora", "", "secret", true, NULL},
        {"ciscora@michamen.com", "", "secret", true, NULL},
        {"J\xc3\xb6rg", "MICHAMEN", "", false, NULL},
    };
    struct err e;
    for (size_t i = 0; i < sizeof clients / sizeof clients[0]; i++)
        ck_assert_ok(logon(&clients[i], clients[i].password, NTLM_EPA_NONE, &e), e);
}
END_TEST

START_TEST(wrong_password_is_refused) {
    const struct client c = {"ciscora", "MICHAMEN", "wrong", false, NULL};
    struct err e;
    ck_assert_int_eq(logon(&c, "right", NTLM_EPA_NONE, &e), -1);
    ck_assert_err(e, NTLM_LOGON);
}
END_TEST

START_TEST(extended_protection_judges_the_binding) {
    static const uint8_t ours[NTLM_HASH_LEN] = {1, 2, 3}, other[NTLM_HASH_LEN] = {9},
                         zero[NTLM_HASH_LEN];
    static const struct {
        const uint8_t *binding;
        enum ntlm_epa epa;
        bool accepted;
    } cases[] = {
        {NULL, NTLM_EPA_NONE, true},      {other, NTLM_EPA_NONE, true},
        {NULL, NTLM_EPA_ACCEPT, true},    {zero, NTLM_EPA_ACCEPT, true},
        {ours, NTLM_EPA_ACCEPT, true},    {other, NTLM_EPA_ACCEPT, false},
        {NULL, NTLM_EPA_REQUIRE, false},  {zero, NTLM_EPA_REQUIRE, false},
        {other, NTLM_EPA_REQUIRE, false}, {ours, NTLM_EPA_REQUIRE, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct client c = {"u", "D", "p", false, cases[i].binding};
        struct err e = {0};
        ck_assert_int_eq(logon(&c, "p", cases[i].epa, &e), cases[i].accepted ? 0 : -1);
        if (!cases[i].accepted)
            ck_assert_err(e, NTLM_BINDINGS);
    }
}
END_TEST

START_TEST(channel_binding_hashes_the_structure) {
    static const uint8_t hash[32] = {0};
    uint8_t out[NTLM_HASH_LEN];
    struct err e;
    ck_assert_ok(ntlm_channel_binding(bytes_of(hash, sizeof hash), out, &e), e);
    check_hex(out, sizeof out, "c9ec5cb29e8f57f7ee6429cde733efeb");
}
END_TEST

START_TEST(curl_gets_the_flags_of_iis) {
    static const uint8_t curl_flags[] = {0x06, 0x82, 0x08, 0x00};
    AUTO_BUF type1 = BUF_INIT(64), out = BUF_INIT(4096);
    struct err e;
    uint32_t flags;
    buf_put(&type1, "NTLMSSP\0\1\0\0", 12);
    buf_put(&type1, curl_flags, 4);
    ck_assert_ok(ntlm_read_negotiate(buf_view(&type1), &flags, &e), e);
    ck_assert_uint_eq(flags, 0x00088206);
    ck_assert_ok(ntlm_put_challenge(&names, flags, challenge, 0, &out, &e), e);
    ck_assert_int_eq(ntlm_kind(buf_view(&out)), NTLM_CHALLENGE);
    check_hex(out.data + 20, 4, "06828902");
    check_hex(out.data + 24, 8, "0123456789abcdef");
    check_hex(out.data + 48, 8, "0a007c4f0000000f");
    ck_assert_mem_eq(out.data + 56, "MICHAMEN", 8);
}
END_TEST

START_TEST(unicode_clients_get_unicode) {
    AUTO_BUF out = BUF_INIT(4096);
    struct err e;
    ck_assert_ok(ntlm_put_challenge(&names, 0x00088207, challenge, 0, &out, &e), e);
    check_hex(out.data + 20, 4, "05828902");
    ck_assert_mem_eq(out.data + 56, "M\0I\0C\0H\0A\0M\0E\0N", 16);
}
END_TEST

START_TEST(version_one_and_anonymous_are_refused) {
    static const uint8_t v1[24] = {1};
    struct err e;
    struct ntlm_authenticate a = {.nt_response = bytes_of(v1, sizeof v1)};
    ck_assert_int_eq(ntlm_check_proof(&a, challenge, "p", &e), -1);
    ck_assert_err(e, NTLM_LOGON);
    a.nt_response.len = 0;
    ck_assert_int_eq(ntlm_check_proof(&a, challenge, "p", &e), -1);
    ck_assert_err(e, NTLM_LOGON);
}
END_TEST

static void read_hostile(const char *name, struct bytes message, struct err *e) {
    static const uint8_t ours[NTLM_HASH_LEN] = {1};
    struct ntlm_authenticate a = {0};
    struct spnego_token token;
    uint32_t flags;
    int rc = -1;
    if (strncmp(name, "negotiate-", 10) == 0) {
        rc = ntlm_read_negotiate(message, &flags, e);
    } else if (strncmp(name, "spnego-", 7) == 0) {
        rc = spnego_read(message, &token, e);
    } else {
        rc = ntlm_read_authenticate(message, &a, e);
        if (strncmp(name, "authenticate-", 13) != 0)
            ck_assert_msg(rc == 0, "%s: %s", name, e->text);
        if (strncmp(name, "response-", 9) == 0)
            rc = ntlm_check_proof(&a, challenge, "p", e);
        if (strncmp(name, "bindings-", 9) == 0)
            rc = ntlm_check_binding(&a, NTLM_EPA_REQUIRE, ours, e);
    }
    ck_assert_msg(rc == -1, "%s is accepted", name);
    ntlm_authenticate_free(&a);
}

START_TEST(hostile_messages_are_refused) {
    DIR *dir = opendir(TESTDATA "/ntlm");
    ck_assert_ptr_nonnull(dir);
    size_t read = 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] == '.' || strncmp(entry->d_name, "good-", 5) == 0)
            continue;
        AUTO_BUF message = BUF_INIT(64 * 1024);
        struct err e;
        AUTO(char) path = path_join(TESTDATA "/ntlm", "%s", entry->d_name);
        ck_assert_ok(file_read(path, &message, &e), e);
        read_hostile(entry->d_name, buf_view(&message), &e);
        ck_assert_msg(e.code == ERR_NTLM_MESSAGE, "%s: %s", entry->d_name, err_name(e.code));
        read++;
    }
    closedir(dir);
    ck_assert_uint_ge(read, 30);
}
END_TEST

/* Every message cut at every length, for the sanitizers. */
START_TEST(cut_messages_are_refused) {
    const struct client c = {"User", "Domain", "Password", false, NULL};
    AUTO_BUF message = BUF_INIT(16384);
    put_authenticate(&message, &c, challenge);
    for (size_t len = 0; len < message.len; len++) {
        AUTO(char) copy = malloc(len + 1);
        memcpy(copy, message.data, len);
        struct ntlm_authenticate a;
        struct err e;
        ck_assert_int_eq(ntlm_read_authenticate(bytes_of(copy, len), &a, &e), -1);
        ck_assert_err(e, NTLM_MESSAGE);
        ntlm_authenticate_free(&a);
    }
}
END_TEST

static void read_good(const char *path, struct buf *file, struct spnego_token *token) {
    struct err e;
    ck_assert_ok(file_read(path, file, &e), e);
    ck_assert(spnego_is(buf_view(file)));
    ck_assert_ok(spnego_read(buf_view(file), token, &e), e);
}

START_TEST(spnego_carries_ntlm) {
    AUTO_BUF file = BUF_INIT(4096);
    struct spnego_token token;
    read_good(TESTDATA "/ntlm/good-spnego-ntlm.bin", &file, &token);
    ck_assert(token.offers_ntlm);
    ck_assert_int_eq(ntlm_kind(token.mechanism_token), NTLM_NEGOTIATE);
}
END_TEST

START_TEST(spnego_offers_ntlm_behind_kerberos) {
    AUTO_BUF file = BUF_INIT(4096);
    struct spnego_token token;
    read_good(TESTDATA "/ntlm/good-spnego-offer.bin", &file, &token);
    ck_assert(token.offers_ntlm);
    ck_assert_int_eq(ntlm_kind(token.mechanism_token), NTLM_OTHER);
}
END_TEST

START_TEST(spnego_answers_read_back) {
    static const size_t sizes[] = {1, 100, 127, 128, 200, 255, 256, 3000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        static const uint8_t payload[3000] = {7};
        AUTO_BUF out = BUF_INIT(8192);
        struct spnego_token token;
        struct err e;
        struct bytes message = bytes_of(payload, sizes[i]);
        ck_assert_ok(spnego_put(SPNEGO_INCOMPLETE, message, &out, &e), e);
        ck_assert_ok(spnego_read(buf_view(&out), &token, &e), e);
        ck_assert(bytes_equal(token.mechanism_token, message));
    }
}
END_TEST

static const struct {
    const char *what, *octets;
    size_t len;
} cut_tokens[] = {
    {"a tag alone", "\xa1", 1},
    {"a length alone", "\xa1\x81", 2},
    {"a long length", "\xa1\x84\0\0\0\0", 6},
    {"no sequence", "\xa1\x02\x04\x00", 4},
    {"a sequence with a cut value", "\xa1\x04\x30\x02\xa2\x05", 6},
    {"a token that is no octets", "\xa1\x06\x30\x04\xa2\x02\x02\x00", 8},
    {"an initial token without a mechanism list",
     "\x60\x10\x06\x06\x2b\x06\x01\x05\x05\x02\xa0\x06\x30\x04\xa0\x02\x04\x00", 18},
    {"a mechanism that is no number",
     "\x60\x12\x06\x06\x2b\x06\x01\x05\x05\x02\xa0\x08\x30\x06\xa0\x04\x30\x02\x04\x00", 20},
};

START_TEST(malformed_tokens_are_refused) {
    for (size_t i = 0; i < sizeof cut_tokens / sizeof cut_tokens[0]; i++) {
        struct bytes octets = bytes_of(cut_tokens[i].octets, cut_tokens[i].len);
        struct spnego_token token;
        struct err e = {0};
        ck_assert_msg(spnego_read(octets, &token, &e) == -1, "%s", cut_tokens[i].what);
        ck_assert_err(e, NTLM_MESSAGE);
    }
}
END_TEST

START_TEST(a_token_that_does_not_fit_is_told) {
    AUTO(char) large = calloc(1, 0x10000);
    AUTO_BUF out = BUF_INIT(1 << 20);
    struct err e = {0};
    ck_assert_int_eq(spnego_put(SPNEGO_INCOMPLETE, bytes_of(large, 0x10000), &out, &e), -1);
    ck_assert_err(e, SYS_LIMIT);
}
END_TEST

/* UTF-16 of all sorts there and back; what is no text is refused in either direction. */
START_TEST(text_goes_there_and_back) {
    static const char *const texts[] = {"", "User", "J\xc3\xb6rg", "\xe6\x97\xa5\xe6\x9c\xac",
                                        "\xf0\x9f\x98\x80"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        AUTO_BUF wide = BUF_INIT(256), narrow = BUF_INIT(256);
        ck_assert(utf16_put(&wide, texts[i]) && utf16_to_utf8(buf_view(&wide), &narrow));
        ck_assert_str_eq(buf_str(&narrow), texts[i]);
        ck_assert(utf8_valid(texts[i]));
    }
}
END_TEST

START_TEST(what_is_no_text_is_refused) {
    static const char *const texts[] = {"\xff",
                                        "\xc3",
                                        "\xc3z",
                                        "\xc0\x80",
                                        "\xe0\x80\x80",
                                        "\xed\xa0\x80",
                                        "\xf4\x90\x80\x80",
                                        "\xf8\x80\x80\x80"};
    static const uint8_t wide[][4] = {{0x3d, 0xd8, 'a', 0}, {0, 0xdc, 'a', 0}, {0, 0, 'a', 0}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        AUTO_BUF out = BUF_INIT(64);
        ck_assert(!utf8_valid(texts[i]) && !utf16_put(&out, texts[i]));
    }
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
        AUTO_BUF out = BUF_INIT(64);
        ck_assert(!utf16_to_utf8(bytes_of(wide[i], sizeof wide[i]), &out));
    }
}
END_TEST

/* A client without Unicode may send Latin 1: read as such when it is no UTF-8. */
START_TEST(oem_text_is_utf8_or_latin_1) {
    const struct client utf8 = {"J\xc3\xb6rg", "D", "Password", true, NULL};
    const struct client latin = {"Joerg", "D", "Password", true, NULL};
    AUTO_BUF first = BUF_INIT(16384), second = BUF_INIT(16384);
    struct ntlm_authenticate a, b;
    struct err e = {0};
    put_authenticate(&first, &utf8, challenge);
    put_authenticate(&second, &latin, challenge);
    uint8_t *name = memmem(second.data, second.len, "Joerg", 5);
    ck_assert_ptr_nonnull(name);
    name[1] = 0xf6;
    name[2] = 'r';
    ck_assert_ok(ntlm_read_authenticate(buf_view(&first), &a, &e), e);
    ck_assert_str_eq(a.user, "J\xc3\xb6rg");
    ck_assert_ok(ntlm_read_authenticate(buf_view(&second), &b, &e), e);
    ck_assert_str_eq(b.user, "J\xc3\xb6rrg");
    ntlm_authenticate_free(&a);
    ntlm_authenticate_free(&b);
}
END_TEST

START_TEST(names_and_passwords_must_be_text) {
    struct ntlm_names odd = names;
    AUTO_BUF out = BUF_INIT(4096), small = BUF_INIT(64);
    uint8_t hash[NTLM_HASH_LEN];
    struct err e = {0};
    odd.dns_domain = "\xff";
    ck_assert_int_eq(ntlm_put_challenge(&odd, 0, challenge, 0, &out, &e), -1);
    ck_assert_err(e, NTLM_MESSAGE);
    ck_assert_int_eq(ntlm_put_challenge(&names, 0, challenge, 0, &small, &e), -1);
    ck_assert_err(e, SYS_LIMIT);
    ck_assert_int_eq(ntlm_nt_hash("\xff", hash, &e), -1);
    ck_assert_err(e, NTLM_LOGON);
    ck_assert_int_eq(ntlm_v2_key("\xff", bytes_of("", 0), hash, &e), -1);
    ck_assert_err(e, NTLM_LOGON);
}
END_TEST

START_TEST(a_response_that_is_too_long_is_refused) {
    AUTO(char) large = calloc(1, 1 << 20);
    static const uint8_t key[NTLM_HASH_LEN];
    uint8_t proof[NTLM_HASH_LEN];
    struct err e = {0};
    ck_assert_int_eq(ntlm_v2_proof(key, challenge, bytes_of(large, 1 << 20), proof, &e), -1);
    ck_assert_err(e, NTLM_MESSAGE);
}
END_TEST

TEST_MAIN("certsrv NTLM", md4_matches_rfc1320, proof_matches_the_vector, right_password_is_accepted,
          wrong_password_is_refused, extended_protection_judges_the_binding,
          channel_binding_hashes_the_structure, curl_gets_the_flags_of_iis,
          unicode_clients_get_unicode, version_one_and_anonymous_are_refused,
          hostile_messages_are_refused, cut_messages_are_refused, spnego_carries_ntlm,
          spnego_offers_ntlm_behind_kerberos, spnego_answers_read_back,
          malformed_tokens_are_refused, a_token_that_does_not_fit_is_told, text_goes_there_and_back,
          what_is_no_text_is_refused, oem_text_is_utf8_or_latin_1, names_and_passwords_must_be_text,
          a_response_that_is_too_long_is_refused)
