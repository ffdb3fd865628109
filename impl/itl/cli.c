/* capflab itl: lists and signed files from the command line. Files are read whole, and written
 * whole or not at all. */
#include "itl/cli.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/x509.h"
#include "itl/description.h"
#include "itl/diff.h"
#include "itl/itl_fields.h"
#include "itl/itl_write.h"
#include "itl/notes.h"
#include "itl/sgn.h"
#include "itl/show.h"

#include <string.h>

enum { TEXT_MAX = 16 * 1024 * 1024, SIGNED_FILE_MINOR = 0, SUBJECT_SHOWN_MAX = 512 };

/* A list or file that is wrong in itself, as against one that does not verify. */
static bool is_bad_input(enum err_code code) {
    switch (code) {
    case ERR_ARG_USAGE:
    case ERR_SYS_IO:
    case ERR_SYS_LIMIT:
    case ERR_CONFIG_MISSING:
    case ERR_CONFIG_BAD_VALUE:
    case ERR_X509_PARSE:
    case ERR_KEY_PARSE:
    case ERR_ITL_TOO_LARGE:
    case ERR_ITL_VERSION:
    case ERR_ITL_HEADER:
    case ERR_ITL_RECORD:
    case ERR_ITL_ALGORITHM:
        return true;
    default:
        return false;
    }
}

static int fail(const struct itl_cli *c, const struct err *e) {
    program_message(c->program, "%s (%s)", e->text, err_name(e->code));
    return is_bad_input(e->code) ? EXIT_USAGE : EXIT_FAILED;
}

static int wrong_use(const struct itl_cli *c, const char *what) {
    program_message(c->program, "%s; see --help", what);
    return EXIT_USAGE;
}

static int write_out(const struct itl_cli *c, struct bytes content, struct err *e) {
    if (c->options->output != NULL)
        return file_write(c->options->output, content, 0644, e);
    if (fwrite(content.data, 1, content.len, c->out) != content.len || fflush(c->out) != 0)
        return err_errno(e, "standard output");
    return 0;
}

static void print_json(const struct itl_cli *c, json_t *object) {
    json_dumpf(object, c->out, JSON_INDENT(2));
    fputc('\n', c->out);
    json_decref(object);
}

/* --- show --- */

static int show_unreadable(const struct itl_cli *c, const char *path, struct bytes file,
                           const struct err *e) {
    AUTO_BUF text = BUF_INIT(TEXT_MAX);
    if (!c->options->json) {
        itl_show_unreadable(path, file, &text);
        fputs(buf_str(&text), c->out);
    }
    return fail(c, e);
}

static bool is_signed_file(struct bytes file, struct sgn *sgn) {
    struct err ignored;
    return sgn_parse(file, sgn, &ignored) == 0 && sgn->header.minor == SIGNED_FILE_MINOR;
}

/* What follows the header of a signed file reads as a broken record. */
static void tell_unreadable(const char *path, struct bytes file, struct err *e) {
    struct sgn sgn;
    if (is_signed_file(file, &sgn))
        err_set(e, ERR_ITL_VERSION,
                "%s: byte 0: header: VERSION: 1.0 is that of a signed file; see verify and strip",
                path);
    else
        err_context(e, "%s", path);
}

static int verb_show(const struct itl_cli *c, char **operands) {
    AUTO_BUF content = BUF_INIT(ITL_READ_MAX), text = BUF_INIT(TEXT_MAX);
    struct err e = {0};
    int rc = file_read(operands[0], &content, &e);
    AUTO(ITL) list = rc == 0 ? itl_parse(buf_view(&content), &e) : NULL;
    if (list == NULL) {
        if (rc == 0)
            tell_unreadable(operands[0], buf_view(&content), &e);
        return show_unreadable(c, operands[0], buf_view(&content), &e);
    }
    if (c->options->json) {
        print_json(c, itl_show_json(list));
        rc = itl_verify(list, list, NULL, &e);
    } else {
        rc = itl_show(list, &text, &e);
        fwrite(text.data, 1, text.len, c->out);
    }
    if (rc == 0)
        return EXIT_DONE;
    err_context(&e, "%s", operands[0]);
    return fail(c, &e);
}

/* --- verify --- */

/* What was read: a list, or a signed file of which sgn is a view. */
struct subject {
    struct buf content;
    struct itl *list;
    struct sgn sgn;
};

static void subject_free(struct subject *s) {
    itl_free(s->list);
    buf_free(&s->content);
}

static int subject_read(const char *path, struct subject *s, struct err *e) {
    *s = (struct subject){.content = BUF_INIT(SGN_MAX)};
    if (file_read(path, &s->content, e) != 0)
        return -1;
    if (is_signed_file(buf_view(&s->content), &s->sgn))
        return 0;
    s->list = itl_parse(buf_view(&s->content), e);
    return s->list != NULL ? 0 : err_context(e, "%s", path);
}

static int verify_by_certificate(const struct itl_cli *c, const struct subject *s, struct err *e) {
    AUTO(X509) signer = x509_read_file(c->options->signer, e);
    if (signer == NULL)
        return -1;
    return s->list != NULL ? itl_verify_by(s->list, signer, e) : sgn_verify_by(&s->sgn, signer, e);
}

static void put_record(const struct itl_record *record, const char *whose, struct buf *out) {
    char subject[SUBJECT_SHOWN_MAX];
    buf_printf(out, "record %zu of %s (%s): %s ", record->number, whose,
               itl_role_shown(record->role),
               itl_printable(record->subject, subject, sizeof subject));
    itl_put_hex(record->serial, ':', out);
}

/* By the list that --trusted names, else by itself; says in words who signed. */
static int verify_by_list(const struct itl_cli *c, const struct subject *s, struct buf *who,
                          struct err *e) {
    const char *path = c->options->trusted;
    const struct itl_record *record = NULL;
    AUTO(ITL) other = path == NULL ? NULL : itl_read_file(path, e);
    const struct itl *trusted = path == NULL ? s->list : other;
    if (trusted == NULL)
        return path != NULL ? -1
                            : err_set(e, ERR_ARG_USAGE,
                                      "a signed file is verified by --trusted or --signer");
    int rc = s->list != NULL ? itl_verify(s->list, trusted, &record, e)
                             : sgn_verify(&s->sgn, trusted, &record, e);
    if (rc == 0)
        put_record(record, path == NULL ? "the list itself" : path, who);
    return rc;
}

static int verify(const struct itl_cli *c, const struct subject *s, struct buf *who,
                  struct err *e) {
    if (c->options->signer != NULL && c->options->trusted != NULL)
        return err_set(e, ERR_ARG_USAGE, "either --signer or --trusted");
    if (c->options->signer == NULL)
        return verify_by_list(c, s, who, e);
    buf_put_str(who, c->options->signer);
    return verify_by_certificate(c, s, e);
}

static void print_note(void *user, enum itl_note note, const struct itl_record *record) {
    const struct itl_cli *c = user;
    if (record == NULL)
        fprintf(c->out, "note: %s\n", itl_note_text(note));
    else
        fprintf(c->out, "note: record %zu: %s\n", record->number, itl_note_text(note));
}

static void append_note(void *user, enum itl_note note, const struct itl_record *record) {
    json_t *one = json_pack("{s:s}", "text", itl_note_text(note));
    if (record != NULL)
        json_object_set_new(one, "record", json_integer((json_int_t)record->number));
    json_array_append_new(user, one);
}

static void put_notes(const struct itl_cli *c, const struct itl *list, json_t *verdict) {
    struct itl_cli copy = *c;
    if (list == NULL)
        return;
    if (verdict == NULL) {
        itl_notes(list, print_note, &copy);
        return;
    }
    json_t *notes = json_array();
    itl_notes(list, append_note, notes);
    json_object_set_new(verdict, "notes", notes);
}

static int report_verified(const struct itl_cli *c, const char *path, const struct itl *list,
                           int rc, const char *who, struct err *e) {
    if (c->options->json) {
        json_t *verdict = json_pack("{s:s, s:s, s:b}", "schema", "capflab-itl-verify-1", "file",
                                    path, "verified", rc == 0);
        if (rc == 0)
            json_object_set_new(verdict, "signer", json_string(who));
        else
            json_object_set_new(
                verdict, "error",
                json_pack("{s:s, s:s}", "code", err_name(e->code), "text", e->text));
        put_notes(c, list, verdict);
        print_json(c, verdict);
    } else if (rc == 0) {
        fprintf(c->out, "%s: verified by %s\n", path, who);
        put_notes(c, list, NULL);
    }
    if (rc == 0)
        return EXIT_DONE;
    err_context(e, "%s", path);
    return fail(c, e);
}

static int verb_verify(const struct itl_cli *c, char **operands) {
    AUTO_BUF who = BUF_INIT(TEXT_MAX);
    struct subject s;
    struct err e = {0};
    int code;
    if (subject_read(operands[0], &s, &e) != 0) {
        code = fail(c, &e);
    } else {
        int rc = verify(c, &s, &who, &e);
        code = report_verified(c, operands[0], s.list, rc, buf_str(&who), &e);
    }
    subject_free(&s);
    return code;
}

/* --- build, sign, strip --- */

static int verb_build(const struct itl_cli *c, char **operands) {
    AUTO_BUF list = BUF_INIT(ITL_READ_MAX);
    struct err e = {0};
    if (itl_cli_build(c, operands[0], &list, &e) != 0 || write_out(c, buf_view(&list), &e) != 0)
        return fail(c, &e);
    return EXIT_DONE;
}

static char *signed_name(const struct itl_cli *c, const char *path) {
    const char *slash = strrchr(path, '/');
    char *name = NULL;
    if (c->options->file_name != NULL)
        return strdup(c->options->file_name);
    return asprintf(&name, "%s.sgn", slash == NULL ? path : slash + 1) < 0 ? NULL : name;
}

/* A list is signed again, anything else becomes a signed file. */
static int sign(const struct itl_cli *c, const char *path, struct bytes content, struct buf *out,
                struct err *e) {
    const struct itl_cli_options *o = c->options;
    struct err ignored = {0};
    struct itl_description words = {0};
    if (itl_cli_words(o, &words, e) != 0)
        return -1;
    AUTO(X509) signer = x509_read_file(o->signer, e);
    AUTO(EVP_PKEY) key = signer == NULL ? NULL : key_read_file(o->key, e);
    if (key == NULL)
        return -1;
    uint32_t timestamp = (uint32_t)(words.timestamp != 0 ? words.timestamp : clock_wall());
    struct sgn sgn;
    AUTO(ITL) list = is_signed_file(content, &sgn) ? NULL : itl_parse(content, &ignored);
    if (list != NULL)
        return itl_sign_again(list, signer, key, (enum itl_digest)words.digest, timestamp, out, e);
    AUTO(char) name = signed_name(c, path);
    const struct sgn_plan plan = {
        .layout = (enum itl_layout)words.layout,
        .digest = (enum itl_digest)words.digest,
        .file_name = name == NULL ? "" : name,
        .timestamp = timestamp,
        .signer = signer,
        .signer_key = key,
    };
    return sgn_sign(&plan, content, out, e);
}

static int verb_sign(const struct itl_cli *c, char **operands) {
    AUTO_BUF content = BUF_INIT(SGN_MAX), out = BUF_INIT(2 * SGN_MAX);
    struct err e = {0};
    if (c->options->signer == NULL || c->options->key == NULL)
        return wrong_use(c, "sign: say who signs with --signer and --key");
    if (file_read(operands[0], &content, &e) != 0 ||
        sign(c, operands[0], buf_view(&content), &out, &e) != 0 ||
        write_out(c, buf_view(&out), &e) != 0)
        return fail(c, &e);
    return EXIT_DONE;
}

static int verb_strip(const struct itl_cli *c, char **operands) {
    AUTO_BUF who = BUF_INIT(TEXT_MAX);
    bool checked = c->options->signer != NULL || c->options->trusted != NULL;
    struct subject s = {.content = BUF_INIT(SGN_MAX)};
    struct err e = {0};
    int rc = file_read(operands[0], &s.content, &e);
    if (rc == 0 && (rc = sgn_parse(buf_view(&s.content), &s.sgn, &e)) != 0)
        err_context(&e, "%s", operands[0]);
    if (rc == 0 && checked && (rc = verify(c, &s, &who, &e)) != 0)
        err_context(&e, "%s", operands[0]);
    if (rc == 0)
        rc = write_out(c, s.sgn.payload, &e);
    subject_free(&s);
    return rc == 0 ? EXIT_DONE : fail(c, &e);
}

/* --- diff --- */

static int print_diff(const struct itl_cli *c, const struct itl_diff *d) {
    AUTO_BUF text = BUF_INIT(TEXT_MAX);
    if (c->options->json) {
        print_json(c, itl_diff_json(d));
    } else {
        itl_diff_put(d, &text);
        fwrite(text.data, 1, text.len, c->out);
    }
    return itl_diff_taken(d) ? EXIT_DONE : EXIT_FAILED;
}

static int verb_diff(const struct itl_cli *c, char **operands) {
    struct itl_diff d = {0};
    struct err e = {0};
    AUTO(ITL) before = itl_read_file(operands[0], &e);
    AUTO(ITL) after = before == NULL ? NULL : itl_read_file(operands[1], &e);
    if (after == NULL || itl_diff(before, after, &d, &e) != 0)
        return fail(c, &e);
    int code = print_diff(c, &d);
    itl_diff_free(&d);
    return code;
}

/* --- verbs --- */

struct verb {
    const char *name;
    int (*fn)(const struct itl_cli *c, char **operands);
    int least, most; /* operands */
};

static const struct verb verbs[] = {
    {"show", verb_show, 1, 1}, {"verify", verb_verify, 1, 1}, {"build", verb_build, 0, 1},
    {"sign", verb_sign, 1, 1}, {"strip", verb_strip, 1, 1},   {"diff", verb_diff, 2, 2},
};
enum { VERB_COUNT = sizeof verbs / sizeof verbs[0] };

static int unknown_verb(const struct itl_cli *c, const char *word) {
    const char *names[VERB_COUNT + 1] = {NULL};
    for (size_t i = 0; i < VERB_COUNT; i++)
        names[i] = verbs[i].name;
    const char *near = word == NULL ? NULL : nearest_word(word, names);
    if (near != NULL)
        program_message(c->program, "there is no '%s', did you mean '%s'?", word, near);
    else
        program_message(c->program, "say what to do: show, verify, build, sign, strip or diff; see "
                                    "--help");
    return EXIT_USAGE;
}

int itl_cli(const struct itl_cli *c, int argc, char **argv) {
    char *operands[2] = {NULL, NULL};
    for (size_t i = 0; argc > 0 && i < VERB_COUNT; i++) {
        const struct verb *verb = &verbs[i];
        if (strcmp(argv[0], verb->name) != 0)
            continue;
        if (argc - 1 < verb->least || argc - 1 > verb->most) {
            program_message(c->program, "%s: %s files named; see --help", verb->name,
                            argc - 1 < verb->least ? "too few" : "too many");
            return EXIT_USAGE;
        }
        for (int k = 1; k < argc; k++)
            operands[k - 1] = argv[k];
        return verb->fn(c, operands);
    }
    return unknown_verb(c, argc > 0 ? argv[0] : NULL);
}
