/* cli/functions_program: the programs that serve functions, beside this one; what they say of themselves. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/sha256.h"
#include "cli/functions.h"

enum { PROGRAM_MAX = 256 << 20, DIGITS = 12 };

/* odw-udf, or odw-udf-WORD. */
static int is_program(const struct dirent *e)
{
    struct str name = str_of(e->d_name);
    if (!str_starts(name, STR("odw-udf")))
        return 0;
    return name.n == 7 || (name.p[7] == '-' && strspn(name.p + 8, "abcdefghijklmnopqrstuvwxyz") == name.n - 8 && name.n < 32);
}

static int put_release(struct functions_program *p, struct err *err)
{
    struct buf bytes;
    uint8_t digest[32];
    buf_init(&bytes, PROGRAM_MAX);
    if (file_read(p->path, &bytes, err) == 0) {
        sha256(buf_str(&bytes), digest);
        int n = snprintf(p->release, sizeof p->release, "%s-%s-", p->name, ODW_VERSION);
        for (int i = 0; i < DIGITS / 2; i++)
            n += snprintf(p->release + n, sizeof p->release - (size_t)n, "%02x", digest[i]);
    }
    buf_fini(&bytes);
    return p->release[0] != '\0' ? 0 : -1;
}

int functions_programs(struct functions_program *programs, struct err *err)
{
    char folder[PATH_MAX];
    struct dirent **files = NULL;
    ssize_t n = readlink("/proc/self/exe", folder, sizeof folder - 1);
    if (n < 0)
        return err_errno(err, ERR_STOP, "/proc/self/exe");
    folder[n] = '\0';
    *strrchr(folder, '/') = '\0';
    int found = scandir(folder, &files, is_program, alphasort), taken = 0, done = 0;
    if (found < 0)
        return err_errno(err, ERR_STOP, "%s", folder);
    for (int i = 0; i < found; i++) {
        struct functions_program *p = &programs[taken];
        if (done == 0 && taken < FUNCTIONS_PROGRAMS) {
            *p = (struct functions_program){ 0 };
            snprintf(p->name, sizeof p->name, "%s", files[i]->d_name);
            if (snprintf(p->path, sizeof p->path, "%s/%s", folder, p->name) < (int)sizeof p->path && access(p->path, X_OK) == 0) {
                done = put_release(p, err);
                taken++;
            }
        }
        free(files[i]);
    }
    free(files);
    if (done == 0 && taken == 0)
        done = err_set(err, ERR_STOP, "%s/odw-udf: expected the functions' program beside odw, found none", folder);
    return done < 0 ? -1 : taken;
}

bool functions_is_release(struct str name, const char *program)
{
    struct str p = str_of(program);
    if (!str_starts(name, p) || name.n < p.n + 1 + DIGITS + 1 || name.p[p.n] != '-' || name.p[p.n + 1] < '0' ||
        name.p[p.n + 1] > '9')
        return false;
    for (size_t i = name.n - DIGITS; i < name.n; i++)
        if (memchr("0123456789abcdef", name.p[i], 16) == NULL)
            return false;
    return name.p[name.n - DIGITS - 1] == '-';
}

int functions_ask(const struct functions_program *program, const char *what, const char *contracts, const char *command,
                  struct buf *out, struct err *err)
{
    int ends[2], status = 0;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_errno(err, ERR_STOP, "no pipe");
    pid_t pid = fork();
    if (pid < 0) {
        close(ends[0]);
        close(ends[1]);
        return err_errno(err, ERR_STOP, "no process for %s", program->path);
    }
    if (pid == 0) {
        if (dup2(ends[1], STDOUT_FILENO) >= 0)
            execl(program->path, program->name, what, "--contracts", contracts, command != NULL ? "--command" : (char *)NULL,
                  command, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    for (;;) {
        ssize_t n = buf_reserve(out, 65536) == 0 ? read(ends[0], out->p + out->n, 65536) : 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        out->n += (size_t)n;
    }
    close(ends[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || out->failed)
        return err_set(err, ERR_STOP, "%s %s --contracts %s: expected it to exit with 0, got %s %d", program->path, what, contracts,
                       WIFEXITED(status) ? "exit code" : "signal", WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    return 0;
}

int functions_ask_all(const char *what, const char *contracts, struct buf *out, struct err *err)
{
    struct functions_program programs[FUNCTIONS_PROGRAMS];
    int n = functions_programs(programs, err), done = n < 0 ? -1 : 0;
    for (int i = 0; i < n && done == 0; i++)
        done = functions_ask(&programs[i], what, contracts, NULL, out, err);
    return done;
}

int functions_names(const char *contracts, struct buf *names, struct err *err)
{
    struct buf list;
    buf_init(&list, 0);
    int done = functions_ask_all("--list", contracts, &list, err);
    struct str rest = buf_str(&list);
    while (done == 0 && rest.n > 0) {
        struct str line = str_cut(&rest, '\n');
        size_t n = 0;
        while (n < line.n && line.p[n] != '(' && line.p[n] != ' ')
            n++;
        if (n > 0 && n < line.n && line.p[n] == '(')
            buf_printf(names, "%s%.*s", names->n > 0 ? "," : "", (int)n, line.p);
    }
    if (done == 0 && names->n == 0)
        done = err_set(err, ERR_STOP, "expected odw-udf --list to name functions, it named none");
    buf_fini(&list);
    return done;
}
