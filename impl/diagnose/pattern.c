/* Patterns as tokens, matched with backtracking under a budget: a line that eats the budget does
 * not match. It must never read behind the line. */
#include "diagnose/pattern.h"
#include "base/owned.h"
#include <string.h>

enum { TOKENS_MAX = 64, BUDGET = 50 * 1000 };

enum token_kind { TOKEN_TEXT, TOKEN_BLANK, TOKEN_ANY, TOKEN_WORD, TOKEN_NUMBER };

struct token {
    enum token_kind kind;
    int capture; /* -1: none */
    char *text;  /* TOKEN_TEXT, in lower case */
    size_t len;
};

struct pattern {
    struct token tokens[TOKENS_MAX];
    size_t count;
    char *names[PATTERN_CAPTURES_MAX];
    size_t captures;
    const struct token *rare;           /* the longest text: looked for before anything else */
    uint64_t pairs[PATTERN_PAIRS / 64]; /* of all texts */
    bool at_start, at_end;
};

void pattern_free(struct pattern *p) {
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->count; i++)
        free(p->tokens[i].text);
    for (size_t i = 0; i < p->captures; i++)
        free(p->names[i]);
    free(p);
}

const char *pattern_capture(const struct pattern *p, size_t i) {
    return i < p->captures ? p->names[i] : NULL;
}

static void lower_case(struct bytes line, char *out) {
    for (size_t i = 0; i < line.len; i++) {
        char c = (char)line.data[i];
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
}

static void add_pairs(const char *text, size_t len, uint64_t *pairs) {
    for (size_t i = 0; i + 1 < len; i++) {
        unsigned pair = ((unsigned)(uint8_t)text[i] * 31 + (uint8_t)text[i + 1]) % PATTERN_PAIRS;
        pairs[pair / 64] |= UINT64_C(1) << pair % 64;
    }
}

void pattern_line_init(struct pattern_line *out, struct bytes line, char *lower) {
    *out = (struct pattern_line){.line = line, .lower = lower};
    lower_case(line, lower);
    add_pairs(lower, line.len, out->pairs);
}

static bool has_pairs(const struct pattern_line *line, const struct pattern *p) {
    uint64_t missing = 0;
    for (size_t i = 0; i < PATTERN_PAIRS / 64; i++)
        missing |= p->pairs[i] & ~line->pairs[i];
    return missing == 0;
}

/* ---- reading ---- */

static struct token *add(struct pattern *p, enum token_kind kind, struct err *e) {
    if (p->count == TOKENS_MAX) {
        err_set(e, ERR_CONFIG_BAD_VALUE, "more than %d parts", TOKENS_MAX);
        return NULL;
    }
    struct token *t = &p->tokens[p->count++];
    *t = (struct token){.kind = kind, .capture = -1};
    return t;
}

static int add_text(struct pattern *p, const char *text, size_t len, struct err *e) {
    struct token *t = add(p, TOKEN_TEXT, e);
    if (t == NULL)
        return -1;
    t->text = malloc(len + 1);
    if (t->text == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    lower_case(bytes_of(text, len), t->text);
    t->text[len] = '\0';
    add_pairs(t->text, len, p->pairs);
    t->len = len;
    if (p->rare == NULL || p->rare->len < len)
        p->rare = t;
    return 0;
}

static int kind_of(const char *word, size_t len) {
    static const struct {
        const char *word;
        enum token_kind kind;
    } classes[] = {{"any", TOKEN_ANY}, {"word", TOKEN_WORD}, {"number", TOKEN_NUMBER}};
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
        if (strlen(classes[i].word) == len && strncmp(classes[i].word, word, len) == 0)
            return (int)classes[i].kind;
    return -1;
}

static int add_capture(struct pattern *p, const char *name, size_t len, enum token_kind kind,
                       struct err *e) {
    if (p->captures == PATTERN_CAPTURES_MAX)
        return err_set(e, ERR_CONFIG_BAD_VALUE, "more than %d captures", PATTERN_CAPTURES_MAX);
    struct token *t = add(p, kind, e);
    if (t == NULL)
        return -1;
    t->capture = (int)p->captures;
    p->names[p->captures] = strndup(name, len);
    return p->names[p->captures++] != NULL ? 0 : err_set(e, ERR_SYS_NOMEM, NULL);
}

/* What stands between the braces: a class, a name, or NAME:CLASS. */
static int add_braced(struct pattern *p, const char *text, size_t len, struct err *e) {
    const char *colon = memchr(text, ':', len);
    size_t name = colon == NULL ? len : (size_t)(colon - text);
    int kind = colon == NULL ? kind_of(text, len) : kind_of(colon + 1, len - name - 1);
    if (name == 0 || (colon != NULL && kind < 0))
        return err_set(e, ERR_CONFIG_BAD_VALUE,
                       "{%.*s}: the classes are any, word and number, as in {name:any}", (int)len,
                       text);
    if (colon == NULL && kind >= 0)
        return add(p, (enum token_kind)kind, e) != NULL ? 0 : -1;
    return add_capture(p, text, name, colon == NULL ? TOKEN_WORD : (enum token_kind)kind, e);
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* One token of text, which is not at its end. The number of bytes taken, or -1. */
static int read_token(struct pattern *p, const char *text, struct err *e) {
    if (is_blank(*text)) {
        size_t len = strspn(text, " \t\r\n");
        return add(p, TOKEN_BLANK, e) != NULL ? (int)len : -1;
    }
    if (text[0] == '{' && text[1] == '{')
        return add_text(p, text, 1, e) == 0 ? 2 : -1;
    if (*text == '{') {
        const char *end = strchr(text, '}');
        if (end == NULL)
            return err_set(e, ERR_CONFIG_BAD_VALUE, "\"{\" without \"}\"");
        int rc = add_braced(p, text + 1, (size_t)(end - text - 1), e);
        return rc == 0 ? (int)(end - text + 1) : -1;
    }
    size_t len = strcspn(text, "{ \t\r\n");
    return add_text(p, text, len, e) == 0 ? (int)len : -1;
}

static int read_tokens(struct pattern *p, const char *text, struct err *e) {
    p->at_start = *text == '^';
    text += p->at_start;
    size_t len = strlen(text);
    p->at_end = len > 0 && text[len - 1] == '$';
    AUTO(char) body = strndup(text, len - p->at_end);
    if (body == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    for (const char *at = body; *at != '\0';) {
        int taken = read_token(p, at, e);
        if (taken < 0)
            return -1;
        at += taken;
    }
    return p->rare != NULL ? 0 : err_set(e, ERR_CONFIG_BAD_VALUE, "a pattern needs some text");
}

struct pattern *pattern_new(const char *text, struct err *e) {
    struct pattern *p = calloc(1, sizeof *p);
    if (p == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    if (read_tokens(p, text, e) == 0)
        return p;
    pattern_free(p);
    return NULL;
}

/* ---- matching ---- */

struct run {
    const struct pattern *p;
    struct bytes line;
    const char *lower;
    struct pattern_match *m;
    int budget;
};

static bool is_of(enum token_kind kind, char c) {
    if (kind == TOKEN_NUMBER)
        return c >= '0' && c <= '9';
    return kind == TOKEN_ANY || !is_blank(c);
}

static bool match_from(struct run *r, size_t token, size_t at);

/* Takes as little as will do, the last token as much as there is. */
static bool match_variable(struct run *r, size_t token, size_t at) {
    const struct token *t = &r->p->tokens[token];
    size_t most = at;
    while (most < r->line.len && is_of(t->kind, r->lower[most]))
        most++;
    size_t least = t->kind == TOKEN_ANY ? at : at + 1;
    if (token + 1 == r->p->count && most >= least)
        least = most;
    for (size_t end = least; end <= most && r->budget > 0; end++) {
        if (!match_from(r, token + 1, end))
            continue;
        if (t->capture >= 0)
            r->m->captures[t->capture] = bytes_of(r->line.data + at, end - at);
        return true;
    }
    return false;
}

static bool match_blank(struct run *r, size_t token, size_t at) {
    size_t end = at;
    while (end < r->line.len && is_blank(r->lower[end]))
        end++;
    bool at_edge = token + 1 == r->p->count || token == 0;
    return (end > at || at_edge) && match_from(r, token + 1, end);
}

static bool match_from(struct run *r, size_t token, size_t at) {
    if (--r->budget <= 0)
        return false;
    if (token == r->p->count)
        return !r->p->at_end || at == r->line.len;
    const struct token *t = &r->p->tokens[token];
    if (t->kind == TOKEN_BLANK)
        return match_blank(r, token, at);
    if (t->kind != TOKEN_TEXT)
        return match_variable(r, token, at);
    return r->line.len - at >= t->len && memcmp(r->lower + at, t->text, t->len) == 0 &&
           match_from(r, token + 1, at + t->len);
}

/* Where the pattern may begin at or behind at; the line's length + 1: nowhere. */
static size_t next_start(const struct run *r, size_t at) {
    const struct token *t = &r->p->tokens[0];
    if (t->kind != TOKEN_TEXT || at > r->line.len)
        return at;
    const char *found = memmem(r->lower + at, r->line.len - at, t->text, t->len);
    return found == NULL ? r->line.len + 1 : (size_t)(found - r->lower);
}

bool pattern_matches(const struct pattern *p, const struct pattern_line *subject,
                     struct pattern_match *m) {
    struct bytes line = subject->line;
    struct run r = {.p = p, .line = line, .lower = subject->lower, .m = m, .budget = BUDGET};
    if (!has_pairs(subject, p) ||
        memmem(subject->lower, line.len, p->rare->text, p->rare->len) == NULL)
        return false;
    *m = (struct pattern_match){0};
    if (p->at_start)
        return match_from(&r, 0, 0);
    for (size_t at = next_start(&r, 0); at <= line.len && r.budget > 0; at = next_start(&r, at + 1))
        if (match_from(&r, 0, at))
            return true;
    return false;
}
