/* loaders/changes: this listing beside what the last one saw. Both are in the order of their paths' bytes, so one step at a
 * time is enough, and memory doesn't grow. */
#include "loaders/changes.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "loaders/seen.h"

enum { PATIENCE_MS = 50, LOOK_EVERY = 1024, UNREAD_BYTES = 16 << 20 };

struct changes {
    int (*open)(void *context, struct listing *l, struct str after, struct err *err);
    int (*content)(void *context, struct blob *now, const struct blob *was, struct err *err); /* NULL: what is listed counts */
    void *context;
    bool allow_empty;
    struct listing listing;
    struct seen_reader *old; /* NULL: there is nothing to compare with */
    struct seen_writer *fresh;
    char path[PATH_MAX - 32]; /* "": nothing is kept */
    uint64_t old_number, fresh_number;
    int64_t offset; /* of the fresh file, where an earlier process was */
    struct buf after, last, unread;
    struct blob now, was; /* the next of each */
    bool began, has_now, has_was, now_ended, was_ended, ended;
    int64_t listed, unchanged;
};

static int compare(struct str a, struct str b)
{
    int c = memcmp(a.p != NULL ? a.p : "", b.p != NULL ? b.p : "", a.n < b.n ? a.n : b.n);
    return c != 0 ? c : a.n < b.n ? -1 : a.n > b.n;
}

struct changes *changes_new(int (*open)(void *context, struct listing *l, struct str after, struct err *err), void *context,
                            bool allow_empty, struct err *err)
{
    struct changes *c = calloc(1, sizeof *c);
    if (c == NULL) {
        err_set(err, ERR_STOP, "out of memory");
        return NULL;
    }
    c->open = open;
    c->context = context;
    c->allow_empty = allow_empty;
    c->fresh_number = 1;
    buf_init(&c->after, 0);
    buf_init(&c->last, 0);
    buf_init(&c->unread, UNREAD_BYTES);
    return c;
}

void changes_free(struct changes *c)
{
    if (c == NULL)
        return;
    if (c->listing.free != NULL)
        c->listing.free(c->listing.state);
    seen_close(c->old);
    seen_free(c->fresh);
    buf_fini(&c->after);
    buf_fini(&c->last);
    buf_fini(&c->unread);
    free(c);
}

void changes_by_content(struct changes *c, int (*content)(void *context, struct blob *now, const struct blob *was, struct err *err))
{
    c->content = content;
}

int changes_keep(struct changes *c, const char *path, struct err *err)
{
    if (snprintf(c->path, sizeof c->path, "%s", path) < (int)sizeof c->path)
        return 0;
    c->path[0] = '\0';
    return err_set(err, ERR_RETRY, "%s: a path that long can't be used", path);
}

/* "seen N", or "listing OLD FRESH OFFSET" and a path behind the newline. */
int changes_resume(struct changes *c, struct str position, struct err *err)
{
    struct str path = position, line = str_cut(&path, '\n');
    char text[128];
    int64_t offset = 0;
    snprintf(text, sizeof text, "%.*s", STR_ARG(line));
    if (sscanf(text, "seen %" SCNu64, &c->old_number) == 1) {
        c->fresh_number = c->old_number + 1;
    } else if (sscanf(text, "listing %" SCNu64 " %" SCNu64 " %" SCNd64, &c->old_number, &c->fresh_number, &offset) == 3 &&
               offset > 0) {
        c->offset = offset;
        if (buf_put_str(&c->after, path) < 0 || buf_put_str(&c->last, path) < 0)
            return err_set(err, ERR_RETRY, "out of memory");
    } else {
        return err_set(err, ERR_RETRY, "expected the position of a listing, got \"%s\"", text);
    }
    return 0;
}

static void name_of(const struct changes *c, uint64_t number, char name[PATH_MAX])
{
    snprintf(name, PATH_MAX, "%s.seen-%" PRIu64, c->path, number);
}

/* The files that no position speaks of any more. */
static void sweep(const struct changes *c)
{
    char folder[PATH_MAX], old[PATH_MAX], fresh[PATH_MAX], file[2 * PATH_MAX];
    const char *slash = strrchr(c->path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash != NULL ? (int)(slash - c->path) : 1, slash != NULL ? c->path : ".");
    const char *begin = slash != NULL ? slash + 1 : c->path;
    DIR *dir = opendir(folder);
    name_of(c, c->old_number, old);
    name_of(c, c->fresh_number, fresh);
    for (struct dirent *d; dir != NULL && (d = readdir(dir)) != NULL;) {
        size_t n = strlen(begin);
        snprintf(file, sizeof file, "%s/%s", folder, d->d_name);
        if (strncmp(d->d_name, begin, n) == 0 && strncmp(d->d_name + n, ".seen-", 6) == 0 && strcmp(file, old) != 0 &&
            strcmp(file, fresh) != 0)
            unlink(file);
    }
    if (dir != NULL)
        closedir(dir);
}

static int begin(struct changes *c, struct err *err)
{
    char name[PATH_MAX];
    if (c->path[0] != '\0') {
        sweep(c);
        if (c->old_number > 0) {
            name_of(c, c->old_number, name);
            if ((c->old = seen_open(name, err)) == NULL)
                return -1;
        }
        name_of(c, c->fresh_number, name);
        if ((c->fresh = seen_create(name, c->offset, err)) == NULL)
            return -1;
    }
    if (c->open(c->context, &c->listing, buf_str(&c->after), err) < 0)
        return -1;
    c->began = true;
    c->was_ended = c->old == NULL;
    return 0;
}

/* The next of this listing. What can't be read stays unchanged. */
static int look_now(struct changes *c, struct err *err)
{
    struct err why = ERR_INIT;
    int rc = c->listing.next(c->listing.state, &c->now, &why);
    if (rc < 0) {
        if (why.class == ERR_DROP) {
            buf_put_str(&c->unread, c->now.path);
            buf_putc(&c->unread, '\0');
            if (c->unread.failed)
                return err_set(err, ERR_STOP, "too many folders can't be read: %s", why.text);
        }
        *err = why;
        return -1;
    }
    c->now_ended = rc == 0;
    c->has_now = rc == 1;
    if (rc == 1 && c->fresh != NULL && c->last.n > 0 && compare(c->now.path, buf_str(&c->last)) <= 0)
        return err_set(err, ERR_STOP,
                       "expected objects in the order of their keys, got '%.*s' behind '%.*s': this store can only be listed whole "
                       "(--no-checkpoint)",
                       STR_ARG(c->now.path), STR_ARG(buf_str(&c->last)));
    c->listed += rc;
    return 0;
}

static int look_was(struct changes *c, struct err *err)
{
    int rc;
    do {
        rc = seen_next(c->old, &c->was, err);
    } while (rc == 1 && c->after.n > 0 && compare(c->was.path, buf_str(&c->after)) <= 0);
    c->was_ended = rc == 0;
    c->has_was = rc == 1;
    return rc < 0 ? -1 : 0;
}

static bool is_unread(const struct changes *c, struct str path)
{
    for (size_t at = 0; at < c->unread.n;) {
        struct str prefix = str_of(c->unread.p + at);
        if (str_starts(path, prefix))
            return true;
        at += prefix.n + 1;
    }
    return false;
}

static bool same(const struct blob *a, const struct blob *b)
{
    return a->size == b->size && a->modified_ms == b->modified_ms && str_eq(a->etag, b->etag) && a->has_mode == b->has_mode &&
           a->mode == b->mode;
}

/* 1: the object is what it was; 0: it isn't, or is new; -1. */
static int compare_contents(struct changes *c, bool both, struct err *err)
{
    if (both && c->now.size == c->was.size && c->now.modified_ms == c->was.modified_ms &&
        (c->now.etag.n == 0 || str_eq(c->now.etag, c->was.etag))) {
        c->now.etag = c->was.etag;
        return 1;
    }
    return c->content(c->context, &c->now, both ? &c->was : NULL, err);
}

static int pass(struct changes *c, const struct blob *blob, bool keep, struct err *err)
{
    if (keep && c->fresh != NULL && seen_put(c->fresh, blob, err) < 0)
        return -1;
    buf_clear(&c->last);
    return buf_put_str(&c->last, blob->path) == 0 ? 0 : err_set(err, ERR_STOP, "out of memory");
}

/* 1: *change is one; 0: nothing changed here; -1. */
static int take_step(struct changes *c, struct change *change, struct err *err)
{
    int order = !c->has_was ? -1 : !c->has_now ? 1 : compare(c->now.path, c->was.path);
    bool unread = order > 0 && is_unread(c, c->was.path);
    if (order > 0 && !unread && c->now_ended && c->listed == 0 && c->after.n == 0 && !c->allow_empty)
        return err_set(
            err, ERR_STOP,
            "expected objects, found none where the last listing saw some; if they are all gone (and the place isn't just "
            "empty, as where nothing is mounted), say so with --allow-empty");
    int unchanged = unread || (order == 0 && same(&c->now, &c->was));
    if (c->content != NULL && order <= 0 && (unchanged = compare_contents(c, order == 0, err)) < 0)
        return -1;
    *change = (struct change){ .blob = order > 0 ? c->was : c->now, .gone = order > 0 && !unread };
    if (pass(c, &change->blob, !change->gone, err) < 0)
        return -1;
    if (order >= 0)
        c->has_was = false;
    if (order <= 0)
        c->has_now = false;
    c->unchanged += unchanged;
    change->place = c->fresh != NULL ? seen_offset(c->fresh) : 0;
    return !unchanged;
}

int changes_next(struct changes *c, struct change *change, struct err *err)
{
    if (c->ended)
        return 0;
    if (!c->began && begin(c, err) < 0)
        return -1;
    int64_t start = monotonic_ms();
    for (int steps = 1;; steps++) {
        if ((!c->has_now && !c->now_ended && look_now(c, err) < 0) || (!c->has_was && !c->was_ended && look_was(c, err) < 0))
            return -1;
        if (!c->has_now && !c->has_was) {
            c->ended = true;
            return 0;
        }
        int rc = take_step(c, change, err);
        if (rc != 0)
            return rc;
        if (steps % LOOK_EVERY == 0 && monotonic_ms() - start >= PATIENCE_MS)
            return err_set(err, ERR_RETRY, "nothing has changed so far");
    }
}

int changes_position(struct changes *c, int64_t place, struct str path, struct buf *out, struct err *err)
{
    if (c->fresh == NULL) {
        /* Nothing was looked at yet: where it would begin. */
        if (c->offset > 0)
            buf_printf(out, "listing %" PRIu64 " %" PRIu64 " %" PRId64 "\n%.*s", c->old_number, c->fresh_number, c->offset,
                       STR_ARG(buf_str(&c->after)));
        else
            buf_printf(out, "seen %" PRIu64, c->old_number);
        return 0;
    }
    if (seen_sync(c->fresh, err) < 0)
        return -1;
    if (place < 0 && c->ended)
        buf_printf(out, "seen %" PRIu64, c->fresh_number);
    else
        buf_printf(out, "listing %" PRIu64 " %" PRIu64 " %" PRId64 "\n", c->old_number, c->fresh_number,
                   place < 0 ? seen_offset(c->fresh) : place);
    if (place >= 0 || !c->ended)
        buf_put_str(out, place < 0 ? buf_str(&c->last) : path);
    return 0;
}

int64_t changes_unchanged(const struct changes *c)
{
    return c->unchanged;
}
