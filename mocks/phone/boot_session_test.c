/* Tests of what follows the boot: which CAPF server the phone accepts and finds, what it proves
 * itself with, how often it tries, when it resets. */
#include "base/process.h"
#include "mocks/phone/boot_test_lab.h"

static void never_called(struct lab *lab, const struct capf_message *m) {
    (void)lab;
    ck_abort_msg("%s", capf_message_name(m->type));
}

static void nothing_to_do(struct lab *lab, const struct capf_message *m) {
    if (m->type == CAPF_MSG_AUTH_RES)
        lab_end(lab, CAPF_REASON_NO_ACTION);
}

/* ---- CAPF's certificate ---- */

/* The ITL has another certificate for CAPF than the one that CAPF shows. */
static void regenerate(struct world *w) {
    world_certificate(w, "old-capf", KEY_RSA);
    world_serve(w, WORLD_SIGNER
                "itl:\n  - {certificate: '@/old-capf.pem', roles: capf}\n" WORLD_TVS WORLD_TFTP);
}

START_TEST(a_list_without_capf) {
    AUTO_WORLD w;
    world_open(&w);
    world_serve(&w, WORLD_SIGNER "itl:\n" WORLD_TVS WORLD_TFTP);
    world_vouch(&w, "store: [{certificate: '@/capf.pem', roles: capf}]\n");
    world_run(&w, never_called);
    world_expect(&w, "no-capf-server", "");
    world_expect_statuses(&w,
                          "File Not Found <CTLFile.tlv> | ITL installed | No valid CAPF server");
}
END_TEST

START_TEST(a_full_record_of_capf) {
    AUTO_WORLD w;
    world_open(&w);
    world_serve(&w, WORLD_SIGNER
                "itl:\n"
                "  - {certificate: '@/capf.pem', roles: capf, form: full}\n" WORLD_TFTP);
    world_run(&w, nothing_to_do);
    world_expect(&w, "nothing", "");
    world_expect_number(&w, "attempts", 1);
}
END_TEST

START_TEST(capf_was_regenerated_and_nobody_vouches) {
    static const char *const stores[] = {NULL, "",
                                         "store: [{certificate: '@/capf.pem', roles: tftp}]\n",
                                         "store: [{certificate: '@/capf.pem', roles: capf}]\n"
                                         "faults: [{at: tvs.verify, do: says-no}]\n",
                                         "store: [{certificate: '@/capf.pem', roles: capf}]\n"
                                         "faults: [{at: tvs.verify, do: wrong-id}]\n"};
    for (size_t i = 0; i < sizeof stores / sizeof stores[0]; i++) {
        AUTO_WORLD w;
        world_open(&w);
        regenerate(&w);
        world_route(&w, "tvs:2445", "127.0.0.1:1");
        if (stores[i] != NULL)
            world_vouch(&w, stores[i]);
        world_run(&w, never_called);
        world_expect(&w, "connection-failed", "TLS_UNTRUSTED");
        world_expect_statuses(
            &w, "File Not Found <CTLFile.tlv> | ITL installed | LSC: Connection failed");
        ck_assert_msg(w.lab.peer_failed, "no alert with store %zu", i);
        world_expect_log(&w, "SEC_CAPF_BIO_F: CAPF create bio failed\n",
                         "CAPF operation failed, ret -7\n", "LSC: Connection failed\n");
    }
}
END_TEST

START_TEST(capf_was_regenerated_and_tvs_vouches) {
    AUTO_WORLD w;
    world_open(&w);
    regenerate(&w);
    world_vouch(&w, "store: [{certificate: '@/capf.pem', roles: [sast, capf]}]\n"
                    "faults: [{at: tvs.verify, nth: 2, times: always, do: says-no}]\n");
    world_run(&w, world_install_once);
    world_expect(&w, "installed", "");
    world_expect_number(&w, "boots", 2);
    world_expect_number(&w, "attempts", 2);
    world_expect_log(&w, "TVS added cert to TVS cache - expires in 24 hours\n", "LSC: Installed\n");
}
END_TEST

START_TEST(a_yes_that_may_not_be_kept_is_asked_for_again) {
    AUTO_WORLD w;
    world_open(&w);
    regenerate(&w);
    world_vouch(&w, "ttl: 0s\nstore: [{certificate: '@/capf.pem', roles: [sast, capf]}]\n"
                    "faults: [{at: tvs.verify, nth: 2, times: always, do: says-no}]\n");
    world_run(&w, world_install_once);
    world_expect(&w, "connection-failed", "TLS_UNTRUSTED");
    ck_assert_str_eq(lab_text(&w.lab, "lsc"), "Installed");
}
END_TEST

/* ---- CAPF servers ---- */

START_TEST(the_next_capf_server_is_tried) {
    AUTO_WORLD w;
    world_open(&w);
    w.capf = "<capf><phonePort>1</phonePort><processNodeName>elsewhere</processNodeName></capf>"
             "<capf><processNodeName>127.0.0.1</processNodeName><phonePort>1</phonePort></capf>"
             "<capf><processNodeName>capf</processNodeName></capf>";
    world_configure(&w, WORLD_NULL_STRING, "pub");
    world_serve(&w, WORLD_ITL);
    world_run(&w, nothing_to_do);
    world_expect(&w, "nothing", "");
    world_expect_number(&w, "attempts", 3);
    world_expect_statuses(&w, "File Not Found <CTLFile.tlv> | ITL installed");
}
END_TEST

START_TEST(three_more_attempts_through_the_list) {
    AUTO_WORLD w;
    world_open(&w);
    clock_configure(0, 100);
    w.lab.config.timeout_us = w.lab.config.tftp.timeout_us = LAB_NO_LIMIT;
    w.lab.config.retries = 3;
    w.capf = "<capf><phonePort>1</phonePort><processNodeName>elsewhere</processNodeName></capf>"
             "<capf><phonePort>2</phonePort><processNodeName>elsewhere</processNodeName></capf>";
    world_configure(&w, WORLD_NULL_STRING, "pub");
    world_serve(&w, WORLD_ITL);
    int64_t start = clock_mono_us();
    world_run(&w, never_called);
    ck_assert_int_ge(clock_mono_us() - start, 3 * INT64_C(30000000));
    world_expect(&w, "connection-failed", "TCP_REFUSED");
    world_expect_number(&w, "attempts", 8);
    world_expect_statuses(&w, "File Not Found <CTLFile.tlv> | ITL installed | "
                              "LSC: Connection failed | LSC: Connection failed | "
                              "LSC: Connection failed | LSC: Connection failed");
}
END_TEST

START_TEST(without_a_list_of_servers_the_record_names_it) {
    static const char *const records[] = {
        "  - {certificate: '@/capf.pem', roles: capf, dns: capf}\n",
        "  - {certificate: '@/capf.pem', roles: capf}\n"};
    for (size_t i = 0; i < 2; i++) {
        AUTO_WORLD w;
        AUTO_BUF yaml = BUF_INIT(WORLD_TEXT_MAX);
        world_open(&w);
        w.capf = "";
        world_configure(&w, WORLD_NULL_STRING, "pub");
        buf_printf(&yaml, WORLD_SIGNER "itl:\n%s" WORLD_TFTP, records[i]);
        world_serve(&w, buf_str(&yaml));
        world_run(&w, nothing_to_do);
        world_expect(&w, i == 0 ? "nothing" : "no-capf-server", "");
    }
}
END_TEST

/* ---- Names ---- */

/* Knows no name. */
static void on_query(evutil_socket_t fd, short what, void *unused) {
    uint8_t packet[512];
    struct sockaddr_storage from;
    socklen_t len = sizeof from;
    ssize_t got = recvfrom(fd, packet, sizeof packet, 0, (struct sockaddr *)&from, &len);
    (void)what;
    (void)unused;
    if (got < 12)
        return;
    packet[2] |= 0x80;
    packet[3] = 0x83;
    sendto(fd, packet, (size_t)got, 0, (struct sockaddr *)&from, len);
}

struct names {
    struct event *event;
    char *address;
    int fd;
};

static void names_close(struct names *n) {
    event_free(n->event);
    close(n->fd);
    free(n->address);
}

static void world_without_names(struct world *w, struct names *n) {
    struct err e = {0};
    static char *servers[1];
    n->fd = listen_udp("127.0.0.1:0", &n->address, &e);
    ck_assert_msg(n->fd >= 0, "%s", e.text);
    n->event = event_new(w->lab.loop, n->fd, EV_READ | EV_PERSIST, on_query, NULL);
    event_add(n->event, NULL);
    servers[0] = n->address;
    w->lab.dns = (struct cfg_strings){servers, 1};
    w->lab.hosts.count = 1; /* files */
    resolver_free(w->lab.resolver);
    w->lab.resolver = resolver_new(w->lab.loop, &w->lab.dns, &w->lab.hosts, &e);
    w->lab.shared.resolver = w->lab.resolver;
    w->lab.shared.dns_server = "192.0.2.53";
    w->servers[0].host = (char *)"127.0.0.1";
    world_route(w, "127.0.0.1:6970", tftp_server_http_address(w->tftp));
}

START_TEST(the_console_of_a_publisher_without_a_name) {
    __attribute__((cleanup(names_close))) struct names names;
    AUTO_WORLD w;
    world_open(&w);
    w.tvs_members = "<member priority=\"0\"><address>PUB11.brianw2.lab</address></member>";
    w.capf = "<capf><processNodeName>PUB11.brianw2.lab</processNodeName></capf>";
    world_configure(&w, WORLD_NULL_STRING, "pub");
    world_serve(&w, WORLD_ITL);
    world_without_names(&w, &names);
    world_run(&w, never_called);
    world_expect(&w, "connection-failed", "DNS_NXDOMAIN");
    world_expect_statuses(&w, "File Not Found <CTLFile.tlv> | ITL installed | "
                              "DNS unknown IPv4 host | LSC: Connection failed");
    world_expect_log(
        &w, " dnsmasq[12864]: query[A] PUB11.brianw2.lab from 127.0.0.1\n",
        " dnsmasq[12864]: forwarded PUB11.brianw2.lab to 192.0.2.53\n",
        " dnsmasq[12864]: forwarded PUB11.brianw2.lab to 192.0.2.53\n",
        " dnsmasq[12864]: reply PUB11.brianw2.lab is NXDOMAIN-IPv4\n",
        " dnsmasq[12864]: query[A] PUB11.brianw2.lab from 127.0.0.1\n",
        " dnsmasq[12864]: cached PUB11.brianw2.lab is NXDOMAIN-IPv4\n",
        " (12905:13036) JAVA-configmgr MQThread|NetUtil.traceIPv4DNSErrors:? - DNS unknown IPv4 "
        "host PUB11.brianw2.lab\n",
        " (12905:13036) JAVA-configmgr MQThread|cip.sec.TvsProperty:? - Failed to resolve Tvs Ipv4 "
        "Address with hostname PUB11.brianw2.lab\n",
        "theReason=CAPF_REASON_AUTO\n",
        "RCAPF_START_MODE: Start CAPF - mode:[1]([NULL_STR]), reason:[1]([AUTO]) no auth-str\n",
        "CAPF_CLNT_INIT:CAPF clnt initialized\n", "SetDelayTimer - set with value <0>\n",
        "SECUREAPP-Sec create BIO - invalid parameter.\n",
        "SEC_CAPF_BIO_F: CAPF create bio failed\n",
        "SEC_CAPF_OP_F: CAPF operation failed, ret -7\n", "LSC: Connection failed\n");
}
END_TEST

START_TEST(a_phone_that_calls_it_no_valid_server) {
    __attribute__((cleanup(names_close))) struct names names;
    AUTO_WORLD w;
    world_open(&w);
    w.lab.config.unresolved = PHONE_UNRESOLVED_NO_SERVER;
    w.tvs_members = "";
    w.capf = "<capf><processNodeName>a.example</processNodeName></capf>"
             "<capf><processNodeName>b.example</processNodeName></capf>";
    world_configure(&w, WORLD_NULL_STRING, "pub");
    world_serve(&w, WORLD_ITL);
    world_without_names(&w, &names);
    world_run(&w, never_called);
    world_expect(&w, "no-capf-server", "DNS_NXDOMAIN");
    world_expect_number(&w, "attempts", 2);
    world_expect_statuses(&w,
                          "File Not Found <CTLFile.tlv> | ITL installed | No valid CAPF server");
}
END_TEST

/* ---- What proves the phone, and keys ---- */

#define WORLD_EXISTING "<capfAuthMode>3</capfAuthMode>"

static void takes_mic(struct lab *lab, const struct capf_message *m) {
    ck_assert_uint_eq(m->certificate.number, CAPF_CERTIFICATE_MIC);
    nothing_to_do(lab, m);
}

START_TEST(existing_certificate_without_an_lsc) {
    AUTO_WORLD w;
    world_open(&w);
    lab_give_mic(&w.lab);
    world_configure(&w, WORLD_EXISTING, "pub");
    world_serve(&w, WORLD_ITL);
    w.lab.config.lsc_fallback = PHONE_LSC_FALLBACK_NONE;
    world_run(&w, never_called);
    world_expect(&w, "no-certificate", "CONFIG_MISSING");
    world_expect_statuses(&w,
                          "File Not Found <CTLFile.tlv> | ITL installed | LSC: Connection failed");
    world_expect_number(&w, "attempts", 0);
    w.lab.config.lsc_fallback = PHONE_LSC_FALLBACK_MIC;
    world_run(&w, takes_mic);
    world_expect(&w, "nothing", "");
    world_expect_log(&w, "authMode=CAPF_AUTH_MODE_LSC authorizationString=null");
}
END_TEST

START_TEST(a_string_waits_for_the_user) {
    AUTO_WORLD w;
    world_open(&w);
    world_configure(&w, "<capfAuthMode>1</capfAuthMode>", "pub");
    world_serve(&w, WORLD_ITL);
    world_run(&w, never_called);
    world_expect(&w, "waiting-for-user", "");
    ck_assert_str_eq(lab_text(&w.lab, "lsc"), "Pending");
    w.lab.config.authentication.string = (char *)"1234";
    world_run(&w, nothing_to_do);
    world_expect(&w, "nothing", "");
    world_expect_log(&w, "authMode=CAPF_AUTH_MODE_AUTH_STR authorizationString=(entered) "
                         "theReason=CAPF_REASON_MANUAL\n");
}
END_TEST

static void asks_for_ec(struct lab *lab, const struct capf_message *m) {
    if (m->type == CAPF_MSG_AUTH_RES && lab->phone_key == NULL)
        lab_send(lab, (struct capf_message){.type = CAPF_MSG_KEY_GEN_REQ,
                                            .key_type = CAPF_NUMBER(CAPF_KEY_TYPE_EC),
                                            .curve = CAPF_NUMBER(CAPF_CURVE_P256)});
    else if (m->type == CAPF_MSG_KEY_GEN_RES && m->reason.present)
        lab_end(lab, CAPF_REASON_REFUSED);
    else
        world_install_once(lab, m);
}

START_TEST(ec_keys_need_signer_version_1_1) {
    static const char *const versions[] = {"none", "1.0", "1.1"};
    for (size_t i = 0; i < 3; i++) {
        AUTO_WORLD w;
        AUTO_BUF yaml = BUF_INIT(WORLD_TEXT_MAX);
        world_open(&w);
        buf_printf(&yaml, WORLD_ITL "signer-version: '%s'\n", versions[i]);
        world_serve(&w, buf_str(&yaml));
        world_run(&w, asks_for_ec);
        world_expect(&w, i == 2 ? "installed" : "refused", i == 2 ? "" : "CAPF_REFUSED");
    }
}
END_TEST

/* ---- Resets ---- */

START_TEST(resets_are_bounded) {
    for (int resets = 0; resets < 3; resets++) {
        AUTO_WORLD w;
        world_open(&w);
        world_serve(&w, WORLD_ITL);
        w.lab.config.resets = resets;
        world_run(&w, world_install);
        world_expect(&w, "installed", "");
        world_expect_number(&w, "boots", resets + 1);
        world_expect_number(&w, "attempts", resets + 1);
    }
}
END_TEST

static void fails_the_second_time(struct lab *lab, const struct capf_message *m) {
    if (m->type == CAPF_MSG_AUTH_RES && lab->phone_key != NULL)
        lab_end(lab, CAPF_REASON_REFUSED);
    else
        world_install(lab, m);
}

START_TEST(what_goes_wrong_after_the_reset_is_told) {
    AUTO_WORLD w;
    world_open(&w);
    world_serve(&w, WORLD_ITL);
    world_run(&w, fails_the_second_time);
    world_expect(&w, "refused", "CAPF_REFUSED");
    ck_assert_str_eq(lab_text(&w.lab, "lsc"), "Installed");
}
END_TEST

START_TEST(lists_are_read_again_after_a_reset) {
    AUTO_WORLD w;
    world_open(&w);
    world_serve(&w, WORLD_ITL);
    world_run(&w, world_install_once);
    world_expect_log(&w, "boot 1 of", "LSC: Installed\n", "reset by CAPF\n", "boot 2 of",
                     "CTLFile.tlv missing by http\n", "ITLSEP74A02FC0A675.tlv found by http\n",
                     "SEP74A02FC0A675.cnf.xml.sgn found by http\n");
}
END_TEST

static void never_done(struct phone *phone, void *user) {
    (void)phone;
    bool *done = user;
    *done = true;
}

/* Switched off after each turn of the loop, until one run is long enough for all. */
START_TEST(a_phone_may_be_switched_off_at_any_moment) {
    AUTO_WORLD w;
    bool done = false;
    world_open(&w);
    regenerate(&w);
    world_vouch(&w, "store: [{certificate: '@/capf.pem', roles: capf}]\n");
    w.lab.script = nothing_to_do;
    for (int turns = 0; !done; turns++) {
        struct err e = {0};
        AUTO(char) itl = path_join(w.lab.config.state, "ITLFile.tlv");
        struct phone *phone = phone_new(&w.lab.shared, &w.lab.config, &e);
        ck_assert_msg(phone != NULL && turns < 1000, "%s", e.text);
        phone_start(phone, never_done, &done);
        for (int i = 0; i < turns && !done; i++)
            event_base_loop(w.lab.loop, EVLOOP_ONCE);
        phone_free(phone);
        unlink(itl);
    }
    while (w.lab.peer != NULL)
        event_base_loop(w.lab.loop, EVLOOP_ONCE);
}
END_TEST

TEST_MAIN("phone after its boot", a_list_without_capf, a_full_record_of_capf,
          capf_was_regenerated_and_nobody_vouches, capf_was_regenerated_and_tvs_vouches,
          a_yes_that_may_not_be_kept_is_asked_for_again, the_next_capf_server_is_tried,
          three_more_attempts_through_the_list, without_a_list_of_servers_the_record_names_it,
          the_console_of_a_publisher_without_a_name, a_phone_that_calls_it_no_valid_server,
          existing_certificate_without_an_lsc, a_string_waits_for_the_user,
          ec_keys_need_signer_version_1_1, resets_are_bounded,
          what_goes_wrong_after_the_reset_is_told, lists_are_read_again_after_a_reset,
          a_phone_may_be_switched_off_at_any_moment)
