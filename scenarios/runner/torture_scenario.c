/* The scenario of a round: the file's, and what torture adds to it. */
#include "scenarios/runner/torture_lab.h"

#include "base/file.h"
#include "base/owned.h"

#include <string.h>

enum { TEXT_BYTES_MAX = 1024 * 1024 };

/* A phone that waits for an answer in vain shall not wait long. */
static const double RATE = 2;

static int read_text(const struct scenario *s, const struct torture_spec *spec, struct buf *out) {
    struct err e = {0};
    if (file_read(s->path, out, &e) != 0)
        return -1;
    if (spec->fault[0] == '\0')
        return 0;
    return buf_printf(out, "\nfaults:\n  - %s\n", spec->fault);
}

struct scenario *torture_scenario(const struct scenario *s, const struct run_options *options) {
    AUTO_BUF text = BUF_INIT(TEXT_BYTES_MAX);
    struct cfg_mistakes *m = cfg_mistakes_new();
    struct scenario *varied = NULL;
    if (m != NULL && read_text(s, &options->torture->spec, &text) == 0)
        varied = scenario_load_text(s->path, s->name, buf_view(&text), m);
    cfg_mistakes_free(m);
    if (varied == NULL)
        return NULL;
    varied->lab.has_dns = true;
    if (varied->lab.clock.rate <= 1)
        varied->lab.clock.rate = RATE;
    return varied;
}
