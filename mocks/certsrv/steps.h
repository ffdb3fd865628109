/* A request's steps from arrival to answer. Between two of them stands a point, where a fault may
 * delay the next step or take its place. */
#ifndef MOCKS_CERTSRV_STEPS_H
#define MOCKS_CERTSRV_STEPS_H

#include "mocks/certsrv/exchange.h"
#include "mocks/certsrv/points.h"
#include "mocks/certsrv/server.h"

/* The server as its files see it. */
struct certsrv_server {
    struct certsrv_setup setup;
    struct event_base *loop;
    struct http_server *http;
    struct iis_log *log;
    struct auth_policy auth;
    char *netbios_computer; /* LAB-DC */
    char *address_ip;
    unsigned port;
    char *cookie_name;
};

/* ---- steps.c ---- */

/* The first step of a complete request. The exchange is answered, held or hung up exactly once, now
 * or later. */
void step_first(struct certsrv_server *s, struct exchange *x);

/* 401 with what the logon said, and what is offered. */
void step_refuse(struct certsrv_server *s, struct exchange *x);

/* ---- faults.c ---- */

/* Counts a visit of the point, then goes on with next, unless a fault takes its place. */
void step_pass(struct certsrv_server *s, struct exchange *x, enum certsrv_point point,
               exchange_step_fn *next);

#endif
