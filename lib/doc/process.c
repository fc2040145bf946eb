/* lib/doc/process: seccomp by lib/udf's filter, landlock(7) where the kernel has it, limits everywhere. */
#include "doc/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "udf/confine.h"
#include "udf/part.h"

enum { FILES = 32, SAID_FD = 2, INPUT_FD = 3, READ_BYTES = 256 << 10, NOT_FOUND = 127 };

#define PROGRAMS "/usr/local/bin:/usr/bin:/bin"

bool process_can_run(const char *program)
{
    struct str rest = STR(PROGRAMS);
    char path[200];
    while (rest.n > 0) {
        struct str folder = str_cut(&rest, ':');
        snprintf(path, sizeof path, "%.*s/%s", STR_ARG(folder), program);
        if (access(path, X_OK) == 0)
            return true;
    }
    return false;
}

/* ---- what a child gives up ---- */

/* From now on files can only be opened below these folders, where programs, libraries, fonts, OCR's models and tables of
 * characters are. Kernels without landlock leave it at what file permissions and seccomp do. */
static void close_files(void)
{
#if defined(SYS_landlock_create_ruleset) && !defined(UDF_ASAN)
    static const char *const readable[] = {
        "/usr", "/lib", "/lib64", "/bin", "/nix", "/etc/ld.so.cache", "/etc/fonts", "/var/cache/fontconfig", "/etc/alternatives",
        NULL
    };
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1)
        return;
    const struct landlock_ruleset_attr attr = { .handled_access_fs = (1u << 13) - 1 }; /* what the first version knows */
    uint64_t reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_EXECUTE;
    int rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    if (rules < 0)
        return;
    for (const char *const *path = readable; *path != NULL; path++) {
        struct landlock_path_beneath_attr below = { .allowed_access = reading, .parent_fd = open(*path, O_PATH | O_CLOEXEC) };
        if (below.parent_fd >= 0) {
            if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &below, 0) < 0) {
                below.allowed_access &= ~(uint64_t)LANDLOCK_ACCESS_FS_READ_DIR; /* a file */
                syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &below, 0);
            }
            close(below.parent_fd);
        }
    }
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    syscall(SYS_landlock_restrict_self, rules, 0);
    close(rules);
#endif
}

static void limit(int what, size_t n)
{
    struct rlimit now, want = { n, n };
    if (getrlimit((__rlimit_resource_t)what, &now) == 0 && now.rlim_max != RLIM_INFINITY && now.rlim_max < n)
        want = (struct rlimit){ now.rlim_max, now.rlim_max };
    setrlimit((__rlimit_resource_t)what, &want);
}

static void give_up(const struct doc_limits *limits, enum confine_role role)
{
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_CPU, limits->cpu_s);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_NOFILE, FILES);
#ifndef UDF_ASAN
    /* Of a child that is a copy of this process most addresses are shared and never touched: what it has of its own is counted. */
    limit(role == CONFINE_PROGRAM ? RLIMIT_AS : RLIMIT_DATA, limits->memory_bytes);
#endif
    close_files();
    confine(role);
}

bool process_is_confined(void)
{
#ifdef UDF_ASAN
    return false;
#else
    return true;
#endif
}

/* ---- starting ---- */

/* Bytes as a file that has no name. -1: none can be had. */
static int file_of(struct str bytes)
{
    int fd = memfd_create("document", MFD_CLOEXEC);
    for (size_t at = 0; fd >= 0 && at < bytes.n;) {
        ssize_t n = write(fd, bytes.p + at, bytes.n - at);
        if (n < 0 && errno != EINTR) {
            close(fd);
            return -1;
        }
        at += n > 0 ? (size_t)n : 0;
    }
    if (fd >= 0)
        lseek(fd, 0, SEEK_SET);
    return fd;
}

struct start {
    const struct doc_limits *limits;
    void (*work)(void *context, int out);
    void *context;
    const char *const *argv;
    int input; /* of a program */
};

static void be_program(const struct start *s, int out, int said)
{
    /* Nothing of the server's environment: it may hold secrets. */
    static char path[] = "PATH=" PROGRAMS, locale[] = "LC_ALL=C.UTF-8", threads[] = "OMP_THREAD_LIMIT=1",
                home[] = "HOME=/nonexistent";
    char *const environment[] = { path, locale, threads, home, NULL };
    /* By copies above all of them, so that none lands on another. */
    int in = fcntl(s->input, F_DUPFD, 16), to = fcntl(out, F_DUPFD, 16), err = fcntl(said, F_DUPFD, 16);
    if (dup2(in, 0) < 0 || dup2(to, 1) < 0 || dup2(err, SAID_FD) < 0 || dup2(in, INPUT_FD) < 0)
        _exit(NOT_FOUND);
    for (int fd = INPUT_FD + 1; fd < 64; fd++)
        close(fd);
    signal(SIGPIPE, SIG_DFL);
    give_up(s->limits, CONFINE_PROGRAM);
    execvpe(s->argv[0], (char *const *)s->argv, environment);
    _exit(NOT_FOUND);
}

static pid_t start(const struct start *s, int *out, int *said)
{
    int o[2], e[2];
    if (pipe2(o, O_CLOEXEC) < 0)
        return -1;
    if (pipe2(e, O_CLOEXEC) < 0) {
        close(o[0]);
        close(o[1]);
        return -1;
    }
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(0);
        if (s->argv != NULL)
            be_program(s, o[1], e[1]);
        close(o[0]);
        close(e[0]);
        dup2(e[1], SAID_FD);
        give_up(s->limits, CONFINE_WORKER);
        s->work(s->context, o[1]);
        _exit(0);
    }
    close(o[1]);
    close(e[1]);
    if (pid < 0) {
        close(o[0]);
        close(e[0]);
        return -1;
    }
    fcntl(o[0], F_SETPIPE_SZ, READ_BYTES);
    *out = o[0];
    *said = e[0];
    return pid;
}

/* ---- watching ---- */

/* 1: there was something; 0: the end; -1: `to` may not grow any more. */
static int take(int fd, struct buf *to)
{
    if (buf_reserve(to, 1) < 0)
        return -1;
    size_t room = to->max - to->n < READ_BYTES ? to->max - to->n : READ_BYTES;
    if (room == 0 || buf_reserve(to, room) < 0)
        return -1;
    ssize_t n = read(fd, to->p + to->n, room);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN ? 1 : 0;
    to->n += (size_t)n;
    return n > 0;
}

/* Until both pipes are closed, or it's time. NULL, or why the process is to be ended. */
static const char *collect(int out, int said, int64_t deadline, struct buf *to, struct buf *saying)
{
    struct pollfd p[2] = { { .fd = out, .events = POLLIN }, { .fd = said, .events = POLLIN } };
    while (p[0].fd >= 0 || p[1].fd >= 0) {
        int64_t left = deadline - monotonic_ms();
        if (left <= 0)
            return "took longer than it may";
        int ready = poll(p, 2, left > 1000 ? 1000 : (int)left);
        if (ready < 0 && errno != EINTR)
            return "could not be watched";
        if (ready > 0 && p[0].revents != 0) {
            int got = take(out, to);
            if (got < 0)
                return "gave more than it may";
            if (got == 0)
                p[0].fd = -1;
        }
        if (ready > 0 && p[1].revents != 0) {
            char rest[4096];
            int got = take(said, saying);
            if (got < 0) /* the beginning is enough */
                got = read(said, rest, sizeof rest) > 0;
            if (got == 0)
                p[1].fd = -1;
        }
    }
    return NULL;
}

static void watch(const struct start *s, int64_t deadline, struct buf *to, struct outcome *o)
{
    int out, said, status = 0;
    struct buf saying;
    *o = (struct outcome){ .exit_code = -1 };
    pid_t pid = start(s, &out, &said);
    if (pid < 0) {
        snprintf(o->why, sizeof o->why, "could not be started: %s", strerror(errno));
        return;
    }
    buf_init(&saying, sizeof o->said - 1);
    const char *late = collect(out, said, deadline, to, &saying);
    if (late != NULL)
        kill(pid, SIGKILL);
    close(out);
    close(said);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    memcpy(o->said, saying.n > 0 ? saying.p : "", saying.n);
    o->said[saying.n] = '\0';
    buf_fini(&saying);
    if (late != NULL)
        snprintf(o->why, sizeof o->why, "%s", late);
    else if (WIFEXITED(status))
        o->exit_code = WEXITSTATUS(status);
    else if (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL)
        snprintf(o->why, sizeof o->why, "took more than %u s of computing, or all the memory there is", s->limits->cpu_s);
    else
        snprintf(o->why, sizeof o->why, "crashed (signal %d)", WTERMSIG(status));
    if (s->argv != NULL && o->exit_code == NOT_FOUND)
        snprintf(o->why, sizeof o->why, "%s is not installed", s->argv[0]);
    o->well = o->exit_code == 0;
}

void process_work(const struct doc_limits *limits, int64_t deadline, void (*work)(void *context, int out), void *context,
                  struct buf *to, struct outcome *outcome)
{
    watch(&(struct start){ .limits = limits, .work = work, .context = context }, deadline, to, outcome);
}

void process_program(const struct doc_limits *limits, int64_t deadline, const char *const *argv, struct str input, struct buf *to,
                     struct outcome *outcome)
{
    struct start s = { .limits = limits, .argv = argv, .input = file_of(input) };
    *outcome = (struct outcome){ .exit_code = -1 };
    if (s.input < 0) {
        snprintf(outcome->why, sizeof outcome->why, "could not be given its input: %s", strerror(errno));
        return;
    }
    watch(&s, deadline, to, outcome);
    close(s.input);
}
