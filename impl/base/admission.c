/* One node for each address that has a connection, in a tree of the C library. */
#include "base/admission.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

struct node {
    struct admission_peer peer;
    size_t open;
};

struct admission {
    size_t max, per_address_max, open;
    void *tree; /* of struct node */
};

static int compare(const void *a, const void *b) {
    const struct node *left = a;
    const struct node *right = b;
    return memcmp(&left->peer, &right->peer, sizeof left->peer);
}

struct admission_peer admission_peer_of(const struct sockaddr *address) {
    enum { MAPPED_MARK = 10, MAPPED_V4 = 12 };
    struct admission_peer peer = {0};
    if (address->sa_family == AF_INET6) {
        peer.ip = ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    } else if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
        memset(peer.ip.s6_addr + MAPPED_MARK, 0xff, MAPPED_V4 - MAPPED_MARK);
        memcpy(peer.ip.s6_addr + MAPPED_V4, &v4->sin_addr, sizeof v4->sin_addr);
    }
    return peer;
}

struct admission *admission_new(size_t max, size_t per_address_max) {
    struct admission *a = calloc(1, sizeof *a);
    if (a != NULL)
        *a = (struct admission){.max = max, .per_address_max = per_address_max};
    return a;
}

void admission_free(struct admission *a) {
    if (a == NULL)
        return;
    tdestroy(a->tree, free);
    free(a);
}

static struct node *find(const struct admission *a, const struct admission_peer *peer) {
    const struct node key = {.peer = *peer};
    void *found = tfind(&key, &a->tree, compare);
    return found == NULL ? NULL : *(struct node **)found;
}

int admission_check(const struct admission *a, const struct admission_peer *peer, struct err *e) {
    if (a->max > 0 && a->open >= a->max)
        return err_set(e, ERR_SYS_LIMIT, "%zu connections are open, as many as may be", a->open);
    if (a->per_address_max == 0)
        return 0;
    const struct node *node = find(a, peer);
    if (node == NULL || node->open < a->per_address_max)
        return 0;
    return err_set(e, ERR_SYS_LIMIT,
                   "%zu connections are open from this address, as many as may be", node->open);
}

int admission_enter(struct admission *a, const struct admission_peer *peer, struct err *e) {
    struct node *node = find(a, peer);
    if (node == NULL) {
        node = calloc(1, sizeof *node);
        if (node == NULL)
            return err_set(e, ERR_SYS_NOMEM, NULL);
        node->peer = *peer;
        if (tsearch(node, &a->tree, compare) == NULL) {
            free(node);
            return err_set(e, ERR_SYS_NOMEM, NULL);
        }
    }
    node->open++;
    a->open++;
    return 0;
}

void admission_leave(struct admission *a, const struct admission_peer *peer) {
    struct node *node = find(a, peer);
    if (node == NULL)
        return;
    a->open--;
    if (--node->open > 0)
        return;
    tdelete(node, &a->tree, compare);
    free(node);
}

size_t admission_open(const struct admission *a) {
    return a->open;
}
