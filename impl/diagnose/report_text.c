/* The report for people: a section an incident. It must never show a line of a log without saying
 * where it stands. */
#include "base/bytes.h"
#include "diagnose/diagnose_impl.h"
#include <string.h>

enum { LABEL_COLUMNS = 14, SHOWN_LINES = 8, SHOWN_DEVICES = 12, WIDTH_MIN = 40 };

struct page {
    FILE *to;
    unsigned width;
};

/* A paragraph behind its label, wrapped between words. */
static void put_paragraph(const struct page *p, const char *label, const char *text) {
    size_t column = LABEL_COLUMNS;
    fprintf(p->to, "  %-*s", LABEL_COLUMNS - 2, label);
    for (const char *at = text + strspn(text, " \n"); *at != '\0';) {
        size_t len = strcspn(at, " \n");
        if (column > LABEL_COLUMNS && column + 1 + len > p->width) {
            fprintf(p->to, "\n%*s", LABEL_COLUMNS, "");
            column = LABEL_COLUMNS;
        }
        fprintf(p->to, "%s%.*s", column > LABEL_COLUMNS ? " " : "", (int)len, at);
        column += len + (column > LABEL_COLUMNS);
        at += len;
        at += strspn(at, " \n");
    }
    fputc('\n', p->to);
}

static void put_line(const struct page *p, const struct casefile *c, const struct kept *line) {
    fprintf(p->to, "    %s:%llu", c->files[line->file].path, (unsigned long long)line->first_line);
    if (line->last_line > line->first_line)
        fprintf(p->to, "-%llu", (unsigned long long)line->last_line);
    fprintf(p->to, "\n      %s\n", line->text);
}

static void put_evidence(const struct page *p, const struct casefile *c, const struct incident *i) {
    uint64_t more = i->more;
    fprintf(p->to, "  Evidence\n");
    for (size_t k = 0; k < i->evidence_count; k++) {
        if (k < SHOWN_LINES)
            put_line(p, c, &c->kept[i->evidence[k]]);
        else
            more++;
    }
    if (more > 0)
        fprintf(p->to, "    and %llu more line%s\n", (unsigned long long)more, more > 1 ? "s" : "");
}

static void put_devices(const struct page *p, const struct incident *i) {
    AUTO_BUF text = BUF_INIT(64 * 1024);
    for (size_t k = 0; k < i->device_count && k < SHOWN_DEVICES; k++)
        buf_printf(&text, "%s%s", k > 0 ? ", " : "", i->devices[k]);
    if (i->device_count > SHOWN_DEVICES)
        buf_printf(&text, " and %zu more", i->device_count - SHOWN_DEVICES);
    if (i->over)
        buf_printf(&text, " (%s success afterwards)", i->device_count > 1 ? "all had" : "had");
    if (i->device_count > 0)
        put_paragraph(p, "Devices", buf_str(&text));
}

static void put_see(const struct page *p, const struct rule *rule) {
    AUTO_BUF text = BUF_INIT(4096);
    if (rule->heading == NULL)
        return;
    buf_printf(&text, "\"%s\" in \"%s\"", rule->heading, rule->document);
    put_paragraph(p, "See", buf_str(&text));
}

static void put_finding(const struct page *p, const struct incident *i, size_t k) {
    const struct rule *rule = i->findings[k].rule;
    if (i->finding_count > 1)
        fprintf(p->to, "  %s %s [%s]\n", k == 0 ? "Either:" : "Or:", i->findings[k].title,
                finding_id(&i->findings[k]));
    if (rule == NULL)
        return;
    put_paragraph(p, "Cause", rule->cause);
    put_paragraph(p, "What to do", rule->remedy);
    put_see(p, rule);
}

static void put_how_sure(const struct page *p, const struct incident *i) {
    if (i->findings[0].rule == NULL)
        put_paragraph(p, "How sure", "no rule knows these lines; the cause is not guessed");
    else if (i->finding_count > 1)
        put_paragraph(p, "How sure",
                      "it is one of these; the log lines are the same for all of them");
    else
        put_paragraph(p, "How sure", certainty_word(i->certainty));
}

static void put_incident(const struct page *p, const struct judged_case *c, size_t at) {
    const struct incident *i = &c->j.incidents[at];
    fprintf(p->to, "%zu. %s", at + 1, i->findings[0].title);
    fprintf(p->to, i->finding_count > 1 ? "\n" : " [%s]\n", finding_id(&i->findings[0]));
    put_evidence(p, c->c, i);
    put_devices(p, i);
    for (size_t k = 0; k < i->finding_count; k++)
        put_finding(p, i, k);
    put_how_sure(p, i);
    fputc('\n', p->to);
}

static void put_summary(const struct page *p, const struct judged_case *c) {
    unsigned long long successes = (unsigned long long)c->c->successes;
    switch (case_verdict(c)) {
    case VERDICT_NOTHING:
        fprintf(p->to, "nothing: no line of a known log\n");
        break;
    case VERDICT_QUIET:
        fprintf(p->to, "quiet: nothing failed, and no operation was completed\n");
        break;
    case VERDICT_HEALTHY:
        fprintf(p->to, "healthy: nothing failed (%llu line%s of success)\n", successes,
                successes == 1 ? "" : "s");
        break;
    case VERDICT_UNKNOWN:
    case VERDICT_FOUND:
        fprintf(p->to, "%zu incident%s\n", c->j.count, c->j.count > 1 ? "s" : "");
        break;
    }
    if (c->c->dropped > 0)
        fprintf(p->to, "%llu more lines of evidence were not kept\n",
                (unsigned long long)c->c->dropped);
}

void diagnosis_print(const struct diagnosis *d, unsigned width, FILE *to) {
    const struct page p = {.to = to, .width = width < WIDTH_MIN ? WIDTH_MIN : width};
    for (size_t i = 0; i < d->count; i++) {
        const struct judged_case *c = &d->cases[i];
        if (c->c->name[0] != '\0')
            fprintf(to, "== %s\n", c->c->name);
        for (size_t k = 0; k < c->j.count; k++)
            put_incident(&p, c, k);
        put_summary(&p, c);
    }
    if (d->count == 0)
        fprintf(to, "nothing: no log files\n");
}
