/* lib/native: columns: how rows are taken back, and how a column is written. */
#include "native/column.h"

#include <stdlib.h>

void col_fini(struct col *c)
{
    for (size_t i = 0; i < c->n_kids; i++)
        col_fini(&c->kids[i]);
    free(c->kids);
    free(c->name);
    free(c->type);
    buf_fini(&c->data);
    buf_fini(&c->nulls);
    *c = (struct col){ 0 };
}

void col_clear(struct col *c, size_t keep)
{
    c->rows = 0;
    buf_shrink(&c->data, keep);
    buf_shrink(&c->nulls, keep);
    c->mark.rows = c->mark.data = c->mark.nulls = 0;
    c->mark.failed = false;
    for (size_t i = 0; i < c->n_kids; i++)
        col_clear(&c->kids[i], keep);
}

bool col_failed(const struct col *c)
{
    if (c->data.failed || c->nulls.failed)
        return true;
    for (size_t i = 0; i < c->n_kids; i++)
        if (col_failed(&c->kids[i]))
            return true;
    return false;
}

void col_mark(struct col *c)
{
    c->mark.rows = c->rows;
    c->mark.data = c->data.n;
    c->mark.nulls = c->nulls.n;
    c->mark.failed = c->data.failed || c->nulls.failed;
    for (size_t i = 0; i < c->n_kids; i++)
        col_mark(&c->kids[i]);
}

void col_rollback(struct col *c)
{
    c->rows = c->mark.rows;
    c->data.n = c->mark.data;
    c->nulls.n = c->mark.nulls;
    if (!c->mark.failed)
        c->data.failed = c->nulls.failed = false;
    for (size_t i = 0; i < c->n_kids; i++)
        col_rollback(&c->kids[i]);
}

void col_put_default(struct col *c)
{
    static const char zero[16];
    if (c->nullable)
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

size_t col_body_size(const struct col *c)
{
    size_t n = c->nulls.n + c->data.n;
    for (size_t i = 0; i < c->n_kids; i++)
        n += col_body_size(&c->kids[i]);
    return n;
}

int col_write_body(const struct col *c, struct buf *out)
{
    if (buf_put(out, c->nulls.p, c->nulls.n) < 0 || buf_put(out, c->data.p, c->data.n) < 0)
        return -1;
    for (size_t i = 0; i < c->n_kids; i++)
        if (col_write_body(&c->kids[i], out) < 0)
            return -1;
    return 0;
}

/* Whether every part holds what `rows` rows need. A String's bytes can't be counted without reading them: its rows are. */
static bool whole(const struct col *c)
{
    if (c->nullable && c->nulls.n != c->rows)
        return false;
    switch (c->kind) {
    case COL_FIXED:
        return c->data.n == c->rows * c->width;
    case COL_STRING:
        return c->data.n >= c->rows;
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
