/* lib/pii/redact: text out with a token in place of each span. */
#include "pii/scan.h"
#include "pii/spans.h"

static bool in_set(unsigned c, const char *set)
{
    return c == 0 || strchr(set, (int)c) != NULL;
}

bool pii_isolated(const struct pii_text *t, const struct pii_span *s)
{
    size_t start = s->start, end = s->start + s->length;
    unsigned left = pii_before(t, start), right = pii_byte(t, end);
    if (left == ' ') {
        left = pii_before(t, start - 1);
        if (pii_is_digit(left) || left == ')' || left >= 0x80)
            return false;
    } else if (!in_set(left, "\n\t\r\"'=<>,;|&{")) {
        return false;
    }
    if (right == ' ') {
        right = pii_byte(t, end + 1);
        return !pii_is_digit(right) && right != '(' && right != '[' && right < 0x80;
    }
    if (pii_is_letter(right))
        return false; /* a word starts there once a token stands before it */
    if ((right == ',' || right == ';') && pii_byte(t, end + 1) == ' ')
        right = pii_byte(t, end + 2);
    return in_set(right, "\n\t\r\"'<>,;)|&}") || pii_is_letter(right);
}

/* One round; *again: a span was not isolated. */
static size_t redact_once(struct str text, struct buf *out, bool *again)
{
    struct pii_scan scan;
    struct pii_span span;
    size_t done = 0, found = 0;
    pii_scan_init(&scan, text, 0);
    while (pii_scan_next(&scan, &span)) {
        *again |= !pii_isolated(&scan.text, &span);
        buf_put(out, text.p + done, span.start - done);
        buf_puts(out, pii_token(span.type));
        done = span.start + span.length;
        found++;
    }
    *again |= scan.unsure;
    buf_put(out, text.p + done, text.n - done);
    return found;
}

size_t pii_redact(struct str text, struct buf *out)
{
    size_t before = out->n, found;
    bool again = false;
    /* Nothing to find in nothing, and no offset from its pointer, which may be NULL. */
    if (text.n == 0)
        return 0;
    found = redact_once(text, out, &again);
    /* A token can uncover what its span was glued to; hardly ever does it. */
    if (!again || out->failed || !pii_contains((struct str){ out->p + before, out->n - before }))
        return found;
    struct pii_spans spans;
    pii_spans_init(&spans);
    out->n = before;
    pii_find(text, pii_set_default(), &spans);
    pii_spans_tokens(text, &spans, out);
    out->failed |= spans.failed;
    found = spans.n;
    pii_spans_fini(&spans);
    return found;
}
