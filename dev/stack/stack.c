/* dev/stack: the state folder and what is written there. */
#include "stack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

int stack_port(const struct stack *s, int offset)
{
    return s->port_base + offset;
}

const char *stack_path(const struct stack *s, const char *format, ...)
{
    static char paths[8][PATH_MAX];
    static int turn;
    char *path = paths[turn++ % 8];
    int n = snprintf(path, PATH_MAX, "%s/", s->dir);
    va_list args;
    va_start(args, format);
    vsnprintf(path + n, (size_t)(PATH_MAX - n), format, args);
    va_end(args);
    return path;
}

bool part_wanted(const struct stack *s, const struct part *p)
{
    if (p->present != NULL && !p->present(s))
        return false;
    const char *name = p->with != NULL ? p->with : p->name, *at = s->only;
    size_t n = strlen(name);
    while (*at != '\0') {
        size_t length = strcspn(at, ",");
        if (length == n && memcmp(at, name, n) == 0)
            return true;
        at += length + (at[length] == ',');
    }
    return s->only[0] == '\0';
}

int stack_mkdir(const char *path, struct err *err)
{
    struct stat st;
    if (mkdir(path, 0755) < 0 && (errno != EEXIST || stat(path, &st) < 0 || !S_ISDIR(st.st_mode)))
        return err_errno(err, ERR_STOP, "the folder %s can't be made", path);
    return 0;
}

int stack_write(const char *path, const char *text, struct err *err)
{
    char temporary[PATH_MAX];
    snprintf(temporary, sizeof temporary, "%s.new", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_errno(err, ERR_STOP, "%s can't be written", temporary);
    size_t n = strlen(text);
    bool ok = write(fd, text, n) == (ssize_t)n;
    int why = errno;
    ok = close(fd) == 0 && ok;
    if (ok && rename(temporary, path) == 0)
        return 0;
    errno = ok ? errno : why;
    err_errno(err, ERR_STOP, "%s can't be written", path);
    unlink(temporary);
    return -1;
}

bool stack_read(const char *path, char *line, size_t size)
{
    FILE *f = fopen(path, "re");
    bool ok = f != NULL && fgets(line, (int)size, f) != NULL;
    if (ok)
        line[strcspn(line, "\n")] = '\0';
    if (f != NULL)
        fclose(f);
    return ok;
}

int stack_secret(const char *path, char secret[64], struct err *err)
{
    unsigned char random[20];
    char fresh[PATH_MAX];
    if (stack_read(path, secret, 64))
        return 0;
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return err_errno(err, ERR_STOP, "no random bytes");
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(secret + 2 * i, 3, "%02x", random[i]);
    snprintf(fresh, sizeof fresh, "%s.new", path);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(err, ERR_STOP, "%s can't be written", fresh);
    bool ok = dprintf(fd, "%s\n", secret) > 0;
    ok = close(fd) == 0 && ok;
    return ok && rename(fresh, path) == 0 ? 0 : err_errno(err, ERR_STOP, "%s can't be written", path);
}

int stack_write_variables(const struct stack *s, struct err *err)
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    if (f == NULL)
        return err_errno(err, ERR_STOP, "no memory");
    fprintf(f, "ODW_STATE_DIR=%s\n", s->dir);
    for (const struct part *const *p = parts; *p != NULL; p++)
        if ((*p)->variables != NULL)
            (*p)->variables(s, f);
    int rc = fclose(f) == 0 ? stack_write(stack_path(s, "stack.env"), text, err) : err_errno(err, ERR_STOP, "no memory");
    free(text);
    return rc;
}

void stack_read_variables(const struct stack *s)
{
    char line[PATH_MAX + 64];
    FILE *f = fopen(stack_path(s, "stack.env"), "re");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char *equals = strchr(line, '=');
        if (equals == NULL)
            continue;
        *equals = '\0';
        setenv(line, equals + 1, 1);
    }
    if (f != NULL)
        fclose(f);
}

static int64_t number_in(const char *path)
{
    char line[64];
    return stack_read(path, line, sizeof line) && line[0] >= '0' && line[0] <= '9' ? strtoll(line, NULL, 10) : INT64_MAX;
}

int64_t stack_memory(void)
{
    int64_t all = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    int64_t group = number_in("/sys/fs/cgroup/memory.max");
    return group < all ? group : all;
}
