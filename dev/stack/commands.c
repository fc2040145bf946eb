/* dev/stack: what `up`, `down`, `status`, `logs` and `run` do. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "stack.h"

#define UP_SECONDS       90
#define DOWN_SECONDS     60
#define DISK_LEAST       (512LL << 20)
#define GIVE_UP_RESTARTS 3 /* `up` gives up on a part that ended this often; the supervisor never does */

/* The whole block must be free. Below 32768, where the kernel takes ports for outgoing connections from. */
static int find_ports(struct stack *s, struct err *err)
{
    int first = 20000 + (int)((monotonic_ms() * 2654435761U + (unsigned int)getpid() * 40503U) % 600) * STACK_PORTS;
    for (int tries = 0; tries < 600; tries++) {
        int base = 20000 + (first - 20000 + tries * STACK_PORTS) % (600 * STACK_PORTS), i = 0;
        while (i < STACK_PORTS && probe_port_free(base + i))
            i++;
        if (i == STACK_PORTS) {
            s->port_base = base;
            return 0;
        }
    }
    return err_set(err, ERR_STOP, "no %d free ports in a row between 20000 and 32000", STACK_PORTS);
}

/* One `up` or `down` at a time. The descriptor is held until the program ends. */
static int lock(const struct stack *s, struct err *err)
{
    int fd = open(stack_path(s, "lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || flock(fd, LOCK_EX) < 0)
        return err_errno(err, ERR_STOP, "%s can't be locked", stack_path(s, "lock"));
    return fd;
}

static int check_disk(const struct stack *s, struct err *err)
{
    struct statvfs fs;
    if (statvfs(s->dir, &fs) == 0) {
        long long space = (long long)fs.f_bavail * (long long)fs.f_frsize;
        if (space < DISK_LEAST)
            return err_set(err, ERR_STOP, "the disk under %s has %lld MB left, and a stack needs at least %lld MB", s->dir,
                           space >> 20, DISK_LEAST >> 20);
    }
    return 0;
}

static int check_part(const struct stack *s, const struct part *p, struct err *err)
{
    if (p->check != NULL && p->check(s, err) < 0)
        return -1;
    for (const struct port *port = p->ports; port->what != NULL; port++) {
        int number = stack_port(s, port->offset);
        if (probe_port_free(number))
            continue;
        char who[256];
        process_listening(number, who, sizeof who);
        return err_set(err, ERR_STOP, "port %d, for %s, is in use by %s: end that, or choose others with --port-base N (or auto)",
                       number, port->what, who[0] != '\0' ? who : "another user's process");
    }
    return 0;
}

static int restarts_of(const struct stack *s, const char *part)
{
    char line[32];
    return stack_read(stack_path(s, "%s.restarts", part), line, sizeof line) ? atoi(line) : 0;
}

static bool part_answers(const struct stack *s, const struct part *p, struct err *err)
{
    pid_t pid = process_of(s, p->name);
    if (pid == 0) {
        err_set(err, ERR_RETRY, "it isn't running");
        return false;
    }
    return p->answers == NULL || p->answers(s, err);
}

static void print_log_end(const struct stack *s, const char *name)
{
    FILE *f = fopen(stack_path(s, "log/%s.log", name), "re");
    if (f == NULL)
        return;
    if (fseek(f, -3000, SEEK_END) < 0)
        rewind(f);
    char line[1024];
    fprintf(stderr, "The end of %s:\n", stack_path(s, "log/%s.log", name));
    while (fgets(line, sizeof line, f) != NULL)
        fprintf(stderr, "  %s", line);
    fclose(f);
}

/* The same program anew, so that the marks stand in its environment from the first instruction on. */
static void become_supervisor(const struct stack *s)
{
    setenv(STACK_MARK_DIR, s->dir, 1);
    setenv(STACK_MARK_PART, SUPERVISOR, 1);
    execl("/proc/self/exe", "odw-stack", "run", "--dir", s->dir, (char *)NULL);
}

/* Detached, in its own session. */
static int start_supervisor(const struct stack *s, struct err *err)
{
    int out = open(stack_path(s, "log/" SUPERVISOR ".log"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    pid_t pid = out < 0 || null < 0 ? -1 : fork();
    if (pid < 0)
        return err_errno(err, ERR_STOP, "the supervisor can't be started");
    if (pid == 0) {
        setsid();
        dup2(null, 0);
        dup2(out, 1);
        dup2(out, 2);
        close_range(3, ~0U, 0);
        become_supervisor(s);
        _exit(127);
    }
    close(out);
    close(null);
    return 0;
}

static void show_progress(const struct stack *s, const bool *ready, int64_t began)
{
    fprintf(stderr, "\r\033[K%4.1f s ", (double)(monotonic_ms() - began) / 1000);
    for (int i = 0; parts[i] != NULL; i++)
        if (part_wanted(s, parts[i]))
            fprintf(stderr, " %s%s", parts[i]->name, ready[i] ? " ok" : " …");
}

/* Waits until every wanted part answers. */
static int wait_for_parts(const struct stack *s, bool quiet, struct err *err)
{
    bool ready[STACK_MAX_PARTS] = { false }, terminal = isatty(STDERR_FILENO) && !quiet;
    int64_t began = monotonic_ms();
    for (;;) {
        int missing = 0;
        for (int i = 0; parts[i] != NULL; i++) {
            const struct part *p = parts[i];
            struct err why = ERR_INIT;
            if (ready[i] || !part_wanted(s, p))
                continue;
            ready[i] = part_answers(s, p, &why);
            if (ready[i] && !quiet && !terminal)
                printf("%s is up after %.1f s\n", p->name, (double)(monotonic_ms() - began) / 1000), fflush(stdout);
            if (ready[i])
                continue;
            missing++;
            bool failing = restarts_of(s, p->name) >= GIVE_UP_RESTARTS;
            if (failing || monotonic_ms() - began > UP_SECONDS * 1000LL) {
                if (terminal)
                    fputs("\r\033[K", stderr);
                print_log_end(s, p->name);
                return failing ? err_set(err, ERR_STOP, "%s ended %d times", p->name, restarts_of(s, p->name))
                               : err_set(err, ERR_STOP, "%s did not answer within %d s: %s", p->name, UP_SECONDS, why.text);
            }
        }
        if (terminal)
            show_progress(s, ready, began);
        if (missing == 0)
            break;
        if (monotonic_ms() - began > 2000 && process_of(s, SUPERVISOR) == 0) {
            print_log_end(s, SUPERVISOR);
            return err_set(err, ERR_STOP, "the supervisor ended");
        }
        poll(NULL, 0, 50);
    }
    if (terminal)
        fputs("\r\033[K", stderr);
    return 0;
}

static void remove_traces(const struct stack *s)
{
    unlink(stack_path(s, SUPERVISOR ".pid"));
    for (int i = 0; parts[i] != NULL; i++) {
        unlink(stack_path(s, "%s.pid", parts[i]->name));
        unlink(stack_path(s, "%s.restarts", parts[i]->name));
    }
}

/* Ends the supervisor, who ends the parts, then whatever still carries the stack's mark. */
static int end_all(const struct stack *s)
{
    pid_t pid = process_of(s, SUPERVISOR);
    int n = 0;
    if (pid != 0) {
        int fd = pidfd_open(pid, 0);
        struct pollfd gone = { fd, POLLIN, 0 };
        if (fd >= 0 && process_end(pid, s, SIGTERM))
            n = 1, poll(&gone, 1, DOWN_SECONDS * 1000);
        if (fd >= 0)
            close(fd);
    }
    n += process_sweep(s, NULL, 0, n > 0 ? 2000 : 10000);
    remove_traces(s);
    return n;
}

/* Everything a start needs, before anything is started. */
static int prepare(struct stack *s, struct err *err)
{
    char text[32];
    if (check_disk(s, err) < 0 || stack_mkdir(stack_path(s, "log"), err) < 0)
        return -1;
    if (process_sweep(s, NULL, 0, 10000) > 0)
        printf("ended what a killed supervisor had left\n");
    remove_traces(s);
    if (s->port_base == 0 && find_ports(s, err) < 0)
        return -1;
    for (int i = 0; parts[i] != NULL; i++)
        if (part_wanted(s, parts[i]) && check_part(s, parts[i], err) < 0)
            return -1;
    snprintf(text, sizeof text, "%d\n", s->brokers);
    if (stack_write(stack_path(s, "brokers"), text, err) < 0)
        return -1;
    snprintf(text, sizeof text, "%d\n", s->port_base);
    if (stack_write(stack_path(s, "ports"), text, err) < 0 || stack_write(stack_path(s, "only"), s->only, err) < 0)
        return -1;
    return stack_write_variables(s, err);
}

static bool names_part(const char *only, const char *name, size_t n)
{
    for (const char *at = only; *at != '\0'; at += strcspn(at, ","), at += *at == ',')
        if (strcspn(at, ",") == n && memcmp(at, name, n) == 0)
            return true;
    return false;
}

/* Parts that are asked for in addition are taken up by the running supervisor within a moment: it reads DIR/only. */
static int widen(const struct stack *s, struct err *err)
{
    char all[sizeof s->only] = "";
    stack_read(stack_path(s, "only"), all, sizeof all);
    if (all[0] == '\0')
        return 0;
    if (s->only[0] == '\0')
        return stack_write(stack_path(s, "only"), "", err);
    for (const char *at = s->only; *at != '\0'; at += strcspn(at, ","), at += *at == ',') {
        size_t n = strcspn(at, ","), have = strlen(all);
        if (names_part(all, at, n))
            continue;
        if (have + n + 2 > sizeof all)
            return err_set(err, ERR_STOP, "--only: too long");
        snprintf(all + have, sizeof all - have, ",%.*s", (int)n, at);
    }
    return stack_write(stack_path(s, "only"), all, err);
}

static int join(struct stack *s, bool ports_given, struct err *err)
{
    char text[32] = "";
    stack_read(stack_path(s, "ports"), text, sizeof text);
    if (ports_given && s->port_base != 0 && atoi(text) != s->port_base)
        return err_set(err, ERR_STOP, "this stack is running with port base %s: `down` first, then `up --port-base %d`", text,
                       s->port_base);
    s->port_base = atoi(text);
    return widen(s, err) < 0 ? -1 : stack_write_variables(s, err);
}

int stack_up(struct stack *s, bool ports_given, struct err *err)
{
    if (lock(s, err) < 0)
        return -1;
    bool running = process_of(s, SUPERVISOR) != 0;
    if (running && join(s, ports_given, err) < 0)
        return -1;
    if (running) {
        int rc = wait_for_parts(s, true, err);
        if (process_of(s, SUPERVISOR) != 0) {
            if (rc == 0)
                printf("already up: %s/stack.env says where\n", s->dir);
            return rc;
        }
        *err = ERR_INIT; /* it was just being killed: as if it had not run */
    }
    if (prepare(s, err) < 0 || start_supervisor(s, err) < 0)
        return -1;
    if (wait_for_parts(s, false, err) < 0) {
        end_all(s);
        return -1;
    }
    printf("up: %s/stack.env says where\n", s->dir);
    return 0;
}

int stack_down(const struct stack *s, struct err *err)
{
    int held = lock(s, err);
    if (held < 0)
        return -1;
    int64_t began = monotonic_ms();
    int n = end_all(s);
    pid_t left[1];
    if (process_list(s, NULL, left, 1) > 0)
        return err_set(err, ERR_STOP, "pid %d can't be ended, not even by SIGKILL", (int)left[0]);
    if (n == 0)
        printf("nothing was running\n");
    else
        printf("down after %.1f s\n", (double)(monotonic_ms() - began) / 1000);
    return 0;
}

static void print_span(int64_t seconds, char *text, size_t size)
{
    if (seconds < 120)
        snprintf(text, size, "%lld s", (long long)seconds);
    else if (seconds < 7200)
        snprintf(text, size, "%lld min", (long long)seconds / 60);
    else
        snprintf(text, size, "%lld h", (long long)seconds / 3600);
}

int stack_status(const struct stack *s)
{
    bool supervised = process_of(s, SUPERVISOR) != 0, well = supervised;
    printf("%-12s %8s  %-10s %8s %9s %8s  %s\n", "part", "pid", "state", "uptime", "restarts", "memory", "ports");
    for (int i = -1; i < 0 || parts[i] != NULL; i++) {
        const struct part *p = i < 0 ? NULL : parts[i];
        const char *name = p == NULL ? SUPERVISOR : p->name;
        struct err why = ERR_INIT;
        pid_t pid = process_of(s, name);
        char uptime[32] = "-", memory[32] = "-", number[16] = "-", ports[128] = "";
        if (p != NULL && !part_wanted(s, p) && pid == 0) {
            if (p->with == NULL) /* a further node that this stack isn't to have is no part of it */
                printf("%-12s %8s  %s\n", name, "-", p->present != NULL && !p->present(s) ? "not built" : "left out");
            continue;
        }
        bool good = p == NULL ? pid != 0 : part_answers(s, p, &why);
        well = well && good;
        if (pid != 0) {
            print_span(time(NULL) - process_started(pid), uptime, sizeof uptime);
            snprintf(memory, sizeof memory, "%lld MB", (long long)process_memory(pid) >> 20);
            snprintf(number, sizeof number, "%d", (int)pid);
        }
        for (int j = 0, n = 0; p != NULL && p->ports[j].what != NULL && j < 4; j++)
            n += snprintf(ports + n, sizeof ports - (size_t)n, "%s%d", j > 0 ? " " : "", stack_port(s, p->ports[j].offset));
        printf("%-12s %8s  %-10s %8s %9d %8s  %s\n", name, number,
               good       ? "up"
               : pid != 0 ? "starting"
                          : "down",
               uptime, restarts_of(s, name), memory, ports);
    }
    return well ? 0 : 1;
}

int stack_logs(const struct stack *s, int n, const char *const *names, struct err *err)
{
    char *args[STACK_MAX_PARTS + 8] = { "tail", "-n", "100", "-F" };
    int m = 4;
    for (int i = -1; i < 0 || parts[i] != NULL; i++) {
        const char *name = i < 0 ? SUPERVISOR : parts[i]->name;
        bool asked = n == 0;
        for (int j = 0; j < n; j++)
            asked = asked || strcmp(names[j], name) == 0;
        const char *path = stack_path(s, "log/%s.log", name);
        if (asked && access(path, R_OK) == 0)
            args[m++] = strdup(path);
    }
    if (m == 4)
        return err_set(err, ERR_STOP, "no such log in %s", stack_path(s, "log"));
    args[m] = NULL;
    if (!isatty(STDOUT_FILENO))
        args[3] = "-q";
    execvp("tail", args);
    return err_errno(err, ERR_STOP, "tail can't be run");
}

int stack_run(struct stack *s, struct err *err)
{
    const char *mark = getenv(STACK_MARK_DIR), *part = getenv(STACK_MARK_PART);
    char text[32];
    if (mark == NULL || strcmp(mark, s->dir) != 0 || part == NULL || strcmp(part, SUPERVISOR) != 0) {
        /* In the foreground: does what `up` does before, then runs on under the stack's mark. */
        if (lock(s, err) < 0)
            return -1;
        if (process_of(s, SUPERVISOR) != 0)
            return err_set(err, ERR_STOP, "this stack is running already: odw-stack status --dir %s", s->dir);
        if (prepare(s, err) < 0)
            return -1;
        become_supervisor(s);
        return err_errno(err, ERR_STOP, "odw-stack can't run itself");
    }
    if (stack_read(stack_path(s, "ports"), text, sizeof text))
        s->port_base = atoi(text);
    return supervise(s);
}
