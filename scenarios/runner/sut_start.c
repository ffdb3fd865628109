/* Starting programs under test and telling the others where they are. */
#include "scenarios/runner/sut_run.h"

#include "base/file.h"
#include "base/owned.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READY_US = 20 * 1000000, TRY_MS = 20, COMMAND_BYTES_MAX = 16 * 1024 };
enum { EXIT_SKIP = 77, EXIT_NOT_IMPLEMENTED = 89 };

/* A port of 127.0.0.1 that is free now, as HOST:PORT. */
static char *free_address(struct err *e) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    char *text = NULL;
    AUTO_FD fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0 ||
        asprintf(&text, "127.0.0.1:%u", ntohs(at.sin_port)) < 0) {
        err_errno(e, "a free port");
        return NULL;
    }
    return text;
}

int sut_place(struct run *r, enum component c, struct err *e) {
    const struct sut *sut = sut_of(r->options->suts, c, NULL);
    if (r->addresses[c] == NULL)
        r->addresses[c] = sut->address != NULL ? strdup(sut->address) : free_address(e);
    return r->addresses[c] == NULL ? -1 : 0;
}

static const char *client_address(const struct run *r, enum component c, enum component relay) {
    const char *at = lab_needs(r, relay) ? r->addresses[relay] : r->addresses[c];
    return at == NULL ? "" : at;
}

static void put_placeholder(const struct run *r, enum component c, const char *config,
                            const char *word, struct buf *out) {
    if (strcmp(word, "config") == 0)
        buf_put_str(out, config);
    else if (strcmp(word, "listen") == 0)
        buf_put_str(out, r->addresses[c]);
    else if (strcmp(word, "port") == 0)
        buf_put_str(out, strrchr(r->addresses[c], ':') + 1);
    else if (strcmp(word, "pki") == 0)
        buf_printf(out, "%s/pki", r->dir);
    else if (strcmp(word, "dir") == 0)
        buf_put_str(out, r->dir);
    else if (strcmp(word, "certsrv") == 0)
        buf_put_str(out, client_address(r, COMPONENT_CERTSRV, COMPONENT_WIRE_RA_CERTSRV));
    else
        buf_put_str(out, client_address(r, COMPONENT_RA, COMPONENT_WIRE_CAPF_RA));
}

/* One word of the command with its placeholders filled in; malloc'ed. */
static char *fill(const struct run *r, enum component c, const char *config, const char *text) {
    AUTO_BUF out = BUF_INIT(COMMAND_BYTES_MAX);
    buf_put_str(&out, "");
    for (const char *open; (open = strchr(text, '{')) != NULL;) {
        size_t len = strcspn(open + 1, "}");
        char word[32];
        snprintf(word, sizeof word, "%.*s", (int)(len < 31 ? len : 31), open + 1);
        buf_put(&out, text, (size_t)(open - text));
        put_placeholder(r, c, config, word, &out);
        text = open + 1 + len + (open[1 + len] == '}');
    }
    buf_put_str(&out, text);
    return out.failed ? NULL : buf_take_str(&out);
}

struct words {
    char *items[ACTOR_ARGS_MAX + 1];
    size_t count;
};

static void words_free(struct words *w) {
    for (size_t i = 0; i < w->count; i++)
        free(w->items[i]);
}

static int spawn(struct run *r, enum component c, const char *config, struct err *e) {
    __attribute__((cleanup(words_free))) struct words w = {.count = 0};
    AUTO(char) command = strdup(sut_of(r->options->suts, c, NULL)->command);
    AUTO(char) errors = run_path(r, "logs/%s.stderr", component_name(c));
    char *rest = NULL;
    if (command == NULL || errors == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    for (char *word = strtok_r(command, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        if (w.count == ACTOR_ARGS_MAX || (w.items[w.count] = fill(r, c, config, word)) == NULL)
            return err_set(e, ERR_SYS_LIMIT, "%s: its command is too long", component_name(c));
        w.count++;
    }
    const struct actor_command how = {.name = component_name(c),
                                      .program = w.items[0],
                                      .args = (const char *const *)&w.items[1],
                                      .stderr_path = errors};
    return actor_start(&r->components[c], &how, e);
}

/* Of the loopback address that sut_place gave. */
static bool takes_connections(const char *address) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    AUTO_FD fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    at.sin_port = htons((uint16_t)strtoul(strrchr(address, ':') + 1, NULL, 10));
    return fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0;
}

static int tell_end(const struct run *r, enum component c, struct err *e) {
    const struct actor *a = &r->components[c];
    char end[128];
    actor_end_text(a, end, sizeof end);
    if (actor_ended_with(a, EXIT_SKIP))
        return err_set(e, ERR_SYS_IO, "%s ended with %s: it skips this", a->name, end);
    if (actor_ended_with(a, EXIT_NOT_IMPLEMENTED))
        return err_set(e, ERR_SYS_IO, "%s ended with %s: not implemented", a->name, end);
    return err_set(e, ERR_SYS_IO, "%s ended with %s before it took connections", a->name, end);
}

int sut_start(struct run *r, enum component c, const char *config, struct err *e) {
    struct actor *a = &r->components[c];
    struct actor *const one[] = {a};
    int64_t deadline = run_deadline(r, READY_US);
    if (spawn(r, c, config, e) != 0)
        return -1;
    while (!takes_connections(r->addresses[c])) {
        struct err ignored = {0};
        if (actors_wait(one, 1, deadline_in(TRY_MS * 1000), &ignored) == 0)
            return tell_end(r, c, e);
        if (deadline_in(0) >= deadline)
            return err_set(e, ERR_SYS_TIMEOUT, "%s: nothing took connections on %s", a->name,
                           r->addresses[c]);
    }
    return 0;
}

bool sut_skips(const struct run *r, enum component c) {
    const struct actor *a = &r->components[c];
    return sut_of(r->options->suts, c, NULL) != NULL && a->ended &&
           (actor_ended_with(a, EXIT_SKIP) || actor_ended_with(a, EXIT_NOT_IMPLEMENTED));
}

bool sut_ended_well(const struct run *r, enum component c) {
    const struct actor *a = &r->components[c];
    return sut_of(r->options->suts, c, NULL) != NULL && a->ended &&
           (actor_ended_with(a, 128 + SIGTERM) ||
            (WIFSIGNALED(a->status) && WTERMSIG(a->status) == SIGTERM));
}

static void set(json_t *o, const char *key, const char *value) {
    if (value != NULL)
        json_object_set_new(o, key, json_string(value));
}

/* What a scenario says of credentials is not undone. */
static void set_credentials(json_t *client, const struct run *r, const struct sut_settings *x) {
    if (strcmp(r->scenario->lab.online_ca.password, LAB_PASSWORD) != 0)
        return;
    set(client, "username", x->username);
    set(client, "password", x->password);
}

void sut_set_server(json_t *client, const struct run *r, enum component c, const char *trust) {
    const struct sut *sut = sut_of(r->options->suts, c, NULL);
    const struct sut_settings *x = sut_settings_of(r->options->suts, c);
    if (sut == NULL)
        return;
    if (sut->address != NULL) {
        AUTO(char)
        host = strndup(sut->address, (size_t)(strrchr(sut->address, ':') - sut->address));
        set(client, "host", host);
    }
    set(client, "host", x->host);
    set(client, trust, x->trust);
    if (c != COMPONENT_CAPF)
        set_credentials(client, r, x);
    if (c == COMPONENT_CERTSRV)
        set(client, "template", x->template);
}
