/* lib/pii/text: boundaries, and reading digits in groups. */
#include "pii/scan.h"

bool pii_glued_on_before(const struct pii_text *t, size_t i)
{
    unsigned c = pii_before(t, i);
    if (c == ']')
        return pii_token_before(t, i) > 0;
    return pii_is_word(pii_before(t, i - 1)) || pii_token_before(t, i - 1) > 0;
}

bool pii_glued_on_after(const struct pii_text *t, size_t i)
{
    unsigned c = pii_byte(t, i);
    if (c == '[')
        return pii_token_at(t, i) > 0;
    return pii_is_word(pii_byte(t, i + 1)) || pii_token_at(t, i + 1) > 0;
}

/* The separator at i: its kind in *kind, its length in bytes. Spaces and dashes of Unicode count as theirs. 0: none. */
static size_t separator(const struct pii_text *t, size_t i, unsigned char *kind)
{
    unsigned c = pii_byte(t, i);
    if (c == ' ' || c == '-' || c == '.' || c == '/') {
        *kind = (unsigned char)c;
        return 1;
    }
    if (c == 0xC2 && pii_byte(t, i + 1) == 0xA0) {
        *kind = ' ';
        return 2;
    }
    if (c == 0xE2 && pii_byte(t, i + 1) == 0x80) {
        unsigned last = pii_byte(t, i + 2);
        if ((last >= 0x90 && last <= 0x93) || last == 0xAF) {
            *kind = last == 0xAF ? ' ' : '-';
            return 3;
        }
    }
    return 0;
}

void pii_digits_read(const struct pii_text *t, size_t i, struct pii_digits *d)
{
    unsigned char kind = 0;
    d->start = i;
    d->n = d->groups = 0;
    d->more = false;
    for (;;) {
        unsigned from = d->n;
        while (pii_is_digit(pii_byte(t, i))) {
            if (d->n == PII_DIGITS) {
                d->more = true;
                d->n = from;
                return;
            }
            d->digit[d->n++] = (unsigned char)(t->p[i++] - '0');
        }
        unsigned g = d->groups++;
        d->length[g] = (unsigned char)(d->n - from);
        d->sum[g] = (unsigned char)d->n;
        d->sep[g] = kind;
        d->end[g] = i;
        if (d->groups == PII_GROUPS)
            return;
        size_t skip;
        if (pii_byte(t, i) == ')') {
            kind = ')';
            unsigned char ignored;
            skip = 1 + separator(t, i + 1, &ignored);
        } else {
            kind = 0;
            skip = separator(t, i, &kind);
            if (pii_byte(t, i + skip) == '(') {
                kind = '(';
                skip++;
            }
        }
        if (kind == 0 || !pii_is_digit(pii_byte(t, i + skip)))
            return;
        i += skip;
    }
}
