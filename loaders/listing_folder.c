/* loaders/listing_folder: the files below a folder, in the order in which a store would list their paths as keys. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "loaders/listing.h"

enum { DEPTH_MAX = 512, NAMES_MAX = 1 << 30 };

/* A folder that is being read: the names in it, sorted, folders' with the slash that follows them in a path. */
struct level {
    int fd;
    struct buf names; /* each with its NUL */
    uint32_t *order;  /* where they begin */
    size_t n, at;
    size_t path; /* the path's length up to here */
};

struct folder {
    char *root;
    struct glob *glob;
    struct buf path, after, whole;
    struct level *levels[DEPTH_MAX];
    int depth;
    bool began;
};

static void level_free(struct level *v)
{
    if (v == NULL)
        return;
    if (v->fd >= 0)
        close(v->fd);
    buf_fini(&v->names);
    free(v->order);
    free(v);
}

static int compare_names(const void *a, const void *b, void *names)
{
    return strcmp((const char *)names + *(const uint32_t *)a, (const char *)names + *(const uint32_t *)b);
}

/* 1: it's a folder; 0: a file; -1: neither, or gone. */
static int kind_of(int fd, const struct dirent *d)
{
    struct stat st;
    if (d->d_type == DT_DIR || d->d_type == DT_REG)
        return d->d_type == DT_DIR;
    if (d->d_type != DT_UNKNOWN || fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -1;
    return S_ISDIR(st.st_mode) ? 1 : S_ISREG(st.st_mode) ? 0 : -1;
}

static int read_names(struct level *v, struct err *err)
{
    int rc = -1;
    struct dirent *d;
    int fd = fcntl(v->fd, F_DUPFD_CLOEXEC, 0);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (dir == NULL) {
        err_errno(err, ERR_DROP, "can't be read");
        if (fd >= 0)
            close(fd);
        return -1;
    }
    while (errno = 0, (d = readdir(dir)) != NULL) {
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        int kind = kind_of(v->fd, d);
        if (kind < 0)
            continue;
        buf_puts(&v->names, d->d_name);
        buf_put(&v->names, "/", kind == 1 ? 2 : 1);
        if (kind == 0)
            v->names.p[v->names.n - 1] = '\0';
        if (v->names.failed) {
            err_set(err, ERR_STOP, "its names take over %d MB", NAMES_MAX >> 20);
            goto out;
        }
        v->n++;
    }
    if (errno != 0) {
        err_errno(err, ERR_DROP, "can't be read to its end");
        goto out;
    }
    v->order = malloc((v->n + 1) * sizeof *v->order);
    if (v->order == NULL) {
        err_set(err, ERR_STOP, "out of memory for %zu names", v->n);
        goto out;
    }
    size_t at = 0;
    for (size_t i = 0; i < v->n; i++) {
        v->order[i] = (uint32_t)at;
        at += strlen(v->names.p + at) + 1;
    }
    qsort_r(v->order, v->n, sizeof *v->order, compare_names, v->names.p);
    rc = 0;
out:
    closedir(dir);
    return rc;
}

/* Goes down into the folder that the path names, from the one above (AT_FDCWD: the root). 1: it has gone, or become something else,
 * since its name was read. */
static int go_down(struct folder *f, int above, const char *name, struct err *err)
{
    if (f->depth == DEPTH_MAX)
        return err_set(err, ERR_DROP, "folders are nested over %d deep", DEPTH_MAX);
    struct level *v = calloc(1, sizeof *v);
    if (v == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    buf_init(&v->names, NAMES_MAX);
    v->path = f->path.n;
    v->fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (above >= 0 ? O_NOFOLLOW : 0));
    if (v->fd < 0 && above >= 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) {
        level_free(v);
        return 1;
    }
    if (v->fd < 0 ? err_errno(err, ERR_DROP, "can't be opened") : read_names(v, err)) {
        level_free(v);
        return -1;
    }
    f->levels[f->depth++] = v;
    return 0;
}

/* The pattern is over root and path. */
static struct str whole(struct folder *f)
{
    buf_clear(&f->whole);
    buf_puts(&f->whole, f->root);
    buf_put_str(&f->whole, buf_str(&f->path));
    return buf_str(&f->whole);
}

static int compare(struct str a, struct str b)
{
    int c = memcmp(a.p != NULL ? a.p : "", b.p != NULL ? b.p : "", a.n < b.n ? a.n : b.n);
    return c != 0 ? c : a.n < b.n ? -1 : a.n > b.n;
}

/* Everything below the folder sorts at or before `after`. */
static bool is_passed(const struct folder *f)
{
    struct str after = buf_str(&f->after), path = buf_str(&f->path);
    return after.n > 0 && compare(path, after) <= 0 && !str_starts(after, path);
}

static int folder_next(void *state, struct blob *blob, struct err *err)
{
    struct folder *f = state;
    if (!f->began) {
        f->began = true;
        if (go_down(f, AT_FDCWD, f->root[0] != '\0' ? f->root : ".", err) < 0) {
            err->class = ERR_STOP;
            return err_at(err, "%s", f->root[0] != '\0' ? f->root : ".");
        }
    }
    while (f->depth > 0) {
        struct level *v = f->levels[f->depth - 1];
        if (v->at == v->n) {
            level_free(v);
            f->depth--;
            continue;
        }
        char *name = v->names.p + v->order[v->at++];
        size_t n = strlen(name);
        f->path.n = v->path;
        if (buf_put(&f->path, name, n) < 0)
            return err_set(err, ERR_STOP, "%s: paths are longer than %zu bytes", f->root, f->path.max);
        if (name[n - 1] == '/') {
            if (is_passed(f) || (f->glob != NULL && !glob_reaches(f->glob, whole(f))))
                continue;
            name[n - 1] = '\0';
            struct err why = ERR_INIT;
            int rc = go_down(f, v->fd, name, &why);
            name[n - 1] = '/';
            if (rc < 0) {
                blob->path = buf_str(&f->path);
                return err_set(err, why.class, "%s%.*s: %s", f->root, STR_ARG(buf_str(&f->path)), why.text);
            }
            continue;
        }
        struct stat st;
        if (f->after.n > 0 && compare(buf_str(&f->path), buf_str(&f->after)) <= 0)
            continue;
        if ((f->glob != NULL && !glob_match(f->glob, whole(f))) || fstatat(v->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
            !S_ISREG(st.st_mode))
            continue;
        *blob = (struct blob){
            .path = buf_str(&f->path),
            .size = st.st_size,
            .modified_ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000,
            .has_mode = true,
            .mode = st.st_mode & 07777,
        };
        return 1;
    }
    return 0;
}

static void folder_free(void *state)
{
    struct folder *f = state;
    if (f == NULL)
        return;
    while (f->depth > 0)
        level_free(f->levels[--f->depth]);
    free(f->root);
    buf_fini(&f->path);
    buf_fini(&f->after);
    buf_fini(&f->whole);
    free(f);
}

int folder_listing(struct listing *l, const char *root, struct glob *glob, struct str after, struct err *err)
{
    enum { PATH_BYTES = 65536 };
    struct folder *f = calloc(1, sizeof *f);
    if (f == NULL || (f->root = strdup(root)) == NULL) {
        free(f);
        return err_set(err, ERR_STOP, "out of memory");
    }
    f->glob = glob;
    buf_init(&f->path, PATH_BYTES);
    buf_init(&f->after, PATH_BYTES);
    buf_init(&f->whole, 2 * PATH_BYTES);
    if (buf_put_str(&f->after, after) < 0) {
        folder_free(f);
        return err_set(err, ERR_STOP, "out of memory");
    }
    *l = (struct listing){ .state = f, .next = folder_next, .free = folder_free };
    return 0;
}
