/* Reaches records_new, records_feed, records_end, records_lines, source_of, source_time,
 * utf8_clean, scan_fd, whose_scope, iis_fields_read, iis_fields_put, pattern_line_init,
 * pattern_matches, case_add_file, case_keep, case_add_fact, case_scope_device, judge,
 * judgement_free, diagnosis_ids, diagnosis_print and diagnosis_json. Input: a log, or several run
 * together; what the file is called hangs on its length. However it is cut up and with either line
 * end the records are the same, and a report holds nothing that a terminal would obey. Floor:
 * 300/s. */
#include "base/owned.h"
#include "diagnose/diagnose_impl.h"
#include "diagnose/records.h"
#include "diagnose/scan.h"
#include "fuzz/fuzz.h"
#include <string.h>
#include <sys/mman.h>

enum { SHOWN_MAX = 16 * 1024 * 1024, INPUT_MAX = 256 * 1024 };

static const struct rules *rules; /* the built-in ones; both live as long as the process */
static const struct scan_table *table;

static void set_up(void) {
    struct cfg_mistakes *m = cfg_mistakes_new();
    rules = rules_load(NULL, m);
    table = rules == NULL ? NULL : scan_table_new(rules);
    FUZZ_CHECK(table != NULL);
    cfg_mistakes_free(m);
}

/* ---- records ---- */

static void check_text(struct bytes text) {
    for (size_t i = 0; i < text.len; i++)
        FUZZ_CHECK((text.data[i] >= ' ' || text.data[i] == '\t') && text.data[i] != 0x7f);
}

static void describe(void *user, const struct record *record) {
    FUZZ_CHECK(record->source < SOURCE_COUNT && record->first_line >= 1);
    FUZZ_CHECK(record->last_line >= record->first_line && record->text.len <= RECORD_TEXT_MAX);
    check_text(record->text);
    source_time(record->source, record->text);
    buf_printf(user, "%d %llu %llu ", (int)record->source, (unsigned long long)record->first_line,
               (unsigned long long)record->last_line);
    buf_put_bytes(user, record->text);
    buf_put_u8(user, '\n');
}

/* In parts of that size; with_cr: each line end as two octets, which may be cut apart. */
static void read_in_parts(struct bytes text, size_t part, bool with_cr, struct buf *out) {
    struct records *r = records_new(describe, out);
    FUZZ_CHECK(r != NULL);
    for (size_t at = 0; at < text.len; at += part) {
        struct bytes next = {text.data + at, part < text.len - at ? part : text.len - at};
        if (with_cr && next.data[0] == '\n')
            records_feed(r, bytes_of("\r", 1));
        records_feed(r, next);
    }
    records_end(r);
    FUZZ_CHECK(records_lines(r) <= text.len + 1);
    records_free(r);
}

static void check_records(struct bytes text) {
    AUTO_BUF whole = BUF_INIT(SHOWN_MAX), parts = BUF_INIT(SHOWN_MAX);
    read_in_parts(text, text.len + 1, false, &whole);
    read_in_parts(text, text.len % 2 == 0 ? 1 : 7, text.len % 2 == 0, &parts);
    FUZZ_CHECK(bytes_equal(buf_view(&whole), buf_view(&parts)));
}

/* ---- the diagnosis ---- */

static void scan(struct casefile *c, struct bytes text) {
    static const char *const names[] = {"capf.log", "SEP74A02FC0A675.log", "u_ex261121.log",
                                        "error.log"};
    struct err e = {0};
    AUTO_FD fd = memfd_create("log", MFD_CLOEXEC);
    FUZZ_CHECK(fd >= 0 && write(fd, text.data, text.len) == (ssize_t)text.len);
    FUZZ_CHECK(lseek(fd, 0, SEEK_SET) == 0);
    FUZZ_CHECK_OK(scan_fd(c, table, fd, names[text.len % 4], &e), e);
    FUZZ_CHECK(c->kept_count <= CASE_KEPT_MAX && c->scope_count <= CASE_SCOPES_MAX);
    for (size_t i = 0; i < c->kept_count; i++) {
        FUZZ_CHECK(strlen(c->kept[i].text) <= CASE_TEXT_MAX);
        check_text(bytes_of_str(c->kept[i].text));
    }
}

static void check_incident(const struct casefile *c, const struct incident *i) {
    FUZZ_CHECK(i->finding_count > 0 && i->finding_count <= INCIDENT_FINDINGS_MAX);
    FUZZ_CHECK(i->evidence_count > 0 && i->evidence_count <= INCIDENT_EVIDENCE_MAX);
    FUZZ_CHECK(i->supporting < i->evidence_count);
    for (size_t k = 0; k < i->evidence_count; k++)
        FUZZ_CHECK(i->evidence[k] < c->kept_count);
    FUZZ_CHECK(incident_place(c, i) < PLACE_COUNT);
}

static void check_reports(const struct diagnosis *d) {
    AUTO(char) ids = diagnosis_ids(d);
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    FUZZ_CHECK(to != NULL && ids != NULL);
    diagnosis_print(d, 100, to);
    fclose(to);
    for (size_t i = 0; i < size; i++)
        FUZZ_CHECK((unsigned char)text[i] >= ' ' || text[i] == '\n');
    free(text);
    json_t *json = diagnosis_json(d);
    FUZZ_CHECK(json != NULL);
    json_decref(json);
    FUZZ_CHECK((ids[0] == '\0') == (diagnosis_verdict(d) < VERDICT_UNKNOWN));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes text = bytes_of(data, size);
    struct judged_case judged = {0};
    struct diagnosis d = {.cases = &judged, .count = 1};
    struct err e = {0};
    if (rules == NULL)
        set_up();
    if (size > INPUT_MAX)
        return 0;
    check_records(text);
    judged.c = case_new(rules, "fuzz");
    FUZZ_CHECK(judged.c != NULL);
    scan(judged.c, text);
    FUZZ_CHECK_OK(judge(judged.c, &judged.j, &e), e);
    for (size_t i = 0; i < judged.j.count; i++)
        check_incident(judged.c, &judged.j.incidents[i]);
    check_reports(&d);
    judgement_free(&judged.j);
    case_free(judged.c);
    return 0;
}
