/* lib/base/buf: a growing run of bytes with a maximum. */
#ifndef ODW_BUF_H
#define ODW_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

/* Once a growth is refused (over `max`, or no memory) `failed` stays set, further puts do nothing and return -1:
 * a writer may check once, at the end. */
struct buf {
    char *p;
    size_t n, cap, max;
    bool failed;
};

#define BUF_MAX_DEFAULT ((size_t)1 << 30)

/* max 0 means BUF_MAX_DEFAULT. */
void buf_init(struct buf *b, size_t max);
void buf_fini(struct buf *b);
/* Empties it, keeps the memory, clears `failed`. */
void buf_clear(struct buf *b);
/* As buf_clear, and gives memory back where more than `keep` bytes are held. */
void buf_shrink(struct buf *b, size_t keep);

/* Room for `more` further bytes. 0, or -1 with `failed` set. */
int buf_grow(struct buf *b, size_t more);

static inline int buf_reserve(struct buf *b, size_t more)
{
    return b->cap - b->n >= more && !b->failed ? 0 : buf_grow(b, more);
}

static inline int buf_put(struct buf *b, const void *p, size_t n)
{
    if (buf_reserve(b, n) < 0)
        return -1;
    if (n > 0)
        memcpy(b->p + b->n, p, n);
    b->n += n;
    return 0;
}

static inline int buf_putc(struct buf *b, char c)
{
    if (buf_reserve(b, 1) < 0)
        return -1;
    b->p[b->n++] = c;
    return 0;
}

static inline int buf_puts(struct buf *b, const char *z)
{
    return buf_put(b, z, strlen(z));
}

static inline int buf_put_str(struct buf *b, struct str s)
{
    return buf_put(b, s.p, s.n);
}

/* Unsigned LEB128, as ClickHouse writes lengths. */
static inline int buf_put_varint(struct buf *b, uint64_t v)
{
    if (buf_reserve(b, 10) < 0)
        return -1;
    while (v >= 0x80) {
        b->p[b->n++] = (char)(v | 0x80);
        v >>= 7;
    }
    b->p[b->n++] = (char)v;
    return 0;
}

/* LEB128 at p, of which `left` bytes may be read. Its length in bytes; 0: cut short; -1: not a number of 64 bits. */
static inline int varint_read(const char *p, size_t left, uint64_t *value)
{
    uint64_t v = 0;
    for (size_t i = 0; i < left && i < 10; i++) {
        unsigned char b = (unsigned char)p[i];
        if (i == 9 && b > 1)
            return -1;
        v |= (uint64_t)(b & 0x7F) << (7 * i);
        if (b < 0x80) {
            *value = v;
            return (int)i + 1;
        }
    }
    return left >= 10 ? -1 : 0;
}

/* A String of RowBinary and Native: its length as a varint, then its bytes. */
static inline int buf_put_string(struct buf *b, struct str s)
{
    buf_put_varint(b, s.n);
    return buf_put_str(b, s);
}

int buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The bytes as a NUL-terminated text (the NUL isn't counted in n); "" where memory is out. Valid until the next put. */
const char *buf_text(struct buf *b);

static inline struct str buf_str(const struct buf *b)
{
    return (struct str){ b->p, b->n };
}

/* Appends s as a JSON string with its quotes (RFC 8259): control characters, '"' and '\' are escaped, invalid UTF-8 becomes U+FFFD.
 */
int buf_put_json(struct buf *b, struct str s);

#endif
