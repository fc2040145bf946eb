/* lib/pii/redact: text out with a token in place of each span. */
#include "pii/scan.h"

enum { ROUNDS = 8 }; /* keeps the time linear where each round uncovers one more */

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
    if ((right == ',' || right == ';') && pii_byte(t, end + 1) == ' ')
        right = pii_byte(t, end + 2);
    return in_set(right, "\n\t\r\"'<>,;)|&}") || pii_is_letter(right);
}

size_t pii_settle(size_t (*redact)(struct str text, struct buf *out, bool *again), struct str text, struct buf *out)
{
    size_t before = out->n, found, more;
    bool again = false;
    found = redact(text, out, &again);
    /* A token in place of a span can uncover what the span was glued to. Redacting until nothing more shows is what makes
     * redacting twice the same as once. */
    for (unsigned round = 1; again && !out->failed && round < ROUNDS; round++) {
        struct buf next;
        buf_init(&next, out->max);
        again = false;
        more = redact((struct str){ out->p + before, out->n - before }, &next, &again);
        if (more > 0 || next.failed) {
            out->n = before;
            buf_put_str(out, buf_str(&next));
            out->failed |= next.failed;
        }
        buf_fini(&next);
        found += more;
    }
    return found;
}

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
    buf_put(out, text.p + done, text.n - done);
    return found;
}

size_t pii_redact(struct str text, struct buf *out)
{
    /* Nothing to find in nothing, and no offset from its pointer, which may be NULL. */
    if (text.n == 0)
        return 0;
    return pii_settle(redact_once, text, out);
}
