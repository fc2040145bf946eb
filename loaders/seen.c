/* loaders/seen: a sorted file of what a listing saw. */
#include "loaders/seen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"

#define HEAD "odw blobs seen 1\n"

enum { PATH_BYTES = 65536, ETAG_BYTES = 1024 };

/* An entry: how many bytes of the path before are kept, how many follow, those; size; time (zigzag); mode + 1, or 0; the etag's
 * length, the etag. Numbers are unsigned LEB128. */

struct seen_reader {
    char *name;
    FILE *f;
    struct buf path, etag;
};

struct seen_writer {
    char *name;
    FILE *f;
    struct buf last, entry;
    int64_t offset;
};

/* 1, or 0 at the end of the file before the first byte, or -1: cut short. */
static int get_number(FILE *f, uint64_t *v)
{
    *v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        int c = getc_unlocked(f);
        if (c == EOF)
            return shift == 0 ? 0 : -1;
        *v |= (uint64_t)(c & 0x7f) << shift;
        if (c < 0x80)
            return 1;
    }
    return -1;
}

static int get_bytes(FILE *f, struct buf *b, uint64_t n)
{
    if (n > b->max || buf_reserve(b, n) < 0 || fread_unlocked(b->p + b->n, 1, n, f) != n)
        return -1;
    b->n += n;
    return 0;
}

static int get_entry(struct seen_reader *r, struct blob *blob)
{
    uint64_t shared, more, size, time, mode, etag;
    int rc = get_number(r->f, &shared);
    if (rc <= 0)
        return rc;
    if (get_number(r->f, &more) != 1 || shared > r->path.n)
        return -1;
    r->path.n = shared;
    buf_clear(&r->etag);
    if (get_bytes(r->f, &r->path, more) < 0 || get_number(r->f, &size) != 1 || get_number(r->f, &time) != 1 ||
        get_number(r->f, &mode) != 1 || get_number(r->f, &etag) != 1 || get_bytes(r->f, &r->etag, etag) < 0)
        return -1;
    *blob = (struct blob){
        .path = buf_str(&r->path),
        .etag = buf_str(&r->etag),
        .size = (int64_t)size,
        .modified_ms = (int64_t)(time >> 1) ^ -(int64_t)(time & 1),
        .has_mode = mode > 0,
        .mode = (mode_t)(mode > 0 ? mode - 1 : 0),
    };
    return 1;
}

int seen_next(struct seen_reader *r, struct blob *blob, struct err *err)
{
    int rc = get_entry(r, blob);
    if (rc < 0)
        err_set(err, ERR_STOP, "%s: is damaged, or cut short (--from-start lists everything anew)", r->name);
    return rc;
}

struct seen_reader *seen_open(const char *path, struct err *err)
{
    char head[sizeof HEAD] = "";
    struct seen_reader *r = calloc(1, sizeof *r);
    if (r == NULL || (r->name = strdup(path)) == NULL) {
        free(r);
        err_set(err, ERR_STOP, "out of memory");
        return NULL;
    }
    buf_init(&r->path, PATH_BYTES);
    buf_init(&r->etag, ETAG_BYTES);
    r->f = fopen(path, "re");
    if (r->f == NULL) {
        err_errno(err, ERR_STOP, "%s: what the last listing saw can't be read (--from-start lists everything anew)", path);
        goto fail;
    }
    if (fread(head, 1, sizeof HEAD - 1, r->f) != sizeof HEAD - 1 || strcmp(head, HEAD) != 0) {
        err_set(err, ERR_STOP, "%s: expected a file that begins with \"odw blobs seen 1\" (--from-start lists everything anew)",
                path);
        goto fail;
    }
    return r;
fail:
    seen_close(r);
    return NULL;
}

void seen_close(struct seen_reader *r)
{
    if (r == NULL)
        return;
    if (r->f != NULL)
        fclose(r->f);
    buf_fini(&r->path);
    buf_fini(&r->etag);
    free(r->name);
    free(r);
}

static void put_blob(struct seen_writer *w, const struct blob *b)
{
    size_t shared = 0, most = b->path.n < w->last.n ? b->path.n : w->last.n;
    while (shared < most && b->path.p[shared] == w->last.p[shared])
        shared++;
    buf_clear(&w->entry);
    buf_put_varint(&w->entry, shared);
    buf_put_varint(&w->entry, b->path.n - shared);
    buf_put(&w->entry, b->path.p + shared, b->path.n - shared);
    buf_put_varint(&w->entry, (uint64_t)b->size);
    buf_put_varint(&w->entry, (uint64_t)b->modified_ms << 1 ^ (uint64_t)(b->modified_ms >> 63));
    buf_put_varint(&w->entry, b->has_mode ? (uint64_t)b->mode + 1 : 0);
    buf_put_varint(&w->entry, b->etag.n);
    buf_put_str(&w->entry, b->etag);
    w->last.n = shared;
    buf_put(&w->last, b->path.p + shared, b->path.n - shared);
}

int seen_put(struct seen_writer *w, const struct blob *blob, struct err *err)
{
    if (blob->etag.n > ETAG_BYTES)
        return err_set(err, ERR_STOP, "%.*s: its ETag has %zu bytes, and %d are expected at most", STR_ARG(blob->path),
                       blob->etag.n, ETAG_BYTES);
    put_blob(w, blob);
    if (w->entry.failed || w->last.failed)
        return err_set(err, ERR_STOP, "%s: a path of %zu bytes can't be kept", w->name, blob->path.n);
    if (fwrite_unlocked(w->entry.p, 1, w->entry.n, w->f) != w->entry.n)
        return err_errno(err, ERR_STOP, "%s", w->name);
    w->offset += (int64_t)w->entry.n;
    return 0;
}

int64_t seen_offset(const struct seen_writer *w)
{
    return w->offset;
}

int seen_sync(struct seen_writer *w, struct err *err)
{
    return fflush(w->f) == 0 && fdatasync(fileno(w->f)) == 0 ? 0 : err_errno(err, ERR_STOP, "%s", w->name);
}

struct seen_writer *seen_create(const char *path, int64_t offset, struct err *err)
{
    struct seen_writer *w = calloc(1, sizeof *w);
    if (w == NULL || (w->name = strdup(path)) == NULL) {
        free(w);
        err_set(err, ERR_STOP, "out of memory");
        return NULL;
    }
    buf_init(&w->last, PATH_BYTES);
    buf_init(&w->entry, 2 * PATH_BYTES);
    w->f = fopen(path, offset > 0 ? "r+e" : "we");
    w->offset = offset > 0 ? offset : (int64_t)sizeof HEAD - 1;
    if (w->f == NULL || (offset > 0 ? fseeko(w->f, 0, SEEK_END) < 0 : fputs(HEAD, w->f) < 0)) {
        err_errno(err, ERR_STOP, "%s", path);
        goto fail;
    }
    if (offset > 0 && ftello(w->f) < offset) {
        err_set(err, ERR_STOP, "%s: expected at least %lld bytes, found fewer (--from-start lists everything anew)", path,
                (long long)offset);
        goto fail;
    }
    if (offset > 0 && (ftruncate(fileno(w->f), offset) < 0 || fseeko(w->f, offset, SEEK_SET) < 0)) {
        err_errno(err, ERR_STOP, "%s", path);
        goto fail;
    }
    return w;
fail:
    seen_free(w);
    return NULL;
}

void seen_free(struct seen_writer *w)
{
    if (w == NULL)
        return;
    if (w->f != NULL)
        fclose(w->f);
    buf_fini(&w->last);
    buf_fini(&w->entry);
    free(w->name);
    free(w);
}
