/* lib/base/file: a small file, read or written whole. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 16384 };

int file_read(const char *path, struct buf *text, struct err *err)
{
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return err_errno(err, ERR_STOP, "%s", path);
    size_t n = 1;
    while (n > 0 && buf_reserve(text, CHUNK) == 0) {
        n = fread(text->p + text->n, 1, CHUNK, f);
        text->n += n;
    }
    int rc = 0;
    if (ferror(f))
        rc = err_errno(err, ERR_STOP, "%s", path);
    else if (text->failed)
        rc = err_set(err, ERR_STOP, "%s: expected at most %zu bytes, and memory for them", path, text->max);
    fclose(f);
    return rc;
}

int file_make_folders(const char *path, mode_t mode, struct err *err)
{
    char copy[PATH_MAX];
    if (snprintf(copy, sizeof copy, "%s", path) >= (int)sizeof copy)
        return err_set(err, ERR_STOP, "%s: a path that long can't be used", path);
    for (char *p = copy + 1;; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        char end = *p;
        *p = '\0';
        if (mkdir(copy, mode) < 0 && errno != EEXIST)
            return err_errno(err, ERR_STOP, "%s: can't make this folder", copy);
        *p = end;
        if (end == '\0')
            return 0;
    }
}

/* A rename is on the disk when the folder is. Where a file system can't sync folders, there is nothing more to do. */
static void sync_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s",
             slash == NULL   ? 1
             : slash == path ? 1
                             : (int)(slash - path),
             slash == NULL ? "." : path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

int file_write(const char *path, struct str bytes, mode_t mode, struct err *err)
{
    char fresh[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int folder = slash != NULL ? (int)(slash - path) + 1 : 0;
    if (snprintf(fresh, sizeof fresh, "%.*s.%s.%d", folder, path, path + folder, (int)getpid()) >= (int)sizeof fresh)
        return err_set(err, ERR_STOP, "%s: a path that long can't be used", path);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0)
        return err_errno(err, ERR_STOP, "%s: can't be written", fresh);
    size_t done = 0;
    while (done < bytes.n) {
        ssize_t n = write(fd, bytes.p + done, bytes.n - done);
        if (n < 0 && errno != EINTR)
            goto fail;
        if (n > 0)
            done += (size_t)n;
    }
    if (fchmod(fd, mode) < 0 || fsync(fd) < 0)
        goto fail;
    close(fd);
    fd = -1;
    if (rename(fresh, path) < 0)
        goto fail;
    sync_folder(path);
    return 0;
fail:
    err_errno(err, ERR_STOP, "%s: can't be written", path);
    if (fd >= 0)
        close(fd);
    unlink(fresh);
    return -1;
}
