/* lib/udf: forks the process that computes rows, and watches it. */
#include "udf/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "udf/confine.h"
#include "udf/row.h"

enum {
    TICK_MS = 25,
    KEEP_BYTES = 8 << 20,
    /* A row that waits without computing (a lock, a read) gets this many deadlines: without CPU time it can't be told from a
     * process that a busy machine didn't schedule. */
    PATIENCE = 10,
    BYTES_PER_DEADLINE = 16 << 20, /* a larger row has more time */
    IDLE_DEATHS = 3,
    FILES = 64, /* open at a time */
};

static const uint64_t IDLE = UINT64_MAX;

static volatile sig_atomic_t ending;

static void on_term(int signal_number)
{
    (void)signal_number;
    ending = 1;
}

void worker_signals(bool softly)
{
    struct sigaction act = { .sa_handler = softly ? on_term : SIG_DFL };
    sigemptyset(&act.sa_mask);
    sigaction(SIGTERM, &act, NULL);
}

bool worker_ending(void)
{
    return ending != 0;
}

bool udf_ending(void)
{
    return ending != 0;
}

/* Written by the parent before a run, by the worker during it. */
struct shared {
    struct run run;
    _Atomic uint64_t current; /* the row that is worked on; IDLE: none */
    enum run_end end;
    size_t bytes;
    size_t failed, first_failed;
    char failed_why[160];
    struct err stopped;
};

void *shared_map(size_t n, struct err *err)
{
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p != MAP_FAILED)
        return p;
    err_errno(err, ERR_STOP, "reserving %zu bytes of memory", n);
    return NULL;
}

void shared_shrink(char *p, size_t used, size_t keep)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t end = (used + page - 1) / page * page;
    if (end > keep) /* shared pages only go when they are removed */
        madvise(p + keep, end - keep, MADV_REMOVE);
}

int worker_init(struct worker *w, const struct signature *sig, const struct udf_limits *limits, void *state, struct err *err)
{
    *w = (struct worker){ .sig = sig, .limits = limits, .state = state, .go = -1, .done = -1, .oom = -1, .answers = -1 };
    if ((w->oom = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC)) >= 0) {
        ssize_t got = pread(w->oom, w->oom_was, sizeof w->oom_was - 1, 0);
        w->oom_was[got > 0 ? got : 0] = '\0';
    }
    if ((w->shared = shared_map(sizeof *w->shared, err)) == NULL)
        return -1;
    for (int i = 0; i < PARTS; i++)
        if ((w->out[i] = shared_map(limits->answer_bytes, err)) == NULL) {
            worker_fini(w);
            return -1;
        }
    return 0;
}

void worker_fini(struct worker *w)
{
    worker_end(w);
    for (int i = 0; i < PARTS; i++)
        if (w->out[i] != NULL)
            munmap(w->out[i], w->limits->answer_bytes);
    if (w->shared != NULL)
        munmap(w->shared, sizeof *w->shared);
    if (w->oom >= 0)
        close(w->oom);
    *w = (struct worker){ .go = -1, .done = -1, .oom = -1 };
}

void worker_shrink(struct worker *w)
{
    for (int i = 0; i < PARTS; i++)
        if (w->out_touched[i] > KEEP_BYTES) {
            shared_shrink(w->out[i], w->out_touched[i], KEEP_BYTES);
            w->out_touched[i] = 0;
        }
}

static void close_pipes(struct worker *w)
{
    if (w->go >= 0)
        close(w->go);
    if (w->done >= 0)
        close(w->done);
    w->go = w->done = -1;
}

/* Its exit status. */
static int reap(struct worker *w)
{
    int status = 0;
    while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
        ;
    w->pid = 0;
    close_pipes(w);
    return status;
}

void worker_end(struct worker *w)
{
    if (w->pid > 0) {
        kill(w->pid, SIGKILL);
        reap(w);
    }
    close_pipes(w);
}

/* A row that allocates without end must cost that row, not the machine. */
static void limit_memory(size_t more)
{
#ifndef UDF_ASAN
    size_t pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f != NULL) {
        if (fscanf(f, "%zu", &pages) != 1)
            pages = 0;
        fclose(f);
    }
    size_t now = pages * (size_t)sysconf(_SC_PAGESIZE);
    if (now > 0)
        setrlimit(RLIMIT_AS, &(struct rlimit){ now + more, now + more });
#else
    (void)more;
#endif
}

/* How gladly the system ends this process where memory has run out, and those that it starts from now on. */
static void set_oom_score(const struct worker *w, const char *score)
{
    ssize_t put = w->oom >= 0 && *score != '\0' ? pwrite(w->oom, score, strlen(score), 0) : 0;
    (void)put;
}

/* What computing doesn't need, a process that computes can't do, whatever is wrong with it. */
static void give_up(const struct worker *w)
{
    limit_memory(w->limits->memory_bytes);
    if (w->sig->udf->unconfined)
        return;
    bool network = w->sig->udf->network;
    if (!network) { /* names are resolved by threads, and each connection is a file */
        setrlimit(RLIMIT_NPROC, &(struct rlimit){ 0, 0 });
        setrlimit(RLIMIT_NOFILE, &(struct rlimit){ FILES, FILES });
    }
    confine(network ? CONFINE_NETWORK : CONFINE_WORKER); /* where it can't be had, the parent has said so */
}

/* The worker's whole life; never returns. */
static void work(struct worker *w, int go, int done, pid_t parent)
{
    struct rows rows;
    struct shared *s = w->shared;
    struct err err = ERR_INIT;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0);
    prctl(PR_SET_NAME, "odw-udf-worker");
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 }); /* a core file would hold payloads */
    if (rows_init(&rows, w->sig, w->limits, w->state, &err) < 0)
        _exit(1);
    for (int i = 0; i < w->n_inputs; i++)
        mprotect(w->inputs[i].p, w->inputs[i].n, PROT_READ);
    give_up(w);
    for (;;) {
        char byte;
        ssize_t got = read(go, &byte, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got != 1)
            _exit(0);
        struct run run = s->run;
        /* A buffer that never grows: its memory is the shared region. */
        struct buf out = { .p = w->out[run.slot], .cap = w->limits->answer_bytes, .max = w->limits->answer_bytes };
        int ran = rows_run(&rows, &run, &s->current);
        if (ran == UDF_STOP)
            s->end = RUN_STOPPED;
        else
            s->end = ran < 0 || col_write_block(&rows.out, &out) < 0 ? RUN_TOO_LARGE : RUN_DONE;
        s->stopped = rows.stopped;
        s->bytes = out.n;
        s->failed = rows.failed;
        s->first_failed = rows.first_failed;
        snprintf(s->failed_why, sizeof s->failed_why, "%s", rows.failed > 0 ? rows.failed_why : "");
        atomic_store(&s->current, IDLE);
        while (write(done, &byte, 1) < 0)
            if (errno != EINTR)
                _exit(0);
    }
}

static int start_process(struct worker *w, struct err *err)
{
    int go[2] = { -1, -1 }, done[2] = { -1, -1 };
    if (pipe2(go, O_CLOEXEC) < 0 || pipe2(done, O_CLOEXEC) < 0) {
        err_errno(err, ERR_RETRY, "starting a worker: pipe");
        goto fail;
    }
    fflush(NULL); /* what is buffered must not be written twice */
    /* Where the whole machine has no memory left, the worker is the one to end: its row is then the one that pays. It can't say so
     * itself: it may not write files. */
    set_oom_score(w, "900");
    pid_t parent = getpid(), pid = fork();
    if (pid != 0)
        set_oom_score(w, w->oom_was);
    if (pid < 0) {
        err_errno(err, ERR_RETRY, "starting a worker: fork");
        goto fail;
    }
    if (pid == 0) {
        /* Nothing but its own ends of the pipes and stderr: it can't reach the server's. */
        for (int fd = 3; fd < 64; fd++)
            if (fd != go[0] && fd != done[1])
                close(fd);
        work(w, go[0], done[1], parent);
    }
    close(go[0]);
    close(done[1]);
    w->go = go[1];
    w->done = done[0];
    w->pid = pid;
    w->fresh = true;
    w->told = false;
    return 0;
fail:
    for (int i = 0; i < 2; i++) {
        if (go[i] >= 0)
            close(go[i]);
        if (done[i] >= 0)
            close(done[i]);
    }
    return -1;
}

int worker_start(struct worker *w, const struct run *run, bool fresh, struct err *err)
{
    if (fresh && !w->fresh)
        worker_end(w);
    if (w->pid == 0 && start_process(w, err) < 0)
        return -1;
    if (run != &w->run)
        w->run = *run;
    w->shared->run = *run;
    atomic_store(&w->shared->current, IDLE);
    w->ran_fresh = w->fresh;
    if (run->mode == RUN_ROWS)
        w->fresh = false;
    /* Where it died meanwhile, worker_wait sees it. */
    while (write(w->go, "", 1) < 0 && errno == EINTR)
        ;
    return 0;
}

static int64_t clock_ms(clockid_t clock)
{
    struct timespec t;
    return clock_gettime(clock, &t) == 0 ? (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 : 0;
}

/* How long the worker has been at one row. */
struct watch {
    uint64_t row;
    int64_t wall, cpu; /* when this row was first seen */
    clockid_t clock;
};

/* A row is over its deadline when so much time has gone by and the worker was computing for at least half of it: on a busy
 * machine the other half is what other processes took. */
static bool expired(struct watch *at, const struct worker *w)
{
    uint64_t row = atomic_load(&w->shared->current);
    int64_t wall = clock_ms(CLOCK_MONOTONIC), cpu = clock_ms(at->clock);
    if (row != at->row) {
        *at = (struct watch){ row, wall, cpu, at->clock };
        return false;
    }
    if (row == ROW_WAITS)
        return wall - at->wall >= (int64_t)w->sig->udf->block_ms + BLOCK_SLACK_MS;
    int64_t deadline = w->limits->deadline_ms;
    deadline += deadline * (int64_t)(w->run.part.bytes / BYTES_PER_DEADLINE);
    if (w->run.to - w->run.from > 1) /* only suspected: it will be tried alone, with all its time */
        deadline /= 2;
    return (wall - at->wall >= deadline && cpu - at->cpu >= deadline / 2) || wall - at->wall >= deadline * PATIENCE;
}

static void died(struct worker *w, struct run_result *result, bool late)
{
    uint64_t row = atomic_load(&w->shared->current);
    kill(w->pid, SIGKILL); /* where it is exiting already, its status stays what it was */
    int status = reap(w);
    result->end = RUN_DIED;
    result->row = row;
    if (late)
        snprintf(result->why, sizeof result->why, "over its deadline of %u ms", w->limits->deadline_ms);
    else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        snprintf(result->why, sizeof result->why,
                 "killed by signal %d: it asked for the network, another program or a file to write", WTERMSIG(status));
    else if (WIFSIGNALED(status))
        snprintf(result->why, sizeof result->why, "killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        snprintf(result->why, sizeof result->why, "exited with %d", WEXITSTATUS(status));
}

/* The server has told us to end, or is gone: a block that waits for others is to take in what is under way. */
static void pass_on(struct worker *w)
{
    struct pollfd p = { .fd = w->answers, .events = 0 };
    if (w->answers < 0 || w->told)
        return;
    if (ending || (poll(&p, 1, 0) == 1 && (p.revents & (POLLERR | POLLHUP)) != 0)) {
        kill(w->pid, SIGTERM);
        w->told = true;
    }
}

int worker_wait(struct worker *w, struct run_result *result, struct err *err)
{
    struct watch at = { .row = IDLE };
    *result = (struct run_result){ .end = RUN_DONE };
    if (clock_getcpuclockid(w->pid, &at.clock) != 0)
        at.clock = CLOCK_MONOTONIC;
    at.wall = clock_ms(CLOCK_MONOTONIC);
    at.cpu = clock_ms(at.clock);
    for (;;) {
        struct pollfd p = { .fd = w->done, .events = POLLIN };
        int ready = poll(&p, 1, TICK_MS);
        char byte;
        if (ready > 0 && read(w->done, &byte, 1) == 1)
            break;
        if (ready <= 0)
            pass_on(w);
        bool late = ready == 0 && expired(&at, w);
        if (late || ready > 0) { /* ready: its end of the pipe is closed */
            died(w, result, late);
            break;
        }
    }
    if (result->end == RUN_DIED) {
        if (result->row >= w->run.from && result->row <= w->run.to) {
            w->idle_deaths = 0;
            return 0;
        }
        /* Not at any row: killed from outside, or it could not even begin. Again, but not for ever. */
        if (++w->idle_deaths > IDLE_DEATHS)
            return err_set(err, ERR_STOP, "the worker ended %d times before its first row: %s", w->idle_deaths, result->why);
        return worker_start(w, &w->run, true, err) < 0 ? -1 : worker_wait(w, result, err);
    }
    const struct shared *s = w->shared;
    w->idle_deaths = 0;
    if (s->bytes > w->limits->answer_bytes)
        return err_set(err, ERR_STOP, "the worker's answer: expected at most %zu bytes, got %zu", w->limits->answer_bytes,
                       s->bytes);
    result->end = s->end;
    result->stopped = s->stopped.text;
    result->answer = w->out[w->run.slot];
    result->bytes = s->bytes;
    result->failed = s->failed;
    result->first_failed = s->first_failed;
    memcpy(result->failed_why, s->failed_why, sizeof result->failed_why);
    result->failed_why[sizeof result->failed_why - 1] = '\0';
    if (s->bytes > w->out_touched[w->run.slot])
        w->out_touched[w->run.slot] = s->bytes;
    return 0;
}
