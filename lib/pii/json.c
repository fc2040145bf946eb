/* lib/pii/json: the same scan inside the strings of a JSON text; every other byte goes through as it came.
 *
 * The raw text is scanned as it stands, keys and quotes included, so that a key is context for its value ("phone": "4155550132").
 * A string with a backslash is resolved first and its spans are mapped back onto the escapes. Numbers stay: a token in place of
 * one would not be JSON. */
#include "base/utf8.h"
#include "pii/scan.h"

enum { PREFIX = 64 }; /* raw bytes before an escaped string that its scan sees as context */

/* RFC 8259, without recursion. Asked only where something was found outside of strings. */
static bool well_formed(struct str json);

/* The first '"' or '\' at or after i, or n. */
static size_t string_stop(const unsigned char *p, size_t n, size_t i)
{
    while (i < n && p[i] != '"' && p[i] != '\\')
        i++;
    return i;
}

/* Resolves one escape (or one plain byte) at raw + i: its length there; its 1 to 4 bytes go to out. */
static size_t resolve(const unsigned char *raw, size_t n, size_t i, char out[4], size_t *length)
{
    *length = 1;
    out[0] = (char)raw[i];
    if (raw[i] != '\\' || i + 1 >= n)
        return 1;
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    if (raw[i + 1] != 'u') {
        const char *at = memchr(from, raw[i + 1], 5);
        out[0] = at != NULL ? to[at - from] : (char)raw[i + 1];
        return 2;
    }
    unsigned long unit[2] = { 0, 0 };
    for (unsigned u = 0; u < 2; u++) {
        size_t at = i + 6 * u;
        if (at + 6 > n || raw[at] != '\\' || raw[at + 1] != 'u')
            break;
        for (unsigned k = 2; k < 6; k++)
            unit[u] = unit[u] << 4 | (unsigned long)(pii_hex(raw[at + k]) & 15);
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

/* A string with escapes: its content is json[start, end). Appends it redacted. */
static size_t redact_escaped(struct str json, size_t floor, size_t start, size_t end, struct buf *scratch, struct buf *out,
                             bool *again)
{
    const unsigned char *raw = (const unsigned char *)json.p;
    size_t prefix = start - floor < PREFIX ? start - floor : PREFIX, found = 0;
    struct pii_scan scan;
    struct pii_span span;
    char c[4];
    size_t n;

    buf_clear(scratch);
    buf_put(scratch, json.p + start - prefix, prefix);
    for (size_t i = start; i < end;) {
        i += resolve(raw, end, i, c, &n);
        buf_put(scratch, c, n);
    }
    buf_putc(scratch, '"');
    if (scratch->failed) {
        out->failed = true;
        return 0;
    }
    pii_scan_init_at(&scan, buf_str(scratch), 0, prefix);
    /* Walks raw and resolved text side by side: `at` in the resolved one is `i` in the raw one. */
    size_t i = start, at = prefix;
    while (pii_scan_next(&scan, &span)) {
        size_t from = i;
        *again |= !pii_isolated(&scan.text, &span);
        for (; at < span.start; at += n)
            i += resolve(raw, end, i, c, &n);
        buf_put(out, json.p + from, i - from);
        buf_puts(out, pii_token(span.type));
        for (; at < span.start + span.length; at += n)
            i += resolve(raw, end, i, c, &n);
        found++;
    }
    buf_put(out, json.p + i, end - i);
    return found;
}

/* Where a stretch of raw text stands: how far quotes were counted, and whether that place is inside a string. */
struct quotes {
    size_t at;
    bool inside;
};

static bool inside_at(const unsigned char *p, struct quotes *q, size_t to)
{
    while (q->at < to) {
        const unsigned char *next = memchr(p + q->at, '"', to - q->at);
        if (next == NULL)
            break;
        q->inside = !q->inside;
        q->at = (size_t)(next - p) + 1;
    }
    q->at = to;
    return q->inside;
}

/* Raw text json[start, end) whose strings hold no backslash; starts and ends outside of strings. -1: not JSON after all. */
static int redact_plain(struct str json, size_t words, size_t start, size_t end, bool *known, struct buf *out, size_t *found,
                        bool *again)
{
    struct pii_scan scan;
    struct pii_span span;
    struct quotes quotes = { start, false };
    size_t done = start;
    pii_scan_init_at(&scan, (struct str){ json.p, end }, words, start);
    scan.text.json = true;
    while (pii_scan_next(&scan, &span)) {
        if (!inside_at((const unsigned char *)json.p, &quotes, span.start)) {
            if (!*known && !well_formed(json))
                return -1;
            *known = true;
            continue;
        }
        *again |= !pii_isolated(&scan.text, &span);
        buf_put(out, json.p + done, span.start - done);
        buf_puts(out, pii_token(span.type));
        done = span.start + span.length;
        ++*found;
    }
    buf_put(out, json.p + done, end - done);
    return 0;
}

static size_t redact_once(struct str json, struct buf *out, bool *again)
{
    const unsigned char *p = (const unsigned char *)json.p;
    size_t before = out->n, found = 0, done = 0;
    bool known = false;
    struct buf scratch;

    if (json.n == 0)
        return 0;
    buf_init(&scratch, 0);
    const unsigned char *escape = memchr(p, '\\', json.n);
    for (size_t i = 0; escape != NULL && i < json.n;) {
        const unsigned char *quote = memchr(p + i, '"', json.n - i);
        if (quote == NULL)
            break;
        size_t start = (size_t)(quote - p) + 1, stop = string_stop(p, json.n, start);
        bool escaped = false;
        while (stop < json.n && p[stop] == '\\') {
            escaped = true;
            stop = string_stop(p, json.n, stop + 2);
        }
        if (stop >= json.n)
            goto plain; /* a string without end */
        if (escaped) {
            if (redact_plain(json, done, done, start, &known, out, &found, again) < 0)
                goto plain;
            found += redact_escaped(json, done, start, stop, &scratch, out, again);
            done = stop;
            /* The closing quote starts the next stretch, which must start outside of strings. */
            buf_putc(out, '"');
            done++;
            escape = stop + 1 < json.n ? memchr(p + stop + 1, '\\', json.n - stop - 1) : NULL;
        }
        i = stop + 1;
    }
    if (escape != NULL && known == false && !well_formed(json))
        goto plain; /* a backslash outside of strings */
    if (redact_plain(json, done, done, json.n, &known, out, &found, again) < 0)
        goto plain;
    buf_fini(&scratch);
    return found;
plain:
    buf_fini(&scratch);
    out->n = before;
    *again = false;
    return pii_redact(json, out);
}

size_t pii_redact_json(struct str json, struct buf *out)
{
    return pii_settle(redact_once, json, out);
}

static size_t skip_space(const unsigned char *p, size_t n, size_t i)
{
    while (i < n && (p[i] == ' ' || p[i] == '\t' || p[i] == '\n' || p[i] == '\r'))
        i++;
    return i;
}

/* The end of the string whose opening quote is at i, or 0. */
static size_t string_end(const unsigned char *p, size_t n, size_t i)
{
    for (i++; i < n; i++) {
        if (p[i] == '"')
            return i + 1;
        if (p[i] < ' ')
            return 0;
        if (p[i] != '\\')
            continue;
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

static bool well_formed(struct str json)
{
    const unsigned char *p = (const unsigned char *)json.p;
    size_t n = json.n, i = 0;
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
            i = skip_space(p, n, i + 1);
            if (i == n || p[i] != (object ? '}' : ']')) {
                if (!object)
                    continue;
                goto key;
            }
            open.n--;
            i++;
        } else {
            i = p[i] == '"' ? string_end(p, n, i) : scalar_end(p, n, i);
            if (i == 0)
                goto out;
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
            i++;
        }
        if (p[i < n ? i : n - 1] != ',' || i == n)
            goto out;
        i = skip_space(p, n, i + 1);
        if (open.p[open.n - 1] != '{')
            continue;
    key:
        if (i >= n || p[i] != '"' || (i = string_end(p, n, i)) == 0)
            goto out;
        i = skip_space(p, n, i);
        if (i == n || p[i++] != ':')
            goto out;
    }
out:
    buf_fini(&open);
    return ok;
}
