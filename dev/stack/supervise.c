/* dev/stack: the supervisor: starts the parts, brings back what dies, keeps their logs small, ends them in order. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "stack.h"

#define TICK_MS      250
#define LOG_MAX      (8 << 20) /* bytes of a part's log before it becomes NAME.log.1 */
#define BACK_OFF_MS  100       /* before the first restart; doubles … */
#define BACK_OFF_MAX 10000     /* … up to this */
#define RAN_WELL_MS  30000     /* a part that ran this long starts with the short back-off again */

struct child {
    const struct part *part;
    pid_t pid; /* 0: not running */
    int64_t started, next;
    int back_off, restarts;
    bool starved; /* its check has failed, and that was logged */
};

static struct child children[STACK_MAX_PARTS];
static int n_children;

static const char *now_text(void)
{
    static char text[32];
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return text;
}

static const char *log_path(const struct stack *s, const char *name)
{
    return stack_path(s, "log/%s.log", name);
}

/* The file is opened for appending by those who write, so it can be emptied under them. What is written between the copy
 * and the cut is lost: a few lines of a log that grew by megabytes. */
static void rotate(const struct stack *s, const char *name)
{
    const char *path = log_path(s, name);
    struct stat st;
    if (stat(path, &st) < 0 || st.st_size < LOG_MAX)
        return;
    int from = open(path, O_RDWR | O_CLOEXEC);
    int to = open(stack_path(s, "log/%s.log.1", name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    char block[65536];
    ssize_t n;
    /* The newest part of it: one runaway second must not fill a second file of any size. */
    if (from >= 0 && st.st_size > 2 * LOG_MAX)
        lseek(from, st.st_size - 2 * LOG_MAX, SEEK_SET);
    while (from >= 0 && to >= 0 && (n = read(from, block, sizeof block)) > 0 && write(to, block, (size_t)n) == n)
        ;
    if (from >= 0 && ftruncate(from, 0) < 0)
        log_warn("the log can't be cut file=%s reason=\"%s\"", path, strerror(errno));
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
}

/* In the child. */
static void become(const struct stack *s, const struct part *p, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
    /* A part never outlives its supervisor, not even one that was killed. */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(1);
    int null = open("/dev/null", O_RDONLY), out = open(log_path(s, p->name), O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (null < 0 || out < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
        _exit(1);
    close_range(3, ~0U, 0);
    setenv(STACK_MARK_PART, p->name, 1);
    stack_read_variables(s);
    p->run(s);
    log_error("%s: its program can't be run: %s", p->name, strerror(errno));
    _exit(127);
}

static void start(const struct stack *s, struct child *c)
{
    struct err err = ERR_INIT;
    c->started = monotonic_ms();
    c->next = c->started + BACK_OFF_MAX;
    if (c->part->check != NULL && c->part->check(s, &err) < 0) {
        if (!c->starved)
            log_error("%s at=%s", err.text, now_text());
        c->starved = true;
        return;
    }
    c->starved = false;
    /* What a killed part has left behind holds its ports and files. */
    if (process_sweep(s, c->part->name, 0, 0) > 0)
        log_info("ended what was left of %s at=%s", c->part->name, now_text());
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        become(s, c->part, parent);
    if (pid < 0) {
        log_error("%s can't be started reason=\"%s\" at=%s", c->part->name, strerror(errno), now_text());
        return;
    }
    char text[32];
    snprintf(text, sizeof text, "%d\n", (int)pid);
    if (stack_write(stack_path(s, "%s.pid", c->part->name), text, &err) < 0)
        log_error("%s", err.text);
    c->pid = pid;
    log_info("started %s pid=%d at=%s", c->part->name, (int)pid, now_text());
}

static void ended(const struct stack *s, pid_t pid, int status, bool stopping)
{
    for (int i = 0; i < n_children; i++) {
        struct child *c = &children[i];
        if (c->pid != pid)
            continue;
        int64_t ran = monotonic_ms() - c->started;
        c->pid = 0;
        unlink(stack_path(s, "%s.pid", c->part->name));
        if (stopping)
            return;
        c->back_off = ran >= RAN_WELL_MS || c->back_off == 0 ? BACK_OFF_MS : c->back_off * 2;
        if (c->back_off > BACK_OFF_MAX)
            c->back_off = BACK_OFF_MAX;
        c->next = monotonic_ms() + c->back_off;
        c->restarts++;
        log_warn("%s ended by=%s value=%d after_ms=%lld again_in_ms=%d at=%s", c->part->name,
                 WIFSIGNALED(status) ? "signal" : "exit", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
                 (long long)ran, c->back_off, now_text());
        char text[32];
        struct err err = ERR_INIT;
        snprintf(text, sizeof text, "%d\n", c->restarts);
        if (stack_write(stack_path(s, "%s.restarts", c->part->name), text, &err) < 0)
            log_error("%s", err.text);
    }
}

static void reap(const struct stack *s, bool stopping)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        ended(s, pid, status, stopping);
}

/* Parts come when they are built or asked for later: `up` writes DIR/only. */
static void look_for_parts(struct stack *s)
{
    if (!stack_read(stack_path(s, "only"), s->only, sizeof s->only))
        s->only[0] = '\0';
    for (const struct part *const *p = parts; *p != NULL && n_children < STACK_MAX_PARTS; p++) {
        bool known = false;
        for (int i = 0; i < n_children; i++)
            known = known || children[i].part == *p;
        if (!known && part_wanted(s, *p))
            children[n_children++] = (struct child){ .part = *p };
    }
}

/* The highest layer that still runs; -1 if nothing does. */
static int top_layer(void)
{
    int layer = -1;
    for (int i = 0; i < n_children; i++)
        if (children[i].pid != 0 && children[i].part->layer > layer)
            layer = children[i].part->layer;
    return layer;
}

static void stop(const struct stack *s, int signals)
{
    int layer;
    while ((layer = top_layer()) >= 0) {
        int64_t began = monotonic_ms();
        bool asked = false;
        do {
            for (int i = 0; i < n_children; i++) {
                struct child *c = &children[i];
                if (c->pid == 0 || c->part->layer != layer)
                    continue;
                bool late = monotonic_ms() - began > c->part->grace_seconds * 1000;
                if (!asked || late)
                    kill(c->pid, late ? SIGKILL : SIGTERM); /* our child, not reaped yet: the pid can't be another's */
                if (late)
                    log_warn("%s did not end in %d s: killed at=%s", c->part->name, c->part->grace_seconds, now_text());
            }
            asked = true;
            struct pollfd wait = { signals, POLLIN, 0 };
            struct signalfd_siginfo info;
            if (poll(&wait, 1, TICK_MS) > 0 && read(signals, &info, sizeof info) < 0)
                break;
            reap(s, true);
        } while (top_layer() == layer);
    }
    process_sweep(s, NULL, 0, 0);
    reap(s, true);
}

int supervise(const struct stack *given)
{
    static struct stack s;
    struct err err = ERR_INIT;
    char text[32];
    s = *given;
    log_setup(SUPERVISOR, LOG_LEVEL_INFO, false);

    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    int signals = signalfd(-1, &set, SFD_CLOEXEC);
    /* Orphans of a part (a function's processes) come to us and are reaped. */
    prctl(PR_SET_CHILD_SUBREAPER, 1);

    snprintf(text, sizeof text, "%d\n", (int)getpid());
    if (signals < 0 || stack_write(stack_path(&s, SUPERVISOR ".pid"), text, &err) < 0) {
        log_error("%s", signals < 0 ? strerror(errno) : err.text);
        return 1;
    }
    log_info("watching over %s pid=%d at=%s", s.dir, (int)getpid(), now_text());

    for (bool running = true; running;) {
        look_for_parts(&s);
        int64_t now = monotonic_ms(), wait = TICK_MS;
        for (int i = 0; i < n_children; i++)
            if (children[i].pid == 0 && children[i].next <= now)
                start(&s, &children[i]);
        for (int i = 0; i < n_children; i++) {
            rotate(&s, children[i].part->name);
            if (children[i].pid == 0 && children[i].next - now < wait)
                wait = children[i].next - now > 0 ? children[i].next - now : 0;
        }
        rotate(&s, SUPERVISOR);
        struct pollfd poller = { signals, POLLIN, 0 };
        struct signalfd_siginfo info;
        if (poll(&poller, 1, (int)wait) > 0 && read(signals, &info, sizeof info) == (ssize_t)sizeof info)
            running = info.ssi_signo != SIGTERM && info.ssi_signo != SIGINT;
        reap(&s, !running);
    }
    log_info("stopping at=%s", now_text());
    stop(&s, signals);
    log_info("stopped at=%s", now_text());
    unlink(stack_path(&s, SUPERVISOR ".pid"));
    return 0;
}
