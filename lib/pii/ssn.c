/* lib/pii/ssn: US social security numbers: area, group and serial as the administration gives them out. */
#include "pii/scan.h"

/* No area 000, 666, 9xx; no group 00; no serial 0000; not the two numbers that were printed in advertisements. */
static bool valid(const unsigned char *d)
{
    unsigned area = d[0] * 100u + d[1] * 10u + d[2], group = d[3] * 10u + d[4];
    unsigned serial = d[5] * 1000u + d[6] * 100u + d[7] * 10u + d[8];
    if (area == 0 || area == 666 || area >= 900 || group == 0 || serial == 0)
        return false;
    return !(area == 78 && group == 5 && serial == 1120) && !(area == 219 && group == 9 && serial == 9999);
}

/* Three columns of a machine's line look like a spaced number: nothing but a word, ':' or the start may stand before it. */
static bool stands_alone(const struct pii_text *t, size_t start, size_t end)
{
    unsigned c = pii_before(t, start);
    if (c == ' ')
        c = pii_before(t, start - 1);
    unsigned next = pii_byte(t, end) == ' ' ? pii_byte(t, end + 1) : 0;
    return (c == 0 || c == ':' || pii_is_letter(c) || c == '\n' || c == '(') && !pii_is_digit(next) && next != '[' && next != '"';
}

bool pii_ssn_at(const struct pii_text *t, const struct pii_digits *d, struct pii_context *context, struct pii_span *s)
{
    unsigned k = 0;
    while (k < d->groups && d->sum[k] < 9)
        k++;
    if (k == d->groups || d->sum[k] != 9 || d->length[0] == 0 || !valid(d->digit) || d->start < t->floor)
        return false;
    size_t end = d->end[k];
    if (pii_glued_before(t, d->start) || pii_glued_after(t, end) || pii_before(t, d->start) == '+')
        return false;
    bool dashed = k == 2 && d->length[0] == 3 && d->length[1] == 2 && d->sep[1] == d->sep[2];
    float score = 0.85f;
    if (!dashed || d->sep[1] != '-') {
        bool told = !(pii_said(t, d->start, context) & PII_SAYS(PHONE)) && pii_told(t, d->start, end, PII_SAYS(SSN), context);
        if (told && k <= 2)
            score = 0.8f;
        else if (dashed && (d->sep[1] == '.' || d->sep[1] == ' ') && stands_alone(t, d->start, end))
            score = 0.5f;
        else if ((k < 2 || dashed) && pii_alone(t, d->start, end))
            score = 0.29f;
        else
            return false;
    }
    *s = (struct pii_span){ d->start, end - d->start, PII_US_SSN, score };
    return true;
}
