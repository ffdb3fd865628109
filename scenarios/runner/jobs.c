/* The pool of scenario processes. The parent only waits: for results, for ends, for signals, for
 * deadlines. */
#include "scenarios/runner/jobs.h"

#include "base/clock.h"
#include "base/owned.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RESULT_BYTES_MAX = 32 * 1024 * 1024, TICK_MS = 250, PARALLEL_MAX = 256 };
enum { FLEET_PHONES = 20 };

static void write_all(int fd, const char *text) {
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t n = write(fd, text, left);
        if (n < 0 && errno != EINTR)
            return;
        if (n > 0) {
            text += n;
            left -= (size_t)n;
        }
    }
}

/* The child: leads its group, ends with its parent, and takes signals as any program does. */
static _Noreturn void be_worker(const struct job *job, const struct run_options *options,
                                pid_t parent, int fd) {
    sigset_t none;
    sigemptyset(&none);
    options = job->run != NULL ? job->run : options;
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(EXIT_FAILURE);
    sigprocmask(SIG_SETMASK, &none, NULL);
    json_t *result = run_scenario(job->scenario, options, job->dir);
    char *text = json_dumps(result, JSON_COMPACT | JSON_REAL_PRECISION(6));
    json_decref(result);
    if (text != NULL)
        write_all(fd, text);
    free(text);
    close(fd);
    exit(text == NULL ? EXIT_FAILURE : EXIT_SUCCESS);
}

static int start_job(struct job *job, const struct run_options *options, struct err *e) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_errno(e, "pipe");
    fflush(NULL);
    pid_t parent = getpid();
    job->pid = fork();
    if (job->pid == 0) {
        close(ends[0]);
        be_worker(job, options, parent, ends[1]);
    }
    close(ends[1]);
    if (job->pid < 0) {
        close(ends[0]);
        job->pid = 0;
        return err_errno(e, "fork");
    }
    setpgid(job->pid, job->pid);
    job->result_fd = ends[0];
    job->pidfd = pidfd_open(job->pid, 0);
    job->text = (struct buf)BUF_INIT(RESULT_BYTES_MAX);
    job->deadline = deadline_in(
        (int64_t)((double)(job->scenario->deadline_us + RUN_GRACE_US) * options->patience));
    return job->pidfd < 0 ? err_errno(e, "pidfd_open") : 0;
}

/* A result for a worker that could not give one itself. */
static json_t *own_result(const struct job *job, const char *text) {
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:f, s:[{s:s, s:s}]}", "name", job->name, "title",
                     job->scenario->title, "file", job->scenario->path, "folder", job->dir,
                     "result", "failed", "seconds", 0.0, "failures", "step", "run", "text", text);
}

static void read_result(struct job *job) {
    char chunk[16 * 1024];
    ssize_t n = read(job->result_fd, chunk, sizeof chunk);
    if (n > 0) {
        buf_put(&job->text, chunk, (size_t)n);
    } else if (n == 0 || errno != EINTR) {
        close(job->result_fd);
        job->result_fd = -1;
    }
}

/* Ends whatever is left of the group while the leader's number is still taken, then reaps it. */
static int end_group(struct job *job) {
    int status = 0;
    kill(-job->pid, SIGKILL);
    while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    while (job->result_fd >= 0)
        read_result(job);
    close(job->pidfd);
    job->pid = 0;
    return status;
}

static void take_result(struct job *job, int status) {
    char text[160];
    job->result = json_loads(buf_str(&job->text), 0, NULL);
    bool well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (job->result != NULL && well) {
        json_object_set_new(job->result, "name", json_string(job->name));
        return;
    }
    json_decref(job->result);
    if (WIFSIGNALED(status))
        snprintf(text, sizeof text, "the scenario's process ended by signal %d (%s)",
                 WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        snprintf(text, sizeof text, "the scenario's process ended with exit status %d",
                 WEXITSTATUS(status));
    job->result = own_result(job, text);
    run_write_result(job->dir, job->result);
}

static void finish_job(struct job *job, const struct jobs_options *options) {
    take_result(job, end_group(job));
    buf_free(&job->text);
    options->done(options->user, job);
}

static void stop_late(struct job *job, const struct jobs_options *options) {
    char text[128];
    snprintf(text, sizeof text, "did not end within %.0f s",
             (double)(job->scenario->deadline_us + RUN_GRACE_US) / 1e6 * options->run->patience);
    end_group(job);
    buf_free(&job->text);
    job->result = own_result(job, text);
    run_write_result(job->dir, job->result);
    options->done(options->user, job);
}

struct pool {
    struct job *jobs;
    size_t count;
    const struct jobs_options *options;
    size_t started;
    size_t running;
    int signals;
};

/* The first that waits; those with many phones before all others, since they take longest and
 * would keep everybody waiting at the end. NULL: all were started. */
static struct job *next_job(const struct pool *p) {
    struct job *next = NULL;
    for (size_t i = 0; i < p->count; i++) {
        struct job *job = &p->jobs[i];
        if (job->started)
            continue;
        if (job->scenario->phone_count >= FLEET_PHONES)
            return job;
        next = next == NULL ? job : next;
    }
    return next;
}

static int start_more(struct pool *p, struct err *e) {
    size_t parallel = p->options->parallel < PARALLEL_MAX ? p->options->parallel : PARALLEL_MAX;
    if (p->options->start_until != 0 && deadline_in(0) >= p->options->start_until)
        p->started = p->count;
    while (p->running < parallel && p->started < p->count) {
        struct job *job = next_job(p);
        job->started = true;
        p->started++;
        if (start_job(job, p->options->run, e) != 0)
            return -1;
        p->running++;
    }
    return 0;
}

/* One wait. 0, or -1 when a signal came. */
static int wait_some(struct pool *p) {
    struct pollfd waits[2 * PARALLEL_MAX + 1];
    struct job *whose[2 * PARALLEL_MAX + 1];
    nfds_t n = 0;
    waits[n++] = (struct pollfd){.fd = p->signals, .events = POLLIN};
    for (size_t i = 0; i < p->count; i++) {
        if (p->jobs[i].pid == 0)
            continue;
        whose[n] = whose[n + 1] = &p->jobs[i];
        waits[n++] = (struct pollfd){.fd = p->jobs[i].result_fd, .events = POLLIN};
        waits[n++] = (struct pollfd){.fd = p->jobs[i].pidfd, .events = POLLIN};
    }
    if (poll(waits, n, TICK_MS) < 0)
        return errno == EINTR ? 0 : -1;
    if (waits[0].revents != 0)
        return -1;
    for (nfds_t i = 1; i < n; i += 2) {
        struct job *job = whose[i];
        if (waits[i].revents != 0)
            read_result(job);
        if (waits[i + 1].revents != 0)
            finish_job(job, p->options);
        else if (clock_real_mono_us() > job->deadline)
            stop_late(job, p->options);
        p->running -= job->pid == 0;
    }
    return 0;
}

static void end_all(struct pool *p) {
    for (size_t i = 0; i < p->count; i++) {
        if (p->jobs[i].pid == 0)
            continue;
        end_group(&p->jobs[i]);
        buf_free(&p->jobs[i].text);
    }
}

static int run_pool(struct pool *p, struct err *e) {
    int result = 0;
    while (result == 0 && (p->running > 0 || p->started < p->count)) {
        result = start_more(p, e);
        if (result == 0 && wait_some(p) != 0)
            result = err_set(e, ERR_SYS_CANCELLED, "interrupted");
        p->options->tick(p->options->user, p->jobs, p->count);
    }
    if (result != 0)
        end_all(p);
    return result;
}

int jobs_run(struct job *jobs, size_t count, const struct jobs_options *options, struct err *e) {
    sigset_t handled;
    sigset_t before;
    sigemptyset(&handled);
    sigaddset(&handled, SIGINT);
    sigaddset(&handled, SIGTERM);
    sigprocmask(SIG_BLOCK, &handled, &before);
    AUTO_FD signals = signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
    struct pool p = {.jobs = jobs, .count = count, .options = options, .signals = signals};
    int result = signals < 0 ? err_errno(e, "signalfd") : run_pool(&p, e);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return result;
}

void job_release(struct job *job) {
    json_decref(job->result);
    free(job->name);
    free(job->dir);
}
