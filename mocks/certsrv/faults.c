/* What faults do at a point: delay what comes next, take its place, or spoil the answer that it
 * will give. They never touch another connection than the request's own. */
#include "mocks/certsrv/steps.h"

/* 401 in the words of the place: a failed logon, or a page that is not for this user. */
static void answer_401(struct certsrv_server *s, struct exchange *x, unsigned kind) {
    bool at_type3 = x->fault->point == AT_TYPE3;
    bool at_basic = x->fault->point == AT_BASIC;
    auth_result_free(&x->auth);
    x->auth.offer_all = true;
    x->auth.substatus = at_type3 || at_basic ? 1 : (kind & KIND_LOGGED_ON) != 0 ? 3 : 2;
    x->auth.win32 = at_type3   ? IIS_SEC_E_LOGON_DENIED
                    : at_basic ? IIS_LOGON_FAILURE
                               : IIS_ACCESS_DENIED;
    step_refuse(s, x);
}

static void forget_logon(struct exchange *x) {
    struct auth_connection *connection = http_request_connection(x->http);
    if (connection != NULL)
        *connection = (struct auth_connection){0};
}

static void answer_status(struct certsrv_server *s, struct exchange *x, unsigned kind) {
    switch (x->fault->value) {
    case 401:
        if (x->fault->point == AT_TYPE3)
            forget_logon(x);
        answer_401(s, x, kind);
        break;
    case 403:
        exchange_reply_status(x, 403, 7, IIS_ACCESS_DENIED);
        break;
    case 404:
        exchange_reply_status(x, 404, 0, IIS_NOT_FOUND);
        break;
    case 503:
        exchange_reply_unavailable(x);
        break;
    default:
        x->query_suffix = (kind & KIND_CA) != 0 ? "|-|ASP_0115|Unexpected_error" : NULL;
        exchange_reply_status(x, 500, 0, 0);
        break;
    }
}

static void drop_logon(struct certsrv_server *s, struct exchange *x) {
    forget_logon(x);
    auth_result_free(&x->auth);
    x->auth.offer_all = true;
    x->auth.substatus = 2;
    x->auth.win32 = IIS_ACCESS_DENIED;
    step_refuse(s, x);
}

/* Whether the fault answered in place of the next step. */
static bool take_place(struct certsrv_server *s, struct exchange *x) {
    unsigned kind = x->fault->tables->points[x->fault->point].kind;
    switch ((enum certsrv_action)x->fault->action) {
    case DO_SILENCE:
        http_hold(x->http);
        return true;
    case DO_CLOSE:
        http_hang_up(x->http);
        return true;
    case DO_STATUS:
        answer_status(s, x, kind);
        return true;
    case DO_DROP_AUTH:
        drop_logon(s, x);
        return true;
    default:
        return false;
    }
}

static void spoil(struct damage *damage, const struct fault *fault) {
    switch ((enum certsrv_action)fault->action) {
    case DO_CLOSE_AFTER_CHALLENGE:
    case DO_CLOSE_EACH_REPLY:
        damage->close = true;
        break;
    case DO_TRUNCATE:
        damage->truncated = true;
        damage->kept = (size_t)fault->value;
        break;
    case DO_RPC_UNAVAILABLE:
        damage->rpc_unavailable = true;
        break;
    case DO_HTML:
        damage->html = true;
        break;
    case DO_OTHER_KEY:
        damage->other_key = true;
        break;
    default:
        break;
    }
}

static void go_on(struct exchange *x) {
    if (x->fault != NULL && take_place(x->server, x))
        return;
    if (x->fault != NULL)
        spoil(&x->damage, x->fault);
    x->next(x->server, x);
}

/* The client may have given up in the meantime; the page does its work all the same. */
static void on_delayed(void *user) {
    struct exchange *x = user;
    timer_free(x->timer);
    x->timer = NULL;
    x->client_gone = x->client_gone || http_request_peer_closed(x->http);
    go_on(x);
}

static int64_t delay_of(const struct fault_visit *visit) {
    int64_t sum = 0;
    for (size_t i = 0; i < visit->beside_count; i++)
        if (__builtin_add_overflow(sum, visit->beside[i]->value, &sum))
            return INT64_MAX;
    return sum;
}

void step_pass(struct certsrv_server *s, struct exchange *x, enum certsrv_point point,
               exchange_step_fn *next) {
    struct fault_visit visit = fault_visit(s->setup.faults, point, NULL);
    int64_t delay = delay_of(&visit);
    x->fault = visit.fault;
    x->next = next;
    if (delay > 0)
        x->timer = timer_new(s->loop, on_delayed, x);
    if (delay > 0 && x->timer != NULL)
        timer_start(x->timer, delay);
    else
        go_on(x);
}
