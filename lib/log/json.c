/* lib/log/json: RFC 8259 text, checked while it is walked; no copies. */
#include "log/json.h"

#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/utf8.h"

const char *json_space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
        p++;
    return p;
}

static bool hex4(const char *p, const char *end, unsigned *code)
{
    unsigned v = 0;
    if (end - p < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)p[i], low = c | 0x20;
        unsigned d = c >= '0' && c <= '9' ? c - 48u : low >= 97 && low <= 102 ? low - 87u : 16;
        if (d > 15)
            return false;
        v = v << 4 | d;
    }
    *code = v;
    return true;
}

/* p is at a backslash. */
static const char *skip_escape(const char *p, const char *end)
{
    unsigned code;
    if (end - p < 2)
        return NULL;
    if (p[1] != 'u')
        return p[1] != '\0' && strchr("\"\\/bfnrt", p[1]) != NULL ? p + 2 : NULL;
    if (!hex4(p + 2, end, &code) || (code >= 0xDC00 && code <= 0xDFFF))
        return NULL;
    p += 6;
    if (code < 0xD800 || code > 0xDBFF)
        return p;
    return end - p >= 6 && p[0] == '\\' && p[1] == 'u' && hex4(p + 2, end, &code) && code >= 0xDC00 && code <= 0xDFFF ? p + 6
                                                                                                                      : NULL;
}

/* p is behind the opening quote; returns the closing one. */
static const char *string_end(const char *p, const char *end, bool *escaped)
{
    for (;;) {
#ifdef __SSE2__
        const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), space = _mm_set1_epi8(' ');
        while (end - p >= 16) {
            __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
            __m128i stop =
                _mm_or_si128(_mm_cmplt_epi8(v, space), _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, backslash)));
            int mask = _mm_movemask_epi8(stop);
            if (mask != 0) {
                p += __builtin_ctz((unsigned)mask);
                break;
            }
            p += 16;
        }
#endif
        if (p >= end)
            return NULL;
        unsigned char c = (unsigned char)*p;
        if (c == '"')
            return p;
        if (c == '\\') {
            *escaped = true;
            p = skip_escape(p, end);
            if (p == NULL)
                return NULL;
        } else if (c >= 0x80) {
            size_t n = utf8_length(p, (size_t)(end - p));
            if (n == 0)
                return NULL;
            p += n;
        } else if (c < 0x20) {
            return NULL;
        } else {
            p++;
        }
    }
}

static const char *skip_digits(const char *p, const char *end)
{
    const char *start = p;
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p > start ? p : NULL;
}

static const char *skip_number(const char *p, const char *end)
{
    if (*p == '-')
        p++;
    if (p < end && *p == '0')
        p++;
    else if ((p = skip_digits(p, end)) == NULL)
        return NULL;
    if (p < end && *p == '.' && (p = skip_digits(p + 1, end)) == NULL)
        return NULL;
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        p = skip_digits(p, end);
    }
    return p;
}

static const char *skip_literal(const char *p, const char *end)
{
    const char *word = *p == 't' ? "true" : *p == 'f' ? "false" : "null";
    size_t n = strlen(word);
    return (size_t)(end - p) >= n && memcmp(p, word, n) == 0 ? p + n : NULL;
}

/* p is at '{' or '['. */
static const char *skip_nested(const char *p, const char *end, unsigned depth)
{
    char close = *p == '{' ? '}' : ']';
    if (depth >= JSON_DEPTH)
        return NULL;
    p = json_space(p + 1, end);
    if (p < end && *p == close)
        return p + 1;
    for (;;) {
        if (close == '}') {
            bool escaped = false;
            if (p >= end || *p != '"' || (p = string_end(p + 1, end, &escaped)) == NULL)
                return NULL;
            p = json_space(p + 1, end);
            if (p >= end || *p != ':')
                return NULL;
            p = json_space(p + 1, end);
        }
        p = json_skip(p, end, depth + 1);
        if (p == NULL)
            return NULL;
        p = json_space(p, end);
        if (p >= end || (*p != ',' && *p != close))
            return NULL;
        if (*p == close)
            return p + 1;
        p = json_space(p + 1, end);
    }
}

const char *json_skip(const char *p, const char *end, unsigned depth)
{
    bool escaped = false;
    if (p >= end)
        return NULL;
    switch (*p) {
    case '"':
        p = string_end(p + 1, end, &escaped);
        return p != NULL ? p + 1 : NULL;
    case '{':
    case '[':
        return skip_nested(p, end, depth);
    case 't':
    case 'f':
    case 'n':
        return skip_literal(p, end);
    default:
        return *p == '-' || (*p >= '0' && *p <= '9') ? skip_number(p, end) : NULL;
    }
}

const char *json_next(const char *p, const char *end, struct json_member *m)
{
    bool escaped = false, first = p[-1] == '{';
    p = json_space(p, end);
    if (p < end && *p == '}') {
        m->kind = 0;
        return p + 1;
    }
    if (!first) {
        if (p >= end || *p != ',')
            return NULL;
        p = json_space(p + 1, end);
    }
    if (p >= end || *p != '"')
        return NULL;
    const char *quote = string_end(p + 1, end, &escaped);
    if (quote == NULL)
        return NULL;
    m->name = (struct str){ p + 1, (size_t)(quote - p) - 1 };
    p = json_space(quote + 1, end);
    if (p >= end || *p != ':')
        return NULL;
    p = json_space(p + 1, end);
    if (p >= end)
        return NULL;
    m->escaped = false;
    m->kind = *p >= '0' && *p <= '9' ? '-' : *p;
    if (*p == '"') {
        quote = string_end(p + 1, end, &m->escaped);
        if (quote == NULL)
            return NULL;
        m->value = (struct str){ p + 1, (size_t)(quote - p) - 1 };
        return quote + 1;
    }
    const char *after = json_skip(p, end, 1);
    if (after == NULL)
        return NULL;
    m->value = (struct str){ p, (size_t)(after - p) };
    return after;
}

void json_unescape(struct str content, struct buf *out)
{
    const char *p = content.p, *end = content.p + content.n;
    while (p < end) {
        const char *at = memchr(p, '\\', (size_t)(end - p));
        if (at == NULL)
            at = end;
        buf_put(out, p, (size_t)(at - p));
        p = at;
        if (p >= end)
            return;
        static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
        const char *known = strchr(from, p[1]);
        if (p[1] != 'u') {
            buf_putc(out, known != NULL ? to[known - from] : p[1]);
            p += 2;
            continue;
        }
        unsigned code = 0, low = 0;
        char bytes[4];
        hex4(p + 2, end, &code);
        p += 6;
        if (code >= 0xD800 && code <= 0xDBFF && hex4(p + 2, end, &low)) {
            code = 0x10000 + ((code & 0x3FF) << 10 | (low & 0x3FF));
            p += 6;
        }
        buf_put(out, bytes, utf8_encode(bytes, code));
    }
}
