/* lib/pii/find: collects the spans of a text, and those that show once tokens stand in their places. */
#include "pii/find.h"

#include <stdlib.h>

#include "pii/scan.h"
#include "pii/spans.h"

enum {
    ROUNDS = 8,           /* keeps the time linear where each round uncovers one more */
    GUESS_TEXT_MAX = 256, /* a label, a number, a few bytes: more is no text about which is guessed */
};

void pii_spans_init(struct pii_spans *s)
{
    *s = (struct pii_spans){ 0 };
}

void pii_spans_fini(struct pii_spans *s)
{
    free(s->p);
    *s = (struct pii_spans){ 0 };
}

void pii_spans_put(struct pii_spans *s, struct pii_found found)
{
    if (s->n == s->cap) {
        size_t cap = s->cap > 0 ? 2 * s->cap : 32;
        struct pii_found *p = realloc(s->p, cap * sizeof *p);
        if (p == NULL) {
            s->failed = true;
            return;
        }
        s->p = p;
        s->cap = cap;
    }
    s->p[s->n++] = found;
}

void pii_spans_tokens(struct str text, const struct pii_spans *s, struct buf *out)
{
    size_t done = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct pii_span *span = &s->p[i].span;
        buf_put(out, text.p + done, span->start - done);
        if (s->p[i].bare)
            buf_putc(out, '"');
        buf_puts(out, pii_token(span->type));
        if (s->p[i].bare)
            buf_putc(out, '"');
        done = span->start + span->length;
    }
    buf_put(out, text.p + done, text.n - done);
}

/* Walks along a text and the same text with tokens. */
struct walk {
    const struct pii_spans *spans;
    size_t next;        /* the first span whose token hasn't been passed */
    size_t delta_token; /* bytes of tokens passed, and of what they stand for */
    size_t delta_text;
};

static size_t token_length(const struct pii_found *f)
{
    return strlen(pii_token(f->span.type)) + 2 * f->bare;
}

/* Where a place in the text with tokens is in the text; within a token, where its span starts (or ends). */
static size_t place(struct walk *w, size_t at, bool end)
{
    for (; w->next < w->spans->n; w->next++) {
        const struct pii_found *f = &w->spans->p[w->next];
        size_t token = f->span.start - w->delta_text + w->delta_token, after = token + token_length(f);
        if (at <= token && (end || at < token))
            break;
        if (at < after || (end && at == after))
            return end ? f->span.start + f->span.length : f->span.start;
        w->delta_token += token_length(f);
        w->delta_text += f->span.length;
    }
    return at - w->delta_token + w->delta_text;
}

void pii_spans_cover(struct pii_spans *s, const struct pii_spans *over)
{
    struct pii_spans all;
    size_t i = 0;
    s->failed |= over->failed;
    if (over->n == 0)
        return;
    pii_spans_init(&all);
    for (size_t k = 0; k < over->n; k++) {
        size_t start = over->p[k].span.start, end = start + over->p[k].span.length;
        for (; i < s->n && s->p[i].span.start < end; i++)
            if (s->p[i].span.start + s->p[i].span.length <= start)
                pii_spans_put(&all, s->p[i]);
        pii_spans_put(&all, over->p[k]);
    }
    while (i < s->n)
        pii_spans_put(&all, s->p[i++]);
    all.failed |= s->failed | over->failed;
    pii_spans_fini(s);
    *s = all;
}

/* Places in the text with tokens become places in the text. */
static void place_all(const struct pii_spans *s, struct pii_spans *more)
{
    struct walk w = { .spans = s };
    for (size_t k = 0; k < more->n; k++) {
        struct pii_span *span = &more->p[k].span;
        size_t start = place(&w, span->start, false), end = place(&w, span->start + span->length, true);
        span->start = start;
        span->length = end - start;
    }
}

bool pii_firm(const struct pii_span *span)
{
    return !pii_type_kept(span->type) && span->score >= 0.5f;
}

void pii_spans_settle(struct str text, struct pii_spans *s, bool again, pii_round *round, const void *arg)
{
    struct buf tokens;
    struct pii_spans more;
    buf_init(&tokens, 0);
    pii_spans_init(&more);
    for (unsigned i = 1; again && i < ROUNDS && !s->failed; i++) {
        buf_clear(&tokens);
        pii_spans_tokens(text, s, &tokens);
        more.n = 0;
        again = false;
        round(buf_str(&tokens), arg, &more, &again);
        s->failed |= tokens.failed | more.failed;
        if (more.n == 0)
            break;
        place_all(s, &more);
        pii_spans_cover(s, &more);
    }
    buf_fini(&tokens);
    pii_spans_fini(&more);
}

bool pii_set_split(struct pii_set types, struct pii_set *firm, struct pii_set *loose)
{
    const struct pii_set known = pii_set_default();
    for (int i = 0; i < 2; i++) {
        firm->bits[i] = types.bits[i] & known.bits[i];
        loose->bits[i] = types.bits[i] & ~known.bits[i];
    }
    return loose->bits[0] != 0 || loose->bits[1] != 0;
}

struct pii_set pii_set_second(struct pii_set types, struct pii_set loose, size_t firm_spans, size_t text)
{
    bool guesses = pii_set_has(&types, PII_GUESSES) && firm_spans == 0 && text <= GUESS_TEXT_MAX;
    return guesses ? types : loose;
}

void pii_spans_add_loose(struct pii_spans *s, struct pii_spans *all)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++)
        if (!pii_firm(&all->p[i].span))
            all->p[n++] = all->p[i];
    s->failed |= all->failed;
    if (n == 0)
        return;
    all->n = n;
    pii_spans_cover(all, s);
    struct pii_spans both = *all;
    *all = *s;
    *s = both;
}

void pii_round_of_text(struct str text, const void *types, struct pii_spans *out, bool *again)
{
    struct pii_scan scan;
    struct pii_found found = { 0 };
    pii_scan_init_of(&scan, *(const struct pii_set *)types, text, 0);
    while (pii_scan_next(&scan, &found.span)) {
        *again |= !pii_isolated(&scan.text, &found.span);
        pii_spans_put(out, found);
    }
    *again |= scan.unsure;
}

void pii_find(struct str text, struct pii_set types, struct pii_spans *out)
{
    struct pii_set firm, loose;
    bool again = false, more = pii_set_split(types, &firm, &loose);
    out->n = 0;
    out->failed = false;
    if (text.n == 0)
        return;
    pii_round_of_text(text, &firm, out, &again);
    pii_spans_settle(text, out, again, pii_round_of_text, &firm);
    if (!more)
        return;
    struct pii_spans all;
    pii_spans_init(&all);
    loose = pii_set_second(types, loose, out->n, text.n);
    pii_round_of_text(text, &loose, &all, &again);
    pii_spans_add_loose(out, &all);
    pii_spans_fini(&all);
}

bool pii_contains(struct str text)
{
    struct pii_span span;
    return text.n > 0 && pii_next(text, 0, &span);
}
