/* The rows of phone-behaviour.md 4, the first that fits counts. */
#include "mocks/phone/capf_decision.h"
#include "capf/names.h"
#include <stddef.h>

enum condition { ANY, YES, NO };
enum { ANY_MODE = -1 };

struct row {
    int mode;
    enum condition hash, encrypted, string, lsc, mic, fall_back;
    struct capf_decision decision;
};

#define NONE   CAPF_AUTH_TYPE_NONE
#define STRING CAPF_AUTH_TYPE_STRING
#define NULL_  CAPF_AUTH_TYPE_NULL_STRING
#define LSC    CAPF_AUTH_TYPE_LSC
#define MIC    CAPF_AUTH_TYPE_MIC

static const struct row rows[] = {
    /* mode, hash, encrypted, string, LSC, MIC, fall back: what, why, how */
    {NONE, YES, ANY, YES, ANY, ANY, ANY, {CAPF_GO, CAPF_WHY_PUBKEY_MISMATCH, STRING}},
    {NONE, YES, ANY, NO, ANY, ANY, ANY, {CAPF_GO, CAPF_WHY_PUBKEY_MISMATCH, NULL_}},
    {ANY_MODE, ANY, YES, YES, ANY, ANY, ANY, {CAPF_GO, CAPF_WHY_DECRYPT_FILE_FAILED, STRING}},
    {ANY_MODE, ANY, YES, NO, ANY, ANY, ANY, {CAPF_GO, CAPF_WHY_DECRYPT_FILE_FAILED, NULL_}},
    {NONE, NO, NO, ANY, ANY, ANY, ANY, {CAPF_NOT_NOW, CAPF_WHY_AUTO, NONE}},
    {STRING, ANY, NO, NO, ANY, ANY, ANY, {CAPF_WAIT_FOR_USER, CAPF_WHY_MANUAL, STRING}},
    {STRING, ANY, NO, YES, ANY, ANY, ANY, {CAPF_GO, CAPF_WHY_MANUAL, STRING}},
    {NULL_, ANY, NO, ANY, ANY, ANY, ANY, {CAPF_GO, CAPF_WHY_AUTO, NULL_}},
    {LSC, ANY, NO, ANY, YES, ANY, ANY, {CAPF_GO, CAPF_WHY_AUTO, LSC}},
    {LSC, ANY, NO, ANY, NO, YES, YES, {CAPF_GO, CAPF_WHY_AUTO, MIC}},
    {LSC, ANY, NO, ANY, NO, ANY, ANY, {CAPF_NO_CERTIFICATE, CAPF_WHY_AUTO, LSC}},
    {MIC, ANY, NO, ANY, ANY, YES, ANY, {CAPF_GO, CAPF_WHY_AUTO, MIC}},
    {MIC, ANY, NO, ANY, ANY, NO, ANY, {CAPF_NO_CERTIFICATE, CAPF_WHY_AUTO, MIC}},
};

const char *capf_why_name(enum capf_why why) {
    static const char *const names[] = {
#define X(name, text, number) [CAPF_WHY_##name] = (text),
        CAPF_WHY_TABLE(X)
#undef X
    };
    return names[why];
}

static bool holds(enum condition condition, bool fact) {
    return condition == ANY || (condition == YES) == fact;
}

static bool fits(const struct row *r, const struct capf_facts *f) {
    return (r->mode == ANY_MODE || r->mode == f->mode) && holds(r->hash, f->hash) &&
           holds(r->encrypted, f->encrypted) && holds(r->string, f->string) &&
           holds(r->lsc, f->lsc) && holds(r->mic, f->mic) && holds(r->fall_back, f->fall_back);
}

struct capf_decision capf_decide(const struct capf_facts *facts) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (fits(&rows[i], facts))
            return rows[i].decision;
    }
    return (struct capf_decision){CAPF_NOT_NOW, CAPF_WHY_AUTO, NONE};
}
