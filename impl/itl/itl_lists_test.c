/* Every list of testdata/lists, against what testdata/lists/expected.txt says of it: malformed ones
 * with byte, record and field, well-formed ones that must not verify, and odd ones that must. */
#include "itl/itl_test_kit.h"
#include <dirent.h>

enum { NAME_MAX_LEN = 80, ROWS_MAX = 256 };

struct row {
    char name[NAME_MAX_LEN];
    char code[NAME_MAX_LEN];
    char text[ERR_TEXT_MAX];
};

static struct row rows[ROWS_MAX];
static size_t row_count;

static void load_rows(void) {
    AUTO_BUF table;
    kit_read("lists/expected.txt", &table);
    row_count = 0;
    for (char *rest = (char *)table.data, *line; (line = strsep(&rest, "\n")) != NULL;) {
        struct row *row = &rows[row_count];
        if (line[0] == '#' || line[0] == '\0')
            continue;
        ck_assert_uint_lt(row_count, ROWS_MAX);
        *row = (struct row){0};
        ck_assert_int_ge(sscanf(line, "%79s %79s %511[^\n]", row->name, row->code, row->text), 2);
        row_count++;
    }
}

/* What a row is about: the list as it is read, else as it is verified. */
static void judge(const struct row *row, struct err *e) {
    AUTO_BUF file;
    AUTO(char) name = NULL;
    ck_assert_int_gt(asprintf(&name, "lists/%s.tlv", row->name), 0);
    kit_read(name, &file);
    AUTO(ITL) list = itl_parse(buf_view(&file), e);
    if (list != NULL)
        itl_verify(list, list, NULL, e);
}

START_TEST(every_list_is_judged_as_expected) {
    load_rows();
    for (size_t i = 0; i < row_count; i++) {
        const struct row *row = &rows[i];
        struct err e = {0};
        judge(row, &e);
        ck_assert_msg(strcmp(err_name(e.code), row->code) == 0, "%s: %s (%s)", row->name,
                      err_name(e.code), e.text);
        ck_assert_msg(strncmp(e.text, row->text, strlen(row->text)) == 0, "%s:\n  %s\n  %s",
                      row->name, e.text, row->text);
    }
}
END_TEST

static bool has_row(const char *file) {
    for (size_t i = 0; i < row_count; i++)
        if (strncmp(file, rows[i].name, strlen(rows[i].name)) == 0 &&
            strcmp(file + strlen(rows[i].name), ".tlv") == 0)
            return true;
    return false;
}

START_TEST(every_file_has_a_row) {
    load_rows();
    size_t files = 0;
    DIR *dir = opendir(TESTDATA "/lists");
    ck_assert_ptr_nonnull(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (strstr(entry->d_name, ".tlv") == NULL)
            continue;
        ck_assert_msg(has_row(entry->d_name), "%s is in no row", entry->d_name);
        files++;
    }
    closedir(dir);
    ck_assert_uint_eq(files, row_count);
}
END_TEST

/* What is read is written as the same bytes, whatever its order and unknown tags. */
START_TEST(what_is_read_is_written_again) {
    load_rows();
    size_t written = 0;
    for (size_t i = 0; i < row_count; i++) {
        AUTO_BUF file, again = BUF_INIT(KIT_MAX);
        AUTO(char) name = NULL;
        struct err e = {0};
        ck_assert_int_gt(asprintf(&name, "lists/%s.tlv", rows[i].name), 0);
        kit_read(name, &file);
        AUTO(ITL) list = itl_parse(buf_view(&file), &e);
        if (list == NULL)
            continue;
        ck_assert_ok(itl_put(list, &again, &e), e);
        ck_assert_msg(bytes_equal(buf_view(&file), buf_view(&again)), "%s", rows[i].name);
        written++;
    }
    ck_assert_uint_ge(written, 30);
}
END_TEST

/* Cut at every length, the list is refused, and never as something else than malformed. */
START_TEST(every_cut_is_refused) {
    AUTO_BUF file;
    kit_read("small/list.tlv", &file);
    size_t whole = 0;
    for (size_t len = 0; len < file.len; len++) {
        struct err e = {0};
        AUTO(ITL) list = itl_parse(bytes_of(file.data, len), &e);
        if (list != NULL) {
            ck_assert_int_eq(itl_verify(list, list, NULL, &e), -1);
            whole++;
        } else {
            ck_assert(e.code == ERR_ITL_HEADER || e.code == ERR_ITL_RECORD);
            ck_assert_ptr_nonnull(strstr(e.text, "byte "));
        }
    }
    ck_assert_uint_eq(whole, 5); /* between two records it is a list, of another content */
}
END_TEST

/* Every bit of the list is covered by the signature, or is part of it, or is looked at. */
START_TEST(every_flipped_bit_is_noticed) {
    AUTO_BUF file;
    kit_read("small/list.tlv", &file);
    for (size_t i = 0; i < file.len; i++) {
        struct err e = {0};
        file.data[i] ^= (uint8_t)(1U << i % 8);
        AUTO(ITL) list = itl_parse(buf_view(&file), &e);
        if (list != NULL)
            ck_assert_msg(itl_verify(list, list, NULL, &e) == -1, "byte %zu", i);
        file.data[i] ^= (uint8_t)(1U << i % 8);
    }
}
END_TEST

TEST_MAIN("itl lists", every_list_is_judged_as_expected, every_file_has_a_row,
          what_is_read_is_written_again, every_cut_is_refused, every_flipped_bit_is_noticed)
