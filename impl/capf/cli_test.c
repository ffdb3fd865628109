/* Device administration: columns, patterns, files, reports; and CSV itself. */
#include "base/clock.h"
#include "base/file.h"
#include "base/owned.h"
#include "base/temporary_test.h"
#include "base/x509.h"
#include "capf/cli.h"
#include "capf/csv.h"
#include "capf/device_fields.h"
#include <jansson.h>
#include <string.h>

static const struct program program = {.name = "test"};

struct bench {
    struct store *store;
    char *output; /* of the last command */
};

static void open_bench(struct bench *b, const char *folder) {
    struct err e = {0};
    AUTO(char) path = path_join(folder, "devices.sqlite");
    *b = (struct bench){.store = store_open(path, &e)};
    ck_assert_ptr_nonnull(b->store);
}

static void close_bench(struct bench *b) {
    store_close(b->store);
    free(b->output);
}

static int run(struct bench *b, const struct cli_options *options, const char *verb,
               const char *operand) {
    size_t len = 0;
    struct capf_config config = {0};
    char *argv[] = {(char *)verb, (char *)operand, NULL};
    free(b->output);
    b->output = NULL;
    FILE *out = open_memstream(&b->output, &len);
    struct cli c = {&program, options, &config, b->store, out};
    int rc = cli_device(&c, operand == NULL ? 1 : 2, argv);
    fclose(out);
    return rc;
}

static const struct cli_options none;

START_TEST(add_set_show) {
    TEMPORARY(folder);
    struct bench b;
    struct err e = {0};
    struct device d;
    open_bench(&b, folder);
    struct cli_options add = {.operation = "install", .mode = "string", .string = "123456"};
    ck_assert_int_eq(run(&b, &add, "add", "SEP74A02FC0A675"), EXIT_DONE);
    ck_assert_ok(store_device(b.store, "SEP74A02FC0A675", &d, &e), e);
    ck_assert_int_eq(d.operation, OPERATION_UPGRADE);
    ck_assert_int_eq(d.status, CERT_STATUS_OPERATION_PENDING);
    ck_assert_int_eq(run(&b, &none, "show", "sep74a02fc0a675"), EXIT_DONE);
    ck_assert_ptr_nonnull(strstr(b.output, "Operation Pending"));
    ck_assert_ptr_null(strstr(b.output, "123456"));
    struct cli_options cancel = {.operation = "none", .key_order = "ec-only", .ec_key_size = "384"};
    ck_assert_int_eq(run(&b, &cancel, "set", "SEP74A02FC0A675"), EXIT_DONE);
    ck_assert_ok(store_device(b.store, "SEP74A02FC0A675", &d, &e), e);
    ck_assert_int_eq(d.status, CERT_STATUS_NONE);
    ck_assert_int_eq(d.ec_key_size, EC_KEY_SIZE_384);
    ck_assert_int_eq(run(&b, &none, "add", "SEP74A02FC0A675"), EXIT_FAILED);
    close_bench(&b);
}
END_TEST

START_TEST(wrong_use_changes_nothing) {
    TEMPORARY(folder);
    struct bench b;
    open_bench(&b, folder);
    static const struct cli_options wrong[] = {
        {.operation = "instal"},
        {.mode = "pin"},
        {.string = "12"},
        {.string = "12ab"},
        {.key_size = "2000"},
        {.finish_by = "tomorrow"},
        {.finish_by = "2026:13:01:00:00"},
        {.model = "a\nb"},
        {.count = 3},
        {.count = -1},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_int_eq(run(&b, &wrong[i], "add", "SEP1"), EXIT_USAGE);
    ck_assert_int_eq(run(&b, &none, "add", "SEP'1"), EXIT_USAGE);
    ck_assert_int_eq(run(&b, &none, "add", NULL), EXIT_USAGE);
    ck_assert_int_eq(run(&b, &none, "ad", "SEP1"), EXIT_USAGE);
    ck_assert_int_eq(run(&b, &none, "show", "SEP1"), EXIT_FAILED);
    ck_assert_int_eq(run(&b, &none, "list", NULL), EXIT_DONE);
    ck_assert_ptr_null(strstr(b.output, "SEP1"));
    close_bench(&b);
}
END_TEST

START_TEST(pattern_makes_many) {
    TEMPORARY(folder);
    struct bench b;
    open_bench(&b, folder);
    struct cli_options many = {.count = 200, .first = 1, .operation = "install"};
    ck_assert_int_eq(run(&b, &many, "add", "SEP001122334%03d"), EXIT_DONE);
    struct cli_options as_json = {.json = true};
    ck_assert_int_eq(run(&b, &as_json, "list", NULL), EXIT_DONE);
    json_t *rows = json_loads(b.output, 0, NULL);
    ck_assert_uint_eq(json_array_size(rows), 200);
    const char *last = json_string_value(json_object_get(json_array_get(rows, 199), "name"));
    ck_assert_str_eq(last, "SEP001122334200");
    json_decref(rows);
    struct cli_options addresses = {.count = 2, .first = 255};
    ck_assert_int_eq(run(&b, &addresses, "add", "SEP00%04X"), EXIT_DONE);
    ck_assert_int_eq(run(&b, &none, "show", "SEP000100"), EXIT_DONE);
    ck_assert_int_eq(run(&b, &many, "add", "SEP%s%d"), EXIT_USAGE);
    close_bench(&b);
}
END_TEST

START_TEST(copies_are_devices_of_their_own) {
    TEMPORARY(folder);
    struct bench b;
    struct cli_options three = {.count = 3, .first = 5};
    struct cli_options add = {.operation = "install", .mode = "string", .string = "123456"};
    struct cli c = {.program = &program, .options = &three};
    char *argv[] = {"copy", "SEP1", "SEP00%02d", NULL};
    open_bench(&b, folder);
    ck_assert_int_eq(run(&b, &add, "add", "SEP1"), EXIT_DONE);
    c.store = b.store;
    ck_assert_int_eq(cli_device(&c, 3, argv), EXIT_DONE);
    ck_assert_int_eq(run(&b, &none, "show", "SEP0007"), EXIT_DONE);
    ck_assert_ptr_nonnull(strstr(b.output, "Operation Pending"));
    ck_assert_int_eq(cli_device(&c, 3, argv), EXIT_FAILED);
    c.options = &none;
    argv[2] = "SEP2";
    ck_assert_int_eq(cli_device(&c, 3, argv), EXIT_DONE);
    ck_assert_int_eq(cli_device(&c, 2, argv), EXIT_USAGE);
    close_bench(&b);
}
END_TEST

static void write_text(const char *path, const char *text) {
    struct err e = {0};
    ck_assert_ok(file_write(path, bytes_of_str(text), 0600, &e), e);
}

START_TEST(shell_patterns_choose_devices) {
    TEMPORARY(folder);
    struct bench b;
    struct err e = {0};
    struct device d;
    struct cli_options count = {.count = 3};
    struct cli_options install = {.operation = "install"};
    open_bench(&b, folder);
    ck_assert_int_eq(run(&b, &count, "add", "SEP00%d"), EXIT_DONE);
    ck_assert_int_eq(run(&b, &none, "add", "SEP99"), EXIT_DONE);
    ck_assert_int_eq(run(&b, &install, "set", "sep00*"), EXIT_DONE);
    ck_assert_ok(store_device(b.store, "SEP002", &d, &e), e);
    ck_assert_int_eq(d.operation, OPERATION_UPGRADE);
    ck_assert_ok(store_device(b.store, "SEP99", &d, &e), e);
    ck_assert_int_eq(d.operation, OPERATION_NONE);
    ck_assert_int_eq(run(&b, &none, "list", "SEP0?[12]"), EXIT_DONE);
    ck_assert_ptr_nonnull(strstr(b.output, "\nSEP001 "));
    ck_assert_ptr_nonnull(strstr(b.output, "\nSEP002 "));
    ck_assert_ptr_null(strstr(b.output, "SEP000"));
    ck_assert_ptr_null(strstr(b.output, "SEP99"));
    ck_assert_int_eq(run(&b, &none, "list", "SEP98"), EXIT_FAILED);
    ck_assert_int_eq(run(&b, &none, "report", "BOT*"), EXIT_FAILED);
    ck_assert_int_eq(run(&b, &install, "set", "BOT*"), EXIT_FAILED);
    close_bench(&b);
}
END_TEST

START_TEST(file_makes_all_or_none) {
    TEMPORARY(folder);
    struct bench b;
    struct err e = {0};
    struct device d;
    open_bench(&b, folder);
    AUTO(char) path = path_join(folder, "phones.csv");
    struct cli_options from_file = {.file = path};
    write_text(path, "name,operation,description\nSEP1,install,\"a, b\"\nSEP2,nonsense,\n");
    ck_assert_int_eq(run(&b, &from_file, "add", NULL), EXIT_USAGE);
    ck_assert_int_eq(store_device(b.store, "SEP1", &d, &e), -1);
    ck_assert_err(e, STORE_NOT_FOUND);
    write_text(path, "name,operation,description\r\nSEP1,install,\"a, b\"\r\n\r\nSEP2,,\r\n");
    ck_assert_int_eq(run(&b, &from_file, "add", NULL), EXIT_DONE);
    ck_assert_ok(store_device(b.store, "SEP1", &d, &e), e);
    ck_assert_str_eq(d.description, "a, b");
    ck_assert_int_eq(d.operation, OPERATION_UPGRADE);
    ck_assert_ok(store_device(b.store, "SEP2", &d, &e), e);
    ck_assert_int_eq(d.operation, OPERATION_NONE);
    write_text(path, "name,lsc-issuer\nSEP1,x\n");
    ck_assert_int_eq(run(&b, &from_file, "set", NULL), EXIT_USAGE);
    write_text(path, "operation\nnone\n");
    ck_assert_int_eq(run(&b, &from_file, "set", NULL), EXIT_USAGE);
    close_bench(&b);
}
END_TEST

static void install_lsc(struct bench *b, const char *name) {
    struct err e = {0};
    AUTO(X509) lsc = x509_read_file(TESTDATA "/lab/mic.pem", &e);
    AUTO_BUF der = BUF_INIT(8192);
    ck_assert_ok(x509_put_der(lsc, &der, &e), e);
    struct store_outcome o = {.device = name,
                              .operation = OPERATION_NONE,
                              .status = CERT_STATUS_UPGRADE_SUCCESS,
                              .installed = true,
                              .certificate = buf_view(&der)};
    ck_assert_ok(store_outcome(b->store, &o, &e), e);
}

START_TEST(report_tells_of_the_lsc) {
    TEMPORARY(folder);
    struct bench b;
    open_bench(&b, folder);
    ck_assert_int_eq(run(&b, &none, "add", "SEP1"), EXIT_DONE);
    install_lsc(&b, "SEP1");
    struct cli_options csv = {.csv = true};
    ck_assert_int_eq(run(&b, &csv, "report", NULL), EXIT_DONE);
    ck_assert_ptr_nonnull(strstr(b.output, "lsc-issuer"));
    ck_assert_ptr_nonnull(strstr(b.output, "\"CN=Cisco Manufacturing CA SHA2,O=Cisco\""));
    ck_assert_ptr_nonnull(strstr(b.output, ",valid,"));
    close_bench(&b);
}
END_TEST

/* The time at which that part of the life of the certificate is over. */
static void go_to_part(double part) {
    struct err e = {0};
    int64_t from = 0, to = 0;
    AUTO(X509) lsc = x509_read_file(TESTDATA "/lab/mic.pem", &e);
    ck_assert_ok(x509_validity(lsc, &from, &to, &e), e);
    clock_configure(0, 1);
    int64_t when = from + (int64_t)((double)(to - from) * part);
    clock_configure((when - (int64_t)clock_wall()) * 1000000, 1);
}

static int operation_of(struct bench *b, const char *name) {
    struct device d;
    struct err e = {0};
    ck_assert_ok(store_device(b->store, name, &d, &e), e);
    return d.operation;
}

START_TEST(renewal_is_for_what_is_due) {
    static const struct {
        double part;
        int operation;
    } rows[] = {{0.5, OPERATION_NONE}, {0.7, OPERATION_UPGRADE}, {1.5, OPERATION_UPGRADE}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        TEMPORARY(folder);
        struct bench b;
        open_bench(&b, folder);
        ck_assert_int_eq(run(&b, &none, "add", "SEP1"), EXIT_DONE);
        ck_assert_int_eq(run(&b, &none, "add", "SEP2"), EXIT_DONE);
        install_lsc(&b, "SEP1");
        go_to_part(rows[i].part);
        ck_assert_int_eq(run(&b, &none, "renew", "SEP2"), EXIT_DONE);
        ck_assert_str_eq(b.output, "");
        ck_assert_int_eq(run(&b, &none, "renew", NULL), EXIT_DONE);
        ck_assert_str_eq(b.output, rows[i].operation == OPERATION_NONE ? "" : "SEP1\n");
        ck_assert_int_eq(operation_of(&b, "SEP1"), rows[i].operation);
        ck_assert_int_eq(operation_of(&b, "SEP2"), OPERATION_NONE);
        close_bench(&b);
        clock_configure(0, 1);
    }
}
END_TEST

START_TEST(csv_lines) {
    char *fields[4];
    char plain[] = "a,b,,d\r\n", quoted[] = "\"a,\"\"b\"\"\",c\n", open[] = "\"a,b\n",
         behind[] = "\"a\"b,c", many[] = "a,b,c,d,e";
    ck_assert_int_eq(csv_split(plain, fields, 4), 4);
    ck_assert_str_eq(fields[2], "");
    ck_assert_str_eq(fields[3], "d");
    ck_assert_int_eq(csv_split(quoted, fields, 4), 2);
    ck_assert_str_eq(fields[0], "a,\"b\"");
    ck_assert_int_eq(csv_split(open, fields, 4), -1);
    ck_assert_int_eq(csv_split(behind, fields, 4), -1);
    ck_assert_int_eq(csv_split(many, fields, 4), -1);
    AUTO_BUF out = BUF_INIT(64);
    csv_put(&out, "a,\"b\"");
    buf_put_u8(&out, ' ');
    csv_put(&out, "=1+1");
    ck_assert_str_eq(buf_str(&out), "\"a,\"\"b\"\"\" \"'=1+1\"");
}
END_TEST

TEST_MAIN("capf command line", add_set_show, wrong_use_changes_nothing, pattern_makes_many,
          copies_are_devices_of_their_own, shell_patterns_choose_devices, file_makes_all_or_none,
          report_tells_of_the_lsc, renewal_is_for_what_is_due, csv_lines)
