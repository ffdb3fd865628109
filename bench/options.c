/* Settling the options. A mistake is always told before anything starts. */
#include "bench/options.h"

#include "base/config.h"
#include "base/owned.h"
#include "base/process.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const stages[] = {
#define X(id, word, help) word,
    STAGE_TABLE(X)
#undef X
};
static const char *const keys[] = {
#define X(id, word, kind, bits) word,
    BENCH_KEY_TABLE(X)
#undef X
};
static const char *const sessions[] = {
#define X(id, word) word,
    BENCH_SESSION_TABLE(X)
#undef X
};
static const char *const logins[] = {
#define X(id, word, authentication) word,
    BENCH_LOGIN_TABLE(X)
#undef X
};

static const char *const issuers[] = {
#define X(id, word, stage) word,
    BENCH_ISSUER_TABLE(X)
#undef X
};
static const enum stage issuer_stages[] = {
#define X(id, word, stage) stage,
    BENCH_ISSUER_TABLE(X)
#undef X
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

const char *stage_word(enum stage stage) {
    return stages[stage];
}
const char *bench_key_word(enum bench_key key) {
    return keys[key];
}
const char *bench_session_word(enum bench_session session) {
    return sessions[session];
}
const char *bench_login_word(enum bench_login login) {
    return logins[login];
}
const char *bench_issuer_word(enum bench_issuer issuer) {
    return issuers[issuer];
}

int bench_duration_parse(const char *text, int64_t *us, struct err *e) {
    char seconds[24];
    struct err why = {0};
    bool plain = *text != '\0' && text[strspn(text, "0123456789")] == '\0';
    if (plain && (size_t)snprintf(seconds, sizeof seconds, "%ss", text) < sizeof seconds)
        text = seconds;
    if (cfg_parse_duration(text, us, &why) == 0)
        return 0;
    return err_set(e, ERR_ARG_USAGE, "--duration: %s", why.text);
}

bool stage_is_inside(enum stage stage) {
    return stage == STAGE_ITL || stage == STAGE_CSR;
}
bool stage_has_phones(enum stage stage) {
    return stage == STAGE_ALL || stage == STAGE_CAPF;
}

/* The index of word, or -1 with all words in the message. */
static int find_word(const char *option, const char *word, const char *const *words, size_t count,
                     struct err *e) {
    char all[128] = "";
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], word) == 0)
            return (int)i;
        len += (size_t)snprintf(all + len, sizeof all - len, "%s%s", i == 0 ? "" : ", ", words[i]);
    }
    return err_set(e, ERR_ARG_USAGE, "--%s %s: give one of %s", option, word, all);
}

/* Phones drive what their issuer needs, so that issuer and stage say the same; what others post
 * ends at the CA. */
static int settle_issuer(struct bench_options *o, struct err *e) {
    if (o->issuer_word == NULL) {
        o->issuer = o->stage == STAGE_CAPF ? BENCH_ISSUER_CAPF : BENCH_ISSUER_ONLINE_CA;
        return 0;
    }
    int issuer = find_word("issuer", o->issuer_word, issuers, COUNT_OF(issuers), e);
    if (issuer < 0)
        return -1;
    o->issuer = (enum bench_issuer)issuer;
    if (stage_has_phones(o->stage))
        o->stage = issuer_stages[issuer];
    else if (stage_is_inside(o->stage) || o->issuer == BENCH_ISSUER_CAPF)
        return err_set(e, ERR_ARG_USAGE, "--issuer %s goes with --stage all or capf",
                       o->issuer_word);
    return 0;
}

static int settle_servers(struct bench_options *o, struct err *e) {
    static const char *const off_on[] = {"off", "on"};
    int key = find_word("server-key", o->server_key_word, keys, COUNT_OF(keys), e);
    int durable =
        key < 0 ? -1 : find_word("durability", o->durability_word, off_on, COUNT_OF(off_on), e);
    int login = durable < 0 ? -1 : find_word("login", o->login_word, logins, COUNT_OF(logins), e);
    if (login < 0)
        return -1;
    o->login = (enum bench_login)login;
    o->server_key = (enum bench_key)key;
    o->durable = durable == 1;
    return 0;
}

static int settle_words(struct bench_options *o, struct err *e) {
    int stage = find_word("stage", o->stage_word, stages, COUNT_OF(stages), e);
    int key = stage < 0 ? -1 : find_word("key", o->key_word, keys, COUNT_OF(keys), e);
    int session =
        key < 0 ? -1 : find_word("session", o->session_word, sessions, COUNT_OF(sessions), e);
    const char *upstream_word = o->upstream_word != NULL ? o->upstream_word : o->session_word;
    int upstream =
        session < 0 ? -1 : find_word("upstream", upstream_word, sessions, COUNT_OF(sessions), e);
    if (upstream < 0)
        return -1;
    o->stage = (enum stage)stage;
    o->key = (enum bench_key)key;
    o->session = (enum bench_session)session;
    o->upstream = (enum bench_session)upstream;
    return settle_issuer(o, e) != 0 ? -1 : settle_servers(o, e);
}

static int in_range(const char *option, int64_t value, int64_t low, int64_t high, struct err *e) {
    if (value >= low && value <= high)
        return 0;
    return err_set(e, ERR_ARG_USAGE, "--%s %" PRId64 ": give %" PRId64 " to %" PRId64, option,
                   value, low, high);
}

/* As many as a run with a duration may need. Without a rate their number is a guess, and no more of
 * them are provided for than there may be. */
static int64_t phones_of_duration(const struct bench_options *o) {
    int64_t per_second = o->rate > 0                 ? o->rate
                         : stage_is_inside(o->stage) ? BENCH_OPERATIONS_PER_SECOND
                                                     : BENCH_PHONES_PER_SECOND;
    int64_t phones = (o->duration_us * per_second + 999999) / 1000000;
    int64_t room = (BENCH_PHONES_MAX - o->warm_up - o->waiting - o->silent) / bench_runs(o);
    return o->rate == 0 && phones > room && room > 0 ? room : phones;
}

static void settle_phones(struct bench_options *o) {
    if (o->phones == 0 && o->duration_us > 0)
        o->phones = phones_of_duration(o);
    else if (o->phones == 0)
        o->phones = stage_is_inside(o->stage) ? BENCH_OPERATIONS : BENCH_PHONES;
}

static int settle_load(struct bench_options *o, struct err *e) {
    if (o->concurrency == 0)
        o->concurrency = o->rate > 0 ? BENCH_CONCURRENCY_AT_RATE : BENCH_CONCURRENCY;
    if (o->keygen && !stage_has_phones(o->stage))
        return err_set(e, ERR_ARG_USAGE, "--keygen goes with --stage all or capf");
    if (in_range("rate", o->rate, 0, BENCH_RATE_MAX, e) != 0)
        return -1;
    return in_range("concurrency", o->concurrency, 1, BENCH_CONCURRENCY_MAX, e);
}

/* An address outside, and the stages that it is for. */
static int check_address(const char *option, const char *address, bool fits, const char *stages_of,
                         struct err *e) {
    AUTO(char) host = NULL;
    uint16_t port = 0;
    if (address != NULL && split_host_port(address, &host, &port, e) != 0)
        return err_context(e, "--%s", option);
    if (address == NULL || fits)
        return 0;
    return err_set(e, ERR_ARG_USAGE, "--%s goes with --stage %s", option, stages_of);
}

static int settle_addresses(const struct bench_options *o, struct err *e) {
    if ((o->capf != NULL) + (o->est != NULL) + (o->certsrv != NULL) > 1)
        return err_set(e, ERR_ARG_USAGE, "--capf, --est, --certsrv: give one of them");
    if (check_address("capf", o->capf, stage_has_phones(o->stage), "all or capf", e) != 0 ||
        check_address("est", o->est, o->stage == STAGE_EST, "est", e) != 0 ||
        check_address("certsrv", o->certsrv, o->stage == STAGE_CERTSRV, "certsrv", e) != 0)
        return -1;
    if (bench_is_external(o) && o->trust == NULL)
        return err_set(e, ERR_ARG_USAGE, "--trust FILE is missing: what the server is trusted by");
    if (o->name != NULL && o->est == NULL && o->certsrv == NULL)
        return err_set(e, ERR_ARG_USAGE, "--server-name goes with --est or --certsrv");
    if (!bench_is_external(o) && (o->trust != NULL || o->user != NULL))
        return err_set(e, ERR_ARG_USAGE, "--trust and --user go with --capf, --est or --certsrv");
    if (o->certsrv != NULL && o->user == NULL)
        return err_set(e, ERR_ARG_USAGE, "--user is missing: who enrols at certsrv");
    if (o->user != NULL && strchr(o->user, ':') == NULL)
        return err_set(e, ERR_ARG_USAGE, "--user: give USER:PASSWORD");
    return 0;
}

/* What a stage inside this process has none of. */
static int settle_inside(const struct bench_options *o, struct err *e) {
    if (!stage_is_inside(o->stage))
        return 0;
    if (o->rate > 0 || o->concurrency > 0 || o->issued > 0 || o->workers > 1 || !o->durable)
        return err_set(e, ERR_ARG_USAGE,
                       "--rate, --concurrency, --issued, --workers and --durability go with "
                       "servers, not with --stage itl or csr");
    return 0;
}

/* What is said of servers, and of which the result would tell an untruth were it not heard. */
static int settle_own(const struct bench_options *o, struct err *e) {
    if (bench_is_external(o) && (o->workers > 1 || !o->durable))
        return err_set(e, ERR_ARG_USAGE, "--workers and --durability go with the bench's own lab");
    if (o->upstream != o->session && o->stage != STAGE_ALL && o->stage != STAGE_EST)
        return err_set(e, ERR_ARG_USAGE, "--upstream goes with --stage all or est");
    if (o->seed != BENCH_SEED)
        return err_set(e, ERR_ARG_USAGE, "--seed goes with --chaos");
    return 0;
}

/* The copies are of what the warm-up enrolled. */
static int settle_issued(const struct bench_options *o, struct err *e) {
    if (o->issued > 0 && bench_is_external(o))
        return err_set(e, ERR_ARG_USAGE, "--issued goes with the bench's own lab");
    if (o->issued > 0 && o->warm_up == 0)
        return err_set(e, ERR_ARG_USAGE, "--issued needs a --warm-up of at least 1");
    return in_range("issued", o->issued, 0, BENCH_ISSUED_MAX, e);
}

/* The crowd is measured against runs without it, and connects to a lab of the bench's own. */
static int settle_crowd(const struct bench_options *o, struct err *e) {
    bool crowd = o->waiting != 0 || o->silent != 0;
    if (in_range("waiting", o->waiting, 0, BENCH_WAITING_MAX, e) != 0 ||
        in_range("silent", o->silent, 0, BENCH_SILENT_MAX, e) != 0)
        return -1;
    if (o->waiting != 0 && o->silent != 0)
        return err_set(e, ERR_ARG_USAGE, "--waiting and --silent: give one of them");
    if (o->waiting != 0 && !stage_has_phones(o->stage))
        return err_set(e, ERR_ARG_USAGE, "--waiting goes with --stage all or capf");
    if (o->silent != 0 && o->stage != STAGE_ALL)
        return err_set(e, ERR_ARG_USAGE, "--silent goes with --stage all");
    if (crowd && (bench_is_external(o) || o->workers > 1))
        return err_set(e, ERR_ARG_USAGE,
                       "--waiting and --silent go with the bench's own lab and one worker");
    return crowd ? in_range("repeat", o->repeat, 1, BENCH_REPEAT_MAX / 3, e) : 0;
}

int bench_options_settle(struct bench_options *o, struct err *e) {
    if (settle_words(o, e) != 0 || settle_addresses(o, e) != 0 || settle_inside(o, e) != 0 ||
        settle_load(o, e) != 0 || settle_own(o, e) != 0 ||
        in_range("repeat", o->repeat, 1, BENCH_REPEAT_MAX, e) != 0 || settle_crowd(o, e) != 0 ||
        in_range("workers", o->workers, 1, BENCH_WORKERS_MAX, e) != 0 ||
        in_range("warm-up", o->warm_up, 0, BENCH_PHONES_MAX, e) != 0 ||
        (o->phones != 0 && in_range("phones", o->phones, 1, BENCH_PHONES_MAX, e) != 0) ||
        settle_issued(o, e) != 0)
        return -1;
    if (o->duration_us < 0 || o->duration_us > INT64_C(86400) * 1000000)
        return err_set(e, ERR_ARG_USAGE, "--duration: give up to 24h");
    settle_phones(o);
    if (bench_enrolments_max(o) > BENCH_PHONES_MAX)
        return err_set(e, ERR_ARG_USAGE,
                       "%" PRId64 " enrolments in all, at most %d: give fewer --phones or "
                       "--repeat, or a lower --rate or --duration",
                       bench_enrolments_max(o), BENCH_PHONES_MAX);
    return 0;
}

bool bench_is_external(const struct bench_options *o) {
    return o->capf != NULL || o->est != NULL || o->certsrv != NULL;
}

int64_t bench_runs(const struct bench_options *o) {
    return (o->waiting > 0 || o->silent > 0 ? 3 : 1) * o->repeat;
}

int64_t bench_enrolments_max(const struct bench_options *o) {
    return o->warm_up + bench_runs(o) * o->phones + o->waiting + o->silent;
}
