/* lib/udf: the loop that serves a function: chunks in, as many rows out, whatever a row does to the worker. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "udf/confine.h"
#include "udf/wire.h"
#include "udf/worker.h"

enum { PIPE_BYTES = 256 << 10, BLOCK_BYTES = 64 << 20 };

const struct udf_limits udf_limits_default = {
    .row_bytes = (size_t)256 << 20,
    .answer_bytes = (size_t)512 << 20,
    .small_bytes = (size_t)512 << 20,
    .memory_bytes = (size_t)1 << 30,
    .deadline_ms = 1000,
    .part_rows = 32768,
    .part_bytes = 1024 << 10,
    .overlap = true,
};

struct server {
    const struct udf *udf;
    struct signature sig;
    struct udf_limits limits;
    struct wire wire;
    struct worker worker;
    int in, out;
    uint64_t failed; /* rows of this chunk without an answer */
};

/* A part whose answer hasn't been written whole. */
struct job {
    struct part part;
    int slot;
    const char *answer; /* its last block, once it is done */
    size_t bytes;
};

/* The server's pipes become ours alone: what a library prints goes to stderr, what it reads is empty, and the descriptors
 * that ClickHouse leaves open in its children (a rotated log would keep its disk space) are closed. */
static int take_pipes(struct server *s, int in, int out, struct err *err)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    s->in = fcntl(in, F_DUPFD_CLOEXEC, 3);
    s->out = fcntl(out, F_DUPFD_CLOEXEC, 3);
    if (null < 0 || s->in < 0 || s->out < 0)
        return err_errno(err, ERR_STOP, "taking over the server's pipes");
    DIR *d = opendir("/proc/self/fd");
    if (d != NULL) {
        for (struct dirent *e; (e = readdir(d)) != NULL;) {
            int fd = atoi(e->d_name);
            if (fd > 2 && fd != s->in && fd != s->out && fd != null && fd != dirfd(d))
                close(fd);
        }
        closedir(d);
    }
    fflush(stdout);
    if (fcntl(2, F_GETFD) < 0)
        dup2(null, 2);
    if (dup2(null, 0) < 0 || dup2(2, 1) < 0)
        return err_errno(err, ERR_STOP, "taking over the server's pipes");
    if (null > 2)
        close(null);
    /* Whatever the server blocks or ignores was inherited: to be told to end must end us. */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGCHLD, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    /* Fewer switches than with the default, 64 KiB. No more than this: a user's pipes may hold 64 MiB together
     * (pipe-user-pages-soft), after which each new one holds a page, and a pool has many of us. Refused: it works all the same. */
    fcntl(s->in, F_SETPIPE_SZ, PIPE_BYTES);
    fcntl(s->out, F_SETPIPE_SZ, PIPE_BYTES);
    return 0;
}

static int write_all(struct server *s, const char *p, size_t n, struct err *err)
{
    while (n > 0) {
        ssize_t put = write(s->out, p, n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return err_errno(err, ERR_STOP, "writing the answer to the server");
        p += put;
        n -= (size_t)put;
    }
    return 0;
}

static int flush_job(struct server *s, struct job *job, struct err *err)
{
    const char *answer = job->answer;
    job->answer = NULL;
    return answer != NULL ? write_all(s, answer, job->bytes, err) : 0;
}

/* Says it once per chunk, without a word of the payload. */
static void report(struct server *s, uint64_t row, const char *why, uint64_t rows)
{
    if (s->failed == 0)
        log_warn("%s: row %llu of %llu gets its error value: %s", s->udf->name, (unsigned long long)row + 1,
                 (unsigned long long)s->wire.rows, why);
    s->failed += rows;
}

static struct run run_of(const struct job *job, size_t from, size_t to)
{
    return (struct run){ .part = job->part, .from = from, .to = to, .slot = job->slot };
}

/* The one row for which there is no answer gets its error value. */
static int run_error(struct server *s, const struct job *job, size_t row, const char *why, struct run_result *result,
                     struct err *err)
{
    struct run run = run_of(job, row, row + 1);
    for (run.mode = RUN_ERROR; run.mode <= RUN_DEFAULT; run.mode++) {
        snprintf(run.why, sizeof run.why, "%s", why);
        if (worker_start(&s->worker, &run, false, err) < 0 || worker_wait(&s->worker, result, err) < 0)
            return -1;
        if (result->end == RUN_DONE)
            return 0;
    }
    return err_set(err, ERR_STOP, "%s: not even the default of %s could be written", s->udf->name, s->udf->returns);
}

/* Takes the outcome of the run of a whole part. Where it has failed, its rows are run again in pieces: those before the suspect;
 * the suspect alone, in a worker that has computed nothing else; then more at a time. Only a row that fails alone gets its error
 * value. */
static int settle(struct server *s, struct job *job, struct run_result *result, struct err *err)
{
    size_t rows = job->part.rows, pos = 0, end = rows, step = rows, suspect = SIZE_MAX;
    bool fresh = s->worker.ran_fresh;
    for (;;) {
        if (result->end == RUN_STOPPED)
            return err_set(err, ERR_STOP, "%s: %s", s->udf->name, result->stopped);
        if (result->end == RUN_DONE) {
            if (result->failed > 0)
                report(s, job->part.first + result->first_failed, result->failed_why, result->failed);
            pos = end;
            if (pos == rows) {
                job->answer = result->answer;
                job->bytes = result->bytes;
                return 0;
            }
            if (write_all(s, result->answer, result->bytes, err) < 0)
                return -1;
            step *= 2;
        } else if (end - pos == 1 && (fresh || result->end == RUN_TOO_LARGE)) {
            const char *why = result->end == RUN_DIED ? result->why : "the answer is too large";
            char copy[sizeof result->why];
            snprintf(copy, sizeof copy, "%s", why);
            report(s, job->part.first + pos, copy, 1);
            if (run_error(s, job, pos, copy, result, err) < 0)
                return -1;
            step = 0; /* where every row fails, each is tried alone at once */
            continue;
        } else if (result->end == RUN_DIED && result->row < end) {
            suspect = result->row;
            step = 1;
        } else { /* too much, or it died while it wrote the answer, which no row is to blame for: half of it */
            suspect = SIZE_MAX;
            step = end - pos > 1 ? (end - pos) / 2 : 1;
        }
        if (step == 0)
            step = 1;
        end = suspect == SIZE_MAX || suspect < pos ? (step < rows - pos ? pos + step : rows) : suspect == pos ? pos + 1 : suspect;
        struct run run = run_of(job, pos, end);
        if (worker_start(&s->worker, &run, end - pos == 1 && suspect == pos, err) < 0 || worker_wait(&s->worker, result, err) < 0)
            return -1;
        fresh = s->worker.ran_fresh;
    }
}

static int start_job(struct server *s, struct job *job, struct err *err)
{
    struct run run = run_of(job, 0, job->part.rows);
    if (job->part.too_large) {
        run.mode = RUN_ERROR;
        snprintf(run.why, sizeof run.why, "a value of more than %zu bytes", s->limits.row_bytes);
        report(s, job->part.first, run.why, 1);
    }
    return worker_start(&s->worker, &run, false, err);
}

/* Waits until the part's answer is complete; all but its last block may be written already. */
static int finish_job(struct server *s, struct job *job, struct err *err)
{
    struct run_result result;
    if (worker_wait(&s->worker, &result, err) < 0)
        return -1;
    if (result.end != RUN_DONE && job->part.too_large) {
        if (run_error(s, job, 0, "a value that is too large", &result, err) < 0)
            return -1;
    }
    return settle(s, job, &result, err);
}

/* While one part is computed the next is read and the answer of the one before is written. */
static int serve_chunk(struct server *s, struct err *err)
{
    struct job jobs[PARTS] = { { .slot = 0 }, { .slot = 1 } };
    struct job *running = NULL;
    int turn = 0;
    s->failed = 0;
    while (s->wire.rows_left > 0) {
        struct job *next = &jobs[turn], *done = running;
        if (wire_part(&s->wire, &next->part, err) < 0)
            return -1;
        if (done != NULL && finish_job(s, done, err) < 0)
            return -1;
        if (start_job(s, next, err) < 0 || (done != NULL && flush_job(s, done, err) < 0))
            return -1;
        running = next;
        turn = !turn;
        if (!s->limits.overlap && s->wire.rows_left > 0) {
            if (finish_job(s, running, err) < 0 || flush_job(s, running, err) < 0)
                return -1;
            running = NULL;
        }
    }
    if (running == NULL)
        return 0; /* a chunk without rows is answered by nothing */
    if (finish_job(s, running, err) < 0)
        return -1;
    /* Before the last byte of the answer: what comes after it may be taken for the next query's. */
    if (s->failed > 1)
        log_warn("%s: %llu of %llu rows got their error value", s->udf->name, (unsigned long long)s->failed,
                 (unsigned long long)s->wire.rows);
    return flush_job(s, running, err);
}

void udf_drain(int in)
{
    enum { FIRST_MS = 1000, IDLE_MS = 200, MOST_BYTES = 1 << 30 };
    char bytes[16384];
    struct stat st;
    struct pollfd p = { .fd = in, .events = POLLIN };
    ssize_t n = 1;
    if (in < 0 || fstat(in, &st) < 0 || !S_ISFIFO(st.st_mode))
        return;
    for (size_t sum = 0; n > 0 && sum < MOST_BYTES && poll(&p, 1, sum == 0 ? FIRST_MS : IDLE_MS) > 0; sum += (size_t)n)
        if ((n = read(in, bytes, sizeof bytes)) < 0)
            break;
}

/* All that is needed is open: neither this process nor its workers can do more than compute from here on. */
static void give_up(const struct udf *udf)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 }); /* a core file would hold payloads */
    const char *why = udf->unconfined ? NULL : confine(udf->network ? CONFINE_NETWORK_SERVER : CONFINE_SERVER);
    if (why != NULL)
        log_info("%s: runs without a seccomp filter: %s", udf->name, why);
}

int udf_serve_within(const struct udf *udf, int in, int out, const struct udf_limits *limits, struct err *err)
{
    struct server s = { .udf = udf, .limits = *limits, .in = -1, .out = -1, .worker = { .go = -1, .done = -1, .oom = -1 } };
    void *state = NULL;
    int done = -1;
    if (take_pipes(&s, in, out, err) < 0 || signature_init(&s.sig, udf, err) < 0)
        goto out;
    if (udf->open != NULL && (state = udf->open(udf, err)) == NULL) {
        err_set(err, ERR_STOP, "%s could not be opened", udf->name);
        goto out;
    }
    if (wire_init(&s.wire, s.in, &s.sig, &s.limits, err) < 0 || worker_init(&s.worker, &s.sig, &s.limits, state, err) < 0)
        goto out;
    s.worker.inputs[s.worker.n_inputs++] = (struct region){ s.wire.area[0], s.wire.area_cap };
    s.worker.inputs[s.worker.n_inputs++] = (struct region){ s.wire.area[1], s.wire.area_cap };
    if (s.wire.small != NULL)
        s.worker.inputs[s.worker.n_inputs++] = (struct region){ s.wire.small, s.limits.small_bytes };
    if (udf->block != NULL)
        s.worker.answers = s.out;
    give_up(udf);
    for (;;) {
        done = wire_chunk(&s.wire, err);
        if (done <= 0)
            break;
        worker_signals(udf->block != NULL);
        int served = serve_chunk(&s, err);
        if (served < 0 || worker_ending()) {
            done = served;
            break;
        }
        worker_signals(false);
        wire_shrink(&s.wire);
        worker_shrink(&s.worker);
    }
out:
    if (done < 0)
        udf_drain(s.in);
    worker_fini(&s.worker);
    wire_fini(&s.wire);
    if (state != NULL && udf->close != NULL)
        udf->close(state);
    return done;
}

int udf_serve(const struct udf *udf, int in, int out, struct err *err)
{
    /* A machine that reserves no more than it has may refuse so much at once: then rows may be smaller. */
    struct udf_limits limits = udf_limits_default;
    if (udf->deadline_ms > 0)
        limits.deadline_ms = udf->deadline_ms;
    if (udf->block != NULL) {
        limits.part_rows = udf->block_rows;
        limits.part_bytes = BLOCK_BYTES;
    }
    if (udf->network)
        limits.memory_bytes *= 4; /* of addresses: a thread that resolves a name takes 8 MiB of them, and touches few */
    for (;; limits.row_bytes /= 2, limits.answer_bytes /= 2, limits.small_bytes /= 2) {
        struct err probe = ERR_INIT;
        size_t n = 2 * limits.row_bytes + 2 * limits.answer_bytes + limits.small_bytes;
        void *p = shared_map(n, &probe);
        if (p != NULL) {
            munmap(p, n);
            break;
        }
        if (limits.row_bytes <= (size_t)16 << 20)
            return err_set(err, ERR_STOP, "%s", probe.text);
    }
    return udf_serve_within(udf, in, out, &limits, err);
}
