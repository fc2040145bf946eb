/* lib/pii/json: the same scan inside the strings of a JSON text; every other byte goes through as it came.
 *
 * The raw text is scanned as it stands, keys and quotes included, so that a key is context for its value ("phone": "4155550132").
 * A string with a backslash is resolved first and its spans are mapped back onto the escapes. Numbers stay, but for those under the
 * key of a secret: a token in place of one is a string. */
#include "pii/json_key.h"
#include "pii/json_text.h"
#include "pii/scan.h"
#include "pii/spans.h"

enum { PREFIX = 64 }; /* raw bytes before an escaped string that its scan sees as context */

/* What a round is asked for. */
struct request {
    struct pii_set types;
    const struct pii_keys *keys;
};

/* The first '"' or '\' at or after i, or n. */
static size_t string_stop(const char *p, size_t n, size_t i)
{
    while (i < n && p[i] != '"' && p[i] != '\\')
        i++;
    return i;
}

/* A string with escapes: its content is json[start, end). */
static void find_escaped(struct str json, const struct request *q, size_t floor, size_t start, size_t end, struct buf *scratch,
                         struct pii_spans *out, bool *again)
{
    size_t prefix = start - floor < PREFIX ? start - floor : PREFIX;
    struct pii_scan scan;
    struct pii_found found = { 0 };
    char c[4];
    size_t n;

    buf_clear(scratch);
    buf_put(scratch, json.p + start - prefix, prefix);
    pii_json_unescape((struct str){ json.p + start, end - start }, scratch);
    buf_putc(scratch, '"');
    if (scratch->failed) {
        out->failed = true;
        return;
    }
    pii_scan_init_at(&scan, q->types, buf_str(scratch), 0, prefix);
    /* Walks raw and resolved text side by side: `at` in the resolved one is `i` in the raw one. */
    size_t i = start, at = prefix;
    while (pii_scan_next(&scan, &found.span)) {
        *again |= !pii_isolated(&scan.text, &found.span);
        size_t stop = found.span.start + found.span.length;
        for (; at < found.span.start; at += n)
            i += pii_json_resolve(json.p, end, i, c, &n);
        found.span.start = i;
        for (; at < stop; at += n)
            i += pii_json_resolve(json.p, end, i, c, &n);
        found.span.length = i - found.span.start;
        pii_spans_put(out, found);
    }
    *again |= scan.unsure;
}

/* Where a stretch of raw text stands: how far quotes were counted, and whether that place is inside a string. */
struct quotes {
    size_t at;
    bool inside;
};

static bool inside_at(const char *p, struct quotes *q, size_t to)
{
    while (q->at < to) {
        const char *next = memchr(p + q->at, '"', to - q->at);
        if (next == NULL)
            break;
        q->inside = !q->inside;
        q->at = (size_t)(next - p) + 1;
    }
    q->at = to;
    return q->inside;
}

/* Raw text json[start, end) whose strings hold no backslash; starts and ends outside of strings. *secret: it has a key that may
 * name a secret. */
static void find_plain(struct str json, const struct request *q, size_t words, size_t start, size_t end, bool *secret,
                       struct pii_spans *out, bool *again)
{
    struct pii_scan scan;
    struct pii_found found = { 0 };
    struct quotes quotes = { start, false };
    pii_scan_init_json(&scan, q->types, q->keys, (struct str){ json.p, end }, words, start);
    while (pii_scan_next(&scan, &found.span)) {
        if (!inside_at(json.p, &quotes, found.span.start))
            continue;
        *again |= !pii_isolated(&scan.text, &found.span);
        pii_spans_put(out, found);
    }
    *again |= scan.unsure;
    *secret |= scan.secret_key;
}

/* Whether the string that ends before i is a key. */
static bool is_key(struct str json, size_t i)
{
    while (i < json.n && (json.p[i] == ' ' || json.p[i] == '\t' || json.p[i] == '\n' || json.p[i] == '\r'))
        i++;
    return i < json.n && json.p[i] == ':';
}

static void find_strings(struct str json, const struct request *q, struct buf *scratch, bool *secret, struct pii_spans *out,
                         bool *again)
{
    const char *p = json.p;
    size_t done = 0;
    const char *escape = memchr(p, '\\', json.n);
    for (size_t i = 0; escape != NULL;) {
        const char *quote = memchr(p + i, '"', json.n - i);
        if (quote == NULL)
            break;
        size_t start = (size_t)(quote - p) + 1, stop = string_stop(p, json.n, start);
        bool escaped = false;
        while (stop < json.n && p[stop] == '\\') {
            escaped = true;
            stop = string_stop(p, json.n, stop + 2);
        }
        if (stop >= json.n)
            break;
        if (escaped) {
            find_plain(json, q, done, done, start, secret, out, again);
            find_escaped(json, q, done, start, stop, scratch, out, again);
            /* Behind the closing quote the next stretch starts, outside of strings. */
            done = stop + 1;
            *secret |= is_key(json, done);
            escape = memchr(p + done, '\\', json.n - done);
        }
        i = stop + 1;
    }
    find_plain(json, q, done, done, json.n, secret, out, again);
}

static void round_of_json(struct str json, const void *arg, struct pii_spans *out, bool *again)
{
    const struct request *q = arg;
    struct buf scratch;
    bool secret = false;
    buf_init(&scratch, 0);
    find_strings(json, q, &scratch, &secret, out, again);
    buf_fini(&scratch);
    if (!secret)
        return;
    struct pii_spans secrets;
    pii_spans_init(&secrets);
    pii_secret_values(json, q->keys, &secrets);
    pii_spans_cover(out, &secrets);
    pii_spans_fini(&secrets);
}

/* json: well-formed. */
static void find_json(struct str json, const struct request *q, struct pii_spans *out)
{
    bool again = false;
    round_of_json(json, q, out, &again);
    pii_spans_settle(json, out, again, round_of_json, q);
}

bool pii_find_json(struct str json, struct pii_set types, const struct pii_keys *keys, struct pii_spans *out)
{
    bool failed = false;
    struct pii_set loose;
    struct request q = { types, keys };
    if (!pii_json_walk(json, NULL, NULL, &failed)) {
        pii_find(json, types, out);
        out->failed |= failed;
        return false;
    }
    bool more = pii_set_split(types, &q.types, &loose);
    out->n = 0;
    out->failed = false;
    find_json(json, &q, out);
    if (!more)
        return true;
    struct pii_spans all;
    pii_spans_init(&all);
    q.types = pii_set_second(types, loose, out->n, json.n);
    bool again = false;
    round_of_json(json, &q, &all, &again);
    pii_spans_add_loose(out, &all);
    pii_spans_fini(&all);
    return true;
}

static size_t put_tokens(struct str json, struct pii_spans *spans, struct buf *out)
{
    size_t found = spans->n;
    pii_spans_tokens(json, spans, out);
    out->failed |= spans->failed;
    pii_spans_fini(spans);
    return found;
}

size_t pii_redact_json(struct str json, struct buf *out)
{
    struct pii_spans spans;
    pii_spans_init(&spans);
    pii_find_json(json, pii_set_default(), NULL, &spans);
    return put_tokens(json, &spans, out);
}

size_t pii_redact_json_read(struct str json, struct buf *out)
{
    struct pii_spans spans;
    pii_spans_init(&spans);
    find_json(json, &(struct request){ pii_set_default(), NULL }, &spans);
    return put_tokens(json, &spans, out);
}
