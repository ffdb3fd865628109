/* Reading queries and writing answers: octets against the RFC's layout, and every hostile query of
 * testdata, whose name says what becomes of it. */
#include "base/file.h"
#include "base/owned.h"
#include "base/test.h"
#include "mocks/dns/message.h"
#include <dirent.h>
#include <string.h>

static void load(const char *name, struct buf *out) {
    AUTO(char) path = path_join(TESTDATA, "%s.bin", name);
    struct err e = {0};
    buf_put_str(out, "");
    ck_assert_ok(file_read(path, out, &e), e);
}

/* Reads from memory that ends where the packet does; the question's octets stay valid in kept. */
static int read_exact(struct bytes octets, struct dns_query *q, uint8_t **kept, struct err *e) {
    *kept = malloc(octets.len + 1);
    ck_assert_ptr_nonnull(*kept);
    memcpy(*kept + 1, octets.data, octets.len);
    return dns_query_read(bytes_of(*kept + 1, octets.len), q, e);
}

static int read_file(const char *name, struct dns_query *q) {
    AUTO_BUF octets = BUF_INIT(DNS_MESSAGE_MAX);
    AUTO(char) kept = NULL;
    struct err e = {0};
    load(name, &octets);
    int rcode = read_exact(buf_view(&octets), q, (uint8_t **)&kept, &e);
    ck_assert_int_eq(rcode < 0, e.code == ERR_DNS_BAD_ANSWER);
    q->question.data = NULL;
    return rcode;
}

static const struct {
    const char *file;
    const char *name;
    uint16_t type;
    bool edns;
    size_t payload;
} good[] = {
    {"a", "ra.michamen.com", 1, false, 512},
    {"aaaa", "ra.michamen.com", 28, false, 512},
    {"upper-case", "RA.MICHAMEN.COM", 1, false, 512},
    {"edns", "ra.michamen.com", 1, true, 1232},
    {"edns-cookie", "ra.michamen.com", 1, true, 1232},
    {"edns-small", "ra.michamen.com", 1, true, 512},
    {"trailing-octets", "ra.michamen.com", 1, false, 512},
    {"root", ".", 1, false, 512},
    {"odd-octets", "a\\.\\\\\\010\\255.com", 1, false, 512},
    {"label-63", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com", 1, false,
     512},
};

START_TEST(queries_are_read) {
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct dns_query q;
        ck_assert_msg(read_file(good[i].file, &q) == DNS_NOERROR, "%s", good[i].file);
        ck_assert_uint_eq(q.id, 0x1234);
        ck_assert(q.recursion_desired);
        ck_assert_str_eq(q.name, good[i].name);
        ck_assert_uint_eq(q.type, good[i].type);
        ck_assert_msg(q.edns == good[i].edns, "%s", good[i].file);
        ck_assert_uint_eq(q.payload, good[i].payload);
    }
}
END_TEST

START_TEST(a_name_of_255_octets_is_the_longest) {
    struct dns_query q;
    ck_assert_int_eq(read_file("name-255", &q), DNS_NOERROR);
    ck_assert_uint_eq(strlen(q.name), 253);
    ck_assert_uint_eq(q.question.len, 255 + 4);
    ck_assert_int_eq(read_file("reject-name-256", &q), DNS_FORMERR);
}
END_TEST

static int expected_of(const char *file) {
    static const struct {
        const char *prefix;
        int rcode;
    } prefixes[] = {{"reject-", DNS_FORMERR},
                    {"badvers", DNS_BADVERS},
                    {"refused-", DNS_REFUSED},
                    {"notimp-", DNS_NOTIMP},
                    {"drop-", -1}};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (strncmp(file, prefixes[i].prefix, strlen(prefixes[i].prefix)) == 0)
            return prefixes[i].rcode;
    return DNS_NOERROR;
}

START_TEST(every_file_is_what_its_name_says) {
    unsigned files = 0;
    DIR *folder = opendir(TESTDATA);
    ck_assert_ptr_nonnull(folder);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        struct dns_query q;
        AUTO(char) name = strndup(entry->d_name, strcspn(entry->d_name, "."));
        if (name == NULL || name[0] == '\0')
            continue;
        ck_assert_msg(read_file(name, &q) == expected_of(name), "%s", name);
        files++;
    }
    closedir(folder);
    ck_assert_uint_ge(files, 36);
}
END_TEST

/* Each beginning of a good query is dropped or is a format error. */
START_TEST(no_beginning_of_a_query_is_a_query) {
    AUTO_BUF octets = BUF_INIT(DNS_MESSAGE_MAX);
    load("edns-cookie", &octets);
    for (size_t len = 0; len < octets.len; len++) {
        AUTO(char) kept = NULL;
        struct dns_query q;
        struct err e = {0};
        int rcode = read_exact(bytes_of(octets.data, len), &q, (uint8_t **)&kept, &e);
        ck_assert_int_eq(rcode, len < 12 ? -1 : DNS_FORMERR);
    }
}
END_TEST

static const uint8_t question[] = "\2ra\10michamen\3com\0\0\1\0\1";
static const struct dns_address addresses[] = {{DNS_TYPE_A, {192, 0, 2, 1}},
                                               {DNS_TYPE_AAAA, {0x20, 1, 0x0d, 0xb8, [15] = 1}},
                                               {DNS_TYPE_A, {192, 0, 2, 2}}};

static struct dns_query query_of(uint16_t type) {
    return (struct dns_query){.id = 0x1234,
                              .recursion_desired = true,
                              .question = bytes_of(question, sizeof question - 1),
                              .name = "ra.michamen.com",
                              .type = type};
}

static void check_octets(const struct buf *got, const void *expected, size_t len) {
    AUTO(char) shown = hex_encode(buf_view(got), ' ');
    ck_assert_msg(got->len == len && memcmp(got->data, expected, len) == 0, "%s", shown);
}
#define check_written(got, head, tail)                                                             \
    check_octets(got, head question_text tail, sizeof(head question_text tail) - 1)
#define question_text "\2ra\10michamen\3com\0\0\1\0\1"

START_TEST(an_answer_with_addresses) {
    const struct dns_query q = query_of(DNS_TYPE_A);
    const struct dns_answer a = {.addresses = addresses, .address_count = 3, .ttl = 60};
    AUTO_BUF out = BUF_INIT(DNS_MESSAGE_MAX);
    struct err e = {0};
    ck_assert_ok(dns_answer_write(&q, &a, DNS_UDP_MAX, &out, &e), e);
    check_written(&out, "\x12\x34\x85\x80\0\1\0\2\0\0\0\0",
                  "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1"
                  "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\2");
}
END_TEST

START_TEST(an_answer_with_an_alias) {
    const struct dns_query q = query_of(DNS_TYPE_AAAA);
    const struct dns_answer a = {.addresses = addresses,
                                 .address_count = 3,
                                 .aliases = {"b.c."},
                                 .alias_count = 1,
                                 .ttl = 1};
    AUTO_BUF out = BUF_INIT(DNS_MESSAGE_MAX);
    struct err e = {0};
    ck_assert_ok(dns_answer_write(&q, &a, DNS_UDP_MAX, &out, &e), e);
    check_written(&out, "\x12\x34\x85\x80\0\1\0\2\0\0\0\0",
                  "\xc0\x0c\0\5\0\1\0\0\0\1\0\5\1b\1c\0"
                  "\xc0\x2d\0\x1c\0\1\0\0\0\1\0\x10"
                  "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1");
}
END_TEST

START_TEST(an_error_beyond_the_header_is_in_the_edns_record) {
    struct dns_query q = query_of(DNS_TYPE_A);
    const struct dns_answer a = {.rcode = DNS_BADVERS};
    AUTO_BUF out = BUF_INIT(DNS_MESSAGE_MAX);
    struct err e = {0};
    q.edns = true;
    ck_assert_ok(dns_answer_write(&q, &a, DNS_UDP_MAX, &out, &e), e);
    check_written(&out, "\x12\x34\x85\x80\0\1\0\0\0\0\0\1", "\0\0\x29\4\xd0\1\0\0\0\0\0");
}
END_TEST

START_TEST(what_does_not_fit_is_truncated) {
    const struct dns_query q = query_of(DNS_TYPE_A);
    const struct dns_answer a = {.addresses = addresses, .address_count = 3, .ttl = 60};
    AUTO_BUF out = BUF_INIT(DNS_MESSAGE_MAX);
    AUTO_BUF small = BUF_INIT(20);
    struct err e = {0};
    size_t whole = 12 + sizeof question - 1 + 32;
    ck_assert_ok(dns_answer_write(&q, &a, whole, &out, &e), e);
    ck_assert_uint_eq(out.len, whole);
    buf_reset(&out);
    ck_assert_ok(dns_answer_write(&q, &a, whole - 1, &out, &e), e);
    check_written(&out, "\x12\x34\x87\x80\0\1\0\0\0\0\0\0", "");
    ck_assert_int_eq(dns_answer_write(&q, &a, whole, &small, &e), -1);
    ck_assert_err(e, SYS_LIMIT);
}
END_TEST

START_TEST(an_answer_to_what_could_not_be_read) {
    const struct dns_query q = {.id = 7, .opcode = 5};
    const struct dns_answer a = {.rcode = DNS_NOTIMP};
    AUTO_BUF out = BUF_INIT(DNS_MESSAGE_MAX);
    struct err e = {0};
    ck_assert_ok(dns_answer_write(&q, &a, DNS_UDP_MAX, &out, &e), e);
    check_octets(&out, "\0\7\xac\x84\0\0\0\0\0\0\0\0", 12);
}
END_TEST

START_TEST(garbage_points_at_itself) {
    const struct dns_query q = query_of(DNS_TYPE_A);
    AUTO_BUF out = BUF_INIT(DNS_MESSAGE_MAX);
    dns_garbage_write(&q, &out);
    check_written(&out, "\x12\x34\x85\x80\0\1\xff\xff\0\0\0\0", "\xc0\x21\0\1");
}
END_TEST

#define LABEL_63 "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabc"

START_TEST(names_of_the_configuration) {
    static const char *const wrong[] = {"",
                                        ".",
                                        "a..b",
                                        ".a",
                                        "a\\.b",
                                        LABEL_63 "d",
                                        LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63};
    AUTO_BUF out = BUF_INIT(DNS_NAME_TEXT_MAX);
    struct err e = {0};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        buf_reset(&out);
        e.code = ERR_OK;
        ck_assert_int_eq(dns_name_put(&out, wrong[i], &e), -1);
        ck_assert_err(e, CONFIG_BAD_VALUE);
    }
    buf_reset(&out);
    ck_assert_ok(dns_name_put(&out, "Ra.x.", &e), e);
    check_octets(&out, "\2Ra\1x\0", 6);
}
END_TEST

START_TEST(words_for_numbers) {
    char word[DNS_WORD_MAX];
    dns_rcode_text(3, word);
    ck_assert_str_eq(word, "NXDOMAIN");
    dns_rcode_text(9, word);
    ck_assert_str_eq(word, "RCODE9");
    dns_type_text(28, word);
    ck_assert_str_eq(word, "AAAA");
    dns_type_text(65535, word);
    ck_assert_str_eq(word, "TYPE65535");
}
END_TEST

TEST_MAIN("dns messages", queries_are_read, a_name_of_255_octets_is_the_longest,
          every_file_is_what_its_name_says, no_beginning_of_a_query_is_a_query,
          an_answer_with_addresses, an_answer_with_an_alias,
          an_error_beyond_the_header_is_in_the_edns_record, what_does_not_fit_is_truncated,
          an_answer_to_what_could_not_be_read, garbage_points_at_itself, names_of_the_configuration,
          words_for_numbers)
