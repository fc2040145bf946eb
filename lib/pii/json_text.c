/* lib/pii/json_text: walks over a JSON text, and resolves what its strings say. */
#include "pii/json_text.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/utf8.h"
#include "pii/scan.h"

size_t pii_json_resolve(const char *raw, size_t n, size_t i, char out[4], size_t *length)
{
    *length = 1;
    out[0] = raw[i];
    if (raw[i] != '\\' || i + 1 >= n)
        return 1;
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    if (raw[i + 1] != 'u') {
        const char *at = memchr(from, raw[i + 1], 5);
        out[0] = at != NULL ? to[at - from] : raw[i + 1];
        return 2;
    }
    unsigned long unit[2] = { 0, 0 };
    for (unsigned u = 0; u < 2; u++) {
        size_t at = i + 6 * u;
        if (at + 6 > n || raw[at] != '\\' || raw[at + 1] != 'u')
            break;
        for (unsigned k = 2; k < 6; k++)
            unit[u] = unit[u] << 4 | (unsigned long)(pii_hex((unsigned char)raw[at + k]) & 15);
    }
    if (i + 6 > n)
        return 1;
    if (unit[0] >= 0xD800 && unit[0] < 0xDC00 && unit[1] >= 0xDC00 && unit[1] < 0xE000) {
        *length = utf8_encode(out, 0x10000 + ((unit[0] - 0xD800) << 10) + (unit[1] - 0xDC00));
        return 12;
    }
    /* A surrogate by itself is no character: it delimits, as U+FFFD does. */
    *length = utf8_encode(out, unit[0] >= 0xD800 && unit[0] < 0xE000 ? 0xFFFD : unit[0]);
    return 6;
}

void pii_json_unescape(struct str raw, struct buf *out)
{
    char c[4];
    size_t n;
    for (size_t i = 0; i < raw.n;) {
        i += pii_json_resolve(raw.p, raw.n, i, c, &n);
        buf_put(out, c, n);
    }
}

void pii_json_escape(struct str text, struct buf *out)
{
    size_t start = out->n;
    if (buf_put_json(out, text) < 0)
        return;
    out->n -= 2;
    memmove(out->p + start, out->p + start + 1, out->n - start);
}

static size_t skip_space(const unsigned char *p, size_t n, size_t i)
{
    while (i < n && (p[i] == ' ' || p[i] == '\t' || p[i] == '\n' || p[i] == '\r'))
        i++;
    return i;
}

/* The first byte at or after i that is '"', '\' or a control character, or n. */
static size_t plain_end(const unsigned char *p, size_t n, size_t i)
{
#if defined(__SSE2__)
    for (; i + 16 <= n; i += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
        __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(' ' - 1)), v);
        __m128i quote = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
        unsigned stop = (unsigned)_mm_movemask_epi8(_mm_or_si128(control, quote));
        if (stop != 0)
            return i + (unsigned)__builtin_ctz(stop);
    }
#endif
    while (i < n && p[i] >= ' ' && p[i] != '"' && p[i] != '\\')
        i++;
    return i;
}

/* The end of the string whose opening quote is at i, or 0. */
static size_t string_end(const unsigned char *p, size_t n, size_t i)
{
    for (i = plain_end(p, n, i + 1); i < n; i = plain_end(p, n, i + 1)) {
        if (p[i] == '"')
            return i + 1;
        if (p[i] < ' ')
            return 0;
        if (++i == n)
            return 0;
        if (p[i] == 'u') {
            for (unsigned k = 0; k < 4; k++)
                if (++i == n || pii_hex(p[i]) < 0)
                    return 0;
        } else if (memchr("\"\\/bfnrt", p[i], 8) == NULL) {
            return 0;
        }
    }
    return 0;
}

static size_t digits_end(const unsigned char *p, size_t n, size_t i)
{
    while (i < n && pii_is_digit(p[i]))
        i++;
    return i;
}

/* The end of the number or literal at i, or 0. */
static size_t scalar_end(const unsigned char *p, size_t n, size_t i)
{
    static const char *const literals[] = { "true", "false", "null" };
    for (unsigned k = 0; k < 3; k++) {
        size_t len = strlen(literals[k]);
        if (n - i >= len && memcmp(p + i, literals[k], len) == 0)
            return i + len;
    }
    i += p[i] == '-';
    size_t end = digits_end(p, n, i);
    if (end == i || (p[i] == '0' && end > i + 1))
        return 0;
    if (end < n && p[end] == '.') {
        i = end + 1;
        end = digits_end(p, n, i);
        if (end == i)
            return 0;
    }
    if (end < n && (p[end] | 0x20) == 'e') {
        i = end + 1;
        i += i < n && (p[i] == '+' || p[i] == '-');
        end = digits_end(p, n, i);
        if (end == i)
            return 0;
    }
    return end;
}

/* What starts with this byte. */
static enum pii_json kind(unsigned c)
{
    return c == '"' ? JSON_STRING : c == '-' || pii_is_digit(c) ? JSON_NUMBER : JSON_LITERAL;
}

static void tell(pii_json_visit *visit, void *arg, enum pii_json what, size_t start, size_t end)
{
    bool quotes = what == JSON_KEY || what == JSON_STRING;
    if (visit != NULL)
        visit(arg, what, start + quotes, end - quotes);
}

bool pii_json_walk(struct str json, pii_json_visit *visit, void *arg, bool *failed)
{
    const unsigned char *p = (const unsigned char *)json.p;
    size_t n = json.n, i = 0, start;
    bool ok = false;
    struct buf open; /* a byte per open bracket */

    buf_init(&open, 0);
    for (;;) {
        i = skip_space(p, n, i);
        if (i == n)
            goto out;
        if (p[i] == '{' || p[i] == '[') {
            if (buf_putc(&open, (char)p[i]) < 0)
                goto out;
            bool object = p[i] == '{';
            tell(visit, arg, JSON_OPEN, i, i + 1);
            i = skip_space(p, n, i + 1);
            if (i == n || p[i] != (object ? '}' : ']')) {
                if (!object)
                    continue;
                goto key;
            }
            open.n--;
            tell(visit, arg, JSON_CLOSE, i, i + 1);
            i++;
        } else {
            start = i;
            i = p[i] == '"' ? string_end(p, n, i) : scalar_end(p, n, i);
            if (i == 0)
                goto out;
            tell(visit, arg, kind(p[start]), start, i);
        }
        /* A value has ended: close what ends here, then a comma or the end. */
        for (;;) {
            i = skip_space(p, n, i);
            if (open.n == 0) {
                ok = i == n;
                goto out;
            }
            if (i == n || p[i] != (open.p[open.n - 1] == '{' ? '}' : ']'))
                break;
            open.n--;
            tell(visit, arg, JSON_CLOSE, i, i + 1);
            i++;
        }
        if (p[i < n ? i : n - 1] != ',' || i == n)
            goto out;
        i = skip_space(p, n, i + 1);
        if (open.p[open.n - 1] != '{')
            continue;
    key:
        start = i;
        if (i >= n || p[i] != '"' || (i = string_end(p, n, i)) == 0)
            goto out;
        tell(visit, arg, JSON_KEY, start, i);
        i = skip_space(p, n, i);
        if (i == n || p[i++] != ':')
            goto out;
    }
out:
    *failed |= open.failed;
    buf_fini(&open);
    return ok;
}
