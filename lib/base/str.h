/* lib/base/str: a borrowed run of bytes. Not NUL-terminated, any bytes allowed. */
#ifndef ODW_STR_H
#define ODW_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct str {
    const char *p;
    size_t n;
};

#define STR(literal) ((struct str){ "" literal, sizeof(literal) - 1 })
/* For printf's "%.*s". */
#define STR_ARG(s) (int)(s).n, (s).p

static inline struct str str_of(const char *z)
{
    return (struct str){ z, strlen(z) };
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

static inline bool str_ends(struct str s, struct str suffix)
{
    return s.n >= suffix.n && (suffix.n == 0 || memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

/* Without ASCII white space at both ends. */
static inline struct str str_trim(struct str s)
{
    while (s.n > 0 && (s.p[0] == ' ' || (s.p[0] >= '\t' && s.p[0] <= '\r')))
        s.p++, s.n--;
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || (s.p[s.n - 1] >= '\t' && s.p[s.n - 1] <= '\r')))
        s.n--;
    return s;
}

/* The number that s begins with, as strtoull(3) reads it: what exceeds int64_t wraps, as UInt64 does when it is cast. */
static inline int64_t str_integer(struct str s)
{
    char text[32];
    size_t n = s.n < sizeof text - 1 ? s.n : sizeof text - 1;
    if (n > 0)
        memcpy(text, s.p, n);
    text[n] = '\0';
    return (int64_t)strtoull(text, NULL, 10);
}

/* Cuts off and returns what stands before the first `sep`; the rest (after `sep`) stays in *s.
 * Without a `sep` it returns all of *s and leaves *s empty (p at the end). */
static inline struct str str_cut(struct str *s, char sep)
{
    const char *at = s->n > 0 ? memchr(s->p, sep, s->n) : NULL;
    struct str head = { s->p, at != NULL ? (size_t)(at - s->p) : s->n };
    size_t skip = at != NULL ? head.n + 1 : head.n;
    if (skip > 0) /* NULL + 0 is undefined */
        s->p += skip;
    s->n -= skip;
    return head;
}

#endif
