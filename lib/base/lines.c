/* lib/base/lines: reads a file line by line. */
#include "base/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sha256.h"

enum { CHUNK = 1 << 20, HEAD = 4096 };

struct lines {
    char *path;
    int fd; /* -1: `more` and `context` stand for it */
    ssize_t (*more)(void *context, char *p, size_t n, struct err *err);
    void *context;
    bool end;
    int64_t number, blank;
    size_t long_bytes; /* of the line that is being passed over; 0: none */
    int64_t read;      /* bytes of the file that are before the chunk's end */
    size_t at, n;
    char chunk[CHUNK];
};

struct lines *lines_open(const char *path, struct err *err)
{
    struct lines *l = calloc(1, sizeof *l);
    if (l == NULL || (l->path = strdup(path)) == NULL) {
        free(l);
        err_set(err, ERR_STOP, "%s: out of memory", path);
        return NULL;
    }
    l->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (l->fd < 0) {
        err_errno(err, ERR_STOP, "%s", path);
        free(l->path);
        free(l);
        return NULL;
    }
    return l;
}

struct lines *lines_over(const char *name, ssize_t (*more)(void *context, char *p, size_t n, struct err *err), void *context,
                         int64_t number, int64_t offset, struct err *err)
{
    struct lines *l = calloc(1, sizeof *l);
    if (l == NULL || (l->path = strdup(name)) == NULL) {
        free(l);
        err_set(err, ERR_STOP, "%s: out of memory", name);
        return NULL;
    }
    l->fd = -1;
    l->more = more;
    l->context = context;
    l->number = number;
    l->read = offset;
    return l;
}

void lines_close(struct lines *l)
{
    if (l == NULL)
        return;
    if (l->fd > STDIN_FILENO)
        close(l->fd);
    free(l->path);
    free(l);
}

int64_t lines_number(const struct lines *l)
{
    return l->number;
}

int64_t lines_blank(const struct lines *l)
{
    return l->blank;
}

int64_t lines_offset(const struct lines *l)
{
    return l->read - (int64_t)(l->n - l->at);
}

/* Whatever of a line is in `out` since `start`: 1 when it's one to hand out. */
static int finish(struct lines *l, struct buf *out, size_t start, struct err *err)
{
    l->number++;
    if (l->long_bytes > 0) {
        size_t n = l->long_bytes;
        l->long_bytes = 0;
        return err_set(err, ERR_DROP, "%s:%lld: the line has %zu bytes, and at most %zu fit into a message", l->path,
                       (long long)l->number, n, out->max);
    }
    if (out->n > start && out->p[out->n - 1] == '\r')
        out->n--;
    if (out->n > start && str_trim((struct str){ out->p + start, out->n - start }).n > 0)
        return 1;
    out->n = start;
    l->blank++;
    return 0;
}

int lines_next(struct lines *l, struct buf *out, struct err *err)
{
    size_t start = out->n;
    for (;;) {
        while (l->at < l->n) {
            const char *p = l->chunk + l->at;
            const char *newline = memchr(p, '\n', l->n - l->at);
            size_t n = newline != NULL ? (size_t)(newline - p) : l->n - l->at;
            l->at += n + (newline != NULL);
            if (l->long_bytes > 0) {
                l->long_bytes += n;
            } else if (buf_put(out, p, n) < 0) {
                l->long_bytes = out->n - start + n;
                out->n = start;
                out->failed = false;
            }
            if (newline == NULL)
                break;
            int rc = finish(l, out, start, err);
            if (rc != 0)
                return rc;
        }
        if (l->end)
            return 0;
        struct err why = ERR_INIT;
        ssize_t got = l->more != NULL ? l->more(l->context, l->chunk, CHUNK, &why) : read(l->fd, l->chunk, CHUNK);
        if (got < 0 && (l->more != NULL ? why.class == ERR_RETRY : errno == EINTR)) {
            /* What came of the line so far goes back into the chunk; more than that can't be held. */
            l->n = l->at = 0;
            size_t held = out->n - start;
            if (held > CHUNK || l->long_bytes > 0)
                return err_set(err, ERR_STOP, "%s:%lld: interrupted within a line", l->path, (long long)l->number + 1);
            if (held > 0)
                memcpy(l->chunk, out->p + start, held);
            l->n = held;
            out->n = start;
            return err_set(err, ERR_RETRY, "%s: interrupted", l->path);
        }
        if (got < 0 && l->more != NULL) {
            *err = why;
            return -1;
        }
        if (got < 0)
            return err_errno(err, ERR_STOP, "%s:%lld", l->path, (long long)l->number + 1);
        l->at = 0;
        l->n = (size_t)got;
        l->read += got;
        if (got == 0) {
            l->end = true;
            if (out->n == start && l->long_bytes == 0)
                return 0;
            int rc = finish(l, out, start, err);
            return rc;
        }
    }
}

/* The first n bytes of the file (HEAD at most) as 16 hex digits; -1: it hasn't as many. */
static int fingerprint(const struct lines *l, size_t n, char out[17])
{
    char head[HEAD];
    uint8_t digest[32];
    if (pread(l->fd, head, n, 0) != (ssize_t)n)
        return -1;
    sha256((struct str){ head, n }, digest);
    for (int i = 0; i < 8; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
    return 0;
}

int lines_position(struct lines *l, struct buf *out)
{
    struct stat st;
    char print[17];
    int64_t offset = lines_offset(l);
    size_t head = offset < HEAD ? (size_t)offset : HEAD;
    if (fstat(l->fd, &st) < 0 || !S_ISREG(st.st_mode) || fingerprint(l, head, print) < 0)
        return 0;
    buf_printf(out, "%" PRId64 " %" PRId64 " %" PRId64 " %s", offset, l->number, l->blank, print);
    return 1;
}

int lines_resume(struct lines *l, struct str position, struct err *err)
{
    char text[96], print[17], now[17];
    int64_t offset, number, blank;
    snprintf(text, sizeof text, "%.*s", STR_ARG(position));
    if (sscanf(text, "%" SCNd64 " %" SCNd64 " %" SCNd64 " %16s", &offset, &number, &blank, print) != 4 || offset < 0)
        return err_set(err, ERR_RETRY, "%s: expected a position of lines, got \"%s\"", l->path, text);
    if (fingerprint(l, offset < HEAD ? (size_t)offset : HEAD, now) < 0 || strcmp(now, print) != 0)
        return err_set(err, ERR_RETRY, "%s: another file has this name now", l->path);
    if (lseek(l->fd, 0, SEEK_END) < offset)
        return err_set(err, ERR_RETRY, "%s: it has become shorter than the %" PRId64 " bytes that were read", l->path, offset);
    if (lseek(l->fd, offset, SEEK_SET) < 0)
        return err_errno(err, ERR_RETRY, "%s", l->path);
    l->read = offset;
    l->number = number;
    l->blank = blank;
    return 0;
}
