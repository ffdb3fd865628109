/* Tests of faults: what is read, each mistake's exact words, and when a fault applies. */
#include "base/owned.h"
#include "base/test.h"
#include "mocks/fault/fault.h"
#include <string.h>

enum { AT_LOGIN, AT_FETCH };
enum { KIND_PAGE = 1, KIND_FETCH = 2 };
enum { DO_CLOSE, DO_DELAY, DO_STATUS, DO_CUT, DO_SAY, DO_SEND, DO_KISS, DO_OFFSET, DO_OTHER_KEY };

static const struct fault_point points[] = {
    {"ca.login", KIND_PAGE, "the login"}, {"ca.fetch", KIND_FETCH, "the certificate"}, {0}};
static const char *const statuses[] = {"401", "404", "500", NULL};
static const char *const kisses[] = {"RATE", "DENY", NULL};
static const struct fault_action actions[] = {
    {.name = "close", .help = "close without an answer"},
    {.name = "delay", .argument = FAULT_DURATION, .beside = true, .help = "answer later"},
    {.name = "status", .argument = FAULT_NUMBER, .choices = statuses, .help = "an error"},
    {.name = "cut", .argument = FAULT_NUMBER, .min = 1, .max = 100, .help = "cut the body"},
    {.name = "say", .argument = FAULT_TEXT, .help = "other words"},
    {.name = "send", .argument = FAULT_BYTES, .help = "other bytes"},
    {.name = "kiss",
     .argument = FAULT_TEXT,
     .choices = kisses,
     .default_text = "RATE",
     .help = "kiss of death"},
    {.name = "offset",
     .argument = FAULT_DURATION,
     .min = -60000000,
     .max = 60000000,
     .help = "wrong time"},
    {.name = "other-key", .kinds = KIND_FETCH, .help = "for another key"},
    {0}};
static const struct fault_tables ca = {"ca", points, actions, .named = true};

static const struct fault_point wire_points[] = {{"wire:a-b", 0, "a to b"}, {0}};
static const struct fault_action wire_actions[] = {
    {.name = "refuse", .help = "no"}, {.name = "down", .lasting = true, .help = "down"}, {0}};
static const struct fault_tables wire = {
    .mock = "wire", .points = wire_points, .actions = wire_actions};
static const struct fault_tables *const all[] = {&ca, &wire, NULL};

struct config {
    struct cfg_list faults;
};
static const struct cfg_field fields[] = {
    CFG_LIST(struct config, faults, "faults", struct fault_row, fault_fields, "what goes wrong"),
    CFG_END,
};

static struct fault_set *read_text(const char *text, struct cfg_mistakes *m) {
    struct config config = {0};
    struct cfg_doc *doc = cfg_load_text("f.yaml", bytes_of_str(text), fields, &config, m);
    struct fault_set *set = doc != NULL ? fault_set_new(&config.faults, doc, all, m) : NULL;
    cfg_doc_free(doc);
    return set;
}

static struct fault_set *read_good(const char *text) {
    struct cfg_mistakes *m = cfg_mistakes_new();
    struct fault_set *set = read_text(text, m);
    ck_assert_msg(set != NULL, "%s", cfg_mistake_text(m, 0));
    cfg_mistakes_free(m);
    return set;
}

/* ---- Reading ---- */

START_TEST(no_faults_are_an_empty_set) {
    struct fault_set *set = read_good("");
    ck_assert_uint_eq(set->count, 0);
    ck_assert_ptr_null(fault_next(set, AT_LOGIN, NULL));
    fault_set_free(set);
    ck_assert_ptr_null(fault_next(NULL, AT_LOGIN, NULL));
}
END_TEST

START_TEST(arguments_of_every_type) {
    struct fault_set *set = read_good("faults:\n"
                                      "- {at: ca.login, do: close}\n"
                                      "- {at: ca.login, do: delay 250ms}\n"
                                      "- {at: ca.login, do: status 404}\n"
                                      "- {at: ca.login, do: 'say  so  it is '}\n"
                                      "- {at: ca.login, do: 'send 16 03:0aFF'}\n"
                                      "- {at: ca.login, do: kiss}\n"
                                      "- {at: ca.login, do: kiss DENY}\n"
                                      "- {at: ca.login, do: offset -10s}\n"
                                      "- {at: ca.fetch, nth: 3, times: 7, do: other-key}\n"
                                      "- {at: 'wire:a-b', times: always, do: refuse}\n");
    const struct fault *f = set->items;
    ck_assert_uint_eq(f[0].action, DO_CLOSE);
    ck_assert_str_eq(f[0].text, "");
    ck_assert_int_eq(f[1].value, 250000);
    ck_assert_int_eq(f[2].value, 404);
    ck_assert_str_eq(f[3].text, "so  it is ");
    ck_assert_uint_eq(f[4].octets.len, 4);
    ck_assert_mem_eq(f[4].octets.data, "\x16\x03\x0a\xff", 4);
    ck_assert_str_eq(f[5].text, "RATE");
    ck_assert_str_eq(f[6].text, "DENY");
    ck_assert_int_eq(f[7].value, -10000000);
    ck_assert_int_eq(f[8].nth, 3);
    ck_assert_int_eq(f[8].times, 7);
    ck_assert_uint_eq(f[8].line, 10);
    ck_assert_ptr_eq(f[9].tables, &wire);
    ck_assert_int_eq(f[9].times, INT64_MAX);
    fault_set_free(set);
}
END_TEST

static const struct {
    const char *row, *mistake;
} mistakes[] = {
    {"{at: ca.logon, do: close}",
     "f.yaml:2:8: unknown fault point \"ca.logon\", did you mean \"ca.login\"?"},
    {"{at: phone, do: close}",
     "f.yaml:2:8: unknown fault point \"phone\"; known here: ca.login, ca.fetch, wire:a-b"},
    {"{at: [], do: close}", "f.yaml:2:8: at: expected the name of a fault point"},
    {"{do: close}", "f.yaml:2:3: the required key \"at\" is missing"},
    {"{at: ca.login}", "f.yaml:2:3: the required key \"do\" is missing"},
    {"{at: ca.login, does: close, do: close}",
     "f.yaml:2:18: unknown key \"does\"; known here: at, nth, times, do, name"},
    {"{at: ca.login, do: []}", "f.yaml:2:22: do: expected ACTION [ARGUMENT]"},
    {"{at: ca.login, do: clos}", "f.yaml:2:22: unknown action \"clos\", did you mean \"close\"?"},
    {"{at: 'wire:a-b', do: close}",
     "f.yaml:2:24: unknown action \"close\"; known here: refuse, down"},
    {"{at: ca.login, do: ''}", "f.yaml:2:22: unknown action \"\"; known here: close, delay, "
                               "status, cut, say, send, kiss, offset"},
    {"{at: ca.login, do: other-key}",
     "f.yaml:2:22: action \"other-key\" is not possible at ca.login; possible there: close, "
     "delay, status, cut, say, send, kiss, offset"},
    {"{at: ca.login, do: close 3}", "f.yaml:2:22: close takes no argument"},
    {"{at: ca.login, do: delay}", "f.yaml:2:22: delay needs an argument: DURATION"},
    {"{at: ca.login, do: delay 3}",
     "f.yaml:2:22: delay: \"3\" is not a duration such as 250ms, 10s, 5m, 2h or 30d"},
    {"{at: ca.login, do: delay -3s}", "f.yaml:2:22: delay: -3s is out of bounds"},
    {"{at: ca.login, do: offset 2m}", "f.yaml:2:22: offset: 2m is out of bounds"},
    {"{at: ca.login, do: status 405}",
     "f.yaml:2:22: unknown status \"405\", did you mean \"401\"?"},
    {"{at: ca.login, do: kiss me}", "f.yaml:2:22: unknown kiss \"me\"; known here: RATE, DENY"},
    {"{at: ca.login, do: cut 0}", "f.yaml:2:22: cut: 0 is out of bounds"},
    {"{at: ca.login, do: cut 101}", "f.yaml:2:22: cut: 101 is out of bounds"},
    {"{at: ca.login, do: cut 99999999999999999999}",
     "f.yaml:2:22: cut: 99999999999999999999 is out of bounds"},
    {"{at: ca.login, do: cut ten}", "f.yaml:2:22: cut: \"ten\" is not a whole number"},
    {"{at: ca.login, do: cut -}", "f.yaml:2:22: cut: \"-\" is not a whole number"},
    {"{at: ca.login, do: send 16 3}",
     "f.yaml:2:22: send: \"16 3\" is not a row of hexadecimal pairs"},
    {"{at: ca.login, do: send xx}", "f.yaml:2:22: send: \"xx\" is not a row of hexadecimal pairs"},
    {"{at: ca.login, nth: 0, do: close}", "f.yaml:2:23: nth: 0 is not between 1 and 1000000000"},
    {"{at: ca.login, nth: first, do: close}", "f.yaml:2:23: nth: \"first\" is not a whole number"},
    {"{at: ca.login, times: 0, do: close}",
     "f.yaml:2:25: times: 0 is not between 1 and 1000000000"},
    {"{at: ca.login, times: 99999999999999999999, do: close}",
     "f.yaml:2:25: times: 99999999999999999999 is not between 1 and 1000000000"},
    {"{at: ca.login, times: never, do: close}",
     "f.yaml:2:25: times: expected a whole number or always"},
    {"{at: ca.login, times: [], do: close}",
     "f.yaml:2:25: times: expected a whole number or always"},
    {"{at: 'wire:a-b', do: down}", "f.yaml:2:24: down lasts: write times: always"},
    {"{at: 'wire:a-b', name: x, do: refuse}", "f.yaml:2:8: wire:a-b has no name to filter by"},
};

static void expect_mistake(const char *row, const char *mistake) {
    struct cfg_mistakes *m = cfg_mistakes_new();
    AUTO(char) text = NULL;
    ck_assert_int_gt(asprintf(&text, "faults:\n- %s\n", row), 0);
    ck_assert_ptr_null(read_text(text, m));
    ck_assert_str_eq(cfg_mistake_text(m, 0), mistake);
    ck_assert_uint_eq(cfg_mistakes_count(m), 1);
    cfg_mistakes_free(m);
}

START_TEST(each_mistake_in_its_words) {
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++)
        expect_mistake(mistakes[i].row, mistakes[i].mistake);
}
END_TEST

START_TEST(all_mistakes_at_once) {
    struct cfg_mistakes *m = cfg_mistakes_new();
    ck_assert_ptr_null(read_text("faults:\n"
                                 "- {at: ca.login, do: clos, times: x}\n"
                                 "- {at: ca.login, do: close}\n"
                                 "- {at: ca.logon, do: close}\n",
                                 m));
    ck_assert_uint_eq(cfg_mistakes_count(m), 3);
    ck_assert_str_eq(cfg_mistake_text(m, 2), "f.yaml:4:8: unknown fault point \"ca.logon\", did "
                                             "you mean \"ca.login\"?");
    cfg_mistakes_free(m);
}
END_TEST

/* ---- Applying ---- */

/* One letter a visit: the first of the action's name, or '-'. */
static void visits(struct fault_set *set, unsigned point, const char *name, char *out, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const struct fault *f = fault_next(set, point, name);
        out[i] = f != NULL ? fault_action_name(f)[0] : '-';
    }
    out[n] = '\0';
}

static void expect_visits(const char *text, const char *expected) {
    char seen[16];
    struct fault_set *set = read_good(text);
    visits(set, AT_LOGIN, NULL, seen, strlen(expected));
    ck_assert_str_eq(seen, expected);
    fault_set_free(set);
}

START_TEST(nth_and_times) {
    expect_visits("faults: [{at: ca.login, do: close}]", "c----");
    expect_visits("faults: [{at: ca.login, do: close, nth: 3}]", "--c--");
    expect_visits("faults: [{at: ca.login, do: close, nth: 2, times: 2}]", "-cc--");
    expect_visits("faults: [{at: ca.login, do: close, nth: 3, times: always}]", "--ccc");
    expect_visits("faults: [{at: ca.fetch, do: close, times: always}]", "-----");
}
END_TEST

/* The first in the file wins; the other has counted the visit all the same. */
START_TEST(the_first_in_the_file_applies) {
    expect_visits("faults:\n"
                  "- {at: ca.login, do: close, nth: 2}\n"
                  "- {at: ca.login, do: status 404, nth: 1, times: 3}\n",
                  "scs--");
}
END_TEST

START_TEST(points_are_counted_apart) {
    char seen[8];
    struct fault_set *set = read_good("faults:\n- {at: ca.login, do: close, nth: 2}\n"
                                      "- {at: ca.fetch, do: status 500, nth: 1}\n");
    visits(set, AT_FETCH, NULL, seen, 2);
    ck_assert_str_eq(seen, "s-");
    visits(set, AT_LOGIN, NULL, seen, 3);
    ck_assert_str_eq(seen, "-c-");
    fault_set_free(set);
}
END_TEST

START_TEST(a_name_filters_and_counts_its_own) {
    char seen[8];
    struct fault_set *set =
        read_good("faults: [{at: ca.login, name: ra.michamen.com, nth: 2, do: close}]");
    visits(set, AT_LOGIN, "lab-dc.michamen.com", seen, 3);
    ck_assert_str_eq(seen, "---");
    visits(set, AT_LOGIN, NULL, seen, 2);
    ck_assert_str_eq(seen, "--");
    visits(set, AT_LOGIN, "RA.michamen.com", seen, 3);
    ck_assert_str_eq(seen, "-c-");
    fault_set_free(set);
}
END_TEST

START_TEST(a_delay_goes_beside_another_action) {
    struct fault_set *set = read_good("faults:\n"
                                      "- {at: ca.login, do: close, times: 2}\n"
                                      "- {at: ca.login, do: delay 5s}\n"
                                      "- {at: ca.login, do: delay 7s}\n");
    struct fault_visit first = fault_visit(set, AT_LOGIN, NULL);
    struct fault_visit second = fault_visit(set, AT_LOGIN, NULL);
    ck_assert_uint_eq(first.fault->action, DO_CLOSE);
    ck_assert_uint_eq(first.beside_count, 2);
    ck_assert_int_eq(first.beside[1]->value, 7000000);
    ck_assert_uint_eq(second.fault->action, DO_CLOSE);
    ck_assert_uint_eq(second.beside_count, 0);
    fault_set_free(set);
}
END_TEST

START_TEST(peeking_counts_nothing) {
    struct fault_set *set = read_good("faults:\n"
                                      "- {at: ca.login, do: delay 5s, times: always}\n"
                                      "- {at: ca.login, do: close, nth: 2}\n");
    ck_assert_ptr_null(fault_peek(set, AT_LOGIN));
    ck_assert_ptr_null(fault_visit(set, AT_LOGIN, NULL).fault);
    ck_assert_ptr_eq(fault_peek(set, AT_LOGIN), &set->items[1]);
    ck_assert_ptr_eq(fault_peek(set, AT_LOGIN), &set->items[1]);
    ck_assert_ptr_null(fault_peek(set, AT_FETCH));
    ck_assert_ptr_eq(fault_visit(set, AT_LOGIN, NULL).fault, &set->items[1]);
    ck_assert_ptr_null(fault_peek(set, AT_LOGIN));
    fault_set_free(set);
}
END_TEST

START_TEST(a_copy_counts_on_its_own) {
    struct fault_set *set =
        read_good("faults:\n- {at: ca.login, name: x, nth: 2, do: send 1603}\n");
    ck_assert_ptr_null(fault_next(set, AT_LOGIN, "x"));
    struct fault_set *copy = fault_set_copy(set);
    const struct fault *f = fault_next(set, AT_LOGIN, "x");
    const struct fault *other = fault_next(copy, AT_LOGIN, "x");
    ck_assert_ptr_nonnull(f);
    ck_assert_ptr_nonnull(other);
    ck_assert_ptr_ne(f, other);
    ck_assert(bytes_equal(f->octets, other->octets));
    fault_set_free(set);
    ck_assert_str_eq(other->text, "1603");
    fault_set_free(copy);
}
END_TEST

/* ---- Writing ---- */

START_TEST(yaml_reads_back_as_the_same) {
    struct fault_set *set = read_good(
        "faults:\n- {at: ca.login, name: \"a\\\"b\\\\\\x07\", nth: 2, times: always, do: kiss}\n"
        "- {at: 'wire:a-b', do: refuse}\n");
    AUTO_BUF text = BUF_INIT(4096), again = BUF_INIT(4096);
    fault_put_yaml(&set->items[0], &text);
    ck_assert_str_eq(buf_str(&text), "{at: \"ca.login\", name: \"a\\\"b\\\\\\x07\", nth: 2, "
                                     "times: always, do: \"kiss RATE\"}");
    buf_reset(&text);
    buf_put_str(&text, "faults:\n- ");
    fault_put_yaml(&set->items[0], &text);
    buf_put_str(&text, "\n- ");
    fault_put_yaml(&set->items[1], &text);
    struct fault_set *copy = read_good(buf_str(&text));
    buf_put_str(&again, "faults:\n- ");
    fault_put_yaml(&copy->items[0], &again);
    buf_put_str(&again, "\n- ");
    fault_put_yaml(&copy->items[1], &again);
    ck_assert_str_eq(buf_str(&again), buf_str(&text));
    fault_set_free(copy);
    fault_set_free(set);
}
END_TEST

START_TEST(help_lists_points_and_actions) {
    AUTO(char) help = fault_help(&ca);
    ck_assert_str_eq(help, "Fault points:\n"
                           "  ca.login  the login\n"
                           "  ca.fetch  the certificate\n"
                           "\nActions (do: ACTION [ARGUMENT]):\n"
                           "  close               close without an answer\n"
                           "  delay DURATION      answer later\n"
                           "  status 401|404|500  an error\n"
                           "  cut N               cut the body\n"
                           "  say TEXT            other words\n"
                           "  send HEX            other bytes\n"
                           "  kiss [RATE|DENY]    kiss of death\n"
                           "  offset DURATION     wrong time\n"
                           "  other-key           for another key (only at ca.fetch)\n");
}
END_TEST

START_TEST(reference_is_markdown) {
    AUTO(char) text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    fault_print_reference(&ca, to);
    fclose(to);
    ck_assert_ptr_nonnull(strstr(text, "| `ca.fetch` | the certificate |\n"));
    ck_assert_ptr_nonnull(strstr(text, "| `status 401\\|404\\|500` | an error |\n"));
}
END_TEST

TEST_MAIN("fault", no_faults_are_an_empty_set, arguments_of_every_type, each_mistake_in_its_words,
          all_mistakes_at_once, nth_and_times, the_first_in_the_file_applies,
          points_are_counted_apart, a_name_filters_and_counts_its_own,
          a_delay_goes_beside_another_action, peeking_counts_nothing, a_copy_counts_on_its_own,
          yaml_reads_back_as_the_same, help_lists_points_and_actions, reference_is_markdown)
