/* lib/udf: the reader of the wire: one buffer, any split of the bytes into read()s. */
#include "udf/wire.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    READ_BYTES = 1 << 20, /* what a pipe holds at most */
    KEEP_BYTES = 8 << 20,
    NAME_BYTES = 1 << 16, /* a column's name or type */
};

/* What the worker gets in the stead of a value that is too large. */
static const char empty_string[1] = { 0 };

int wire_init(struct wire *w, int fd, const struct signature *sig, const struct udf_limits *limits, struct err *err)
{
    *w = (struct wire){ .sig = sig, .limits = limits, .fd = fd };
    /* The largest part is one short of full when the largest row begins; what follows it in the same read comes on top. */
    w->area_cap = limits->row_bytes + limits->part_bytes + 2 * (size_t)READ_BYTES;
    for (int i = 0; i < 2; i++)
        if ((w->area[i] = shared_map(w->area_cap, err)) == NULL)
            goto fail;
    if (sig->n > 1 && (w->small = shared_map(limits->small_bytes, err)) == NULL)
        goto fail;
    return 0;
fail:
    wire_fini(w);
    return -1;
}

void wire_fini(struct wire *w)
{
    for (int i = 0; i < 2; i++)
        if (w->area[i] != NULL)
            munmap(w->area[i], w->area_cap);
    if (w->small != NULL)
        munmap(w->small, w->limits->small_bytes);
    w->area[0] = w->area[1] = w->small = NULL;
}

void wire_shrink(struct wire *w)
{
    size_t held = w->end - w->pos;
    if (w->touched[w->at] > KEEP_BYTES && held <= KEEP_BYTES) {
        memmove(w->area[w->at], w->area[w->at] + w->pos, held);
        w->pos = 0;
        w->end = held;
    }
    for (int i = 0; i < 2; i++)
        if (w->touched[i] > KEEP_BYTES && (i != w->at || w->end <= KEEP_BYTES)) {
            shared_shrink(w->area[i], w->touched[i], KEEP_BYTES);
            w->touched[i] = 0;
        }
    if (w->small_touched > KEEP_BYTES) {
        shared_shrink(w->small, w->small_touched, KEEP_BYTES);
        w->small_touched = 0;
    }
}

static int cut_short(struct wire *w, struct err *err)
{
    return err_set(err, ERR_STOP, "the input ended in mid-chunk: expected %llu rows, %llu had not come",
                   (unsigned long long)w->rows, (unsigned long long)w->rows_left);
}

/* Reads up to n bytes. The number of bytes; 0: the end; -1 and err. */
static ssize_t read_some(struct wire *w, char *p, size_t n, struct err *err)
{
    for (;;) {
        ssize_t got = read(w->fd, p, n < READ_BYTES ? n : READ_BYTES);
        if (got >= 0)
            return got;
        if (errno != EINTR)
            return err_errno(err, ERR_STOP, "reading arguments from the server");
    }
}

/* One more read into the area. 1: there is more; 0: the input has ended; -1 and err. */
static int fill(struct wire *w, struct err *err)
{
    if (w->pos == w->end) {
        w->pos = w->end = 0;
    } else if (w->area_cap - w->end < READ_BYTES && w->pos > 0) {
        memmove(w->area[w->at], w->area[w->at] + w->pos, w->end - w->pos);
        w->end -= w->pos;
        w->pos = 0;
    }
    ssize_t got = read_some(w, w->area[w->at] + w->end, w->area_cap - w->end, err);
    if (got <= 0)
        return (int)got;
    w->end += (size_t)got;
    if (w->end > w->touched[w->at])
        w->touched[w->at] = w->end;
    return 1;
}

/* As fill, within a chunk, where the input may not end. */
static int fill_chunk(struct wire *w, struct err *err)
{
    int more = fill(w, err);
    return more > 0 ? 0 : more < 0 ? -1 : cut_short(w, err);
}

static int take_varint(struct wire *w, const char *what, uint64_t *value, struct err *err)
{
    for (;;) {
        int n = varint_read(w->area[w->at] + w->pos, w->end - w->pos, value);
        if (n > 0) {
            w->pos += (size_t)n;
            return 0;
        }
        if (n < 0)
            return err_set(err, ERR_STOP, "%s: expected a number of at most 64 bits (LEB128), got a longer one", what);
        if (fill_chunk(w, err) < 0)
            return -1;
    }
}

/* The next n bytes, copied to `to`. */
static int take_bytes(struct wire *w, char *to, uint64_t n, struct err *err)
{
    while (n > 0) {
        size_t have = w->end - w->pos;
        if (have == 0) {
            ssize_t got = read_some(w, to, n, err);
            if (got <= 0)
                return got < 0 ? -1 : cut_short(w, err);
            to += got;
            n -= (uint64_t)got;
            continue;
        }
        if (have > n)
            have = n;
        memcpy(to, w->area[w->at] + w->pos, have);
        w->pos += have;
        to += have;
        n -= have;
    }
    return 0;
}

/* A column's name or type: borrowed until the next read. */
static int take_text(struct wire *w, const char *what, struct str *text, struct err *err)
{
    uint64_t n;
    if (take_varint(w, what, &n, err) < 0)
        return -1;
    if (n > NAME_BYTES)
        return err_set(err, ERR_STOP, "%s: expected at most %d bytes, got %llu", what, NAME_BYTES, (unsigned long long)n);
    while (w->end - w->pos < n)
        if (fill_chunk(w, err) < 0)
            return -1;
    *text = (struct str){ w->area[w->at] + w->pos, n };
    w->pos += n;
    return 0;
}

/* ClickHouse takes a DateTime with another time zone for the same type, and doesn't cast it: the bytes are UTC either way. */
static struct str without_zone(struct str type)
{
    if (str_starts(type, STR("DateTime")) && str_ends(type, STR("')"))) {
        const char *quote = memchr(type.p, '\'', type.n);
        type.n = (size_t)(quote - type.p);
        while (type.n > 0 && (type.p[type.n - 1] == ' ' || type.p[type.n - 1] == ',' || type.p[type.n - 1] == '('))
            type.n--;
    } else if (str_starts(type, STR("DateTime64(")) && str_ends(type, STR(")"))) {
        type.n--;
    }
    return type;
}

static int take_column_head(struct wire *w, int i, struct err *err)
{
    const struct udf_arg *arg = &w->sig->udf->args[i];
    struct str name, type;
    if (take_text(w, "a column's name", &name, err) < 0 || take_text(w, "a column's type", &type, err) < 0)
        return -1;
    if (!str_eq(without_zone(type), without_zone(str_of(arg->type))))
        return err_set(err, ERR_STOP, "argument %d (%s): expected type %s, got %.*s", i + 1, arg->name, arg->type,
                       (int)(type.n < 100 ? type.n : 100), type.p);
    return 0;
}

static int small_room(struct wire *w, uint64_t n, struct err *err)
{
    if (n > w->limits->small_bytes - w->small_n)
        return err_set(err, ERR_STOP, "the arguments before the last: expected at most %zu bytes in one chunk, got more",
                       w->limits->small_bytes);
    return 0;
}

/* A column before the last, of the whole block. */
static int take_small(struct wire *w, int i, struct err *err)
{
    uint64_t rows = w->block_left;
    uint8_t width = w->sig->width[i];
    w->next[i] = w->small + w->small_n;
    if (width > 0) {
        if (rows > w->limits->small_bytes || small_room(w, rows * width, err) < 0)
            return small_room(w, UINT64_MAX, err);
        if (take_bytes(w, w->small + w->small_n, rows * width, err) < 0)
            return -1;
        w->small_n += rows * width;
    }
    for (uint64_t r = 0; width == 0 && r < rows; r++) {
        uint64_t n;
        if (take_varint(w, w->sig->udf->args[i].name, &n, err) < 0)
            return -1;
        if (n > w->limits->small_bytes || small_room(w, n + 10, err) < 0)
            return small_room(w, UINT64_MAX, err);
        uint64_t v = n;
        for (; v >= 0x80; v >>= 7)
            w->small[w->small_n++] = (char)(v | 0x80);
        w->small[w->small_n++] = (char)v;
        if (take_bytes(w, w->small + w->small_n, n, err) < 0)
            return -1;
        w->small_n += n;
    }
    if (w->small_n > w->small_touched)
        w->small_touched = w->small_n;
    return 0;
}

/* A block's head and all columns but the last one's values. */
static int take_block(struct wire *w, struct err *err)
{
    uint64_t columns, rows;
    if (take_varint(w, "a block's columns", &columns, err) < 0)
        return -1;
    if (columns != (uint64_t)w->sig->n)
        return err_set(err, ERR_STOP, "a block of the Native format: expected %d columns, got %llu", w->sig->n,
                       (unsigned long long)columns);
    if (take_varint(w, "a block's rows", &rows, err) < 0)
        return -1;
    if (rows > w->rows_left || (rows == 0 && w->rows_left > 0))
        return err_set(err, ERR_STOP, "a block of the Native format: expected %s%llu rows, got %llu",
                       w->rows_left > 0 ? "1 to " : "", (unsigned long long)w->rows_left, (unsigned long long)rows);
    w->block_left = rows;
    for (int i = 0; i < w->sig->n; i++)
        if (take_column_head(w, i, err) < 0 || (i < w->sig->n - 1 && take_small(w, i, err) < 0))
            return -1;
    return 0;
}

int wire_chunk(struct wire *w, struct err *err)
{
    enum { DIGITS = 12 };
    uint64_t rows = 0;
    int digits = 0;
    w->small_n = 0;
    w->rows = w->rows_left = 0;
    for (;; w->pos++) {
        if (w->pos == w->end) {
            int more = fill(w, err);
            if (more < 0 || (more == 0 && digits == 0))
                return more;
            if (more == 0)
                return err_set(err, ERR_STOP, "the input ended within a chunk's row count");
        }
        char ch = w->area[w->at][w->pos];
        if (ch == '\n' && digits > 0)
            break;
        if (ch < '0' || ch > '9' || ++digits > DIGITS)
            return err_set(err, ERR_STOP,
                           "a chunk's row count: expected up to %d digits and a newline, got byte 0x%02x"
                           " (is send_chunk_header on?)",
                           DIGITS, (unsigned char)ch);
        rows = rows * 10 + (uint64_t)(ch - '0');
    }
    w->pos++;
    w->rows = w->rows_left = rows;
    if (rows > 0)
        return take_block(w, err) < 0 ? -1 : 1;
    /* No rows: a block without rows follows, or nothing at all; a digit or the end can't be a block's first byte. */
    if (w->pos == w->end) {
        int more = fill(w, err);
        if (more <= 0)
            return more < 0 ? -1 : 1;
    }
    char ch = w->area[w->at][w->pos];
    return ch >= '0' && ch <= '9' ? 1 : take_block(w, err) < 0 ? -1 : 1;
}

static int discard(struct wire *w, uint64_t n, struct err *err)
{
    while (n > 0) {
        if (w->pos == w->end && fill_chunk(w, err) < 0)
            return -1;
        size_t have = w->end - w->pos < n ? w->end - w->pos : n;
        w->pos += have;
        n -= have;
    }
    return 0;
}

/* Rows of a fixed width: as many as have come, once they are enough. */
static int cut_fixed(struct wire *w, uint64_t limit, struct part *part, struct err *err)
{
    size_t width = w->sig->width[w->sig->n - 1];
    size_t enough = w->limits->part_bytes / width;
    if (limit > enough)
        limit = enough > 0 ? enough : 1;
    while (w->end - w->pos < limit * width)
        if (fill_chunk(w, err) < 0)
            return -1;
    part->rows = limit;
    part->bytes = limit * width;
    return 0;
}

static int cut_strings(struct wire *w, uint64_t limit, struct part *part, struct err *err)
{
    size_t scanned = 0; /* from w->pos, which fill() may move */
    for (;;) {
        size_t left = w->end - w->pos - scanned;
        uint64_t n = 0;
        int head = varint_read(w->area[w->at] + w->pos + scanned, left, &n);
        if (head < 0)
            return err_set(err, ERR_STOP, "row %llu: expected a length of at most 64 bits (LEB128), got a longer one",
                           (unsigned long long)(part->first + part->rows));
        if (head > 0 && n > w->limits->row_bytes) {
            if (part->rows == 0) {
                part->too_large = true;
                part->rows = 1;
                w->pos += (size_t)head;
                return discard(w, n, err);
            }
            return 0;
        }
        if (head > 0 && left - (size_t)head >= n) {
            scanned += (size_t)head + n;
            part->rows++;
            part->bytes = scanned;
            if (part->rows == limit || scanned >= w->limits->part_bytes)
                return 0;
            continue;
        }
        /* The row hasn't come whole. Where it is a large one, those before it needn't wait. */
        if (head > 0 && part->rows > 0 && n > w->limits->part_bytes)
            return 0;
        if (fill_chunk(w, err) < 0)
            return -1;
    }
}

int wire_part(struct wire *w, struct part *part, struct err *err)
{
    int last = w->sig->n - 1, other = !w->at;
    size_t held = w->end - w->pos;
    memcpy(w->area[other], w->area[w->at] + w->pos, held);
    w->at = other;
    w->pos = 0;
    w->end = held;
    if (held > w->touched[other])
        w->touched[other] = held;

    if (w->block_left == 0 && take_block(w, err) < 0)
        return -1;
    *part = (struct part){ .first = w->rows - w->rows_left };
    uint64_t limit = w->block_left < w->limits->part_rows ? w->block_left : w->limits->part_rows;
    if ((w->sig->width[last] > 0 ? cut_fixed : cut_strings)(w, limit, part, err) < 0)
        return -1;
    for (int i = 0; i < last; i++) {
        part->values[i] = w->next[i];
        if (w->sig->width[i] > 0)
            w->next[i] += part->rows * w->sig->width[i];
        for (size_t r = 0; w->sig->width[i] == 0 && r < part->rows; r++) {
            uint64_t n = 0;
            w->next[i] += varint_read(w->next[i], 10, &n);
            w->next[i] += n;
        }
    }
    part->values[last] = part->too_large ? empty_string : w->area[w->at] + w->pos;
    w->pos += part->bytes;
    w->rows_left -= part->rows;
    w->block_left -= part->rows;
    return 0;
}
