/* Tests of the phone's boot: which files it asks for and how, what it makes of its lists and its
 * configuration, what its screen and console say. */
#include "mocks/phone/boot_test_lab.h"
#include "mocks/phone/cnf_xml.h"

static void never_called(struct lab *lab, const struct capf_message *m) {
    (void)lab;
    ck_abort_msg("%s", capf_message_name(m->type));
}

static void nothing_to_do(struct lab *lab, const struct capf_message *m) {
    if (m->type == CAPF_MSG_AUTH_RES)
        lab_end(lab, CAPF_REASON_NO_ACTION);
}

/* ---- From nothing to an LSC ---- */

START_TEST(a_new_phone_installs_its_lsc) {
    AUTO_WORLD w;
    world_open(&w);
    world_serve(&w, WORLD_ITL);
    world_run(&w, world_install_once);
    world_expect(&w, "installed", "");
    world_expect_statuses(&w, "File Not Found <CTLFile.tlv> | ITL installed | LSC: Installed | "
                              "File Not Found <CTLFile.tlv> | ITL installed");
    world_expect_number(&w, "boots", 2);
    world_expect_number(&w, "attempts", 2);
    ck_assert_str_eq(lab_text(&w.lab, "trust"), "ITL installed");
    ck_assert_str_eq(lab_text(&w.lab, "operation"), "install");
    world_expect_log(
        &w, "AUTH: hdr ver 1.2 (knows only upto 1.1)\n",
        "SECUREAPP-Using leap of faith to accept TL file\n",
        "SECUREAPP-updateFromFile: TL parse to table: CTL_SUCCESS\n",
        "SECUREAPP-Updating master TL table\n", "SECUREAPP-TL file updated.\n", "ITL installed\n",
        " dnsmasq[12864]: query[A] tvs from 127.0.0.1\n",
        "TvsProperty:? - Resolve Tvs Ipv4 Address to 127.0.0.1 from hostname tvs\n",
        "authMode=CAPF_AUTH_MODE_NULL_STR authorizationString=null theReason=CAPF_REASON_AUTO\n",
        "LSC: Installed\n", "boot 2 of CP-8845 SEP74A02FC0A675\n",
        "SECUREAPP-Hashes match... authentication successful.\n");
}
END_TEST

static void expect_file(const struct world *w, size_t at, const char *name, const char *result,
                        const char *by) {
    json_t *file = json_array_get(json_object_get(w->lab.result, "files"), at);
    const char *shown = json_string_value(json_object_get(file, "by"));
    ck_assert_str_eq(json_string_value(json_object_get(file, "name")), name);
    ck_assert_str_eq(json_string_value(json_object_get(file, "result")), result);
    ck_assert_str_eq(shown != NULL ? shown : "", by);
}

START_TEST(the_files_of_a_boot) {
    static const char *const protocols[] = {"http", "tftp"};
    for (size_t i = 0; i < 2; i++) {
        const char *by = protocols[i];
        AUTO_WORLD w;
        world_open(&w);
        world_serve(&w, i == 0 ? WORLD_ITL
                               : WORLD_ITL "faults: [{at: tftp.http, do: close, times: always}]\n");
        world_run(&w, nothing_to_do);
        world_expect(&w, "nothing", "");
        expect_file(&w, 0, "CTLSEP74A02FC0A675.tlv", "missing", by);
        expect_file(&w, 1, "CTLFile.tlv", "missing", by);
        expect_file(&w, 2, "ITLSEP74A02FC0A675.tlv", "found", by);
        expect_file(&w, 3, "SEP74A02FC0A675.cnf.xml.sgn", "found", by);
        world_expect_number(&w, "boots", 1);
    }
}
END_TEST

START_TEST(what_gets_lost_on_the_way_is_asked_for_again) {
    static const char *const faults[] = {"silence", "drop-block 1", "drop-block 2"};
    for (size_t i = 0; i < 3; i++) {
        AUTO_WORLD w;
        AUTO_BUF yaml = BUF_INIT(WORLD_TEXT_MAX);
        world_open(&w);
        clock_configure(0, 20);
        w.lab.config.timeout_us = LAB_NO_LIMIT;
        w.lab.config.tftp.timeout_us = 60000000;
        buf_printf(&yaml,
                   WORLD_ITL "block-size: 512\n"
                             "faults: [{at: tftp.http, do: close, times: always}, "
                             "{at: tftp.request, nth: 3, do: %s}]\n",
                   faults[i]);
        world_serve(&w, buf_str(&yaml));
        world_run(&w, nothing_to_do);
        world_expect(&w, "nothing", "");
        expect_file(&w, 2, "ITLSEP74A02FC0A675.tlv", "found", "tftp");
    }
}
END_TEST

START_TEST(the_second_server_is_asked_when_the_first_is_silent) {
    AUTO_WORLD w;
    world_open(&w);
    world_serve(&w, WORLD_ITL);
    w.servers[1] = w.servers[0];
    w.servers[0] = (struct phone_file_server){(char *)"127.0.0.1", 1, 0};
    w.lab.config.tftp.servers.count = 2;
    world_run(&w, nothing_to_do);
    world_expect(&w, "nothing", "");
    expect_file(&w, 3, "SEP74A02FC0A675.cnf.xml.sgn", "found", "http");
}
END_TEST

START_TEST(no_server_answers_a_new_phone) {
    AUTO_WORLD w;
    world_open(&w);
    w.servers[0] = (struct phone_file_server){(char *)"127.0.0.1", 1, 0};
    world_run(&w, never_called);
    world_expect(&w, "no-configuration", "CONFIG_MISSING");
    world_expect_statuses(&w, "TFTP Timeout | No Trust List installed");
    expect_file(&w, 0, "CTLSEP74A02FC0A675.tlv", "failed", "");
}
END_TEST

START_TEST(no_server_answers_a_phone_that_knows_its_cluster) {
    AUTO_WORLD w;
    world_open(&w);
    world_serve(&w, WORLD_ITL);
    world_run(&w, nothing_to_do);
    w.servers[0] = (struct phone_file_server){(char *)"127.0.0.1", 1, 0};
    world_run(&w, nothing_to_do);
    world_expect(&w, "nothing", "");
    world_expect_statuses(&w, "TFTP Timeout | ITL installed");
}
END_TEST

START_TEST(without_lists_files_are_not_signed) {
    AUTO_WORLD w;
    world_open(&w);
    world_serve(&w, WORLD_SIGNER);
    world_run(&w, never_called);
    world_expect(&w, "no-capf-server", "");
    world_expect_statuses(
        &w, "File Not Found <CTLFile.tlv> | No Trust List installed | No valid CAPF server");
    expect_file(&w, 4, "SEP74A02FC0A675.cnf.xml", "found", "http");
}
END_TEST

START_TEST(both_lists) {
    AUTO_WORLD w;
    world_open(&w);
    world_serve(&w, WORLD_ITL "mixed-mode: true\nctl:\n" WORLD_CAPF WORLD_SAST WORLD_TFTP);
    world_run(&w, nothing_to_do);
    world_expect(&w, "nothing", "");
    world_expect_statuses(&w, "CTL and ITL installed");
    world_expect_log(&w, "Using leap of faith to accept TL file\n",
                     "TL file verified successfully.\n");
}
END_TEST

START_TEST(a_phone_without_security_by_default_asks_for_no_itl) {
    AUTO_WORLD w;
    world_open(&w);
    w.lab.config.model = (char *)"CP-7960";
    world_serve(&w, WORLD_ITL);
    world_run(&w, never_called);
    world_expect(&w, "no-capf-server", "");
    world_expect_statuses(
        &w, "File Not Found <CTLFile.tlv> | No Trust List installed | No valid CAPF server");
    expect_file(&w, 2, "SEP74A02FC0A675.cnf.xml", "found", "http");
}
END_TEST

START_TEST(the_user_erases_the_lists) {
    AUTO_WORLD w;
    world_open(&w);
    world_serve(&w, WORLD_ITL);
    world_run(&w, nothing_to_do);
    w.lab.config.erase_lists = true;
    world_run(&w, nothing_to_do);
    world_expect_statuses(&w, "Erasing CTL and ITL files | File Not Found <CTLFile.tlv> | "
                              "ITL installed");
}
END_TEST

/* ---- Lists that change ---- */

static char *state_file(const struct world *w, const char *name) {
    return path_join(w->lab.config.state, "%s", name);
}

START_TEST(a_list_by_the_recovery_key_is_taken) {
    AUTO_WORLD w;
    world_open(&w);
    world_serve(&w, WORLD_ITL);
    world_run(&w, nothing_to_do);
    AUTO(char) backup = state_file(&w, "ITLFile.tlv.bak");
    ck_assert(!file_exists(backup));
    world_serve(&w, WORLD_ITL "sign-with: recovery\n");
    world_run(&w, nothing_to_do);
    world_expect(&w, "nothing", "");
    world_expect_statuses(&w, "File Not Found <CTLFile.tlv> | Trust List updated | ITL installed");
    world_expect_log(&w, "boot 1 of", "boot 1 of", "TL file verified successfully.\n",
                     "TL file updated.\n");
    ck_assert(file_exists(backup));
}
END_TEST

/* Another CallManager signs, which the phone's list does not have. */
#define OTHER_ITL                                                                                  \
    "signer: {certificate: '@/other.pem', key: '@/other.key'}\nitl:\n" WORLD_CAPF WORLD_TVS        \
    "  - {certificate: '@/other.pem', roles: [sast, tftp]}\n"

static void change_signer(struct world *w) {
    world_serve(w, WORLD_ITL);
    world_run(w, nothing_to_do);
    world_certificate(w, "other", KEY_RSA);
    world_serve(w, OTHER_ITL);
    world_configure(w, WORLD_NULL_STRING, "other");
}

START_TEST(tvs_vouches_for_a_new_signer) {
    AUTO_WORLD w;
    world_open(&w);
    world_vouch(&w, "store: [{certificate: '@/', roles: [sast, tftp]}]\n");
    change_signer(&w);
    tvs_server_free(w.tvs);
    world_unload(&w.trust);
    world_vouch(&w, "store: [{certificate: '@/other.pem', roles: [sast, tftp]}]\n");
    world_run(&w, nothing_to_do);
    world_expect(&w, "nothing", "");
    world_expect_statuses(&w, "File Not Found <CTLFile.tlv> | Trust List updated | ITL installed");
    world_expect_log(&w, "SECUREAPP-Role is = 21\n", "Hashes match... authentication successful.\n",
                     "TVS added cert to TVS cache - expires in 24 hours\n",
                     "TL file verified successfully.\n");
}
END_TEST

START_TEST(tvs_does_not_know_the_new_signer) {
    static const char *const stores[] = {"",
                                         "store: [{certificate: '@/other.pem', roles: tftp}]\n"};
    for (size_t i = 0; i < 2; i++) {
        AUTO_WORLD w;
        world_open(&w);
        change_signer(&w);
        world_vouch(&w, stores[i]);
        world_run(&w, nothing_to_do);
        world_expect(&w, "nothing", "");
        world_expect_statuses(&w, i == 0 ? "File Not Found <CTLFile.tlv> | Trust List update failed"
                                           " | ITL installed | File auth error"
                                         : "File Not Found <CTLFile.tlv> | Trust List update failed"
                                           " | ITL installed");
    }
}
END_TEST

START_TEST(tvs_is_down) {
    AUTO_WORLD w;
    world_open(&w);
    change_signer(&w);
    world_route(&w, "tvs:2445", "127.0.0.1:1");
    world_run(&w, nothing_to_do);
    world_expect_statuses(&w, "File Not Found <CTLFile.tlv> | Trust List update failed | "
                              "ITL installed | File auth error");
    world_expect_log(&w, "TVS connect failed tvs:2445", "AUTH: ITLFile.tlv: ");
}
END_TEST

START_TEST(the_second_tvs_is_asked) {
    AUTO_WORLD w;
    world_open(&w);
    w.tvs_members = "<member priority=\"1\"><address>tvs</address></member>"
                    "<member priority=\"0\"><address>elsewhere</address></member>";
    world_configure(&w, WORLD_NULL_STRING, "pub");
    change_signer(&w);
    world_route(&w, "elsewhere:2445", "127.0.0.1:1");
    world_vouch(&w, "store: [{certificate: '@/other.pem', roles: [sast, tftp]}]\n");
    world_run(&w, nothing_to_do);
    world_expect_statuses(&w, "File Not Found <CTLFile.tlv> | Trust List updated | ITL installed");
    world_expect_log(&w, "TVS connect failed elsewhere:2445", "TVS connected tvs:2445");
}
END_TEST

/* The server on TVS's port shows a certificate that the list has for another role. */
START_TEST(tvs_itself_is_never_asked_about_itself) {
    AUTO_WORLD w;
    world_open(&w);
    change_signer(&w);
    world_certificate(&w, "tvs", KEY_EC);
    world_vouch(&w, "store: [{certificate: '@/other.pem', roles: [sast, tftp]}, "
                    "{certificate: '@/tvs.pem', roles: tvs}]\n");
    world_run(&w, nothing_to_do);
    world_expect_statuses(&w, "File Not Found <CTLFile.tlv> | Trust List update failed | "
                              "ITL installed | File auth error");
}
END_TEST

START_TEST(a_list_without_tvs) {
    AUTO_WORLD w;
    world_open(&w);
    world_serve(&w, WORLD_SIGNER "itl:\n" WORLD_CAPF WORLD_TFTP);
    world_run(&w, nothing_to_do);
    world_certificate(&w, "other", KEY_RSA);
    world_serve(&w, OTHER_ITL);
    world_run(&w, nothing_to_do);
    world_expect_log(&w, "Not using TVS - TVS not in Trust list\n", "Trust List update failed\n");
}
END_TEST

START_TEST(a_damaged_list_is_kept_out) {
    static const char *const faults[] = {
        "faults: [{at: tftp.http, nth: 3, do: corrupt -1}]\n",
        "faults: [{at: tftp.http, nth: 3, do: truncate 100}]\n",
        "faults: [{at: tftp.http, nth: 3, do: truncate 0}]\n",
        ("override: {ITLSEP74A02FC0A675.tlv: '@/pub.pem', "
         "SEP74A02FC0A675.cnf.xml.sgn: '@/cnf.xml.sgn'}\ndevices: {}\n"),
    };
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        AUTO_WORLD w;
        AUTO_BUF yaml = BUF_INIT(WORLD_TEXT_MAX);
        world_open(&w);
        world_serve(&w, WORLD_ITL);
        world_run(&w, nothing_to_do);
        buf_printf(&yaml, WORLD_ITL "%s", faults[i]);
        world_serve(&w, buf_str(&yaml));
        world_run(&w, nothing_to_do);
        world_expect(&w, "nothing", "");
        world_expect_statuses(&w, "File Not Found <CTLFile.tlv> | Trust List update failed | "
                                  "ITL installed");
    }
}
END_TEST

/* ---- Configuration ---- */

START_TEST(a_configuration_by_a_stranger_is_refused) {
    AUTO_WORLD w;
    world_open(&w);
    world_serve(&w, WORLD_ITL);
    world_configure(&w, WORLD_NULL_STRING, "recovery");
    world_run(&w, never_called);
    world_expect(&w, "no-configuration", "CONFIG_MISSING");
    world_expect_statuses(&w, "File Not Found <CTLFile.tlv> | ITL installed | File auth error");
}
END_TEST

START_TEST(an_altered_configuration_is_refused) {
    AUTO_WORLD w;
    world_open(&w);
    world_serve(&w, WORLD_ITL "faults: [{at: tftp.http, nth: 4, do: corrupt -10}]\n");
    world_run(&w, never_called);
    world_expect(&w, "no-configuration", "CONFIG_MISSING");
    world_expect_log(&w, "SEP74A02FC0A675.cnf.xml.sgn: ", "File auth error\n");
}
END_TEST

START_TEST(a_configuration_that_is_none) {
    AUTO_WORLD w;
    world_open(&w);
    world_configure(&w, "<capfAuthMode>7</capfAuthMode>", "pub");
    world_serve(&w, WORLD_ITL);
    world_run(&w, never_called);
    world_expect_statuses(&w, "File Not Found <CTLFile.tlv> | ITL installed | TFTP Error");
    world_expect_log(&w, "capfAuthMode: \"7\"\n");
}
END_TEST

START_TEST(a_configuration_that_is_too_large) {
    AUTO_WORLD w;
    AUTO_BUF octets = BUF_INIT(2 * CNF_FILE_MAX);
    world_open(&w);
    while (octets.len <= CNF_FILE_MAX + 64 * 1024)
        buf_put_str(&octets, "<device><loadInformation>x</loadInformation></device>");
    world_write(&w, "cnf.xml.sgn", buf_view(&octets));
    world_serve(&w, WORLD_ITL);
    world_run(&w, never_called);
    world_expect(&w, "no-configuration", "CONFIG_MISSING");
    world_expect_log(&w, "SEP74A02FC0A675.cnf.xml.sgn: http: larger than 327680 bytes\n",
                     "SEP74A02FC0A675.cnf.xml.sgn: tftp: larger than 327680 bytes\n");
}
END_TEST

START_TEST(no_operation_is_pending) {
    AUTO_WORLD w;
    world_open(&w);
    world_configure(&w, "<capfAuthMode>0</capfAuthMode>", "pub");
    world_serve(&w, WORLD_ITL);
    world_run(&w, never_called);
    world_expect(&w, "nothing", "");
    world_expect_number(&w, "attempts", 0);
}
END_TEST

START_TEST(reasons_other_than_an_operation) {
    static const struct {
        const char *elements, *reason;
    } rows[] = {
        {"<certHash>00112233445566778899aabbccddeeff</certHash>", "PUBKEY_MISMATCH"},
        {"<encrConfig>true</encrConfig>", "DECRYPT_FILE_FAILED"},
    };
    for (size_t i = 0; i < 2; i++) {
        AUTO_WORLD w;
        AUTO_BUF line = BUF_INIT(256);
        world_open(&w);
        world_configure(&w, rows[i].elements, "pub");
        world_serve(&w, WORLD_ITL);
        world_run(&w, nothing_to_do);
        world_expect(&w, "nothing", "");
        buf_printf(&line, "theReason=CAPF_REASON_%s\n", rows[i].reason);
        world_expect_log(&w, buf_str(&line));
    }
}
END_TEST

TEST_MAIN("phone boot", a_new_phone_installs_its_lsc, the_files_of_a_boot,
          what_gets_lost_on_the_way_is_asked_for_again,
          the_second_server_is_asked_when_the_first_is_silent, no_server_answers_a_new_phone,
          no_server_answers_a_phone_that_knows_its_cluster, without_lists_files_are_not_signed,
          both_lists, a_phone_without_security_by_default_asks_for_no_itl,
          the_user_erases_the_lists, a_list_by_the_recovery_key_is_taken,
          tvs_vouches_for_a_new_signer, tvs_does_not_know_the_new_signer, tvs_is_down,
          the_second_tvs_is_asked, tvs_itself_is_never_asked_about_itself, a_list_without_tvs,
          a_damaged_list_is_kept_out, a_configuration_by_a_stranger_is_refused,
          an_altered_configuration_is_refused, a_configuration_that_is_none,
          a_configuration_that_is_too_large, no_operation_is_pending,
          reasons_other_than_an_operation)
