/* The report as JUnit XML, as CI servers read it: one suite for each folder of scenarios. */
#include "scenarios/runner/report.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/owned.h"

#include <libxml/xmlwriter.h>
#include <string.h>

#define XML(text) ((const xmlChar *)(text))

static const char *text_of(const json_t *o, const char *key) {
    const char *text = json_string_value(json_object_get(o, key));
    return text == NULL ? "" : text;
}

static void attribute(xmlTextWriterPtr w, const char *name, const char *text) {
    xmlTextWriterWriteAttribute(w, XML(name), XML(text));
}

static void write_counts(xmlTextWriterPtr w, const json_t *results) {
    struct tally t = tally_of(results);
    xmlTextWriterWriteFormatAttribute(w, XML("tests"), "%zu", json_array_size(results));
    xmlTextWriterWriteFormatAttribute(w, XML("failures"), "%zu", t.failed);
    xmlTextWriterWriteFormatAttribute(w, XML("skipped"), "%zu", t.skipped);
    xmlTextWriterWriteFormatAttribute(w, XML("time"), "%.3f", t.seconds);
}

/* XML has no place for most control characters. */
static void write_text(xmlTextWriterPtr w, char *text) {
    for (char *p = text; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 && *p != '\n' && *p != '\t')
            *p = '?';
    xmlTextWriterWriteString(w, XML(text));
}

static void write_outcome(xmlTextWriterPtr w, const json_t *result) {
    const char *word = text_of(result, "result");
    if (strcmp(word, "ok") == 0)
        return;
    const json_t *failures = json_object_get(result, "failures");
    AUTO(char) evidence = report_evidence(failures, 0);
    xmlTextWriterStartElement(w, XML(strcmp(word, "skipped") == 0 ? "skipped" : "failure"));
    attribute(w, "message", text_of(json_array_get(failures, 0), "text"));
    if (evidence != NULL)
        write_text(w, evidence);
    xmlTextWriterEndElement(w);
}

static void write_left_out(xmlTextWriterPtr w, const json_t *result) {
    AUTO(char) left_out = report_left_out(result);
    if (left_out == NULL || left_out[0] == '\0')
        return;
    xmlTextWriterStartElement(w, XML("system-out"));
    xmlTextWriterWriteString(w, XML("not judged: "));
    write_text(w, left_out);
    xmlTextWriterEndElement(w);
}

static void write_case(xmlTextWriterPtr w, const json_t *result, const char *suite) {
    const char *name = text_of(result, "name");
    const char *base = strrchr(name, '/');
    xmlTextWriterStartElement(w, XML("testcase"));
    attribute(w, "classname", suite);
    attribute(w, "name", base == NULL ? name : base + 1);
    attribute(w, "file", text_of(result, "file"));
    xmlTextWriterWriteFormatAttribute(w, XML("time"), "%.3f",
                                      json_number_value(json_object_get(result, "seconds")));
    write_outcome(w, result);
    write_left_out(w, result);
    xmlTextWriterEndElement(w);
}

static void write_suite(xmlTextWriterPtr w, const char *suite, const json_t *results) {
    size_t i;
    json_t *result;
    xmlTextWriterStartElement(w, XML("testsuite"));
    attribute(w, "name", suite);
    write_counts(w, results);
    json_array_foreach(results, i, result) {
        write_case(w, result, suite);
    }
    xmlTextWriterEndElement(w);
}

/* The results by the folder of their name. */
static json_t *by_suite(const json_t *results) {
    json_t *suites = json_object();
    size_t i;
    json_t *result;
    json_array_foreach(results, i, result) {
        const char *name = text_of(result, "name");
        const char *slash = strrchr(name, '/');
        char suite[256];
        snprintf(suite, sizeof suite, "%.*s", slash == NULL ? 0 : (int)(slash - name), name);
        const char *key = suite[0] == '\0' ? "scenarios" : suite;
        if (json_object_get(suites, key) == NULL)
            json_object_set_new(suites, key, json_array());
        json_array_append(json_object_get(suites, key), result);
    }
    return suites;
}

static void write_document(xmlTextWriterPtr w, const json_t *results) {
    json_t *suites = by_suite(results);
    const char *suite;
    json_t *members;
    xmlTextWriterSetIndent(w, 1);
    xmlTextWriterStartDocument(w, NULL, "UTF-8", NULL);
    xmlTextWriterStartElement(w, XML("testsuites"));
    attribute(w, "name", "capflab");
    write_counts(w, results);
    json_object_foreach(suites, suite, members) {
        write_suite(w, suite, members);
    }
    xmlTextWriterEndDocument(w);
    json_decref(suites);
}

int report_junit(const char *path, const json_t *results, struct err *e) {
    xmlBufferPtr content = xmlBufferCreate();
    xmlTextWriterPtr w = content == NULL ? NULL : xmlNewTextWriterMemory(content, 0);
    int failed = -1;
    if (w != NULL) {
        write_document(w, results);
        xmlFreeTextWriter(w);
        failed = file_write(
            path, bytes_of(xmlBufferContent(content), (size_t)xmlBufferLength(content)), 0644, e);
    } else {
        err_set(e, ERR_SYS_NOMEM, "%s", path);
    }
    xmlBufferFree(content);
    return failed;
}
