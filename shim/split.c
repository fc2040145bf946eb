/* shim/split: cuts the body of a POST into records, without a tree. */
#include "shim/split.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static size_t skip_space(struct str s, size_t at)
{
    while (at < s.n && is_space(s.p[at]))
        at++;
    return at;
}

/* at: of the opening quote. The byte after the closing one, or 0. */
static size_t skip_string(struct str s, size_t at)
{
    for (size_t i = at + 1; i < s.n;) {
        const char *quote = memchr(s.p + i, '"', s.n - i);
        if (quote == NULL)
            return 0;
        size_t end = (size_t)(quote - s.p), slashes = 0;
        while (end - slashes > at + 1 && s.p[end - slashes - 1] == '\\')
            slashes++;
        if (slashes % 2 == 0)
            return end + 1;
        i = end + 1;
    }
    return 0;
}

size_t split_value(struct str s, size_t at, char *why, size_t size)
{
    unsigned char open[SPLIT_DEPTH / 8]; /* a bit per level: set for '[' */
    size_t depth = 0;
    char c = at < s.n ? s.p[at] : '\0';
    if (at < s.n && c == '"') {
        size_t end = skip_string(s, at);
        if (end == 0)
            snprintf(why, size, "the string at byte %zu doesn't end", at);
        return end;
    }
    if (c != '{' && c != '[') {
        size_t end = at;
        while (end < s.n && !is_space(s.p[end]) && strchr(",]}[{\":", s.p[end]) == NULL)
            end++;
        if (end == at)
            snprintf(why, size, at < s.n ? "expected a value at byte %zu" : "expected a value at byte %zu, where the body ends",
                     at);
        return end > at ? end : 0;
    }
    for (size_t i = at; i < s.n;) {
        c = s.p[i];
        if (c == '"') {
            size_t end = skip_string(s, i);
            if (end == 0) {
                snprintf(why, size, "the string at byte %zu doesn't end", i);
                return 0;
            }
            i = end;
            continue;
        }
        if (c == '{' || c == '[') {
            if (depth == SPLIT_DEPTH) {
                snprintf(why, size, "more than %d levels of nesting at byte %zu", SPLIT_DEPTH, i);
                return 0;
            }
            unsigned char bit = (unsigned char)(1u << (depth & 7));
            open[depth >> 3] =
                (unsigned char)(c == '[' ? (depth & 7 ? open[depth >> 3] : 0) | bit : (depth & 7 ? open[depth >> 3] : 0) & ~bit);
            depth++;
        } else if (c == '}' || c == ']') {
            depth--;
            if (((open[depth >> 3] >> (depth & 7)) & 1) != (c == ']')) {
                snprintf(why, size, "expected '%c', got '%c' at byte %zu", c == ']' ? '}' : ']', c, i);
                return 0;
            }
            if (depth == 0)
                return i + 1;
        }
        i++;
    }
    snprintf(why, size, "the %s at byte %zu doesn't end", s.p[at] == '{' ? "object" : "array", at);
    return 0;
}

static int add(struct split *s, struct str record, size_t max)
{
    if (s->n == max) {
        snprintf(s->why, sizeof s->why, "expected at most %zu records in one request", max);
        return -1;
    }
    if (s->n == s->cap) {
        size_t cap = s->cap > 0 ? s->cap * 2 : 16;
        struct str *p = realloc(s->records, cap * sizeof *p);
        if (p == NULL) {
            snprintf(s->why, sizeof s->why, "out of memory");
            return -1;
        }
        s->records = p;
        s->cap = cap;
    }
    s->records[s->n++] = record;
    return 0;
}

static int split_lines(struct split *s, struct str body, size_t max)
{
    s->found = SPLIT_NDJSON;
    while (body.n > 0) {
        struct str line = str_cut(&body, '\n');
        while (line.n > 0 && is_space(line.p[0])) /* JSON's white space only: a form feed is the reader's to refuse */
            line.p++, line.n--;
        while (line.n > 0 && is_space(line.p[line.n - 1]))
            line.n--;
        if (line.n > 0 && add(s, line, max) < 0)
            return -1;
    }
    return 0;
}

static int split_array(struct split *s, struct str body, size_t at, size_t max)
{
    s->found = SPLIT_ARRAY;
    at = skip_space(body, at + 1);
    if (at < body.n && body.p[at] == ']') {
        at++;
    } else {
        for (;;) {
            size_t end = split_value(body, at, s->why, sizeof s->why);
            if (end == 0 || add(s, (struct str){ body.p + at, end - at }, max) < 0)
                return -1;
            at = skip_space(body, end);
            if (at == body.n) {
                snprintf(s->why, sizeof s->why, "expected ',' or ']' at byte %zu, where the body ends", at);
                return -1;
            }
            char c = body.p[at++];
            if (c == ']')
                break;
            if (c != ',') {
                snprintf(s->why, sizeof s->why, "expected ',' or ']' after the element, at byte %zu", at - 1);
                return -1;
            }
            at = skip_space(body, at);
        }
    }
    at = skip_space(body, at);
    if (at != body.n) {
        snprintf(s->why, sizeof s->why, "expected nothing after the array, got something at byte %zu", at);
        return -1;
    }
    return 0;
}

int split_body(struct split *s, struct str body, enum split_form form, size_t max)
{
    *s = (struct split){ .n = 0 };
    size_t at = skip_space(body, 0);
    int rc;
    if (at == body.n) {
        snprintf(s->why, sizeof s->why, "expected a JSON object, an array of objects, or one object per line, got an empty body");
        return -1;
    }
    if (form == SPLIT_LINES) {
        rc = split_lines(s, body, max);
    } else if (body.p[at] == '[') {
        rc = split_array(s, body, at, max);
    } else {
        char ignore[160];
        size_t end = split_value(body, at, ignore, sizeof ignore);
        size_t next = end > 0 ? skip_space(body, end) : 0;
        bool line_ends = end > 0 && next < body.n && memchr(body.p + end, '\n', next - end) != NULL;
        if (line_ends) {
            rc = split_lines(s, body, max);
        } else {
            /* One value, whole or broken: the reader's verdict says which. */
            s->found = SPLIT_ONE;
            size_t last = body.n;
            while (last > at && is_space(body.p[last - 1]))
                last--;
            rc = add(s, (struct str){ body.p + at, last - at }, max);
        }
    }
    if (rc == 0 && s->n == 0) {
        snprintf(s->why, sizeof s->why, "expected at least one record, got none");
        rc = -1;
    }
    return rc;
}

void split_fini(struct split *s)
{
    free(s->records);
    s->records = NULL;
    s->n = s->cap = 0;
}

static int hex4(const char *p)
{
    int v = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        int d = c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
        if (d < 0)
            return -1;
        v = v << 4 | d;
    }
    return v;
}

/* raw: what stands between the quotes. */
static void unescape(struct str raw, struct buf *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    for (size_t i = 0; i < raw.n; i++) {
        if (raw.p[i] != '\\' || i + 1 == raw.n) {
            buf_putc(out, raw.p[i]);
            continue;
        }
        char c = raw.p[++i];
        const char *at = c != '\0' ? strchr(from, c) : NULL;
        if (at != NULL) {
            buf_putc(out, to[at - from]);
            continue;
        }
        int unit = c == 'u' && raw.n - i > 4 ? hex4(raw.p + i + 1) : -1;
        if (unit < 0)
            continue;
        i += 4;
        unsigned long code = (unsigned long)unit;
        if (unit >= 0xD800 && unit < 0xDC00 && raw.n - i > 6 && raw.p[i + 1] == '\\' && raw.p[i + 2] == 'u') {
            int low = hex4(raw.p + i + 3);
            if (low >= 0xDC00 && low < 0xE000) {
                code = 0x10000 + (((unsigned long)unit - 0xD800) << 10) + ((unsigned long)low - 0xDC00);
                i += 6;
            }
        }
        if (code >= 0xD800 && code < 0xE000)
            code = 0xFFFD;
        char utf8[4];
        buf_put(out, utf8, utf8_encode(utf8, code));
    }
}

void split_text(struct str value, struct buf *out)
{
    if (value.n >= 2 && value.p[0] == '"')
        unescape((struct str){ value.p + 1, value.n - 2 }, out);
    else
        buf_put_str(out, value);
}

static bool name_is(struct str raw, const char *name)
{
    if (memchr(raw.p, '\\', raw.n) == NULL)
        return str_eq(raw, str_of(name));
    struct buf plain;
    buf_init(&plain, 64 * 1024);
    unescape(raw, &plain);
    bool same = !plain.failed && str_eq(buf_str(&plain), str_of(name));
    buf_fini(&plain);
    return same;
}

bool split_member(struct str object, const char *name, struct buf *out)
{
    char ignore[160];
    size_t at = skip_space(object, 0);
    if (at == object.n || object.p[at] != '{')
        return false;
    at = skip_space(object, at + 1);
    while (at < object.n && object.p[at] == '"') {
        size_t end = skip_string(object, at);
        if (end == 0)
            return false;
        struct str raw = { object.p + at + 1, end - at - 2 };
        at = skip_space(object, end);
        if (at == object.n || object.p[at] != ':')
            return false;
        at = skip_space(object, at + 1);
        end = split_value(object, at, ignore, sizeof ignore);
        if (end == 0)
            return false;
        if (name_is(raw, name)) {
            struct str value = { object.p + at, end - at };
            if (value.p[0] == '{' || value.p[0] == '[' || str_eq(value, STR("null")))
                return false;
            split_text(value, out);
            return !out->failed;
        }
        at = skip_space(object, end);
        if (at == object.n || object.p[at] != ',')
            return false;
        at = skip_space(object, at + 1);
    }
    return false;
}
