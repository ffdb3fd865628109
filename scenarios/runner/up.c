/* Starting a lab, telling how to reach it, waiting for the end. */
#include "scenarios/runner/up.h"

#include "base/clock.h"
#include "base/events.h"
#include "base/owned.h"
#include "base/program.h"
#include "scenarios/runner/place.h"
#include "scenarios/runner/report.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const struct {
    enum component component;
    const char *name; /* NULL: the CUCM node */
    int port;
    const char *protocol;
} services[] = {
    {COMPONENT_CERTSRV, "lab-dc.michamen.com", 443, "certsrv, HTTPS"},
    {COMPONENT_RA, "ra.michamen.com", 8084, "EST, HTTPS"},
    {COMPONENT_CAPF, NULL, 3804, "CAPF, TLS"},
    {COMPONENT_TVS, NULL, 2445, "TVS, TLS"},
    {COMPONENT_TFTP, NULL, 69, "files, TFTP"},
    {COMPONENT_DNS, "name server", 53, "DNS"},
    {COMPONENT_NTP, "time server", 123, "NTP"},
};

static void tell_services(const struct run *r, FILE *to) {
    fprintf(to, "\n  %-22s %-27s %-16s %s\n", "address", "stands for", "what", "log");
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
        char name[300];
        enum component c = services[i].component;
        const char *host = services[i].name != NULL ? services[i].name : r->scenario->lab.cucm;
        snprintf(name, sizeof name, "%s:%d", host, services[i].port);
        if (lab_needs(r, c))
            fprintf(to, "  %-22s %-27s %-16s %s/logs/%s\n", r->addresses[c], name,
                    services[i].protocol, r->dir, component_log(c));
        if (c == COMPONENT_TFTP && lab_needs(r, c))
            fprintf(to, "  %-22s %-27s %-16s %s/logs/%s\n", r->http_address, "the same, port 6970",
                    "files, HTTP", r->dir, component_log(c));
    }
}

static void tell_phones(const struct run *r, FILE *to) {
    fprintf(to, "\n  %-18s %-10s %-12s %s\n", "device", "model", "mode", "string");
    for (size_t i = 0; i < r->scenario->phone_count; i++) {
        const struct phone_settings *p = &r->scenario->phones[i];
        if (p->device.present)
            fprintf(to, "  %-18s %-10s %-12s %s\n", p->name, p->model,
                    word_of(authentication_words, p->authentication),
                    p->string == NULL ? "-" : p->string);
    }
}

static void tell_users(const struct run *r, FILE *to) {
    const struct lab_certsrv *c = &r->scenario->lab.certsrv;
    const struct user *users = c->users.items;
    fprintf(to, "\n  users of certsrv and, by HTTP Basic, of EST (domain %s):",
            c->domain.netbios != NULL ? c->domain.netbios : "MICHAMEN");
    for (size_t i = 0; i < c->users.count; i++)
        fprintf(to, " %s:%s", users[i].name, users[i].password);
    fprintf(to, "%s\n", c->users.count == 0 ? " ciscora:" LAB_PASSWORD : "");
    fprintf(to, "  template: %s\n", r->scenario->lab.online_ca.template);
}

static void tell_online_commands(const struct run *r, FILE *to) {
    const struct lab_online_ca *online = &r->scenario->lab.online_ca;
    fprintf(to,
            "  curl --ntlm -u '%s:%s' --cacert %s/pki/web-trust.pem \\\n"
            "      --connect-to lab-dc.michamen.com:443:%s https://lab-dc.michamen.com/certsrv/\n",
            online->username, online->password, r->dir, r->addresses[COMPONENT_CERTSRV]);
    fprintf(to,
            "  curl --cacert %s/pki/ra-trust.pem --connect-to ra.michamen.com:8084:%s \\\n"
            "      https://ra.michamen.com:8084/.well-known/est/cacerts\n",
            r->dir, r->addresses[COMPONENT_RA]);
}

static void tell_commands(const struct run *r, FILE *to) {
    const char *programs = r->options->programs;
    fprintf(to, "\ntry:\n");
    if (lab_needs(r, COMPONENT_RA))
        tell_online_commands(r, to);
    fprintf(to, "  openssl s_client -connect %s -CAfile %s/pki/capf.pem </dev/null\n",
            r->addresses[COMPONENT_CAPF], r->dir);
    fprintf(to, "  %s/capflab-phone --config %s/config/phone-%s.yaml\n", programs, r->dir,
            r->scenario->phones[0].name);
    if (lab_needs(r, COMPONENT_TFTP))
        fprintf(to,
                "  curl -o ITLFile.tlv http://%s/ITLFile.tlv; %s/capflab-itl show ITLFile.tlv\n"
                "  curl -o ITLFile.tlv tftp://%s/ITLFile.tlv\n",
                r->http_address, programs, r->addresses[COMPONENT_TFTP]);
    if (lab_needs(r, COMPONENT_TVS))
        fprintf(to, "  openssl s_client -connect %s -CAfile %s/pki/tvs.pem </dev/null\n",
                r->addresses[COMPONENT_TVS], r->dir);
    fprintf(to, "  %s/capflab-capf device report --config %s/config/capf.yaml\n", programs, r->dir);
}

void up_tell(const struct run *r, FILE *to) {
    fprintf(to, "%s: %s\n", r->scenario->name, r->scenario->title);
    tell_services(r, to);
    if (lab_needs(r, COMPONENT_RA))
        tell_users(r, to);
    tell_phones(r, to);
    fprintf(to, "\n  certificates: %s/pki, configuration: %s/config, LSCs: %s/lsc\n", r->dir,
            r->dir, r->dir);
    tell_commands(r, to);
    fprintf(to, "\nThe lab runs until SIGINT (Ctrl-C) or SIGTERM.\n");
    fflush(to);
}

/* Until a signal (0) or the end of a component (-1, noted). */
static int wait_for_end(struct run *r, int signals) {
    for (;;) {
        struct pollfd waits[COMPONENT_COUNT + 1];
        for (size_t c = 0; c < COMPONENT_COUNT; c++)
            waits[c] = (struct pollfd){.fd = r->components[c].pidfd, .events = POLLIN};
        waits[COMPONENT_COUNT] = (struct pollfd){.fd = signals, .events = POLLIN};
        if (poll(waits, COMPONENT_COUNT + 1, -1) < 0 && errno != EINTR)
            return -1;
        if (waits[COMPONENT_COUNT].revents != 0)
            return 0;
        for (size_t c = 0; c < COMPONENT_COUNT; c++)
            if (waits[c].revents != 0)
                return -1;
    }
}

static int start_all(struct run *r, const struct scenario *s, const struct run_options *options,
                     const char *dir) {
    struct err e = {0};
    clock_configure(s->lab.clock.offset_us, s->lab.clock.rate);
    if (run_open(r, s, options, dir, &e) != 0 || lab_prepare(r, &e) != 0) {
        run_fail(r, NULL, NULL, "%s", e.text);
        return -1;
    }
    return lab_start(r) != 0 ? -1 : lab_ready_phones(r);
}

int up_run(const struct scenario *s, const struct run_options *options, const char *dir, FILE *to) {
    struct run r;
    struct err e = {0};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    AUTO_FD signals = signalfd(-1, &set, SFD_CLOEXEC);
    if (start_all(&r, s, options, dir) == 0) {
        up_tell(&r, to);
        wait_for_end(&r, signals);
    }
    lab_stop(&r);
    artifacts_write(&r, &e);
    bool failed = run_failed(&r);
    AUTO(char) evidence = report_evidence(r.failures, 0);
    if (failed)
        fprintf(stderr, "%s", evidence == NULL ? "" : evidence);
    run_close(&r);
    events_close();
    return failed ? EXIT_FAILED : EXIT_DONE;
}
