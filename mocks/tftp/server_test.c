/* The service over loopback: libcurl as a client of both transports, each fault as it sees it, and
 * what stays behind in log and events. */
#include "base/events.h"
#include "mocks/tftp/server_test_lab.h"
#include <curl/curl.h>

/* --- libcurl --- */

struct fetched {
    CURLcode code;
    long status;
    struct buf body;
};

static size_t to_buf(char *data, size_t size, size_t count, void *user) {
    struct buf *out = user;
    return buf_put(out, data, size * count) == 0 ? size * count : 0;
}

/* Server and client take turns in this thread. */
static CURLcode run(CURL *easy) {
    CURLM *multi = curl_multi_init();
    CURLcode code = CURLE_AGAIN;
    int running = 1;
    curl_multi_add_handle(multi, easy);
    while (running > 0) {
        curl_multi_perform(multi, &running);
        event_base_loop(loop, EVLOOP_NONBLOCK);
        if (running > 0)
            curl_multi_poll(multi, NULL, 0, 1, NULL);
    }
    const CURLMsg *message = curl_multi_info_read(multi, &running);
    if (message != NULL)
        code = message->data.result;
    curl_multi_remove_handle(multi, easy);
    curl_multi_cleanup(multi);
    return code;
}

static struct fetched fetch_with(CURL *easy, const char *scheme, const char *address,
                                 const char *name) {
    struct fetched f = {.body = BUF_INIT(FILES_MAX)};
    AUTO_BUF url = BUF_INIT(LAB_TEXT_MAX);
    buf_printf(&url, "%s://%s/%s", scheme, address, name);
    curl_easy_setopt(easy, CURLOPT_URL, buf_str(&url));
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, to_buf);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &f.body);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, 30L * test_patience());
    f.code = run(easy);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &f.status);
    curl_easy_cleanup(easy);
    return f;
}

static struct fetched fetch_tftp(const char *name, long block_size) {
    CURL *easy = curl_easy_init();
    if (block_size > 0)
        curl_easy_setopt(easy, CURLOPT_TFTP_BLKSIZE, block_size);
    else
        curl_easy_setopt(easy, CURLOPT_TFTP_NO_OPTIONS, 1L);
    return fetch_with(easy, "tftp", tftp_server_address(server), name);
}

static struct fetched fetch_http(const char *name) {
    return fetch_with(curl_easy_init(), "http", tftp_server_http_address(server), name);
}

static void check_same(struct fetched *a, struct fetched *b) {
    ck_assert_msg(a->code == CURLE_OK, "%s", curl_easy_strerror(a->code));
    ck_assert_msg(b->code == CURLE_OK, "%s", curl_easy_strerror(b->code));
    ck_assert(bytes_equal(buf_view(&a->body), buf_view(&b->body)));
    buf_free(&a->body);
    buf_free(&b->body);
}

static const struct {
    const char *name;
    long block_size; /* 0: no options */
} files[] = {
    {"ITLFile.tlv", 0},
    {"ITLFile.tlv", 8},
    {"ITLFile.tlv", 1428},
    {"ITLFile.tlv", 65464},
    {"ITLSEP74A02FC0A675.tlv", 512},
    {"SEP74A02FC0A675.cnf.xml", 512},
    {"XMLDefault.cnf.xml", 0},
    {"CTLFile.tlv", 512},
    {"block", 512},
    {"empty", 512},
    {"empty", 0},
    {"large", 65464},
    {"large", 0},
};

static void make_files(void) {
    struct err e = {0};
    AUTO(char) folder = lab_path(&lab, "tftp");
    AUTO_BUF large = BUF_INIT(FILES_MAX);
    ck_assert_ok(file_mkdirs(folder, &e), e);
    for (uint32_t i = 0; i < 60000; i++)
        buf_put_u32(&large, i * 2654435761U);
    lab_write(&lab, "tftp/large", buf_view(&large));
    lab_write(&lab, "tftp/block", bytes_of(large.data, 512));
    lab_write(&lab, "tftp/empty", bytes_of("", 0));
}

START_TEST(both_transports_give_the_same_files) {
    start("files: '@/tftp'\nmixed-mode: true\n");
    make_files();
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct fetched http = fetch_http(files[i].name);
        struct fetched tftp = fetch_tftp(files[i].name, files[i].block_size);
        ck_assert_int_eq(http.status, 200);
        check_same(&http, &tftp);
    }
    stop();
}
END_TEST

START_TEST(blocks_can_be_kept_small) {
    start("block-size: 16\n");
    struct fetched http = fetch_http("ITLFile.tlv");
    struct fetched tftp = fetch_tftp("ITLFile.tlv", 1428);
    check_same(&http, &tftp);
    stop();
}
END_TEST

/* curl's code for TFTP, and the status of HTTP. */
static const struct {
    const char *name;
    CURLcode code;
    long status;
} refused[] = {
    {"CTLSEP74A02FC0A675.tlv", CURLE_TFTP_NOTFOUND, 404},
    {"nothing.xml", CURLE_TFTP_NOTFOUND, 404},
    {"nothing.xml.sgn", CURLE_TFTP_NOTFOUND, 404},
    {"%2e%2e%2fpub.key", CURLE_TFTP_PERM, 404}, /* curl decodes what it asks for by TFTP */
    {"../pub.key", CURLE_TFTP_PERM, 403},
    {"./pub.key", CURLE_TFTP_PERM, 403},
    {"/pub.key", CURLE_TFTP_PERM, 403},
    {"tftp/block", CURLE_TFTP_PERM, 403},
};

START_TEST(what_is_not_there_is_refused) {
    start("files: '@/tftp'\n");
    make_files();
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct fetched tftp = fetch_tftp(refused[i].name, 512);
        struct fetched http = fetch_http(refused[i].name);
        ck_assert_msg(tftp.code == refused[i].code, "%s: %s", refused[i].name,
                      curl_easy_strerror(tftp.code));
        ck_assert_msg(http.status == refused[i].status, "%s: %ld", refused[i].name, http.status);
        ck_assert_uint_eq(http.body.len + tftp.body.len, 0);
    }
    stop();
}
END_TEST

START_TEST(uploads_are_refused) {
    start("");
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE, 0L);
    struct fetched tftp = fetch_with(easy, "tftp", tftp_server_address(server), "ITLFile.tlv");
    ck_assert_int_eq(tftp.code, CURLE_TFTP_ILLEGAL);
    easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "x");
    struct fetched http = fetch_with(easy, "http", tftp_server_http_address(server), "ITLFile.tlv");
    ck_assert_int_eq(http.status, 405);
    stop();
}
END_TEST

/* --- faults --- */

struct seen {
    const char *fault;
    CURLcode code;
    long status;
    ssize_t len; /* octets that arrive; -1: as many as the file has */
};

static const struct seen tftp_seen[] = {
    {"not-found", CURLE_TFTP_NOTFOUND, 0, 0},
    {"error 2", CURLE_TFTP_PERM, 0, 0},
    {"error 8", CURLE_ABORTED_BY_CALLBACK, 0, 0},
    {"truncate 100", CURLE_OK, 0, 100},
    {"truncate 0", CURLE_OK, 0, 0},
    {"truncate 10000000", CURLE_OK, 0, -1},
    {"drop-block 1", CURLE_OK, 0, -1},
    {"drop-block 3", CURLE_OK, 0, -1},
    {"delay 2s", CURLE_OK, 0, -1},
};

static const struct seen http_seen[] = {
    {"not-found", CURLE_OK, 404, 0},      {"status 503", CURLE_OK, 503, 0},
    {"truncate 100", CURLE_OK, 200, 100}, {"cut 100", CURLE_PARTIAL_FILE, 200, 100},
    {"close", CURLE_GOT_NOTHING, 0, 0},   {"delay 2s", CURLE_OK, 200, -1},
};

static void check_seen(const struct seen *expected, const struct fetched *got,
                       const struct fetched *whole) {
    size_t len = expected->len < 0 ? whole->body.len : (size_t)expected->len;
    ck_assert_msg(got->code == expected->code, "%s: %s", expected->fault,
                  curl_easy_strerror(got->code));
    ck_assert_msg(got->status == expected->status, "%s: %ld", expected->fault, got->status);
    ck_assert_msg(got->body.len == len, "%s: %zu octets", expected->fault, got->body.len);
    ck_assert(len == 0 || memcmp(got->body.data, whole->body.data, len) == 0);
}

/* Fast, so that what waits does not take long; curl's own patience is real time. */
static void check_fault(const char *point, const struct seen *expected) {
    AUTO_BUF yaml = BUF_INIT(LAB_TEXT_MAX);
    bool tftp = strcmp(point, "tftp.request") == 0;
    buf_printf(&yaml, "faults: [{at: %s, name: ITLFile.tlv, do: %s}]\n", point, expected->fault);
    start_at_rate(20, buf_str(&yaml));
    struct fetched other =
        tftp ? fetch_tftp("ITLSEP74A02FC0A675.tlv", 64) : fetch_http("ITLSEP74A02FC0A675.tlv");
    struct fetched got = tftp ? fetch_tftp("ITLFile.tlv", 64) : fetch_http("ITLFile.tlv");
    struct fetched again = tftp ? fetch_tftp("ITLFile.tlv", 64) : fetch_http("ITLFile.tlv");
    check_seen(expected, &got, &other);
    buf_free(&got.body);
    check_same(&other, &again);
    stop();
}

START_TEST(each_fault_is_seen_for_what_it_is_and_then_gone) {
    for (size_t i = 0; i < sizeof tftp_seen / sizeof tftp_seen[0]; i++)
        check_fault("tftp.request", &tftp_seen[i]);
    for (size_t i = 0; i < sizeof http_seen / sizeof http_seen[0]; i++)
        check_fault("tftp.http", &http_seen[i]);
}
END_TEST

static const struct {
    const char *fault;
    ssize_t at; /* the octet that differs, -1 the last; -2: none */
} corruptions[] = {{"corrupt", -1}, {"corrupt 7", 7}, {"corrupt -1000000", -2}};

START_TEST(a_corrupt_octet_is_another_one) {
    for (size_t i = 0; i < sizeof corruptions / sizeof corruptions[0]; i++) {
        AUTO_BUF yaml = BUF_INIT(LAB_TEXT_MAX);
        buf_printf(&yaml, "faults: [{at: tftp.http, do: %s}]\n", corruptions[i].fault);
        start(buf_str(&yaml));
        struct fetched bad = fetch_http("ITLFile.tlv");
        struct fetched good = fetch_http("ITLFile.tlv");
        ck_assert_uint_eq(bad.body.len, good.body.len);
        if (corruptions[i].at > -2) {
            size_t at = corruptions[i].at < 0 ? good.body.len - 1 : (size_t)corruptions[i].at;
            ck_assert_uint_ne(bad.body.data[at], good.body.data[at]);
            bad.body.data[at] = good.body.data[at];
        }
        check_same(&bad, &good);
        stop();
    }
}
END_TEST

START_TEST(silence_is_no_answer) {
    start("faults:\n  - {at: tftp.http, do: silence}\n");
    CURL *easy = curl_easy_init();
    AUTO_BUF url = BUF_INIT(LAB_TEXT_MAX);
    AUTO_BUF body = BUF_INIT(FILES_MAX);
    buf_printf(&url, "http://%s/ITLFile.tlv", tftp_server_http_address(server));
    curl_easy_setopt(easy, CURLOPT_URL, buf_str(&url));
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, to_buf);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &body);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 300L);
    ck_assert_int_eq(run(easy), CURLE_OPERATION_TIMEDOUT);
    curl_easy_cleanup(easy);
    struct fetched after = fetch_http("ITLFile.tlv");
    ck_assert_int_eq(after.status, 200);
    buf_free(&after.body);
    stop();
}
END_TEST

/* --- what stays behind --- */

static void read_file(const char *name, struct buf *out) {
    struct err e = {0};
    AUTO(char) path = lab_path(&lab, name);
    ck_assert_ok(file_read(path, out, &e), e);
}

static void open_events(void) {
    struct err e = {0};
    AUTO(char) path = lab_path(&lab, "events.ndjson");
    ck_assert_ok(events_open(path, "tftp", &e), e);
}

/* Line by line: what stands behind the time and, in the log, the peer's port. */
static void check_lines(const char *file, const char *const *lines, size_t count) {
    AUTO_BUF text = BUF_INIT(LAB_TEXT_MAX);
    read_file(file, &text);
    const char *at = buf_str(&text);
    for (size_t i = 0; i < count; i++) {
        const char *end = strchr(at, '\n');
        ck_assert_msg(end != NULL, "no line %zu: %s", i, lines[i]);
        AUTO(char) line = strndup(at, (size_t)(end - at));
        ck_assert_msg(strstr(line, lines[i]) != NULL, "line %zu is %s", i, line);
        at = end + 1;
    }
    ck_assert_str_eq(at, "");
}

static const char *const log_lines[] = {
    " CTLFile.tlv: GET, status 404, 0 octets, CTLFile.tlv: no such file",
    " SEP74A02FC0A675.cnf.xml: GET, status 503, 0 octets, fault: status 503",
    " XMLDefault.cnf.xml: octet, 390 octets, 1 of 1 blocks of 512, 0 sent again",
    " a\\x1bb: error 2, not a plain name",
    " -: error 4, opcode 2 is not a read request",
};

static const char *const event_lines[] = {
    "\"from\":\"client\",\"to\":\"tftp\",\"what\":\"HTTP GET\",\"detail\":\"CTLFile.tlv\"",
    "\"to\":\"client\",\"what\":\"HTTP answer\",\"detail\":\"CTLFile.tlv: 404\"",
    "\"from\":\"SEP74A02FC0A675\",\"to\":\"tftp\",\"what\":\"HTTP GET\"",
    "\"what\":\"fault\",\"detail\":\"tftp.http: status 503\"",
    "\"to\":\"SEP74A02FC0A675\",\"what\":\"HTTP answer\"",
    "\"what\":\"TFTP RRQ\",\"detail\":\"XMLDefault.cnf.xml\"",
    "\"what\":\"TFTP DATA\",\"detail\":\"XMLDefault.cnf.xml: octet, blocks of 512\"",
    "\"what\":\"TFTP RRQ\",\"detail\":\"a\\u001Bb\"",
    "\"what\":\"TFTP ERROR\",\"detail\":\"a\\u001Bb: 2 Access violation\"",
};

START_TEST(each_request_is_a_line_of_the_log_and_two_events) {
    struct packet p;
    start("log: '@/tftp.log'\nfaults: [{at: tftp.http, nth: 2, do: status 503}]\n");
    open_events();
    AUTO_FD fd = client_new();
    fetch_http("CTLFile.tlv");
    fetch_http("SEP74A02FC0A675.cnf.xml");
    struct fetched tftp = fetch_tftp("XMLDefault.cnf.xml", 0);
    buf_free(&tftp.body);
    ASK(fd, "\0\1a\033b\0octet\0");
    receive(fd, &p);
    ASK(fd, "\0\2x\0octet\0");
    receive(fd, &p);
    events_close();
    check_lines("tftp.log", log_lines, sizeof log_lines / sizeof log_lines[0]);
    check_lines("events.ndjson", event_lines, sizeof event_lines / sizeof event_lines[0]);
    stop();
}
END_TEST

/* Two files over one connection: the first says who asks for the second. */
START_TEST(a_phone_is_known_on_its_connection) {
    static const char request[] =
        "GET /SEP74A02FC0A675.cnf.xml HTTP/1.1\r\nHost: h\r\n\r\n"
        "GET /ITLFile.tlv HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    static const char *const lines[] = {
        "\"from\":\"SEP74A02FC0A675\"", "\"to\":\"SEP74A02FC0A675\"",
        "\"from\":\"SEP74A02FC0A675\"", "\"to\":\"SEP74A02FC0A675\"",
        "\"from\":\"client\"",          "\"to\":\"client\""};
    char octets[4096];
    start("");
    open_events();
    struct sockaddr_in to = address_of(tftp_server_http_address(server));
    AUTO_FD fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    ck_assert_int_eq(send(fd, request, sizeof request - 1, 0), (ssize_t)sizeof request - 1);
    for (ssize_t n = -1; n != 0; n = recv(fd, octets, sizeof octets, MSG_DONTWAIT))
        event_base_loop(loop, EVLOOP_NONBLOCK);
    struct fetched other = fetch_http("ITLFile.tlv");
    buf_free(&other.body);
    events_close();
    check_lines("events.ndjson", lines, sizeof lines / sizeof lines[0]);
    stop();
}
END_TEST

START_TEST(addresses_that_are_taken_are_errors) {
    struct err e = {0};
    start("");
    struct tftp_config config = lab.config;
    config.listen = (char *)(uintptr_t)tftp_server_address(server);
    ck_assert_ptr_null(tftp_server_new(loop, &config, NULL, &e));
    ck_assert_err(e, SYS_IO);
    config = lab.config;
    config.http = (char *)(uintptr_t)tftp_server_http_address(server);
    ck_assert_ptr_null(tftp_server_new(loop, &config, NULL, &e));
    ck_assert_err(e, SYS_IO);
    config = lab.config;
    config.log = (char[]){"/nonexistent/tftp.log"};
    ck_assert_ptr_null(tftp_server_new(loop, &config, NULL, &e));
    ck_assert_err(e, SYS_IO);
    stop();
}
END_TEST

/* Only the connection's end is waited for: no request came from it. */
static void expect_closed(int fd) {
    char byte;
    while (recv(fd, &byte, 1, MSG_DONTWAIT) != 0)
        event_base_loop(loop, EVLOOP_NONBLOCK);
}

START_TEST(half_a_web_request_is_cut_off) {
    start("log: '@/tftp.log'\nhttp-request-timeout: 200ms\n");
    struct sockaddr_in to = address_of(tftp_server_http_address(server));
    AUTO_FD fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    AUTO(char) path = path_join(lab.dir, "tftp.log");
    AUTO_BUF log = BUF_INIT(65536);
    struct err e = {0};
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    ck_assert_int_eq((int)send(fd, "GET /ITL", 8, MSG_NOSIGNAL), 8);
    expect_closed(fd);
    ck_assert_ok(file_read(path, &log, &e), e);
    ck_assert_ptr_nonnull(strstr(buf_str(&log), "request not done in time (SYS_TIMEOUT)"));
    stop();
}
END_TEST

TEST_MAIN("tftp server", both_transports_give_the_same_files, blocks_can_be_kept_small,
          what_is_not_there_is_refused, uploads_are_refused,
          each_fault_is_seen_for_what_it_is_and_then_gone, a_corrupt_octet_is_another_one,
          silence_is_no_answer, each_request_is_a_line_of_the_log_and_two_events,
          a_phone_is_known_on_its_connection, addresses_that_are_taken_are_errors,
          half_a_web_request_is_cut_off)
