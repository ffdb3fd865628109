/* Programs under test: what --sut puts in the place of a component, and the file of --sut-config
 * that tells how to get along with it. Reading only; sut_run.h has what a run does with them. */
#ifndef SCENARIOS_RUNNER_SUT_H
#define SCENARIOS_RUNNER_SUT_H

#include "base/config.h"
#include "scenarios/runner/component.h"
#include "scenarios/runner/scenario.h"
#include <stdbool.h>
#include <time.h>

/* Components that can be replaced. X(ID, name, addresses are written https://HOST:PORT) */
#define SUT_TABLE(X)                                                                               \
    X(RA, ra, true)                                                                                \
    X(CAPF, capf, false)                                                                           \
    X(CERTSRV, certsrv, true)

enum sut_kind {
#define X(id, name, https) SUT_##id,
    SUT_TABLE(X)
#undef X
        SUT_COUNT
};

/* What a program can do beyond the plain enrolment. X(ID, word, one behind an address has it unless
 * told otherwise, help) */
#define CAPABILITY_TABLE(X)                                                                        \
    X(EC_KEYS, "ec-keys", true, "certificates for EC keys")                                        \
    X(FAILURES, "failures", true, "the reactions to failures that the scenarios ask for")          \
    X(SETTINGS, "settings", false, "what the scenario says of its settings, names and time")       \
    X(CLOCK, "clock", false, "the offset and the rate of the lab's clock")                         \
    X(RESTART, "restart", false, "being ended and started again by steps")

enum capability {
#define X(id, word, there, help) CAPABILITY_##id,
    CAPABILITY_TABLE(X)
#undef X
        CAPABILITY_COUNT
};

struct sut_text {
    char *ours;
    char *theirs;
};

struct sut_settings {
    char *host; /* its name; NULL: the lab's for a command, else that of the address */
    char *username;
    char *password;
    char *template;
    char *trust;  /* PEM file by which it is trusted; NULL: the lab's */
    char *issuer; /* PEM file with the CA that issues its LSCs; NULL: the lab's, if it is there */
    struct cfg_node *capabilities;
    bool can[CAPABILITY_COUNT]; /* only when capabilities were given */
    struct cfg_list texts;      /* struct sut_text */
};

struct excuse {
    char *scenario; /* name, or pattern with * and ? */
    char *reason;
    struct cfg_node *expires; /* YYYY-MM-DD, its last day */
};

struct sut_file {
    struct sut_settings of[SUT_COUNT];
    struct cfg_list excuses; /* struct excuse */
};
extern const struct cfg_field sut_fields[];

struct sut {
    bool given;
    char *address; /* HOST:PORT, or NULL: there is a command */
    char *command;
};

struct suts {
    struct sut items[SUT_COUNT];
    struct sut_file file;
    struct cfg_doc *doc; /* of file, or NULL */
};

/* Placeholders of commands. X(word, help) */
#define SUT_PLACEHOLDER_TABLE(X)                                                                   \
    X(config, "the file from which our own program would be started")                              \
    X(listen, "HOST:PORT to serve on")                                                             \
    X(port, "the port of it")                                                                      \
    X(pki, "the folder with the lab's certificates")                                               \
    X(dir, "the scenario's folder")                                                                \
    X(certsrv, "HOST:PORT of certsrv, or of the relay in front of it")                             \
    X(ra, "HOST:PORT of the RA, or of the relay in front of it")

/* Reads one --sut, "ra=https://HOST:PORT" or "ra=COMMAND ...". -1 CONFIG_BAD_VALUE. */
int sut_parse(struct suts *s, const char *text, struct err *e);
/* Reads the file of --sut-config; mistakes, expired excuses among them, go to m. -1 then. */
int sut_load(struct suts *s, const char *path, struct cfg_mistakes *m);
int sut_load_text(struct suts *s, const char *name, struct bytes text, struct cfg_mistakes *m);
void suts_free(struct suts *s);

/* The excuse for that scenario, or NULL. s may be NULL here and below. */
const struct excuse *sut_excuse(const struct suts *s, const char *scenario);

const char *sut_name(enum sut_kind kind);
enum component sut_component(enum sut_kind kind);
/* What replaces the component, or NULL; *kind (may be NULL) is set. */
const struct sut *sut_of(const struct suts *s, enum component c, enum sut_kind *kind);
/* What the file says of what replaces the component, or NULL. */
const struct sut_settings *sut_settings_of(const struct suts *s, enum component c);
/* Whether nothing of ours stands there: it is behind an address, with what only that one talks to.
 */
bool sut_absent(const struct suts *s, enum component c);
/* Whether its logs, events and files are not ours to judge. */
bool sut_hides(const struct suts *s, enum component c);

/* Whether the scenario asks for what the programs under test cannot do; why has what. */
bool sut_unfit(const struct suts *s, const struct scenario *scenario, char *why, size_t size);

/* For --help. */
void sut_print_help(FILE *to);

#endif
