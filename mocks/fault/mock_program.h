/* The main function of a mock that is a daemon: options, configuration, faults, process, readiness,
 * and the exit code. What is left to the mock is to start its server, to say where it is, and to
 * take it down.
 *
 *     static struct ntp_config config;
 *     static const struct mock_program mock = {
 *         .program = {.name = "capflab-ntp", ..., .config = ntp_fields},
 *         .faults = &ntp_faults, .config = &config, .process = &config.process,
 *         .listen = &config.listen, .fault_rows = &config.faults,
 *         .start = start, .facts = facts, .stop = stop};
 *     int main(int argc, char **argv) {
 *         return mock_program_main(&mock, argc, argv);
 *     }
 */
#ifndef MOCKS_FAULT_MOCK_PROGRAM_H
#define MOCKS_FAULT_MOCK_PROGRAM_H

#include "base/process.h"
#include "mocks/fault/fault.h"

enum { MOCK_OPTIONS_MAX = 16 };

struct mock_program {
    struct program program; /* its member more is not used: it becomes the faults */
    const struct fault_tables *faults;
    const struct opt *options; /* besides those of all daemons; ended by OPT_END; NULL: none */
    /* The struct that program.config describes, zeroed, and what it has of every mock. */
    void *config;
    const struct process_config *process;
    char **listen; /* --listen goes here */
    const struct cfg_list *fault_rows;
    /* Configuration and options have been read; whatever they need besides the tables is checked
     * here. The server is owned by the caller until stop. NULL with e set. */
    void *(*start)(struct process *process, struct fault_set *faults, struct err *e);
    json_t *(*facts)(const void *server); /* for process_ready; listen: the address */
    void (*stop)(void *server);
};

/* Runs until a signal. EXIT_DONE; EXIT_USAGE for ARG_USAGE, CONFIG_BAD_VALUE and CONFIG_MISSING,
 * EXIT_FAILED for other errors, told on standard error. */
int mock_program_main(const struct mock_program *mock, int argc, char **argv);

#endif
