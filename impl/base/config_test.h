/* The table that the configuration tests read through: one key of each type. Tests only. */
#ifndef BASE_CONFIG_TEST_H
#define BASE_CONFIG_TEST_H

#include "base/config.h"

enum mode { MODE_NTLM, MODE_BASIC };

struct test_user {
    char *name;
    int64_t logons;
};

struct test_inner {
    int64_t wait_us;
    int64_t tries;
};

struct test_outer {
    struct test_inner inner;
    char *label;
};

struct test_config {
    char *listen;
    char *certificate;
    int64_t port;
    bool tls;
    int mode;
    int64_t timeout_us;
    int64_t offset_us;
    double rate;
    struct cfg_strings labels;
    struct cfg_pairs hosts;
    struct test_outer outer;
    struct cfg_list users;
    const struct cfg_node *then;
};

static const struct cfg_word mode_words[] = {{"ntlm", MODE_NTLM}, {"basic", MODE_BASIC}, {NULL, 0}};

static const struct cfg_field inner_fields[] = {
    CFG_DURATION(struct test_inner, wait_us, "wait", "10s", "how long"),
    CFG_INT(struct test_inner, tries, "tries", "3", 1, 9, "how often"),
    CFG_END,
};

static const struct cfg_field outer_fields[] = {
    CFG_MAP(struct test_outer, inner, "inner", inner_fields, "the inner map"),
    CFG_STRING(struct test_outer, label, "label", "est", "a label"),
    CFG_END,
};

static const struct cfg_field user_fields[] = {
    CFG_STRING_REQUIRED(struct test_user, name, "name", "of the user"),
    CFG_INT(struct test_user, logons, "logons", "5", 0, 100, "before lockout"),
    CFG_END,
};

static const struct cfg_field test_fields[] = {
    CFG_STRING(struct test_config, listen, "listen", "127.0.0.1:0", "address to serve on"),
    CFG_STRING(struct test_config, certificate, "certificate", NULL, "PEM file"),
    CFG_INT(struct test_config, port, "port", "443", 1, 65535, "port of the CA"),
    CFG_BOOL(struct test_config, tls, "tls", "true", "encrypt"),
    CFG_ENUM(struct test_config, mode, "mode", "ntlm", mode_words, "how to log in"),
    CFG_DURATION(struct test_config, timeout_us, "timeout", "10s", "for one request"),
    CFG_DURATION_RANGE(struct test_config, offset_us, "offset", "0s", -3600000000, 3600000000,
                       "of the clock"),
    CFG_REAL(struct test_config, rate, "rate", "1", "of the clock"),
    CFG_STRINGS(struct test_config, labels, "labels", "accepted labels"),
    CFG_PAIRS(struct test_config, hosts, "hosts", "name: address"),
    CFG_MAP(struct test_config, outer, "outer", outer_fields, "the outer map"),
    CFG_LIST(struct test_config, users, "users", struct test_user, user_fields, "who may log in"),
    CFG_NODE(struct test_config, then, "then", "what is expected"),
    CFG_END,
};

#endif
