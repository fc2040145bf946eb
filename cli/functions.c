/* cli/functions: puts odw-udf, the contracts and the declarations of the functions where a ClickHouse server looks for them. */
#include "cli/functions.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/tar.h"
#include "contract/contract.h"

enum { PROGRAM_MAX = 256 << 20, CONTRACT_MAX = 16 << 20 };

int functions_program(char *path, size_t size, struct err *err)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n < 0)
        return err_errno(err, ERR_STOP, "/proc/self/exe");
    self[n] = '\0';
    *strrchr(self, '/') = '\0';
    if (snprintf(path, size, "%s/odw-udf", self) >= (int)size)
        return err_set(err, ERR_STOP, "%s: a path that long can't be used", self);
    if (access(path, X_OK) < 0)
        return err_errno(err, ERR_STOP, "%s: expected the functions' program beside odw", path);
    return 0;
}

int functions_ask(const char *what, const char *contracts, struct buf *out, struct err *err)
{
    char program[PATH_MAX];
    int ends[2], status = 0;
    if (functions_program(program, sizeof program, err) < 0)
        return -1;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_errno(err, ERR_STOP, "no pipe");
    pid_t pid = fork();
    if (pid < 0) {
        close(ends[0]);
        close(ends[1]);
        return err_errno(err, ERR_STOP, "no process for %s", program);
    }
    if (pid == 0) {
        if (dup2(ends[1], STDOUT_FILENO) >= 0)
            execl(program, "odw-udf", what, "--contracts", contracts, (char *)NULL);
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
        return err_set(err, ERR_STOP, "%s %s --contracts %s: expected it to exit with 0, got %s %d", program, what, contracts,
                       WIFEXITED(status) ? "exit code" : "signal", WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    return 0;
}

/* 1: read; 0: there is no such file. */
static int read_file(const char *path, size_t max, struct buf *out, struct err *err)
{
    buf_init(out, max);
    int fd = open(path, O_RDONLY | O_CLOEXEC), done = 1;
    if (fd < 0)
        return errno == ENOENT ? 0 : err_errno(err, ERR_STOP, "%s", path);
    for (;;) {
        if (buf_reserve(out, 65536) < 0) {
            done = err_set(err, ERR_STOP, "%s: expected at most %zu bytes", path, max);
            break;
        }
        ssize_t n = read(fd, out->p + out->n, out->cap - out->n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            done = err_errno(err, ERR_STOP, "%s", path);
        if (n <= 0)
            break;
        out->n += (size_t)n;
    }
    close(fd);
    return done;
}

/* what: how the change is called. 0, or -1. */
static int put(const char *folder, const char *name, struct str bytes, mode_t mode, const char *what, struct changes *changes,
               struct err *err)
{
    char path[PATH_MAX];
    struct buf have;
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int there = read_file(path, PROGRAM_MAX, &have, err);
    bool same = there == 1 && str_eq(buf_str(&have), bytes) && stat(path, &st) == 0 && (st.st_mode & 0777) == mode;
    buf_fini(&have);
    if (there < 0)
        return -1;
    if (same)
        return 0;
    change(changes, "%s %s (%s)", there == 0 ? "install" : "replace", what, path);
    if (changes->dry_run)
        return 0;
    /* The server may run as another user: folders that it can enter. */
    return file_make_folders(folder, 0755, err) < 0 ? -1 : file_write(path, bytes, mode, err);
}

static int put_program(const struct functions_place *place, struct changes *changes, struct err *err)
{
    char program[PATH_MAX];
    struct buf bytes;
    if (functions_program(program, sizeof program, err) < 0)
        return -1;
    int done = read_file(program, PROGRAM_MAX, &bytes, err);
    if (done == 1)
        done = put(place->user_scripts, "odw-udf", buf_str(&bytes), 0755, "functions", changes, err);
    buf_fini(&bytes);
    return done;
}

static int is_contract(const struct dirent *e)
{
    return e->d_name[0] != '.' && str_ends(str_of(e->d_name), STR(".schema.json"));
}

static int put_contract(const char *from, const char *folder, struct changes *changes, struct err *err)
{
    int done = -1;
    char name[NAME_MAX + 1], what[NAME_MAX + 32];
    struct buf bytes;
    buf_init(&bytes, CONTRACT_MAX);
    struct contract *c = contract_load(from, err);
    if (c == NULL || read_file(from, CONTRACT_MAX, &bytes, err) != 1)
        goto out;
    snprintf(name, sizeof name, "%s.%s.schema.json", contract_stem(c), contract_hash(c));
    snprintf(what, sizeof what, "contract %s %s", contract_stem(c), contract_hash(c));
    done = put(folder, name, buf_str(&bytes), 0644, what, changes, err);
out:
    buf_fini(&bytes);
    contract_free(c);
    return done;
}

static int put_contracts(const char *root, const char *folder, struct changes *changes, struct err *err)
{
    char from[PATH_MAX];
    struct dirent **files = NULL;
    snprintf(from, sizeof from, "%s/contracts", root);
    int n = scandir(from, &files, is_contract, alphasort), done = 0;
    if (n < 0)
        return err_errno(err, ERR_STOP, "%s: expected the folder of contracts", from);
    for (int i = 0; i < n; i++) {
        snprintf(from, sizeof from, "%s/contracts/%s", root, files[i]->d_name);
        if (done == 0)
            done = put_contract(from, folder, changes, err);
        free(files[i]);
    }
    free(files);
    return done;
}

int functions_install(const struct functions_place *place, const char *root, struct changes *changes, struct err *err)
{
    char contracts[PATH_MAX];
    struct buf xml;
    int before = changes->n, done = -1;
    buf_init(&xml, PROGRAM_MAX);
    snprintf(contracts, sizeof contracts, "%s/odw/contracts", place->user_scripts);
    if (put_program(place, changes, err) < 0 || put_contracts(root, contracts, changes, err) < 0)
        goto out;
    if (changes->dry_run && changes->n > before) {
        change(changes, "declare the functions (%s/odw_function.xml)", place->config);
        done = 0;
        goto out;
    }
    /* The server reads it again as soon as it changes: last, so that what it names is there. */
    if (functions_ask("--xml", contracts, &xml, err) < 0)
        goto out;
    done = put(place->config, "odw_function.xml", buf_str(&xml), 0644, "the functions' declarations", changes, err);
out:
    buf_fini(&xml);
    return done;
}

int functions_tar(const char *file, const char *root, struct changes *changes, struct err *err)
{
    char stage[] = "/tmp/odw-functions-XXXXXX", user_scripts[128], config[128];
    struct changes quiet = { .quiet = true };
    change(changes, "write %s", file);
    if (changes->dry_run)
        return 0;
    if (mkdtemp(stage) == NULL)
        return err_errno(err, ERR_STOP, "%s: no place to gather files", stage);
    snprintf(user_scripts, sizeof user_scripts, "%s" FUNCTIONS_USER_SCRIPTS, stage);
    snprintf(config, sizeof config, "%s" FUNCTIONS_CONFIG, stage);
    struct functions_place place = { user_scripts, config };
    int done = functions_install(&place, root, &quiet, err);
    if (done == 0)
        done = tar_folder(stage, file, err);
    tar_remove_folder(stage);
    return done;
}
