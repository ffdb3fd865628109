/* The report for programs. Its schema is what --help shows (main.c); keys are added, never changed
 * in meaning. */
#include "diagnose/diagnose_impl.h"

static json_t *json_text(const char *text) {
    return text != NULL ? json_string(text) : json_null();
}

static json_t *finding_json(const struct finding *f) {
    const struct rule *r = f->rule;
    return json_pack(
        "{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "id", finding_id(f), "title", f->title, "certainty",
        r != NULL ? json_text(certainty_word((enum certainty)r->certainty)) : json_null(), "cause",
        json_text(r != NULL ? r->cause : NULL), "remedy", json_text(r != NULL ? r->remedy : NULL),
        "document", json_text(r != NULL && r->heading != NULL ? r->document : NULL), "heading",
        json_text(r != NULL ? r->heading : NULL));
}

static json_t *line_json(const struct casefile *c, const struct kept *line, bool supporting) {
    return json_pack("{s:s, s:I, s:I, s:s, s:s, s:b}", "file", c->files[line->file].path, "line",
                     (json_int_t)line->first_line, "last_line", (json_int_t)line->last_line,
                     "source", source_word(line->source), "text", line->text, "supporting",
                     (int)supporting);
}

static json_t *evidence_json(const struct casefile *c, const struct incident *i) {
    json_t *list = json_array();
    size_t proper = i->evidence_count - i->supporting;
    for (size_t k = 0; k < i->evidence_count; k++)
        json_array_append_new(list, line_json(c, &c->kept[i->evidence[k]], k >= proper));
    return list;
}

static json_t *findings_json(const struct incident *i, bool ids_only) {
    json_t *list = json_array();
    for (size_t k = 0; k < i->finding_count; k++)
        json_array_append_new(list, ids_only ? json_string(finding_id(&i->findings[k]))
                                             : finding_json(&i->findings[k]));
    return list;
}

static json_t *devices_json(const struct incident *i) {
    json_t *list = json_array();
    for (size_t k = 0; k < i->device_count; k++)
        json_array_append_new(list, json_string(i->devices[k]));
    return list;
}

static json_t *incident_json(const struct casefile *c, const struct incident *i) {
    const char *certainty = i->findings[0].rule != NULL ? certainty_word(i->certainty) : "unknown";
    return json_pack("{s:o, s:o, s:s, s:s, s:o, s:b, s:o, s:I}", "ids", findings_json(i, true),
                     "findings", findings_json(i, false), "certainty", certainty, "place",
                     place_word(incident_place(c, i)), "devices", devices_json(i), "over",
                     (int)i->over, "evidence", evidence_json(c, i), "more_lines",
                     (json_int_t)i->more);
}

static json_t *incidents_json(const struct casefile *c, const struct incident *list, size_t count) {
    json_t *out = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(out, incident_json(c, &list[i]));
    return out;
}

static json_t *sources_json(unsigned sources) {
    json_t *list = json_array();
    for (int s = 0; s < SOURCE_COUNT; s++)
        if ((sources & SOURCE_BIT(s)) != 0)
            json_array_append_new(list, json_string(source_word((enum source)s)));
    return list;
}

static json_t *files_json(const struct casefile *c) {
    json_t *list = json_array();
    for (size_t i = 0; i < c->file_count; i++)
        json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:o}", "path", c->files[i].path,
                                              "lines", (json_int_t)c->files[i].lines, "records",
                                              (json_int_t)c->files[i].records, "sources",
                                              sources_json(c->files[i].sources)));
    return list;
}

static json_t *case_json(const struct judged_case *c) {
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:I, s:I}", "name", c->c->name, "verdict",
                     verdict_word(case_verdict(c)), "files", files_json(c->c), "incidents",
                     incidents_json(c->c, c->j.incidents, c->j.count), "harmless",
                     incidents_json(c->c, c->j.harmless, c->j.harmless_count), "successes",
                     (json_int_t)c->c->successes, "dropped", (json_int_t)c->c->dropped);
}

json_t *diagnosis_json(const struct diagnosis *d) {
    json_t *cases = json_array();
    for (size_t i = 0; i < d->count; i++)
        json_array_append_new(cases, case_json(&d->cases[i]));
    return json_pack("{s:s, s:s, s:o}", "schema", "capflab-diagnose-1", "verdict",
                     verdict_word(diagnosis_verdict(d)), "cases", cases);
}
