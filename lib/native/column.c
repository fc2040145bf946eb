/* lib/native: columns: how rows are taken back, and how a column is written. */
#include "native/column.h"

#include <stdlib.h>

#include "native/low.h"

void col_fini(struct col *c)
{
    for (size_t i = 0; i < c->n_kids; i++)
        col_fini(&c->kids[i]);
    free(c->kids);
    free(c->all);
    free(c->name);
    free(c->type);
    buf_fini(&c->data);
    buf_fini(&c->nulls);
    low_free(c->low);
    *c = (struct col){ 0 };
}

void col_clear(struct col *c, size_t keep)
{
    c->rows = 0;
    buf_shrink(&c->data, keep);
    buf_shrink(&c->nulls, keep);
    if (c->low != NULL)
        low_clear(c->low, keep);
    c->mark.rows = c->mark.data = c->mark.nulls = 0;
    c->mark.failed = false;
    for (size_t i = 0; i < c->n_kids; i++)
        col_clear(&c->kids[i], keep);
}

static bool failed(const struct col *c)
{
    return c->data.failed || c->nulls.failed || (c->low != NULL && (c->low->keys.failed || c->low->known.failed));
}

bool col_failed(const struct col *c)
{
    for (size_t i = 0; i < c->n_all; i++)
        if (failed(c->all[i]))
            return true;
    return false;
}

void col_mark(struct col *c)
{
    for (size_t i = 0; i < c->n_all; i++) {
        struct col *one = c->all[i];
        one->mark.rows = one->rows;
        one->mark.data = one->data.n;
        one->mark.nulls = one->nulls.n;
        one->mark.failed = failed(one);
    }
}

/* Keys that only what is dropped had stay: they are in no row. */
void col_rollback(struct col *c)
{
    for (size_t i = 0; i < c->n_all; i++) {
        struct col *one = c->all[i];
        one->rows = one->mark.rows;
        one->data.n = one->mark.data;
        one->nulls.n = one->mark.nulls;
        if (one->mark.failed)
            continue;
        one->data.failed = one->nulls.failed = false;
        if (one->low != NULL)
            one->low->keys.failed = one->low->known.failed = false;
    }
}

void col_put_default(struct col *c)
{
    static const char zero[16];
    if (c->nullable && c->kind != COL_LOW)
        buf_putc(&c->nulls, 1);
    switch (c->kind) {
    case COL_FIXED:
        if (c->width <= sizeof c->initial)
            buf_put(&c->data, &c->initial, c->width);
        else
            buf_put(&c->data, zero, c->width);
        break;
    case COL_STRING:
        buf_putc(&c->data, 0);
        break;
    case COL_LOW:
        buf_put(&c->data, zero, sizeof(uint32_t));
        break;
    case COL_ARRAY: {
        uint64_t end = c->kids[0].rows;
        buf_put(&c->data, &end, sizeof end);
        break;
    }
    case COL_TUPLE:
        for (size_t i = 0; i < c->n_kids; i++)
            col_put_default(&c->kids[i]);
        break;
    }
    c->rows++;
}

bool col_is_null(const struct col *c, size_t row)
{
    uint32_t number;
    if (!c->nullable || c->kind != COL_LOW)
        return c->nullable && c->nulls.p[row] != 0;
    memcpy(&number, c->data.p + row * sizeof number, sizeof number);
    return number == 0;
}

/* COL_LOW: bytes of a key's number on the wire. */
static size_t number_width(const struct col *c)
{
    size_t n = low_count(c->low);
    return n <= 1 << 8 ? 1 : n <= 1 << 16 ? 2 : 4;
}

static size_t body_size(const struct col *c)
{
    size_t n = c->nulls.n + c->data.n;
    if (c->kind == COL_LOW)
        n = c->rows == 0 ? 0 : 4 * sizeof(uint64_t) + c->low->keys.n + c->rows * number_width(c);
    for (size_t i = 0; i < c->n_kids; i++)
        n += body_size(&c->kids[i]);
    return n;
}

size_t col_body_size(const struct col *c)
{
    return c->rows > 0 ? body_size(c) : 0;
}

static void put_u64(struct buf *out, uint64_t v)
{
    buf_put(out, &v, sizeof v);
}

/* What stands before all bodies: each LowCardinality's version. */
static void write_prefixes(const struct col *c, struct buf *out)
{
    if (c->kind == COL_LOW)
        put_u64(out, LOW_VERSION);
    for (size_t i = 0; i < c->n_kids; i++)
        write_prefixes(&c->kids[i], out);
}

/* The low bytes of each row's number. There is room for them. */
static void write_numbers(const struct col *c, size_t width, struct buf *out)
{
    const uint32_t *numbers = (const uint32_t *)(const void *)c->data.p;
    char *to = out->p + out->n;
    if (width == sizeof *numbers)
        memcpy(to, numbers, c->rows * width);
    for (size_t i = 0; i < c->rows && width == 1; i++)
        to[i] = (char)numbers[i];
    for (size_t i = 0; i < c->rows && width == 2; i++)
        memcpy(to + 2 * i, &(uint16_t){ (uint16_t)numbers[i] }, 2);
    out->n += c->rows * width;
}

static void write_low(const struct col *c, struct buf *out)
{
    size_t width = number_width(c);
    if (c->rows == 0 || buf_reserve(out, body_size(c)) < 0)
        return;
    put_u64(out, LOW_KEYS_FOLLOW | (width == 1 ? 0 : width == 2 ? 1 : 2));
    put_u64(out, low_count(c->low));
    buf_put_str(out, buf_str(&c->low->keys));
    put_u64(out, c->rows);
    write_numbers(c, width, out);
}

static void write_body(const struct col *c, struct buf *out)
{
    if (c->kind == COL_LOW) {
        write_low(c, out);
        return;
    }
    buf_put_str(out, buf_str(&c->nulls));
    buf_put_str(out, buf_str(&c->data));
    for (size_t i = 0; i < c->n_kids; i++)
        write_body(&c->kids[i], out);
}

int col_write_body(const struct col *c, struct buf *out)
{
    if (c->rows > 0) {
        write_prefixes(c, out);
        write_body(c, out);
    }
    return out->failed ? -1 : 0;
}

/* Whether every part holds what `rows` rows need. A String's bytes can't be counted without reading them: its rows are. */
static bool whole(const struct col *c)
{
    if (c->nullable && c->kind != COL_LOW && c->nulls.n != c->rows)
        return false;
    switch (c->kind) {
    case COL_FIXED:
        return c->data.n == c->rows * c->width;
    case COL_STRING:
        return c->data.n >= c->rows;
    case COL_LOW:
        return c->data.n == c->rows * sizeof(uint32_t);
    case COL_ARRAY: {
        uint64_t end = 0;
        if (c->data.n != c->rows * sizeof end)
            return false;
        if (c->rows > 0)
            memcpy(&end, c->data.p + c->data.n - sizeof end, sizeof end);
        return c->kids[0].rows == end && whole(&c->kids[0]);
    }
    case COL_TUPLE:
        for (size_t i = 0; i < c->n_kids; i++)
            if (c->kids[i].rows != c->rows || !whole(&c->kids[i]))
                return false;
        return true;
    }
    return false;
}

int col_write_block(const struct col *c, struct buf *out)
{
    struct str name = str_of(c->name), type = str_of(c->type);
    size_t start = out->n;
    if (col_failed(c) || !whole(c) || buf_reserve(out, col_body_size(c) + name.n + type.n + 64) < 0)
        return -1;
    buf_put_varint(out, 1);
    buf_put_varint(out, c->rows);
    buf_put_varint(out, name.n);
    buf_put_str(out, name);
    buf_put_varint(out, type.n);
    buf_put_str(out, type);
    if (col_write_body(c, out) < 0) {
        out->n = start;
        return -1;
    }
    return 0;
}
