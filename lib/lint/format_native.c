/* lib/lint: Native: blocks of columns, as lib/native describes them. */
#include "lint/format.h"

#include <stdlib.h>

#include "native/low.h"

enum { NAME_BYTES = 16 << 10, EMPTY_BLOCKS = 1000, BLOCK_ROWS_MAX = 100000000 };

static int write_chunk(const struct chunk *chunk, struct buf *out, struct err *err)
{
    buf_put_varint(out, chunk->n_cols);
    buf_put_varint(out, chunk->rows);
    for (size_t i = 0; i < chunk->n_cols; i++) {
        buf_put_string(out, str_of(chunk->cols[i].name));
        buf_put_string(out, str_of(chunk->cols[i].type));
        if (col_write_body(&chunk->cols[i], out) < 0)
            break;
    }
    return out->failed ? err_set(err, ERR_STOP, "no memory for a chunk of %zu rows", chunk->rows) : 0;
}

static enum got read_body(struct program *p, const struct col *c, size_t rows, uint64_t *hashes, struct answer *a);

static enum got take_u64(struct program *p, uint64_t *v)
{
    enum got got = program_need(p, sizeof *v);
    if (got == GOT_ALL)
        memcpy(v, program_take(p, sizeof *v), sizeof *v);
    return got;
}

static enum got read_array(struct program *p, const struct col *c, size_t rows, uint64_t *hashes, struct answer *a)
{
    enum got got = program_need(p, rows * sizeof(uint64_t));
    uint64_t *ends = NULL, *items = NULL, before = 0;
    if (got != GOT_ALL)
        return got;
    if ((ends = malloc(rows * sizeof *ends)) == NULL)
        return damaged(a, "no memory for it");
    memcpy(ends, program_take(p, rows * sizeof *ends), rows * sizeof *ends);
    for (size_t r = 0; r < rows; before = ends[r++])
        if (ends[r] < before || ends[r] > BLOCK_ROWS_MAX) {
            got = damaged(a, "the offsets of %s aren't cumulative: %llu after %llu", c->type, (unsigned long long)ends[r],
                          (unsigned long long)before);
            break;
        }
    if (got == GOT_ALL && (items = malloc((before + 1) * sizeof *items)) == NULL)
        got = damaged(a, "no memory for it");
    if (got == GOT_ALL) {
        for (size_t i = 0; i < before; i++)
            items[i] = HASH_SEED;
        got = before > 0 ? read_body(p, &c->kids[0], before, items, a) : GOT_ALL;
    }
    for (size_t r = 0, i = 0; got == GOT_ALL && r < rows; r++) {
        hashes[r] = hash_u64(hashes[r], ends[r] - i);
        for (; i < ends[r]; i++)
            hashes[r] = hash_u64(hashes[r], items[i]);
    }
    free(ends);
    free(items);
    return got;
}

/* What stands before the bodies: the version of each LowCardinality. */
static enum got read_prefixes(struct program *p, const struct col *c, struct answer *a)
{
    enum got got = GOT_ALL;
    uint64_t version;
    if (c->kind == COL_LOW) {
        if ((got = take_u64(p, &version)) != GOT_ALL)
            return got;
        if (version != LOW_VERSION)
            return damaged(a, "%s: expected version %d of its keys, got %llu", c->type, LOW_VERSION, (unsigned long long)version);
    }
    for (size_t i = 0; got == GOT_ALL && i < c->n_kids; i++)
        got = read_prefixes(p, &c->kids[i], a);
    return got;
}

/* A hash of each key into `keys`, which the caller frees; n: how many. */
static enum got read_keys(struct program *p, const struct col *c, uint64_t n, uint64_t *keys, struct answer *a)
{
    struct col texts = { .kind = COL_STRING, .type = c->type };
    for (size_t i = 0; i < n; i++)
        keys[i] = HASH_SEED;
    return read_body(p, &texts, n, keys, a);
}

static enum got read_low(struct program *p, const struct col *c, size_t rows, uint64_t *hashes, struct answer *a)
{
    uint64_t flags, n_keys, n;
    enum got got;
    if ((got = take_u64(p, &flags)) != GOT_ALL || (got = take_u64(p, &n_keys)) != GOT_ALL)
        return got;
    if ((flags & ~(uint64_t)3) != LOW_KEYS_FOLLOW || (flags & 3) > 2)
        return damaged(a, "%s: expected flags %#x and a width of 0 to 2, got %#llx", c->type, LOW_KEYS_FOLLOW,
                       (unsigned long long)flags);
    if (n_keys == 0 || n_keys > BLOCK_ROWS_MAX)
        return damaged(a, "%s: %llu keys", c->type, (unsigned long long)n_keys);
    uint64_t *keys = malloc(n_keys * sizeof *keys);
    if (keys == NULL)
        return damaged(a, "no memory for it");
    size_t width = (size_t)1 << (flags & 3);
    if ((got = read_keys(p, c, n_keys, keys, a)) != GOT_ALL || (got = take_u64(p, &n)) != GOT_ALL)
        goto out;
    if (n != rows) {
        got = damaged(a, "%s: %llu rows, expected %zu", c->type, (unsigned long long)n, rows);
        goto out;
    }
    if ((got = program_need(p, rows * width)) != GOT_ALL)
        goto out;
    const char *numbers = program_take(p, rows * width);
    for (size_t r = 0; r < rows; r++, numbers += width) {
        uint64_t number = 0;
        memcpy(&number, numbers, width);
        if (number >= n_keys) {
            got = damaged(a, "row %zu of %s: key %llu of %llu", r, c->type, (unsigned long long)number, (unsigned long long)n_keys);
            goto out;
        }
        hashes[r] = hash_u64(hashes[r], c->nullable && number == 0 ? 0 : keys[number]);
    }
out:
    free(keys);
    return got;
}

static enum got read_body(struct program *p, const struct col *c, size_t rows, uint64_t *hashes, struct answer *a)
{
    enum got got;
    if (c->kind == COL_LOW)
        return rows > 0 ? read_low(p, c, rows, hashes, a) : GOT_ALL;
    if (c->nullable) {
        if ((got = program_need(p, rows)) != GOT_ALL)
            return got;
        const char *nulls = program_take(p, rows);
        for (size_t r = 0; r < rows; r++) {
            if ((unsigned char)nulls[r] > 1)
                return damaged(a, "row %zu of %s: expected 0 or 1 where NULL is said, got %u", r, c->type, (unsigned char)nulls[r]);
            hashes[r] = hash_u64(hashes[r], (uint64_t)nulls[r]);
        }
    }
    switch (c->kind) {
    case COL_FIXED: {
        if ((got = program_need(p, rows * c->width)) != GOT_ALL)
            return got;
        const char *values = program_take(p, rows * c->width);
        for (size_t r = 0; r < rows; r++)
            hashes[r] = hash_bytes(hashes[r], values + r * c->width, c->width);
        return GOT_ALL;
    }
    case COL_STRING:
        for (size_t r = 0; r < rows; r++) {
            uint64_t n;
            if ((got = take_varint(p, a, "a String's length", &n)) != GOT_ALL)
                return got;
            if (n > (uint64_t)2 << 30)
                return damaged(a, "a String of %llu bytes", (unsigned long long)n);
            if ((got = program_need(p, n)) != GOT_ALL)
                return got;
            hashes[r] = hash_bytes(hashes[r], program_take(p, n), n);
        }
        return GOT_ALL;
    case COL_LOW:
        break;
    case COL_ARRAY:
        return read_array(p, c, rows, hashes, a);
    case COL_TUPLE:
        for (size_t i = 0; i < c->n_kids; i++)
            if ((got = read_body(p, &c->kids[i], rows, hashes, a)) != GOT_ALL)
                return got;
        return GOT_ALL;
    }
    return GOT_DAMAGED;
}

static enum got expect_text(struct program *p, const char *what, const char *expected, struct answer *a)
{
    uint64_t n;
    char seen[200];
    enum got got = take_varint(p, a, what, &n);
    if (got != GOT_ALL)
        return got;
    if (n > NAME_BYTES)
        return damaged(a, "%s of %llu bytes", what, (unsigned long long)n);
    if ((got = program_need(p, n)) != GOT_ALL)
        return got;
    struct str text = { program_take(p, n), n };
    preview(text, seen, sizeof seen);
    return str_eq(text, str_of(expected)) ? GOT_ALL : damaged(a, "%s: expected %s, got %s", what, expected, seen);
}

static enum got read_rows(struct program *p, const struct col *returns, size_t rows, struct answer *a)
{
    for (size_t done = 0, empty = 0; done < rows;) {
        uint64_t columns, n;
        enum got got;
        if ((got = take_varint(p, a, "a block's number of columns", &columns)) != GOT_ALL)
            return got;
        if (columns != 1)
            return damaged(a, "a block of %llu columns, expected 1", (unsigned long long)columns);
        if ((got = take_varint(p, a, "a block's number of rows", &n)) != GOT_ALL)
            return got;
        if (n > rows - done)
            return damaged(a, "a block of %llu rows where %zu are missing: more rows than were asked for", (unsigned long long)n,
                           rows - done);
        if ((got = expect_text(p, "the column's name", returns->name, a)) != GOT_ALL ||
            (got = expect_text(p, "the column's type", returns->type, a)) != GOT_ALL)
            return got;
        if (n == 0 && ++empty > EMPTY_BLOCKS)
            return damaged(a, "%d blocks without rows", EMPTY_BLOCKS);
        size_t start = answer_rows(a);
        uint64_t seed = HASH_SEED;
        for (uint64_t i = 0; i < n; i++)
            buf_put(&a->hashes, &seed, sizeof seed);
        if (a->hashes.failed)
            return damaged(a, "no memory for it");
        if (n > 0 && (got = read_prefixes(p, returns, a)) != GOT_ALL)
            return got;
        if (n > 0 && (got = read_body(p, returns, n, (uint64_t *)(void *)a->hashes.p + start, a)) != GOT_ALL)
            return got;
        done += n;
    }
    return GOT_ALL;
}

const struct format format_native = { .names = { "Native" }, .write = write_chunk, .read = read_rows };
