/* Measuring executions a second. It never judges: the floors are for ci/fuzz.sh. */
#include "fuzz/rate.h"
#include "base/owned.h"
#include "fuzz/fuzz.h"
#include <time.h>

enum { CALIBRATION_ROUNDS = 10, CALIBRATION_BYTES = 1 << 20, VARIANTS = 4 };
enum { SLICES = 5 };
static const double SLICE_S = 0.1;
/* What the machine that the floors were set on does when nothing else runs. */
static const double REFERENCE_BYTES_PER_S = 900e6;

static double cpu_seconds(void) {
    return (double)clock() / CLOCKS_PER_SEC;
}

/* FNV-1a: each step waits for the one before it, so that only the speed of the core counts. */
static uint64_t arithmetic(void) {
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < CALIBRATION_BYTES; i++)
        hash = (hash ^ (i & 0xff)) * 0x100000001b3;
    return hash;
}

static double bytes_per_second(void) {
    volatile uint64_t kept = 0;
    double from = cpu_seconds();
    for (int i = 0; i < CALIBRATION_ROUNDS; i++)
        kept = kept ^ arithmetic();
    double spent = cpu_seconds() - from;
    return spent > 0 ? (double)CALIBRATION_ROUNDS * CALIBRATION_BYTES / spent
                     : REFERENCE_BYTES_PER_S;
}

/* Each input as it is, and with one octet changed as a fuzzer would: most of what it tries is
 * nearly right. */
static int load_all(const struct inputs *in, struct buf *contents, struct err *e) {
    for (size_t i = 0; i < in->count; i++)
        for (size_t k = 0; k < VARIANTS; k++) {
            struct buf *content = &contents[i * VARIANTS + k];
            *content = (struct buf)BUF_INIT(INPUT_BYTES_MAX);
            if (input_read(in->paths[i], content, e) != 0)
                return -1;
            if (k > 0 && content->len > 0)
                content->data[content->len * k / VARIANTS] ^= (uint8_t)(1U << (i % 8));
        }
    return 0;
}

/* At least one whole round, so that every kind of input has its share. */
static double run_slice(const struct buf *contents, size_t count) {
    static const uint8_t none[1];
    size_t executions = 0;
    double from = cpu_seconds(), spent = 0;
    do {
        for (size_t i = 0; i < count; i++)
            LLVMFuzzerTestOneInput(contents[i].len > 0 ? contents[i].data : none, contents[i].len);
        executions += count;
        spent = cpu_seconds() - from;
    } while (spent < SLICE_S);
    double slowness = REFERENCE_BYTES_PER_S / bytes_per_second();
    return (double)executions / spent * (slowness > 1 ? slowness : 1);
}

int rate_measure(const struct inputs *in, double *rate, struct err *e) {
    size_t count = in->count * VARIANTS;
    struct buf *contents = calloc(count + 1, sizeof *contents);
    if (contents == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    int rc = load_all(in, contents, e);
    *rate = 0;
    for (int i = 0; rc == 0 && i < SLICES; i++) {
        double now = run_slice(contents, count);
        *rate = now > *rate ? now : *rate;
    }
    for (size_t i = 0; i < count; i++)
        buf_free(&contents[i]);
    free(contents);
    return rc;
}
