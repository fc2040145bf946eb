/* lib/lint: RowBinary: a row after another, each value as in Native, lengths of arrays and maps as LEB128. */
#include "lint/format.h"

#include <stdlib.h>

/* Where writing has come to in a String's column, and in those below. */
struct place {
    size_t row, at;
    struct place *kids;
};

static int place_init(struct place *p, const struct col *c)
{
    *p = (struct place){ 0 };
    if (c->n_kids > 0 && (p->kids = calloc(c->n_kids, sizeof *p->kids)) == NULL)
        return -1;
    for (size_t i = 0; i < c->n_kids; i++)
        if (place_init(&p->kids[i], &c->kids[i]) < 0)
            return -1;
    return 0;
}

static void place_fini(struct place *p, const struct col *c)
{
    for (size_t i = 0; p->kids != NULL && i < c->n_kids; i++)
        place_fini(&p->kids[i], &c->kids[i]);
    free(p->kids);
}

static void put_value(const struct col *c, struct place *p, struct buf *out)
{
    size_t row = p->row++;
    uint64_t n = 0;
    bool null = col_is_null(c, row);
    if (c->nullable)
        buf_putc(out, null ? 1 : 0);
    switch (c->kind) {
    case COL_FIXED:
        if (!null)
            buf_put(out, c->data.p + row * c->width, c->width);
        break;
    case COL_STRING: {
        int head = varint_read(c->data.p + p->at, c->data.n - p->at, &n);
        if (!null)
            buf_put(out, c->data.p + p->at, (size_t)head + n);
        p->at += (size_t)head + n;
        break;
    }
    case COL_LOW:
        if (!null)
            buf_put_string(out, col_low(c, row));
        break;
    case COL_ARRAY:
        memcpy(&n, c->data.p + row * sizeof n, sizeof n);
        n -= p->kids[0].row;
        buf_put_varint(out, n);
        for (; n > 0; n--)
            put_value(&c->kids[0], &p->kids[0], out);
        break;
    case COL_TUPLE:
        for (size_t i = 0; i < c->n_kids; i++)
            put_value(&c->kids[i], &p->kids[i], out);
        break;
    }
}

static int write_chunk(const struct chunk *chunk, struct buf *out, struct err *err)
{
    struct place *places = calloc(chunk->n_cols + 1, sizeof *places);
    int done = places == NULL ? -1 : 0;
    for (size_t i = 0; done == 0 && i < chunk->n_cols; i++)
        done = place_init(&places[i], &chunk->cols[i]);
    for (size_t row = 0; done == 0 && row < chunk->rows; row++)
        for (size_t i = 0; i < chunk->n_cols; i++)
            put_value(&chunk->cols[i], &places[i], out);
    for (size_t i = 0; places != NULL && i < chunk->n_cols; i++)
        place_fini(&places[i], &chunk->cols[i]);
    free(places);
    return done < 0 || out->failed ? err_set(err, ERR_STOP, "no memory for a chunk of %zu rows", chunk->rows) : 0;
}

static enum got read_value(struct program *p, const struct col *c, uint64_t *hash, struct answer *a)
{
    enum got got;
    uint64_t n;
    if (c->nullable) {
        if ((got = program_need(p, 1)) != GOT_ALL)
            return got;
        unsigned char null = (unsigned char)*program_take(p, 1);
        *hash = hash_u64(*hash, null);
        if (null > 1)
            return damaged(a, "%s: expected 0 or 1 where NULL is said, got %u", c->type, null);
        if (null == 1)
            return GOT_ALL;
    }
    switch (c->kind) {
    case COL_FIXED:
        if ((got = program_need(p, c->width)) == GOT_ALL)
            *hash = hash_bytes(*hash, program_take(p, c->width), c->width);
        return got;
    case COL_STRING:
    case COL_LOW:
        if ((got = take_varint(p, a, "a String's length", &n)) != GOT_ALL)
            return got;
        if (n > (uint64_t)2 << 30)
            return damaged(a, "a String of %llu bytes", (unsigned long long)n);
        if ((got = program_need(p, n)) == GOT_ALL)
            *hash = hash_bytes(*hash, program_take(p, n), n);
        return got;
    case COL_ARRAY:
        if ((got = take_varint(p, a, "an array's length", &n)) != GOT_ALL)
            return got;
        *hash = hash_u64(*hash, n);
        for (; got == GOT_ALL && n > 0; n--)
            got = read_value(p, &c->kids[0], hash, a);
        return got;
    case COL_TUPLE:
        got = GOT_ALL;
        for (size_t i = 0; got == GOT_ALL && i < c->n_kids; i++)
            got = read_value(p, &c->kids[i], hash, a);
        return got;
    }
    return GOT_DAMAGED;
}

static enum got read_rows(struct program *p, const struct col *returns, size_t rows, struct answer *a)
{
    for (size_t row = 0; row < rows; row++) {
        uint64_t hash = HASH_SEED;
        enum got got = read_value(p, returns, &hash, a);
        if (got != GOT_ALL)
            return got;
        if (buf_put(&a->hashes, &hash, sizeof hash) < 0)
            return damaged(a, "no memory for it");
    }
    return GOT_ALL;
}

const struct format format_rowbinary = { .names = { "RowBinary" }, .write = write_chunk, .read = read_rows };
