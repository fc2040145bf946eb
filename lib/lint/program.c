/* lib/lint: a process behind three pipes, fed by a thread, read with a deadline. */
#include "lint/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

enum { WORDS_BYTES = 64 << 10, READ_BYTES = 64 << 10, SLOW_BYTES = 3000, SLOW_US = 200, KEEP_BYTES = 1 << 20 };

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

int program_start(struct program *p, int (*child)(void *), void *arg, struct err *err)
{
    int in[2] = { -1, -1 }, out[2] = { -1, -1 }, said[2] = { -1, -1 };
    *p = (struct program){ .to = -1, .from = -1, .said = -1 };
    buf_init(&p->sent, (size_t)4 << 30);
    buf_init(&p->got, (size_t)4 << 30);
    buf_init(&p->words, WORDS_BYTES);
    if (buf_reserve(&p->got, 1) < 0 || buf_reserve(&p->words, 1) < 0)
        return err_set(err, ERR_STOP, "no memory");
    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(said, O_CLOEXEC) < 0) {
        err_errno(err, ERR_STOP, "making pipes");
        goto refused;
    }
    fflush(NULL);
    if ((p->pid = fork()) < 0) {
        err_errno(err, ERR_STOP, "starting a process");
        p->pid = 0;
        goto refused;
    }
    if (p->pid == 0) {
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        unsetenv("PYTHONUNBUFFERED"); /* a server's environment has none, and output that isn't flushed would go unseen */
        dup2(in[0], 0);
        dup2(out[1], 1);
        dup2(said[1], 2);
        for (int i = 0; i < 2; i++) {
            close_one(&in[i]);
            close_one(&out[i]);
            close_one(&said[i]);
        }
        _exit(child(arg));
    }
    setpgid(p->pid, p->pid);
    close(in[0]);
    close(out[1]);
    close(said[1]);
    p->to = in[1];
    p->from = out[0];
    p->said = said[0];
    fcntl(p->said, F_SETFL, O_NONBLOCK);
    return 0;
refused:
    for (int i = 0; i < 2; i++) {
        close_one(&in[i]);
        close_one(&out[i]);
        close_one(&said[i]);
    }
    return -1;
}

static void *write_sent(void *arg)
{
    struct program *p = arg;
    unsigned seed = 7;
    size_t at = 0;
    sigset_t pipe_broken;
    sigemptyset(&pipe_broken);
    sigaddset(&pipe_broken, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_broken, NULL);
    while (at < p->sent.n) {
        size_t n = p->sent.n - at;
        if (p->cut == CUT_BYTES)
            n = 1;
        else if (p->cut == CUT_RANDOM && n > 1)
            n = at + 8 < p->sent.n && rand_r(&seed) % 2 ? 1 + (size_t)rand_r(&seed) % 7
                                                        : 1 + (size_t)rand_r(&seed) % (n < 70000 ? n : 70000);
        ssize_t put = write(p->to, p->sent.p + at, n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            break;
        at += (size_t)put;
    }
    p->written = at;
    if (p->close_after)
        close_one(&p->to);
    return NULL;
}

int program_send(struct program *p, struct err *err)
{
    if (pthread_create(&p->writer, NULL, write_sent, p) != 0)
        return err_set(err, ERR_STOP, "no thread can be started");
    p->writing = true;
    return 0;
}

void program_sent(struct program *p)
{
    if (p->writing)
        pthread_join(p->writer, NULL);
    p->writing = false;
    buf_clear(&p->sent);
}

/* What it says on stderr must be read, or it would wait. */
static void listen_to(struct program *p)
{
    char bytes[4096];
    ssize_t n;
    while (p->said >= 0 && (n = read(p->said, bytes, sizeof bytes)) != 0) {
        if (n < 0)
            return;
        size_t room = WORDS_BYTES - p->words.n;
        buf_put(&p->words, bytes, (size_t)n < room ? (size_t)n : room);
    }
    close_one(&p->said);
}

/* Waits for the output's next bytes, until `until` (0: for ever). */
static enum got read_more(struct program *p, int64_t until)
{
    while (!p->ended && p->from >= 0) {
        struct pollfd fds[] = { { .fd = p->from, .events = POLLIN }, { .fd = p->said, .events = POLLIN } };
        int64_t left = until == 0 ? -1 : until - monotonic_ms();
        int ready = poll(fds, 2, until == 0 ? -1 : left > 0 ? (int)left : 0);
        if (ready == 0)
            return GOT_SILENCE;
        if (ready < 0)
            continue;
        if (fds[1].revents != 0)
            listen_to(p);
        if (fds[0].revents == 0)
            continue;
        if (p->at == p->got.n || p->at > KEEP_BYTES) {
            memmove(p->got.p, p->got.p + p->at, p->got.n - p->at);
            p->got.n -= p->at;
            p->at = 0;
        }
        size_t most = p->slow ? SLOW_BYTES : READ_BYTES;
        if (p->slow)
            usleep(SLOW_US);
        if (buf_reserve(&p->got, most) < 0)
            return GOT_DAMAGED;
        ssize_t n = read(p->from, p->got.p + p->got.n, most);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        p->got.n += (size_t)n;
        return GOT_ALL;
    }
    p->ended = true;
    return GOT_END;
}

enum got program_need(struct program *p, size_t n)
{
    int64_t until = p->silence_ms > 0 ? monotonic_ms() + p->silence_ms : 0;
    while (program_left(p) < n) {
        enum got got = read_more(p, until);
        if (got != GOT_ALL)
            return got;
        if (until > 0)
            until = monotonic_ms() + p->silence_ms;
    }
    return GOT_ALL;
}

const char *program_take(struct program *p, size_t n)
{
    p->at += n;
    return p->got.p + p->at - n;
}

enum program_end program_wait(struct program *p, unsigned grace_ms, int *status)
{
    int64_t until = monotonic_ms() + grace_ms;
    int how = 0;
    pid_t gone = 0;
    while (p->pid > 0 && (gone = waitpid(p->pid, &how, grace_ms > 0 ? WNOHANG : 0)) == 0 && monotonic_ms() < until) {
        listen_to(p);
        usleep(1000);
    }
    bool stayed = gone == 0;
    if (p->pid > 0)
        kill(-p->pid, SIGKILL); /* its children too */
    if (stayed && p->pid > 0)
        waitpid(p->pid, &how, 0);
    p->pid = 0;
    listen_to(p);
    *status = WIFEXITED(how) ? WEXITSTATUS(how) : WTERMSIG(how);
    return stayed ? PROGRAM_STAYED : WIFEXITED(how) ? PROGRAM_EXITED : PROGRAM_KILLED;
}

enum program_end program_end(struct program *p, unsigned grace_ms, int *status)
{
    int64_t until = grace_ms > 0 ? monotonic_ms() + grace_ms : 0;
    program_sent(p);
    close_one(&p->to);
    /* What it says without end is of no interest. */
    while (read_more(p, until) == GOT_ALL && (until == 0 || monotonic_ms() < until))
        if (program_left(p) > KEEP_BYTES)
            p->got.n = p->at + READ_BYTES;
    int64_t left = until - monotonic_ms();
    return program_wait(p, grace_ms == 0 ? 0 : left > 1 ? (unsigned)left : 1, status);
}

void program_fini(struct program *p)
{
    if (p->pid > 0) {
        kill(-p->pid, SIGKILL);
        waitpid(p->pid, NULL, 0);
    }
    p->pid = 0;
    program_sent(p);
    close_one(&p->to);
    close_one(&p->from);
    close_one(&p->said);
    buf_fini(&p->sent);
    buf_fini(&p->got);
    buf_fini(&p->words);
}
