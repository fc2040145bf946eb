/* dev/stack: which processes are ours, and how they are ended. */
#include "stack.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <time.h>
#include <unistd.h>

static ssize_t slurp(const char *path, char *p, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    size_t n = 0;
    ssize_t got;
    while (n < size - 1 && (got = read(fd, p + n, size - 1 - n)) > 0)
        n += (size_t)got;
    close(fd);
    p[n] = '\0';
    return (ssize_t)n;
}

/* Does the process carry this stack's mark (and this part's)? An environment beyond 256 KiB is cut: the marks come first
 * in ours, since a part's environment is built by setenv on a small one. */
static bool is_ours(pid_t pid, const struct stack *s, const char *part)
{
    static char text[256 * 1024];
    char path[64], dir[PATH_MAX], name[128];
    snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    ssize_t n = slurp(path, text, sizeof text);
    if (n <= 0)
        return false;
    snprintf(dir, sizeof dir, STACK_MARK_DIR "=%s", s->dir);
    snprintf(name, sizeof name, STACK_MARK_PART "=%s", part != NULL ? part : "");
    bool in_dir = false, in_part = part == NULL;
    for (char *at = text; at < text + n; at += strlen(at) + 1) {
        in_dir = in_dir || strcmp(at, dir) == 0;
        in_part = in_part || strcmp(at, name) == 0;
    }
    return in_dir && in_part;
}

/* The field after the name in /proc/PID/stat, 1 being the state. */
static bool stat_field(pid_t pid, int field, char *value, size_t size)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (slurp(path, text, sizeof text) <= 0)
        return false;
    char *at = strrchr(text, ')');
    for (int i = 0; at != NULL && i < field; i++)
        at = strchr(at + 1, ' ');
    if (at == NULL)
        return false;
    snprintf(value, size, "%.*s", (int)strcspn(at + 1, " "), at + 1);
    return true;
}

/* Killed, though it may take a busy machine a while until it's gone: SIGKILL is pending, or the exit has begun. */
static bool is_dying(pid_t pid)
{
    char path[64], text[8192], flags[32];
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    if (slurp(path, text, sizeof text) <= 0 || !stat_field(pid, 7, flags, sizeof flags))
        return true;
    bool killed = false;
    static const char *const pending[] = { "\nSigPnd:", "\nShdPnd:" };
    for (int i = 0; i < 2; i++) {
        const char *at = strstr(text, pending[i]);
        killed = killed || (at != NULL && (strtoull(at + strlen(pending[i]), NULL, 16) >> (SIGKILL - 1) & 1) != 0);
    }
    return killed || (strtoul(flags, NULL, 10) & 0x4 /* PF_EXITING */) != 0;
}

static bool lives(pid_t pid)
{
    char state[8];
    return stat_field(pid, 1, state, sizeof state) && state[0] != 'Z' && state[0] != 'X';
}

pid_t process_of(const struct stack *s, const char *part)
{
    char line[32];
    if (!stack_read(stack_path(s, "%s.pid", part), line, sizeof line))
        return 0;
    pid_t pid = (pid_t)atoi(line);
    return pid > 0 && lives(pid) && !is_dying(pid) && is_ours(pid, s, part) ? pid : 0;
}

int64_t process_started(pid_t pid)
{
    char ticks[32], line[4096];
    if (!stat_field(pid, 20, ticks, sizeof ticks) || slurp("/proc/stat", line, sizeof line) <= 0)
        return 0;
    struct timespec up, now;
    clock_gettime(CLOCK_BOOTTIME, &up);
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec - up.tv_sec + strtoll(ticks, NULL, 10) / sysconf(_SC_CLK_TCK);
}

int64_t process_memory(pid_t pid)
{
    char path[64], text[256];
    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    if (slurp(path, text, sizeof text) <= 0)
        return 0;
    char *resident = strchr(text, ' ');
    return resident == NULL ? 0 : strtoll(resident, NULL, 10) * sysconf(_SC_PAGESIZE);
}

int process_list(const struct stack *s, const char *part, pid_t *pids, int max)
{
    DIR *proc = opendir("/proc");
    if (proc == NULL)
        return 0;
    int n = 0;
    struct dirent *entry;
    while ((entry = readdir(proc)) != NULL && n < max) {
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        pid_t pid = (pid_t)atoi(entry->d_name);
        if (pid != getpid() && lives(pid) && is_ours(pid, s, part))
            pids[n++] = pid;
    }
    closedir(proc);
    return n;
}

bool process_end(pid_t pid, const struct stack *s, int signal)
{
    /* The descriptor pins the process; asked whether it's ours only after that, a recycled pid can't be hit. */
    int fd = pidfd_open(pid, 0);
    bool sent = fd >= 0 && is_ours(pid, s, NULL) && pidfd_send_signal(fd, signal, NULL, 0) == 0;
    if (fd >= 0)
        close(fd);
    return sent;
}

int process_sweep(const struct stack *s, const char *part, pid_t spare, int grace_ms)
{
    pid_t pids[512];
    int found = 0;
    int64_t began = monotonic_ms();
    bool asked = false;
    for (;;) {
        int n = process_list(s, part, pids, 512), left = 0;
        bool kill_now = monotonic_ms() - began >= grace_ms;
        for (int i = 0; i < n; i++) {
            if (pids[i] == spare)
                continue;
            left++;
            if (kill_now || !asked)
                process_end(pids[i], s, kill_now ? SIGKILL : SIGTERM);
        }
        if (!asked)
            found = left;
        asked = true;
        /* Ten seconds after SIGKILL only a process stuck in the kernel is left: nobody can end that one. */
        if (left == 0 || monotonic_ms() - began > grace_ms + 10000)
            return found;
        poll(NULL, 0, 20);
    }
}

/* The socket that listens on the port, from /proc/net/tcp and tcp6. */
static unsigned long listening_inode(int port)
{
    static const char *const tables[] = { "/proc/net/tcp", "/proc/net/tcp6" };
    for (int i = 0; i < 2; i++) {
        FILE *f = fopen(tables[i], "re");
        char line[512];
        while (f != NULL && fgets(line, sizeof line, f) != NULL) {
            unsigned int at, state;
            unsigned long inode;
            if (sscanf(line, " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x %*x:%*x %*x:%*x %*x %*u %*u %lu", &at, &state, &inode) == 3 &&
                (int)at == port && state == 10) {
                fclose(f);
                return inode;
            }
        }
        if (f != NULL)
            fclose(f);
    }
    return 0;
}

static bool holds_socket(pid_t pid, unsigned long inode)
{
    char path[64], want[64], link[128];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    int want_n = snprintf(want, sizeof want, "socket:[%lu]", inode);
    DIR *fds = opendir(path);
    bool found = false;
    struct dirent *entry;
    while (fds != NULL && !found && (entry = readdir(fds)) != NULL)
        found = readlinkat(dirfd(fds), entry->d_name, link, sizeof link) == want_n && memcmp(link, want, (size_t)want_n) == 0;
    if (fds != NULL)
        closedir(fds);
    return found;
}

void process_listening(int port, char *who, size_t size)
{
    who[0] = '\0';
    unsigned long inode = listening_inode(port);
    DIR *proc = inode != 0 ? opendir("/proc") : NULL;
    struct dirent *entry;
    while (proc != NULL && who[0] == '\0' && (entry = readdir(proc)) != NULL) {
        pid_t pid = isdigit((unsigned char)entry->d_name[0]) ? (pid_t)atoi(entry->d_name) : 0;
        if (pid == 0 || !holds_socket(pid, inode))
            continue;
        char path[64], text[160];
        snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
        ssize_t n = slurp(path, text, sizeof text);
        for (ssize_t i = 0; i + 1 < n; i++)
            if (text[i] == '\0')
                text[i] = ' ';
        snprintf(who, size, "pid %d (%s)", (int)pid, text);
    }
    if (proc != NULL)
        closedir(proc);
}
