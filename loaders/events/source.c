/* loaders/events/source: lines of files and objects. */
#include "loaders/events/source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/glob.h"
#include "base/lines.h"
#include "s3/s3.h"

enum { PIECE = 4 << 20 }; /* of an object, a request each */

struct source {
    struct lines *lines; /* NULL: the next object has to be opened first */
    bool plain;          /* one file or standard input, read as it is */
    /* What is packed, or lies in a store: its bytes come in pieces. */
    char *name;
    int fd; /* of a packed file; -1: objects */
    struct s3 *s3;
    char bucket[64];
    struct glob *glob;
    struct s3_list *list;
    struct buf key, piece, after;
    char etag[128];
    int64_t size, got; /* of the object: in all, and asked for so far */
    size_t at;         /* in the piece */
    z_stream z;
    bool packed, unpacking, member_ended;
    int64_t blank, skip, number; /* skip, number: where an earlier process was in the first object */
};

static bool is_gzip(const char *p, size_t n)
{
    return n >= 2 && (unsigned char)p[0] == 0x1f && (unsigned char)p[1] == 0x8b;
}

/* ---- bytes as they lie there ---- */

static int keep(void *context, const char *p, size_t n)
{
    return buf_put(context, p, n);
}

/* The next piece; an empty one at the end. */
static int read_piece(struct source *s, struct err *err)
{
    s->at = 0;
    buf_clear(&s->piece);
    if (s->fd >= 0) {
        if (buf_reserve(&s->piece, PIECE) < 0)
            return err_set(err, ERR_STOP, "%s: out of memory", s->name);
        ssize_t n = read(s->fd, s->piece.p, PIECE);
        if (n < 0)
            return err_errno(err, errno == EINTR ? ERR_RETRY : ERR_STOP, "%s", s->name);
        s->piece.n = (size_t)n;
        return 0;
    }
    struct s3_head head;
    if (s->got >= s->size)
        return 0;
    if (s3_get(s->s3, s->bucket, buf_str(&s->key), s->got, PIECE, keep, &s->piece, &head, err) < 0)
        return -1;
    if (strcmp(head.etag, s->etag) != 0 || head.size != s->size || s->piece.n == 0)
        return err_set(err, ERR_DROP, "s3://%s/%.*s: the object changed while it was read", s->bucket, STR_ARG(buf_str(&s->key)));
    s->got += (int64_t)s->piece.n;
    return 0;
}

/* ---- and unpacked ---- */

static ssize_t unpack(struct source *s, char *p, size_t n, struct err *err)
{
    s->z.next_out = (Bytef *)p;
    s->z.avail_out = (uInt)n;
    while (s->z.avail_out == n) {
        if (s->at == s->piece.n) {
            if (read_piece(s, err) < 0)
                return -1;
            if (s->piece.n == 0 && s->member_ended)
                return 0;
            if (s->piece.n == 0)
                return err_set(err, ERR_DROP, "%s: the gzip data is cut short", s->name);
        }
        /* Files that were packed by themselves and then put together are one (RFC 1952, 2.2). */
        if (s->member_ended && inflateReset(&s->z) != Z_OK)
            return err_set(err, ERR_STOP, "%s: out of memory", s->name);
        s->member_ended = false;
        s->z.next_in = (Bytef *)s->piece.p + s->at;
        s->z.avail_in = (uInt)(s->piece.n - s->at);
        int rc = inflate(&s->z, Z_NO_FLUSH);
        s->at = s->piece.n - s->z.avail_in;
        s->member_ended = rc == Z_STREAM_END;
        if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
            return err_set(err, ERR_DROP, "%s: what follows is no gzip data (%s)", s->name,
                           s->z.msg != NULL ? s->z.msg : "damaged");
    }
    return (ssize_t)(n - s->z.avail_out);
}

static ssize_t read_bytes(void *context, char *p, size_t n, struct err *err)
{
    struct source *s = context;
    if (s->packed)
        return unpack(s, p, n, err);
    if (s->at == s->piece.n && read_piece(s, err) < 0)
        return -1;
    size_t some = s->piece.n - s->at < n ? s->piece.n - s->at : n;
    memcpy(p, s->piece.p + s->at, some);
    s->at += some;
    return (ssize_t)some;
}

/* Its first bytes say whether it's packed; then up to where an earlier process was. */
static int begin_bytes(struct source *s, struct err *err)
{
    char passed[65536];
    s->got = 0;
    s->member_ended = true;
    if (read_piece(s, err) < 0)
        return -1;
    s->packed = is_gzip(s->piece.p, s->piece.n);
    if (s->packed && !s->unpacking && inflateInit2(&s->z, 15 + 16) != Z_OK)
        return err_set(err, ERR_STOP, "%s: out of memory", s->name);
    s->unpacking = s->unpacking || s->packed;
    for (int64_t left = s->skip; left > 0;) {
        ssize_t n = read_bytes(s, passed, left < (int64_t)sizeof passed ? (size_t)left : sizeof passed, err);
        if (n < 0)
            return -1;
        if (n == 0)
            return err_set(err, ERR_STOP, "%s: it has become shorter than the %" PRId64 " bytes that were read", s->name, s->skip);
        left -= n;
    }
    s->lines = lines_over(s->name, read_bytes, s, s->number, s->skip, err);
    s->skip = s->number = 0;
    return s->lines != NULL ? 0 : -1;
}

/* ---- one after another ---- */

static int next_object(struct source *s, struct err *err)
{
    struct s3_object o;
    int rc;
    if (s->list == NULL && (s->list = s3_list_new(s->s3, s->bucket, glob_prefix(s->glob), buf_str(&s->after), err)) == NULL)
        return -1;
    do {
        rc = s3_list_next(s->list, &o, err);
    } while (rc == 1 && (!glob_match(s->glob, o.key) || (o.key.n > 0 && o.key.p[o.key.n - 1] == '/')));
    if (rc != 1)
        return rc;
    if (s->skip > 0 && (!str_eq(o.key, buf_str(&s->key)) || !str_eq(o.etag, str_of(s->etag))))
        return err_set(err, ERR_STOP, "s3://%s/%.*s: the object that was being read has changed, or is gone", s->bucket,
                       STR_ARG(buf_str(&s->key)));
    buf_clear(&s->key);
    buf_put_str(&s->key, o.key);
    snprintf(s->etag, sizeof s->etag, "%.*s", STR_ARG(o.etag));
    s->size = o.size;
    free(s->name);
    if (s->key.failed || asprintf(&s->name, "s3://%s/%.*s", s->bucket, STR_ARG(o.key)) < 0) {
        s->name = NULL;
        return err_set(err, ERR_STOP, "out of memory");
    }
    return begin_bytes(s, err) < 0 ? -1 : 1;
}

int source_next(struct source *s, struct buf *line, struct err *err)
{
    for (;;) {
        if (s->lines == NULL) {
            int rc = s->fd >= 0 ? 0 : next_object(s, err);
            if (rc <= 0)
                return rc;
        }
        struct err why = ERR_INIT;
        size_t start = line->n;
        int rc = lines_next(s->lines, line, &why);
        bool unreadable = rc < 0 && why.class == ERR_DROP && strstr(why.text, "the line has ") == NULL;
        if (rc == 1 || (rc < 0 && !unreadable)) {
            if (rc < 0)
                *err = why;
            return rc;
        }
        if (s->plain)
            return 0;
        line->n = start;
        s->blank += lines_blank(s->lines);
        lines_close(s->lines);
        s->lines = NULL;
        if (unreadable) {
            *err = why;
            return -1;
        }
        if (s->fd >= 0)
            return 0;
    }
}

int64_t source_blank(const struct source *s)
{
    return s->blank + (s->lines != NULL ? lines_blank(s->lines) : 0);
}

/* "objects OFFSET NUMBER ETAG" and the key behind a newline: of the object that is being read, or was read last. */
int source_position(struct source *s, struct buf *out)
{
    if (s->plain)
        return lines_position(s->lines, out);
    if (s->fd >= 0)
        return 0;
    bool within = s->lines != NULL && lines_offset(s->lines) > 0;
    buf_printf(out, "objects %" PRId64 " %" PRId64 " %s\n", within ? lines_offset(s->lines) : 0,
               within ? lines_number(s->lines) : 0, within && s->etag[0] != '\0' ? s->etag : "-");
    buf_put_str(out, buf_str(&s->key));
    return 1;
}

int source_resume(struct source *s, struct str position, struct err *err)
{
    if (s->plain)
        return lines_resume(s->lines, position, err);
    struct str key = position, line = str_cut(&key, '\n');
    char text[256];
    snprintf(text, sizeof text, "%.*s", STR_ARG(line));
    if (sscanf(text, "objects %" SCNd64 " %" SCNd64 " %127s", &s->skip, &s->number, s->etag) != 3)
        return err_set(err, ERR_RETRY, "expected a position of objects, got \"%s\"", text);
    buf_put_str(&s->key, key);
    /* The listing begins behind a key: for the object itself, behind the greatest that sorts before it in practice. */
    buf_put_str(&s->after, key);
    if (s->skip > 0 && s->after.n > 0) {
        unsigned char last = (unsigned char)s->after.p[s->after.n - 1];
        s->after.n--;
        if (last > 0x21 && last < 0x7f) {
            buf_putc(&s->after, (char)(last - 1));
            buf_puts(&s->after, "\xf4\x8f\xbf\xbf");
        }
    }
    return s->key.failed || s->after.failed ? err_set(err, ERR_RETRY, "out of memory") : 0;
}

static int open_objects(struct source *s, const struct opts *o, const char *operand, struct err *err)
{
    struct str pattern;
    char all[4200];
    if (s3_address(operand, s->bucket, &pattern, err) < 0)
        return -1;
    if (pattern.n == 0 || pattern.p[pattern.n - 1] == '/') {
        snprintf(all, sizeof all, "%.*s**", STR_ARG(pattern));
        pattern = str_of(all);
    }
    return (s->glob = glob_new(pattern, err)) != NULL && (s->s3 = s3_open(o, err)) != NULL ? 0 : -1;
}

struct source *source_open(const struct opts *o, const char *operand, struct err *err)
{
    char magic[2];
    struct source *s = calloc(1, sizeof *s);
    if (s == NULL || (s->name = strdup(operand)) == NULL) {
        free(s);
        err_set(err, ERR_RETRY, "out of memory");
        return NULL;
    }
    s->fd = -1;
    buf_init(&s->key, 0);
    buf_init(&s->after, 0);
    buf_init(&s->piece, 2 * PIECE);
    if (s3_is_address(operand)) {
        if (open_objects(s, o, operand, err) < 0)
            goto fail;
        return s;
    }
    int fd = strcmp(operand, "-") != 0 ? open(operand, O_RDONLY | O_CLOEXEC) : -1;
    if (fd >= 0 && pread(fd, magic, 2, 0) == 2 && is_gzip(magic, 2)) {
        s->fd = fd;
        if (begin_bytes(s, err) < 0)
            goto fail;
        return s;
    }
    if (fd >= 0)
        close(fd);
    s->plain = true;
    s->lines = lines_open(operand, err);
    if (s->lines == NULL) {
        err->class = ERR_RETRY;
        goto fail;
    }
    return s;
fail:
    source_close(s);
    return NULL;
}

void source_close(struct source *s)
{
    if (s == NULL)
        return;
    lines_close(s->lines);
    s3_list_free(s->list);
    s3_free(s->s3);
    glob_free(s->glob);
    if (s->unpacking)
        inflateEnd(&s->z);
    if (s->fd >= 0)
        close(s->fd);
    buf_fini(&s->key);
    buf_fini(&s->piece);
    buf_fini(&s->after);
    free(s->name);
    free(s);
}
