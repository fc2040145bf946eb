/* cli/tar: a folder as a ustar file, for configuration management. */
#include "cli/tar.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 512 };

/* POSIX ustar; all but the numbers are text fields that need no final NUL. */
struct header {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100], magic[6], version[2], user[32],
        group[32], major[8], minor[8], prefix[155], pad[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "ustar's header is one block");

/* A path over 100 bytes is cut at a '/' into prefix and name. */
static int put_name(struct header *h, const char *name, struct err *err)
{
    size_t n = strlen(name);
    const char *cut = n <= sizeof h->name ? name : strchr(name + (n - sizeof h->name - 1), '/');
    size_t prefix = cut != NULL && cut > name ? (size_t)(cut - name) : 0;
    if (cut == NULL || prefix > sizeof h->prefix)
        return err_set(err, ERR_STOP, "%s: a path that long doesn't fit a tar file", name);
    memcpy(h->prefix, name, prefix);
    const char *rest = prefix > 0 ? cut + 1 : name;
    memcpy(h->name, rest, strlen(rest));
    return 0;
}

static int put_entry(FILE *to, const char *folder, const char *name, const struct stat *st, struct err *err)
{
    struct header h = { .magic = "ustar", .version = { '0', '0' }, .user = "root", .group = "root" };
    bool is_folder = S_ISDIR(st->st_mode);
    char path[PATH_MAX], block[BLOCK];
    if (put_name(&h, name, err) < 0)
        return -1;
    h.type = is_folder ? '5' : '0';
    snprintf(h.mode, sizeof h.mode, "%07o", (unsigned)(st->st_mode & 0777));
    snprintf(h.uid, sizeof h.uid, "%07o", 0U);
    snprintf(h.gid, sizeof h.gid, "%07o", 0U);
    snprintf(h.size, sizeof h.size, "%011llo", is_folder ? 0ULL : (unsigned long long)st->st_size);
    snprintf(h.mtime, sizeof h.mtime, "%011llo", (unsigned long long)st->st_mtime);
    memset(h.sum, ' ', sizeof h.sum);
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof h; i++)
        sum += ((const unsigned char *)&h)[i];
    snprintf(h.sum, sizeof h.sum, "%06o", sum);
    if (fwrite(&h, sizeof h, 1, to) != 1)
        return -1;
    if (is_folder)
        return 0;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *from = fopen(path, "re");
    if (from == NULL)
        return err_errno(err, ERR_STOP, "%s", path);
    int done = 0;
    for (off_t left = st->st_size; left > 0 && done == 0; left -= BLOCK) {
        memset(block, 0, sizeof block);
        size_t want = left < BLOCK ? (size_t)left : BLOCK;
        if (fread(block, 1, want, from) != want)
            done = err_set(err, ERR_STOP, "%s: expected %lld bytes, got fewer", path, (long long)st->st_size);
        else if (fwrite(block, sizeof block, 1, to) != 1)
            done = -1;
    }
    fclose(from);
    return done;
}

static int is_entry(const struct dirent *e)
{
    return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

static int put_folder(FILE *to, const char *folder, const char *below, struct err *err)
{
    char path[PATH_MAX], name[PATH_MAX];
    struct dirent **entries = NULL;
    snprintf(path, sizeof path, "%s/%s", folder, below);
    int n = scandir(path, &entries, is_entry, alphasort), done = 0;
    if (n < 0)
        return err_errno(err, ERR_STOP, "%s", path);
    for (int i = 0; i < n; i++) {
        struct stat st;
        snprintf(path, sizeof path, "%s/%s%s", folder, below, entries[i]->d_name);
        if (done == 0 && stat(path, &st) < 0)
            done = err_errno(err, ERR_STOP, "%s", path);
        if (done == 0) {
            snprintf(name, sizeof name, "%s%s%s", below, entries[i]->d_name, S_ISDIR(st.st_mode) ? "/" : "");
            done = put_entry(to, folder, name, &st, err);
        }
        if (done == 0 && S_ISDIR(st.st_mode))
            done = put_folder(to, folder, name, err);
        free(entries[i]);
    }
    free(entries);
    return done;
}

int tar_folder(const char *folder, const char *file, struct err *err)
{
    static const char end[2 * BLOCK];
    char fresh[PATH_MAX];
    bool to_stdout = strcmp(file, "-") == 0;
    snprintf(fresh, sizeof fresh, "%s.%d", file, (int)getpid());
    FILE *to = to_stdout ? stdout : fopen(fresh, "we");
    if (to == NULL)
        return err_errno(err, ERR_STOP, "%s: can't be written", fresh);
    int done = put_folder(to, folder, "", err);
    if (done == 0 && fwrite(end, sizeof end, 1, to) != 1)
        done = -1;
    if (fflush(to) != 0 || (!to_stdout && (fsync(fileno(to)) < 0 || fclose(to) != 0)))
        done = -1;
    if (done == 0 && !to_stdout && rename(fresh, file) < 0)
        done = -1;
    if (done < 0) {
        err_errno(err, ERR_STOP, "%s: can't be written", file);
        if (!to_stdout)
            unlink(fresh);
    }
    return done;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    remove(path);
    return 0;
}

void tar_remove_folder(const char *folder)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
