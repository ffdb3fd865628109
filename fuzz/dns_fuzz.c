/* Reaches dns_query_read, zone_answer, dns_answer_write, dns_garbage_write and responder_answer.
 * Input: one octet that chooses transport (bit 0) and fault (the rest), then a DNS message. Floor:
 * 200000/s. */
#include "base/owned.h"
#include "fuzz/fuzz.h"
#include "mocks/dns/responder.h"
#include <string.h>

enum { HEADER = 12, ACTIONS = 9 };

static struct responder responder;

static void add_address(struct dns_record *r, const char *text) {
    static char *items[8];
    static size_t used;
    r->a = (struct cfg_strings){&items[used], 1};
    items[used++] = (char *)(uintptr_t)text;
}

static void set_up(void) {
    static struct dns_record records[3];
    static struct dns_config config = {.records = {records, 3}, .ttl_us = 60000000};
    struct err e = {0};
    records[0].name = (char *)(uintptr_t) "lab-dc.michamen.com";
    records[1].name = (char *)(uintptr_t) "ra";
    records[2].name = (char *)(uintptr_t) "alias";
    records[2].cname = (char *)(uintptr_t) "ra";
    add_address(&records[0], "127.0.0.1");
    add_address(&records[1], "127.0.0.2");
    responder.zone = zone_new(&config, &e);
    if (responder.zone == NULL)
        fprintf(stderr, "%s\n", e.text);
    FUZZ_CHECK(responder.zone != NULL);
}

/* An answer belongs to its query, fits, and gets no answer itself from another such server. */
static void check_answer(struct bytes query, const struct buf *answer, size_t limit) {
    struct dns_query again;
    struct err e = {0};
    FUZZ_CHECK(answer->len >= HEADER && answer->len <= limit);
    FUZZ_CHECK(memcmp(answer->data, query.data, 2) == 0);
    FUZZ_CHECK((answer->data[2] & 0x80) != 0);
    FUZZ_CHECK(dns_query_read(buf_view(answer), &again, &e) == -1);
}

static bool answer_with(unsigned action, struct bytes query, enum dns_transport transport,
                        struct buf *out) {
    static char address[] = "192.0.2.7";
    static char none[] = "";
    struct fault fault = {.tables = &dns_faults,
                          .action = action,
                          .nth = 1,
                          .times = 1,
                          .value = 1000,
                          .text = action == DNS_DO_ADDRESS ? address : none};
    struct fault_set set = {&fault, 1};
    int64_t delay_us = 0;
    responder.faults = action < ACTIONS ? &set : NULL;
    return responder_answer(&responder, query, transport, "peer", out, &delay_us);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_BUF answer = BUF_INIT(DNS_MESSAGE_MAX);
    if (size == 0 || size > DNS_MESSAGE_MAX)
        return 0;
    if (responder.zone == NULL)
        set_up();
    struct bytes query = bytes_of(data + 1, size - 1);
    enum dns_transport transport = (data[0] & 1) == 0 ? DNS_UDP : DNS_TCP;
    if (answer_with(data[0] >> 1, query, transport, &answer))
        check_answer(query, &answer, transport == DNS_UDP ? DNS_EDNS_MAX : DNS_MESSAGE_MAX);
    return 0;
}
