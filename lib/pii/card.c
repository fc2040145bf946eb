/* lib/pii/card: payment card numbers: issuer ranges of ISO/IEC 7812, lengths, the Luhn digit. */
#include "pii/checksum.h"
#include "pii/scan.h"

/* First digits from..to (compared over as many digits as `digits` says), lengths min..max. `sure`: seen often enough in text that
 * no context is asked for; the others share their prefixes with ids, barcodes and clocks. */
static const struct range {
    unsigned from, to;
    unsigned char digits, min, max;
    bool sure;
} ranges[] = {
    { 4, 4, 1, 16, 16, true },           /* Visa */
    { 4, 4, 1, 13, 13, false },          /* Visa until the nineties; EAN-13 barcodes look alike */
    { 4, 4, 1, 18, 19, false },          /* Visa, long: random 64-bit numbers look alike */
    { 51, 55, 2, 16, 16, true },         /* Mastercard */
    { 2221, 2720, 4, 16, 16, true },     /* Mastercard */
    { 34, 34, 2, 15, 15, true },         /* American Express */
    { 37, 37, 2, 15, 15, true },         /* American Express */
    { 300, 305, 3, 14, 14, true },       /* Diners Club */
    { 3095, 3095, 4, 14, 14, true },     /* Diners Club */
    { 36, 36, 2, 14, 14, true },         /* Diners Club */
    { 38, 39, 2, 14, 14, true },         /* Diners Club */
    { 300, 305, 3, 16, 19, false },      /* Diners Club, long */
    { 36, 36, 2, 15, 19, false },        /* Diners Club, long */
    { 38, 39, 2, 16, 19, false },        /* Diners Club, long */
    { 6011, 6011, 4, 16, 16, true },     /* Discover */
    { 644, 659, 3, 16, 16, true },       /* Discover, RuPay, Elo, Troy */
    { 62, 62, 2, 16, 16, true },         /* UnionPay */
    { 81, 82, 2, 16, 16, false },        /* UnionPay, RuPay */
    { 62, 62, 2, 17, 19, false },        /* UnionPay, long */
    { 3528, 3589, 4, 16, 16, true },     /* JCB */
    { 3528, 3589, 4, 17, 19, false },    /* JCB, long */
    { 2131, 2131, 4, 15, 15, false },    /* JCB, old */
    { 1800, 1800, 4, 15, 15, false },    /* JCB, old */
    { 2200, 2204, 4, 16, 16, true },     /* Mir */
    { 2200, 2204, 4, 17, 19, false },    /* Mir, long */
    { 5018, 5020, 4, 16, 16, true },     /* Maestro, Dankort */
    { 5038, 5038, 4, 16, 16, true },     /* Maestro */
    { 506, 509, 3, 16, 16, true },       /* Verve, RuPay, Elo */
    { 5612, 5614, 4, 16, 16, true },     /* Maestro */
    { 5893, 5893, 4, 16, 16, true },     /* Maestro */
    { 6304, 6304, 4, 16, 16, true },     /* Maestro, Laser */
    { 6759, 6759, 4, 16, 16, true },     /* Maestro */
    { 6761, 6763, 4, 16, 16, true },     /* Maestro */
    { 50, 50, 2, 12, 19, false },        /* Maestro, the rest */
    { 56, 58, 2, 12, 19, false },        /* Maestro, the rest */
    { 6, 6, 1, 12, 19, false },          /* Maestro, Discover, UnionPay, the rest */
    { 606282, 606282, 6, 16, 16, true }, /* Hipercard */
    { 637, 639, 3, 16, 16, true },       /* InstaPayment */
    { 8600, 8600, 4, 16, 16, false },    /* Uzcard */
    { 9860, 9860, 4, 16, 16, false },    /* Humo */
    { 9704, 9704, 4, 16, 19, false },    /* Napas */
    { 979200, 979289, 6, 16, 16, true }, /* Troy */
    { 1, 1, 1, 15, 15, false },          /* UATP: a thread's address in decimal looks alike */
};

/* How certain the issuer's range makes it: 2 without context, 1 with, 0 not at all. */
static int issuer(const unsigned char *digit, unsigned n)
{
    unsigned prefix[7] = { 0 };
    for (unsigned i = 0; i < 6; i++)
        prefix[i + 1] = prefix[i] * 10 + digit[i];
    int best = 0;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        const struct range *r = &ranges[i];
        unsigned p = prefix[r->digits];
        if (n >= r->min && n <= r->max && p >= r->from && p <= r->to) {
            if (r->sure)
                return 2;
            best = 1;
        }
    }
    return best;
}

/* Whether the first k groups stand as cards are printed. */
static bool printed(const struct pii_digits *d, unsigned k)
{
    if (k == 1)
        return true;
    for (unsigned g = 1; g < k; g++)
        if (d->sep[g] != d->sep[1] || (d->sep[g] != ' ' && d->sep[g] != '-' && d->sep[g] != '.'))
            return false;
    const unsigned char *len = d->length;
    if (k == 2)
        return len[0] == 6 && len[1] >= 6;
    if (len[0] != 4)
        return false;
    if (k == 3)
        return len[1] == 6 && (len[2] == 5 || len[2] == 4);
    for (unsigned g = 1; g + 1 < k; g++)
        if (len[g] != 4)
            return false;
    return k <= 5 && len[k - 1] <= 4;
}

bool pii_card_at(const struct pii_text *t, const struct pii_digits *d, struct pii_context *context, struct pii_span *s)
{
    if (d->start < t->floor || pii_glued_before(t, d->start))
        return false;
    for (unsigned k = d->groups; k > 0; k--) {
        unsigned n = d->sum[k - 1];
        if (n < 12)
            return false;
        if (n > 19 || !printed(d, k) || !check_luhn(d->digit, n))
            continue;
        int certain = issuer(d->digit, n);
        if (certain == 0 || pii_glued_after(t, d->end[k - 1]))
            continue;
        float score = 0.9f;
        if (certain == 1 && pii_told(t, d->start, d->end[k - 1], PII_SAYS(CARD), context))
            score = 0.8f;
        else if (certain == 1 && pii_alone(t, d->start, d->end[k - 1]))
            score = 0.45f;
        else if (certain == 1)
            continue;
        *s = (struct pii_span){ d->start, d->end[k - 1] - d->start, PII_CARD, score };
        return true;
    }
    return false;
}
