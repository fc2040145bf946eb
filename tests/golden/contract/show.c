/* tests/golden/contract: a record's columns as text. */
#include "show.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "contract/datetime.h"

int cursor_init(struct cursor *c, const struct col *col)
{
    *c = (struct cursor){ .col = col, .kids = calloc(col->n_kids + 1, sizeof *c->kids) };
    if (c->kids == NULL)
        return -1;
    for (size_t i = 0; i < col->n_kids; i++)
        if (cursor_init(&c->kids[i], &col->kids[i]) < 0)
            return -1;
    return 0;
}

void cursor_fini(struct cursor *c)
{
    for (size_t i = 0; c->kids != NULL && i < c->col->n_kids; i++)
        cursor_fini(&c->kids[i]);
    free(c->kids);
    c->kids = NULL;
}

static struct str next_string(struct cursor *c)
{
    size_t n = 0;
    for (int shift = 0;; shift += 7) {
        unsigned char byte = (unsigned char)c->col->data.p[c->at++];
        n |= (size_t)(byte & 127) << shift;
        if (byte < 128)
            break;
    }
    struct str s = { c->col->data.p + c->at, n };
    c->at += n;
    return s;
}

static bool starts(const char *type, const char *prefix)
{
    if (strncmp(type, "Nullable(", 9) == 0)
        type += 9;
    return strncmp(type, prefix, strlen(prefix)) == 0;
}

static void show_fixed(struct cursor *c, bool null, struct buf *out)
{
    char text[DATETIME_TEXT];
    const char *type = c->col->type;
    uint64_t u = 0;
    memcpy(&u, c->col->data.p + c->at, c->col->width);
    c->at += c->col->width;
    int shift = 64 - c->col->width * 8;
    int64_t i = (int64_t)(u << shift) >> shift;
    if (null) {
        buf_puts(out, "null");
    } else if (starts(type, "Bool")) {
        buf_puts(out, u ? "true" : "false");
    } else if (starts(type, "Float64")) {
        double d;
        memcpy(&d, &u, sizeof d);
        buf_printf(out, "%.17g", d);
    } else if (starts(type, "DateTime64")) {
        datetime_write(i, text);
        buf_printf(out, "%s", text);
    } else if (starts(type, "Date32")) {
        datetime_write(i * 86400000, text);
        buf_printf(out, "%.10s", text);
    } else if (starts(type, "UInt")) {
        buf_printf(out, "%" PRIu64, u);
    } else {
        buf_printf(out, "%" PRId64, i);
    }
}

void show_row(struct cursor *c, struct buf *out)
{
    size_t row = c->row++;
    bool null = col_is_null(c->col, row);
    switch (c->col->kind) {
    case COL_FIXED:
        show_fixed(c, null, out);
        return;
    case COL_STRING: {
        struct str s = next_string(c);
        if (null)
            buf_puts(out, "null");
        else
            buf_put_json(out, s);
        return;
    }
    case COL_LOW:
        if (null)
            buf_puts(out, "null");
        else
            buf_put_json(out, col_low(c->col, row));
        return;
    case COL_ARRAY: {
        uint64_t end;
        memcpy(&end, c->col->data.p + c->at, sizeof end);
        c->at += sizeof end;
        buf_putc(out, '[');
        for (size_t i = c->kids[0].row; i < end; i++) {
            show_row(&c->kids[0], out);
            buf_puts(out, i + 1 < end ? ", " : "");
        }
        buf_putc(out, ']');
        return;
    }
    case COL_TUPLE:
        buf_putc(out, '{');
        for (size_t i = 0; i < c->col->n_kids; i++) {
            buf_printf(out, "%s%s: ", i > 0 ? ", " : "", c->col->kids[i].name);
            show_row(&c->kids[i], out);
        }
        buf_putc(out, '}');
        return;
    }
}
