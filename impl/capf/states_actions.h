/* The functions of the state table, by the file that holds them. Each is a state_fn. */
#ifndef CAPF_STATES_ACTIONS_H
#define CAPF_STATES_ACTIONS_H

#include "capf/states.h"

/* states_auth.c: who is it, and what is wanted of it */
state_fn act_send_auth_req;
state_fn act_take_auth_res;
/* What act_take_auth_res ends with, once another worker has given the device up. */
enum capf_event act_begin_operation(struct session *s);

/* states_install.c: key, request, certificate */
state_fn act_send_key_gen_req;
state_fn act_take_key;
state_fn act_key_gen_timeout;
state_fn act_ask_signature;
state_fn act_take_signature;
state_fn act_no_signature;
state_fn act_signature_aborted;
state_fn act_signature_phone_gone;
state_fn act_issue_locally;
state_fn act_start_online;
state_fn act_start_offline;
state_fn act_take_ca_reply;
state_fn act_send_store_cert_req;
state_fn act_take_store_res;

/* states_other.c: delete, troubleshoot, endings, and what any state answers */
state_fn act_send_delete_req;
state_fn act_take_delete_res;
state_fn act_send_fetch_req;
state_fn act_take_fetch_res;
state_fn act_finish;
state_fn act_refuse;
state_fn act_still_working;
state_fn act_answer_status;
state_fn act_answer_abort;
state_fn act_bad_message;
state_fn act_unexpected;
state_fn act_phone_silent;
state_fn act_phone_gone;
state_fn act_ca_reply_late;
state_fn act_nothing;
state_fn act_impossible;

#endif
