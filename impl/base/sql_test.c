/* The SQLite wrapper: settings, statements kept, values in and out, errors, kill -9. */
#include "base/file.h"
#include "base/owned.h"
#include "base/sql.h"
#include "base/temporary_test.h"
#include "base/test.h"
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

static const char schema[] = "CREATE TABLE IF NOT EXISTS device("
                             "id INTEGER PRIMARY KEY, name TEXT UNIQUE, key BLOB);"
                             "CREATE TABLE IF NOT EXISTS lsc("
                             "device INTEGER NOT NULL REFERENCES device(id));";

static const char insert_device[] = "INSERT INTO device(name, key) VALUES(?, ?)";

static struct sql *open_in(const char *dir) {
    struct err e = {0};
    AUTO(char) path = path_join(dir, "a.sqlite");
    struct sql *db = sql_open(path, schema, &e);
    ck_assert_msg(db != NULL, "%s", e.text);
    return db;
}

static sqlite3_stmt *prepare(struct sql *db, const char *text) {
    struct err e = {0};
    sqlite3_stmt *s = sql_prepare(db, text, &e);
    ck_assert_msg(s != NULL, "%s", e.text);
    return s;
}

static int insert(struct sql *db, const char *name, struct bytes key, struct err *e) {
    sqlite3_stmt *s = prepare(db, insert_device);
    sql_bind_str(s, 1, name);
    sql_bind_bytes(s, 2, key);
    return sql_run(db, s, e);
}

static int64_t number(struct sql *db, const char *query) {
    struct err e = {0};
    sqlite3_stmt *s = prepare(db, query);
    ck_assert_int_eq(sql_step(db, s, &e), 1);
    int64_t value = sql_int(s, 0);
    ck_assert_int_eq(sql_step(db, s, &e), 0);
    return value;
}

START_TEST(the_settings_are_those_promised) {
    TEMPORARY(dir);
    struct sql *db = open_in(dir);
    sqlite3_stmt *s = prepare(db, "PRAGMA journal_mode");
    ck_assert_int_eq(sql_step(db, s, NULL), 1);
    ck_assert_str_eq(sql_str(s, 0), "wal");
    ck_assert_int_eq(sql_step(db, s, NULL), 0);
    ck_assert_int_eq(number(db, "PRAGMA synchronous"), 2);
    ck_assert_int_eq(number(db, "PRAGMA foreign_keys"), 1);
    sql_close(db);
}
END_TEST

/* Writes in a process of its own; said: when it has the database; it commits once go closes. */
static pid_t hold_database(char *dir, int said[2], int go[2]) {
    pid_t child = fork();
    if (child != 0)
        return child;
    char octet;
    struct err e = {0};
    struct sql *db = open_in(dir);
    close(go[1]);
    bool held = sql_exec(db, "BEGIN IMMEDIATE", &e) == 0 &&
                insert(db, "SEP1", bytes_of("k", 1), &e) == 1 && write(said[1], "b", 1) == 1;
    bool committed = held && read(go[0], &octet, 1) == 0 && sql_exec(db, "COMMIT", &e) == 0;
    sql_close(db);
    free(dir); /* this process's copy, for Valgrind */
    _exit(committed ? 0 : 1);
}

START_TEST(another_writer_is_waited_for) {
    TEMPORARY(dir);
    struct err e = {0};
    int said[2], go[2];
    int status = -1;
    char octet;
    sql_close(open_in(dir));
    ck_assert_int_eq(pipe(said), 0);
    ck_assert_int_eq(pipe(go), 0);
    pid_t child = hold_database(dir, said, go);
    close(go[0]);
    struct sql *db = open_in(dir);
    ck_assert_int_eq(read(said[0], &octet, 1), 1);
    close(go[1]);
    ck_assert_int_eq(insert(db, "SEP2", bytes_of("k", 1), &e), 1);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(number(db, "SELECT count(*) FROM device"), 2);
    sql_close(db);
    close(said[0]);
    close(said[1]);
}
END_TEST

START_TEST(how_far_a_commit_goes_can_be_changed) {
    static const enum sql_sync syncs[] = {SQL_SYNC_OFF, SQL_SYNC_NORMAL, SQL_SYNC_FULL};
    TEMPORARY(dir);
    struct err e = {0};
    struct sql *db = open_in(dir);
    for (size_t i = 0; i < sizeof syncs / sizeof syncs[0]; i++) {
        ck_assert_ok(sql_sync(db, syncs[i], &e), e);
        ck_assert_int_eq(number(db, "PRAGMA synchronous"), (int)i);
    }
    sql_close(db);
}
END_TEST

START_TEST(values_come_back_as_they_went_in) {
    TEMPORARY(dir);
    struct sql *db = open_in(dir);
    struct err e = {0};
    static const uint8_t key[] = {0, 1, 0, 255};
    ck_assert_int_eq(insert(db, "SEP'; DROP TABLE device; --", bytes_of(key, sizeof key), &e), 1);
    ck_assert_int_eq(sql_last_id(db), 1);
    ck_assert_int_eq(insert(db, NULL, bytes_of(NULL, 0), &e), 1);
    sqlite3_stmt *s = prepare(db, "SELECT name, key, id FROM device ORDER BY id");
    ck_assert_int_eq(sql_step(db, s, &e), 1);
    ck_assert_str_eq(sql_str(s, 0), "SEP'; DROP TABLE device; --");
    ck_assert(bytes_equal(sql_bytes(s, 1), bytes_of(key, sizeof key)));
    ck_assert_int_eq(sql_int(s, 2), 1);
    ck_assert_int_eq(sql_step(db, s, &e), 1);
    ck_assert_str_eq(sql_str(s, 0), "");
    ck_assert_uint_eq(sql_bytes(s, 1).len, 0);
    ck_assert_int_eq(sqlite3_column_type(s, 1), SQLITE_BLOB);
    ck_assert_int_eq(sql_step(db, s, &e), 0);
    sql_close(db);
}
END_TEST

START_TEST(statements_are_kept_and_come_back_empty) {
    TEMPORARY(dir);
    struct sql *db = open_in(dir);
    sqlite3_stmt *first = prepare(db, "SELECT ?");
    sql_bind_int(first, 1, INT64_MIN);
    ck_assert_int_eq(sql_step(db, first, NULL), 1);
    ck_assert(sql_int(first, 0) == INT64_MIN);
    char same_text[] = "SELECT ?";
    sqlite3_stmt *second = prepare(db, same_text);
    ck_assert_ptr_eq(first, second);
    ck_assert_int_eq(sql_step(db, second, NULL), 1);
    ck_assert_int_eq(sqlite3_column_type(second, 0), SQLITE_NULL);
    sql_close(db);
}
END_TEST

START_TEST(changes_are_counted) {
    TEMPORARY(dir);
    struct sql *db = open_in(dir);
    insert(db, "a", bytes_of_str("1"), NULL);
    insert(db, "b", bytes_of_str("1"), NULL);
    ck_assert_int_eq(sql_run(db, prepare(db, "UPDATE device SET key = NULL"), NULL), 2);
    ck_assert_int_eq(sql_run(db, prepare(db, "SELECT * FROM device"), NULL), 0);
    ck_assert_int_eq(sql_run(db, prepare(db, "DELETE FROM device WHERE name = 'c'"), NULL), 0);
    sql_close(db);
}
END_TEST

START_TEST(errors_show_the_statement_and_no_value) {
    TEMPORARY(dir);
    struct sql *db = open_in(dir);
    struct err e = {0};
    ck_assert_int_eq(insert(db, "secret", bytes_of_str("1"), &e), 1);
    ck_assert_int_eq(insert(db, "secret", bytes_of_str("1"), &e), -1);
    ck_assert_err(e, STORE_SQL);
    ck_assert_str_eq(e.text, "UNIQUE constraint failed: device.name: "
                             "INSERT INTO device(name, key) VALUES(?, ?)");
    ck_assert_int_eq(insert(db, "other", bytes_of_str("1"), &e), 1);
    ck_assert_ptr_null(sql_prepare(db, "SELEKT 1", &e));
    ck_assert_err(e, STORE_SQL);
    ck_assert_ptr_null(sql_prepare(db, "", &e));
    ck_assert_int_eq(sql_exec(db, "INSERT INTO lsc VALUES(99)", &e), -1);
    ck_assert_err(e, STORE_SQL);
    ck_assert_ok(sql_exec(db, "INSERT INTO lsc VALUES(1)", &e), e);
    sql_close(db);
}
END_TEST

START_TEST(what_is_no_database_cannot_be_opened) {
    TEMPORARY(dir);
    AUTO(char) path = path_join(dir, "a.sqlite");
    AUTO(char) nowhere = path_join(dir, "b/a.sqlite");
    struct err e = {0};
    ck_assert_int_eq(file_write(path, bytes_of_str("this is not a database at all"), 0644, &e), 0);
    ck_assert_ptr_null(sql_open(path, schema, &e));
    ck_assert_err(e, STORE_OPEN);
    ck_assert_ptr_null(sql_open(nowhere, schema, &e));
    ck_assert_err(e, STORE_OPEN);
    ck_assert_ptr_null(sql_open(":memory:", "CREATE TABEL x(y)", &e));
    ck_assert_err(e, STORE_OPEN);
}
END_TEST

START_TEST(what_was_committed_survives_a_kill) {
    TEMPORARY(dir);
    pid_t child = fork();
    if (child == 0) {
        struct sql *db = open_in(dir);
        insert(db, "committed", bytes_of_str("1"), NULL);
        sql_exec(db, "BEGIN", NULL);
        insert(db, "open", bytes_of_str("1"), NULL);
        raise(SIGKILL);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    struct sql *db = open_in(dir);
    ck_assert_int_eq(number(db, "SELECT count(*) FROM device"), 1);
    ck_assert_int_eq(number(db, "SELECT count(*) FROM device WHERE name = 'committed'"), 1);
    sql_close(db);
}
END_TEST

/* SQLite itself refuses memory beyond the limit. */
START_TEST(a_value_that_could_not_be_bound_is_not_written_as_null) {
    static uint8_t key[64 * 1024] = {1};
    struct err e = {0};
    TEMPORARY(dir);
    struct sql *db = open_in(dir);
    sqlite3_stmt *q = prepare(db, insert_device);
    sqlite3_hard_heap_limit64(sqlite3_memory_used() + 1024);
    sql_bind_str(q, 1, "SEP74A02FC0A675");
    sql_bind_bytes(q, 2, bytes_of(key, sizeof key));
    sqlite3_hard_heap_limit64(0);
    ck_assert_int_eq(sql_run(db, q, &e), -1);
    ck_assert_err(e, STORE_SQL);
    q = prepare(db, insert_device);
    sql_bind_str(q, 1, "SEP74A02FC0A675");
    sql_bind_bytes(q, 2, bytes_of(key, sizeof key));
    ck_assert_int_eq(sql_run(db, q, &e), 1);
    sql_close(db);
}
END_TEST

TEST_MAIN("sql", the_settings_are_those_promised, how_far_a_commit_goes_can_be_changed,
          another_writer_is_waited_for, values_come_back_as_they_went_in,
          statements_are_kept_and_come_back_empty, changes_are_counted,
          errors_show_the_statement_and_no_value, what_is_no_database_cannot_be_opened,
          what_was_committed_survives_a_kill,
          a_value_that_could_not_be_bound_is_not_written_as_null)
