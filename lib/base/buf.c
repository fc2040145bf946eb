/* lib/base/buf: a growing run of bytes with a maximum. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){ .max = max != 0 ? max : BUF_MAX_DEFAULT };
}

void buf_fini(struct buf *b)
{
    free(b->p);
    *b = (struct buf){ .max = b->max };
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    b->failed = false;
}

void buf_shrink(struct buf *b, size_t keep)
{
    if (b->cap > keep)
        buf_fini(b);
    else
        buf_clear(b);
}

int buf_grow(struct buf *b, size_t more)
{
    if (b->failed)
        return -1;
    size_t max = b->max != 0 ? b->max : BUF_MAX_DEFAULT;
    if (more > max || b->n > max - more)
        goto refuse;
    if (b->cap - b->n >= more)
        return 0;
    size_t cap = b->cap < 64 ? (max < 64 ? max : 64) : b->cap;
    while (cap < b->n + more)
        cap = cap > max / 2 ? max : cap * 2;
    char *p = realloc(b->p, cap);
    if (p == NULL)
        goto refuse;
    b->p = p;
    b->cap = cap;
    return 0;
refuse:
    b->failed = true;
    return -1;
}

int buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0 || buf_reserve(b, (size_t)n + 1) < 0)
        return -1;
    va_start(args, format);
    vsnprintf(b->p + b->n, (size_t)n + 1, format, args);
    va_end(args);
    b->n += (size_t)n;
    return 0;
}

const char *buf_text(struct buf *b)
{
    if (buf_reserve(b, 1) < 0)
        return "";
    b->p[b->n] = '\0';
    return b->p;
}

int buf_put_json(struct buf *b, struct str s)
{
    static const char hex[] = "0123456789abcdef";
    buf_putc(b, '"');
    for (size_t i = 0; i < s.n;) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x80) {
            size_t len = utf8_length(s.p + i, s.n - i);
            if (len == 0) {
                buf_puts(b, "\xef\xbf\xbd");
                i++;
            } else {
                buf_put(b, s.p + i, len);
                i += len;
            }
            continue;
        }
        if (c == '"' || c == '\\') {
            buf_putc(b, '\\');
            buf_putc(b, (char)c);
        } else if (c == '\n') {
            buf_puts(b, "\\n");
        } else if (c == '\t') {
            buf_puts(b, "\\t");
        } else if (c == '\r') {
            buf_puts(b, "\\r");
        } else if (c < 0x20) {
            buf_puts(b, "\\u00");
            buf_putc(b, hex[c >> 4]);
            buf_putc(b, hex[c & 15]);
        } else {
            buf_putc(b, (char)c);
        }
        i++;
    }
    return buf_putc(b, '"');
}
