/* lib/contract/violation: says what is wrong with a message. */
#include "contract/violation.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"
#include "contract/reader.h"
#include "pii/pii.h"

size_t violation_clip(struct str s, size_t max)
{
    if (s.n <= max)
        return s.n;
    while (max > 0 && ((unsigned char)s.p[max] & 0xC0) == 0x80)
        max--;
    return max;
}

void violation_put_token(struct buf *out, struct str token)
{
    for (size_t i = 0; i < token.n; i++)
        if (token.p[i] == '~')
            buf_puts(out, "~0");
        else if (token.p[i] == '/')
            buf_puts(out, "~1");
        else
            buf_putc(out, token.p[i]);
}

/* What a person may read of a value; in a violation of a field with x-pii only after cleaning. */
static struct str quotable(struct reader *r, enum quoting quoting, struct str s)
{
    if (quoting == QUOTE_ALL)
        return s;
    if (quoting == QUOTE_NOTHING)
        return s.n > 0 ? STR("[VALUE]") : s;
    /* Enough to recognise what the clip may show; tokens are shorter than what they stand for. */
    s.n = violation_clip(s, 4096);
    buf_clear(&r->clean);
    size_t spans = pii_redact(s, &r->clean);
    if (r->clean.failed) {
        r->failed = true;
        return STR("");
    }
    return spans > 0 ? buf_str(&r->clean) : s;
}

static void put_clipped(struct reader *r, struct str s)
{
    struct str shown = quotable(r, r->personal, s);
    size_t n = violation_clip(shown, VIOLATION_CLIP);
    buf_put(&r->texts, shown.p, n);
    if (n < shown.n)
        buf_puts(&r->texts, "…");
}

/* A value as received, strings in their quotes also where they are clipped. */
static void put_raw(struct reader *r, struct str raw)
{
    bool quoted = raw.n >= 2 && raw.p[0] == '"';
    if (quoted)
        raw = (struct str){ raw.p + 1, raw.n - 2 };
    buf_puts(&r->texts, quoted ? "\"" : "");
    put_clipped(r, raw);
    buf_puts(&r->texts, quoted ? "\"" : "");
}

static void put_where(struct reader *r, const struct path *path)
{
    if (path->up != NULL)
        put_where(r, path->up);
    buf_putc(&r->texts, '/');
    if (path->key.p == NULL) {
        buf_printf(&r->texts, "%zu", path->index);
        return;
    }
    /* Without the names on the way no one would find the place. */
    struct str shown = quotable(r, r->personal == QUOTE_ALL ? QUOTE_ALL : QUOTE_REDACTED, path->key);
    size_t n = violation_clip(shown, VIOLATION_CLIP);
    violation_put_token(&r->texts, (struct str){ shown.p, n });
    if (n < shown.n)
        buf_puts(&r->texts, "…");
}

/* False: there are enough, it is only counted. */
static bool begin(struct reader *r)
{
    if (r->n_violations++ >= VIOLATIONS_MAX)
        return false;
    if (r->path == NULL)
        buf_puts(&r->texts, "the message");
    else
        put_where(r, r->path);
    buf_puts(&r->texts, ": ");
    return true;
}

static void end(struct reader *r)
{
    r->ends[r->n_violations - 1] = r->texts.n;
}

void violation_expected(struct reader *r, struct str raw, const char *why, const char *format, ...)
{
    char what[256];
    if (!begin(r))
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    buf_puts(&r->texts, "expected ");
    buf_put(&r->texts, what, violation_clip(str_of(what), sizeof what - 1));
    buf_puts(&r->texts, ", got ");
    put_raw(r, raw);
    if (why != NULL)
        buf_printf(&r->texts, " (%s)", why);
    end(r);
}

void violation_say(struct reader *r, const char *format, ...)
{
    char what[512];
    if (!begin(r))
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    buf_puts(&r->texts, what);
    end(r);
}

static void put_one_type(struct buf *out, const struct node *node, uint8_t type)
{
    const struct bounds *b = node->bounds;
    switch (type) {
    case T_NULL:
        buf_puts(out, "null");
        return;
    case T_BOOL:
        buf_puts(out, "true or false");
        return;
    case T_STRING:
        buf_puts(out, node->format == FORMAT_DATE_TIME ? "a date-time" : node->format == FORMAT_DATE ? "a date" : "a string");
        return;
    case T_ARRAY:
        buf_puts(out, "an array");
        return;
    case T_OBJECT:
        buf_puts(out, "an object");
        return;
    }
    bool whole = type == T_INTEGER;
    buf_puts(out, whole ? "an integer" : "a number");
    char from[WIDE_DIGITS], to[WIDE_DIGITS];
    bool has_min = b != NULL && b->has_min, has_max = b != NULL && b->has_max;
    if (whole && has_min && has_max) {
        number_write(b->first, from);
        number_write(b->last, to);
        buf_printf(out, " from %s to %s", from, to);
        return;
    }
    if (has_min && has_max && !b->above && !b->below) {
        buf_printf(out, " from %.17g to %.17g", b->min, b->max);
        return;
    }
    if (has_min)
        buf_printf(out, b->above ? " above %.17g" : " not below %.17g", b->min);
    if (has_max)
        buf_printf(out, "%s %s %.17g", has_min ? " and" : "", b->below ? "below" : "not above", b->max);
}

void violation_type(struct reader *r, const struct node *node, struct str raw)
{
    struct buf what;
    buf_init(&what, 8192);
    bool first = true;
    for (unsigned type = T_OBJECT; type != 0; type >>= 1)
        if (node->types & type) {
            buf_puts(&what, first ? "" : " or ");
            put_one_type(&what, node, (uint8_t)type);
            first = false;
        }
    violation_expected(r, raw, NULL, "%s", buf_text(&what));
    if (what.failed)
        r->failed = true;
    buf_fini(&what);
}

void violation_width(struct reader *r, const struct node *node, struct str raw)
{
    int bits = node->width * 8 - node->is_signed;
    char from[WIDE_DIGITS], to[WIDE_DIGITS];
    number_write(node->is_signed ? -((wide)1 << bits) : 0, from);
    number_write(((wide)1 << bits) - 1, to);
    violation_expected(r, raw, NULL, "an integer from %s to %s", from, to);
}

void violation_choices(struct reader *r, const struct node *node, struct str raw)
{
    struct buf what;
    buf_init(&what, 8192);
    if (!node->one_choice)
        buf_puts(&what, "one of ");
    for (size_t i = 0; i < node->n_choices && what.n < 160; i++) {
        const char *quote = node->choices[i].type == T_STRING ? "\"" : "";
        struct str text = node->choices[i].text;
        buf_puts(&what, i > 0 ? ", " : "");
        buf_printf(&what, "%s%.*s%s", quote, (int)violation_clip(text, VIOLATION_CLIP), text.p, quote);
        if (i + 1 < node->n_choices && what.n >= 160)
            buf_printf(&what, ", … (%zu in all)", node->n_choices);
    }
    violation_expected(r, raw, NULL, "%s", buf_text(&what));
    if (what.failed)
        r->failed = true;
    buf_fini(&what);
}

/* As much of an escape as there is: a backslash and what is printable of \uXXXX, or of one character. */
static int escape_length(const char *p, size_t left)
{
    int most = left > 1 && p[1] == 'u' ? 6 : 2, n = 1;
    while (n < most && (size_t)n < left && p[n] >= 0x20 && p[n] < 0x7F && p[n] != '"')
        n++;
    return n;
}

void violation_parse(struct reader *r)
{
    buf_clear(&r->texts);
    r->n_violations = 1;
    buf_printf(&r->texts, "byte %zu: expected %s, ", (size_t)(r->bad - r->start), r->expected);
    unsigned char c = (unsigned char)*r->bad;
    size_t left = (size_t)(r->end - r->bad);
    if (left == 0)
        buf_puts(&r->texts, r->start == r->end ? "but the message is empty" : "but the message ends");
    else if (r->bad == r->start && left >= 3 && memcmp(r->bad, "\xEF\xBB\xBF", 3) == 0)
        buf_puts(&r->texts, "got a byte order mark");
    else if (c == '\\')
        buf_printf(&r->texts, "got \"%.*s\"", escape_length(r->bad, left), r->bad);
    else if (c >= 0x20 && c < 0x7F)
        buf_printf(&r->texts, "got %s%c%s", c == '"' ? "'" : "\"", c, c == '"' ? "'" : "\"");
    else
        buf_printf(&r->texts, "got the byte 0x%02X", c);
    end(r);
}

void violation_finish(struct reader *r)
{
    if (r->n_violations > VIOLATIONS_MAX) {
        buf_printf(&r->texts, "and %zu more", r->n_violations - VIOLATIONS_MAX);
        r->ends[VIOLATIONS_MAX] = r->texts.n;
    }
    if (r->texts.failed)
        r->failed = true;
    r->n_list = r->failed ? 0 : r->n_violations <= VIOLATIONS_MAX ? r->n_violations : VIOLATIONS_MAX + 1;
    size_t from = 0;
    for (size_t i = 0; i < r->n_list; i++) {
        r->list[i] = (struct str){ r->texts.p + from, r->ends[i] - from };
        from = r->ends[i];
    }
}
