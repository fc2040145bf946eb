/* lib/contract/skip: JSON that no schema looks into: strings, literals, whole values; checked all the same. */
#include "base/utf8.h"
#include "contract/number.h"
#include "contract/reader.h"
#include "contract/scan.h"

const char *parse_fail(struct reader *r, const char *at, const char *expected)
{
    if (r->bad == NULL && !r->failed) {
        r->bad = at;
        r->expected = expected;
    }
    return NULL;
}

const char *parse_no_memory(struct reader *r)
{
    r->failed = true;
    return NULL;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The four hexadecimal digits at p, or -1. */
static long hex4(const char *p)
{
    long v = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(p[i]);
        if (digit < 0)
            return -1;
        v = v << 4 | digit;
    }
    return v;
}

/* p is at a backslash. */
static const char *escape_end(struct reader *r, const char *p)
{
    switch (p[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return p + 2;
    case 'u':
        break;
    default:
        return parse_fail(r, p, "an escape: one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u");
    }
    long unit = hex4(p + 2);
    if (unit < 0)
        return parse_fail(r, p, "four hexadecimal digits after \\u");
    if (unit < 0xD800 || unit > 0xDFFF)
        return p + 6;
    long other = unit < 0xDC00 && p[6] == '\\' && p[7] == 'u' ? hex4(p + 8) : -1;
    if (other < 0xDC00 || other > 0xDFFF)
        return parse_fail(r, p, "a surrogate in a pair");
    return p + 12;
}

const char *string_end(struct reader *r, const char *p, bool *escaped)
{
    for (;;) {
        p = scan_plain(p);
        unsigned char c = (unsigned char)*p;
        if (c == '"')
            return p;
        if (c == '\\') {
            *escaped = true;
            p = escape_end(r, p);
            if (p == NULL)
                return NULL;
        } else if (c >= 0x80) {
            do {
                size_t n = utf8_length(p, (size_t)(r->end - p));
                if (n == 0)
                    return parse_fail(r, p, "UTF-8");
                p += n;
            } while ((unsigned char)*p >= 0x80);
        } else if (p == r->end) {
            return parse_fail(r, p, "the string's closing quote");
        } else {
            return parse_fail(r, p, "no bare control character in a string");
        }
    }
}

void string_unescape(struct str raw, struct buf *out)
{
    const char *p = raw.p, *end = raw.p + raw.n;
    /* An escape is never shorter than what it stands for. */
    if (buf_reserve(out, raw.n) < 0)
        return;
    char *to = out->p + out->n;
    while (p < end) {
        const char *escape = memchr(p, '\\', (size_t)(end - p));
        size_t plain = (size_t)((escape != NULL ? escape : end) - p);
        memcpy(to, p, plain);
        to += plain;
        if (escape == NULL)
            break;
        p = escape + 2;
        switch (escape[1]) {
        case 'b':
            *to++ = '\b';
            break;
        case 'f':
            *to++ = '\f';
            break;
        case 'n':
            *to++ = '\n';
            break;
        case 'r':
            *to++ = '\r';
            break;
        case 't':
            *to++ = '\t';
            break;
        case 'u': {
            unsigned long c = (unsigned long)hex4(p);
            p += 4;
            if (c >= 0xD800 && c <= 0xDBFF) {
                c = 0x10000 + ((c - 0xD800) << 10) + ((unsigned long)hex4(p + 2) - 0xDC00);
                p += 6;
            }
            to += utf8_encode(to, c);
            break;
        }
        default:
            *to++ = escape[1];
        }
    }
    out->n = (size_t)(to - out->p);
}

struct str string_unescape_key(struct reader *r, struct str raw)
{
    buf_clear(&r->scratch);
    string_unescape(raw, &r->scratch);
    /* With room for keys_add, which loads 16 bytes at once. */
    char *copy = r->scratch.failed ? NULL : arena_alloc(&r->arena, r->scratch.n + 16);
    if (copy != NULL && r->scratch.n > 0)
        memcpy(copy, r->scratch.p, r->scratch.n);
    return (struct str){ copy, r->scratch.n };
}

const char *literal_end(struct reader *r, const char *p)
{
    if (memcmp(p, "true", 4) == 0 || memcmp(p, "null", 4) == 0)
        return p + 4;
    if (memcmp(p, "false", 5) == 0)
        return p + 5;
    return parse_fail(r, p, "a JSON value");
}

static const char *skip_array(struct reader *r, const char *p)
{
    struct path here = { .up = r->path };
    if (++r->depth > DEPTH_MAX)
        return parse_fail(r, p, "at most 512 levels of nesting");
    p = scan_space(p + 1);
    if (*p != ']') {
        r->path = &here;
        for (;; here.index++) {
            p = skip_value(r, p);
            if (p == NULL)
                return NULL;
            p = scan_space(p);
            if (*p == ']')
                break;
            if (*p != ',')
                return parse_fail(r, p, "',' or ']'");
            p = scan_space(p + 1);
        }
        r->path = here.up;
    }
    r->depth--;
    return p + 1;
}

static const char *skip_object(struct reader *r, const char *p)
{
    struct path here = { .up = r->path };
    if (++r->depth > DEPTH_MAX)
        return parse_fail(r, p, "at most 512 levels of nesting");
    p = scan_space(p + 1);
    if (*p != '}') {
        struct keyset set = keys_open(&r->keys);
        r->path = &here;
        for (;;) {
            if (*p != '"')
                return parse_fail(r, p, "a property's name in quotes");
            bool escaped = false;
            const char *name = p + 1, *quote = string_end(r, name, &escaped);
            if (quote == NULL)
                return NULL;
            here.key = (struct str){ name, (size_t)(quote - name) };
            if (escaped && (here.key = string_unescape_key(r, here.key)).p == NULL)
                return parse_no_memory(r);
            enum key_outcome outcome = keys_add(&r->keys, &set, here.key);
            if (outcome == KEY_DUPLICATE)
                violation_say(r, "given twice");
            else if (outcome == KEY_NO_MEMORY)
                return parse_no_memory(r);
            p = scan_space(quote + 1);
            if (*p != ':')
                return parse_fail(r, p, "':'");
            p = skip_value(r, scan_space(p + 1));
            if (p == NULL)
                return NULL;
            p = scan_space(p);
            if (*p == '}')
                break;
            if (*p != ',')
                return parse_fail(r, p, "',' or '}'");
            p = scan_space(p + 1);
        }
        keys_close(&r->keys, &set);
        r->path = here.up;
    }
    r->depth--;
    return p + 1;
}

const char *skip_value(struct reader *r, const char *p)
{
    switch (*p) {
    case '"': {
        bool escaped;
        p = string_end(r, p + 1, &escaped);
        return p != NULL ? p + 1 : NULL;
    }
    case '{':
        return skip_object(r, p);
    case '[':
        return skip_array(r, p);
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': {
        struct number n;
        const char *expected;
        p = number_scan(p, &n, &expected);
        return p != NULL ? p : parse_fail(r, n.text.p, expected);
    }
    default:
        return literal_end(r, p);
    }
}
