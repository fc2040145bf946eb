/* lib/native: rows of a column as JSON, a line each. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "native/column.h"

/* Where reading has come to in a column and in those below it. */
struct cursor {
    size_t row, at;
    struct cursor *kids;
};

static int cursor_init(struct cursor *cur, const struct col *c)
{
    *cur = (struct cursor){ 0 };
    if (c->n_kids == 0)
        return 0;
    if ((cur->kids = calloc(c->n_kids, sizeof *cur->kids)) == NULL)
        return -1;
    for (size_t i = 0; i < c->n_kids; i++)
        if (cursor_init(&cur->kids[i], &c->kids[i]) < 0)
            return -1;
    return 0;
}

static void cursor_fini(struct cursor *cur, const struct col *c)
{
    for (size_t i = 0; cur->kids != NULL && i < c->n_kids; i++)
        cursor_fini(&cur->kids[i], &c->kids[i]);
    free(cur->kids);
}

static bool type_is(const struct col *c, const char *prefix)
{
    const char *type = strncmp(c->type, "Nullable(", 9) == 0 ? c->type + 9 : c->type;
    return strncmp(type, prefix, strlen(prefix)) == 0;
}

/* 'name' = value in the type's text. */
static void put_enum(const struct col *c, int64_t v, struct buf *out)
{
    const char *p = c->type;
    while ((p = strchr(p, '\'')) != NULL) {
        const char *start = ++p;
        while (*p != '\0' && (*p != '\'' || p[-1] == '\\'))
            p++;
        const char *end = p;
        p += strspn(p, "' =");
        if (strtoll(p, NULL, 10) == v) {
            buf_put_json(out, (struct str){ start, (size_t)(end - start) });
            return;
        }
    }
    buf_printf(out, "%lld", (long long)v);
}

static void put_time(int64_t seconds, int digits, int64_t fraction, struct buf *out)
{
    char text[64] = "";
    struct tm utc;
    time_t t = (time_t)seconds;
    if (gmtime_r(&t, &utc) != NULL)
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &utc);
    buf_printf(out, "\"%s", text);
    if (digits > 0)
        buf_printf(out, ".%0*lld", digits, (long long)fraction);
    buf_putc(out, '"');
}

static void put_fixed(const struct col *c, const char *p, struct buf *out)
{
    uint64_t u = 0;
    memcpy(&u, p, c->width <= 8 ? c->width : 8);
    int64_t i = (int64_t)u;
    if (c->width < 8 && (u >> (8 * c->width - 1) & 1) != 0)
        i = (int64_t)(u | ~(uint64_t)0 << 8 * c->width);
    if (type_is(c, "Bool")) {
        buf_puts(out, u != 0 ? "true" : "false");
    } else if (type_is(c, "Enum")) {
        put_enum(c, i, out);
    } else if (type_is(c, "UInt")) {
        buf_printf(out, "%llu", (unsigned long long)u);
    } else if (type_is(c, "Int")) {
        buf_printf(out, "%lld", (long long)i);
    } else if (type_is(c, "Float64")) {
        double d;
        memcpy(&d, p, sizeof d);
        buf_printf(out, "%.17g", d);
    } else if (type_is(c, "Float32")) {
        float f;
        memcpy(&f, p, sizeof f);
        buf_printf(out, "%.9g", (double)f);
    } else if (type_is(c, "DateTime64(")) {
        int digits = atoi(strchr(c->type, '6') + 3);
        int64_t scale = 1;
        for (int d = 0; d < digits; d++)
            scale *= 10;
        int64_t fraction = (i % scale + scale) % scale;
        put_time((i - fraction) / scale, digits, fraction, out);
    } else if (type_is(c, "DateTime")) {
        put_time((int64_t)u, 0, 0, out);
    } else if (type_is(c, "Date")) {
        put_time((type_is(c, "Date32") ? i : (int64_t)u) * 86400, 0, 0, out);
    } else {
        buf_putc(out, '"');
        for (int b = 0; b < c->width; b++)
            buf_printf(out, "%02x", (unsigned char)p[b]);
        buf_putc(out, '"');
    }
}

static void put_value(const struct col *c, struct cursor *cur, struct buf *out);

/* A map's key and value. */
static void put_pair(const struct col *pair, struct cursor *cur, struct buf *out)
{
    cur->row++;
    put_value(&pair->kids[0], &cur->kids[0], out);
    buf_puts(out, ": ");
    put_value(&pair->kids[1], &cur->kids[1], out);
}

static void put_value(const struct col *c, struct cursor *cur, struct buf *out)
{
    size_t row = cur->row++;
    bool null = col_is_null(c, row);
    uint64_t n = 0;
    switch (c->kind) {
    case COL_FIXED:
        null ? (void)buf_puts(out, "null") : put_fixed(c, c->data.p + row * c->width, out);
        break;
    case COL_STRING:
        cur->at += (size_t)varint_read(c->data.p + cur->at, c->data.n - cur->at, &n);
        if (null)
            buf_puts(out, "null");
        else
            buf_put_json(out, (struct str){ c->data.p + cur->at, n });
        cur->at += n;
        break;
    case COL_LOW:
        null ? (void)buf_puts(out, "null") : (void)buf_put_json(out, col_low(c, row));
        break;
    case COL_ARRAY: {
        bool map = type_is(c, "Map(");
        memcpy(&n, c->data.p + row * sizeof n, sizeof n);
        buf_putc(out, map ? '{' : '[');
        for (size_t first = cur->kids[0].row; cur->kids[0].row < n;) {
            if (cur->kids[0].row > first)
                buf_puts(out, ", ");
            if (map)
                put_pair(&c->kids[0], &cur->kids[0], out);
            else
                put_value(&c->kids[0], &cur->kids[0], out);
        }
        buf_putc(out, map ? '}' : ']');
        break;
    }
    case COL_TUPLE:
        buf_putc(out, '{');
        for (size_t i = 0; i < c->n_kids; i++) {
            char number[24];
            if (i > 0)
                buf_puts(out, ", ");
            snprintf(number, sizeof number, "%zu", i + 1);
            buf_put_json(out, str_of(c->kids[i].name[0] != '\0' ? c->kids[i].name : number));
            buf_puts(out, ": ");
            put_value(&c->kids[i], &cur->kids[i], out);
        }
        buf_putc(out, '}');
        break;
    }
}

int col_put_json_rows(const struct col *c, struct buf *out)
{
    struct cursor cur;
    int done = cursor_init(&cur, c);
    for (size_t row = 0; done == 0 && row < c->rows; row++) {
        put_value(c, &cur, out);
        buf_putc(out, '\n');
    }
    cursor_fini(&cur, c);
    return done < 0 || out->failed ? -1 : 0;
}
