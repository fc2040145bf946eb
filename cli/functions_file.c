/* cli/functions_file: files that are put whole or not at all; what there is to say where that can't be. */
#include "cli/functions_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/sha256.h"

static const char *user_name(uid_t uid)
{
    static char text[64];
    const struct passwd *pw = getpwuid(uid);
    snprintf(text, sizeof text, pw != NULL ? "%s" : "uid %s", pw != NULL ? pw->pw_name : "");
    if (pw == NULL)
        snprintf(text, sizeof text, "uid %u", (unsigned)uid);
    return text;
}

int functions_check_folder(const char *folder, bool programs, struct err *err)
{
    char path[PATH_MAX], me[64];
    struct stat st;
    struct statvfs fs;
    if (snprintf(path, sizeof path, "%s", folder) >= (int)sizeof path)
        return err_set(err, ERR_STOP, "%s: a path that long can't be used", folder);
    while (stat(path, &st) < 0) {
        if (errno != ENOENT)
            return err_errno(err, ERR_STOP, "%s", path);
        char *slash = strrchr(path, '/');
        if (slash == NULL)
            snprintf(path, sizeof path, ".");
        else
            slash[slash == path] = '\0';
    }
    if (!S_ISDIR(st.st_mode))
        return err_set(err, ERR_STOP, "%s: expected a folder, it is a file", path);
    if (access(path, W_OK | X_OK) < 0) {
        int why = errno;
        snprintf(me, sizeof me, "%s", user_name(geteuid()));
        errno = why;
        if (why == EACCES)
            return err_set(err, ERR_STOP, "%s: %s may not write there, it belongs to %s: run this as root (sudo) or as that user",
                           path, me, user_name(st.st_uid));
        return err_errno(err, ERR_STOP, "%s: can't be written to", path);
    }
    if (programs && statvfs(path, &fs) == 0 && (fs.f_flag & ST_NOEXEC) != 0)
        return err_set(err, ERR_STOP,
                       "%s: its file system is mounted noexec, so that the server couldn't run a program from there: mount "
                       "it without, or set user_scripts_path to another folder",
                       path);
    return 0;
}

int functions_read(const char *path, struct buf *out, struct err *err)
{
    buf_init(out, FUNCTIONS_FILE_MAX);
    if (access(path, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    return file_read(path, out, err) < 0 ? -1 : 1;
}

/* A server loads a file anew when its time of modification is a later second than the one it knows: a file that is replaced twice
 * within a second is dated one second on. */
static int date_after(const char *path, time_t before, struct err *err)
{
    struct stat st;
    if (stat(path, &st) == 0 && st.st_mtime > before)
        return 0;
    const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = before + 1 } };
    return utimensat(AT_FDCWD, path, times, 0) == 0 ? 0 : err_errno(err, ERR_STOP, "%s: can't be dated", path);
}

int functions_put(const char *folder, const char *name, struct str bytes, mode_t mode, const char *what, struct changes *changes,
                  struct err *err)
{
    char path[PATH_MAX];
    struct buf have;
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int there = functions_read(path, &have, err);
    bool same = there == 1 && str_eq(buf_str(&have), bytes);
    buf_fini(&have);
    if (there < 0)
        return -1;
    if (there == 1 && stat(path, &st) < 0)
        return err_errno(err, ERR_STOP, "%s", path);
    same = same && (st.st_mode & 0777) == mode;
    if (same)
        return 0;
    change(changes, "%s %s (%s)", there == 0 ? "install" : "replace", what, path);
    if (changes->dry_run)
        return 0;
    if (file_make_folders(folder, 0755, err) < 0 || file_write(path, bytes, mode, err) < 0)
        return -1;
    return there == 1 ? date_after(path, st.st_mtime, err) : 0;
}

int functions_remove(const char *path, const char *what, struct changes *changes, struct err *err)
{
    if (access(path, F_OK) < 0)
        return 0;
    change(changes, "remove %s (%s)", what, path);
    return changes->dry_run || unlink(path) == 0 ? 0 : err_errno(err, ERR_STOP, "%s: can't be removed", path);
}

void functions_digest(struct str bytes, char hex[65])
{
    uint8_t digest[32];
    sha256(bytes, digest);
    for (int i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}
