/* lib/pii/phone: telephone numbers: international (E.164), North American, and national ones that words announce. */
#include "pii/scan.h"

/* Country codes of E.164 in the order of their digits, with the fewest and most digits of a number after them. */
static const struct country {
    unsigned short code;
    unsigned char min, max;
} countries[] = {
    { 1, 10, 10 },  { 7, 10, 10 },  { 20, 8, 10 },  { 27, 9, 9 },   { 30, 10, 10 }, { 31, 9, 9 },   { 32, 8, 9 },   { 33, 9, 9 },
    { 34, 9, 9 },   { 36, 8, 9 },   { 39, 6, 11 },  { 40, 9, 9 },   { 41, 9, 9 },   { 43, 7, 13 },  { 44, 9, 10 },  { 45, 8, 8 },
    { 46, 7, 10 },  { 47, 8, 8 },   { 48, 9, 9 },   { 49, 7, 12 },  { 51, 8, 9 },   { 52, 10, 11 }, { 53, 6, 8 },   { 54, 10, 11 },
    { 55, 10, 11 }, { 56, 8, 9 },   { 57, 8, 10 },  { 58, 10, 10 }, { 60, 8, 10 },  { 61, 9, 9 },   { 62, 8, 12 },  { 63, 8, 10 },
    { 64, 8, 10 },  { 65, 8, 8 },   { 66, 8, 9 },   { 81, 9, 10 },  { 82, 8, 11 },  { 84, 9, 10 },  { 86, 10, 11 }, { 90, 10, 10 },
    { 91, 10, 10 }, { 92, 9, 10 },  { 93, 9, 9 },   { 94, 9, 9 },   { 95, 7, 10 },  { 98, 10, 10 }, { 211, 9, 9 },  { 212, 9, 9 },
    { 213, 8, 9 },  { 216, 8, 8 },  { 218, 8, 9 },  { 220, 7, 7 },  { 221, 9, 9 },  { 222, 8, 8 },  { 223, 8, 8 },  { 224, 8, 9 },
    { 225, 8, 10 }, { 226, 8, 8 },  { 227, 8, 8 },  { 228, 8, 8 },  { 229, 8, 10 }, { 230, 7, 8 },  { 231, 7, 9 },  { 232, 8, 8 },
    { 233, 9, 9 },  { 234, 7, 10 }, { 235, 8, 8 },  { 236, 8, 8 },  { 237, 8, 9 },  { 238, 7, 7 },  { 239, 7, 7 },  { 240, 9, 9 },
    { 241, 7, 8 },  { 242, 9, 9 },  { 243, 7, 9 },  { 244, 9, 9 },  { 245, 7, 9 },  { 246, 7, 7 },  { 247, 5, 6 },  { 248, 7, 7 },
    { 249, 9, 9 },  { 250, 9, 9 },  { 251, 9, 9 },  { 252, 7, 9 },  { 253, 8, 8 },  { 254, 9, 10 }, { 255, 9, 9 },  { 256, 9, 9 },
    { 257, 8, 8 },  { 258, 8, 9 },  { 260, 9, 9 },  { 261, 9, 10 }, { 262, 9, 9 },  { 263, 7, 10 }, { 264, 8, 9 },  { 265, 7, 9 },
    { 266, 8, 8 },  { 267, 7, 8 },  { 268, 8, 8 },  { 269, 7, 7 },  { 290, 5, 5 },  { 291, 7, 7 },  { 297, 7, 7 },  { 298, 6, 6 },
    { 299, 6, 6 },  { 350, 8, 8 },  { 351, 9, 9 },  { 352, 6, 11 }, { 353, 7, 10 }, { 354, 7, 9 },  { 355, 8, 9 },  { 356, 8, 8 },
    { 357, 8, 8 },  { 358, 6, 12 }, { 359, 7, 9 },  { 370, 8, 8 },  { 371, 8, 8 },  { 372, 7, 8 },  { 373, 8, 8 },  { 374, 8, 8 },
    { 375, 9, 9 },  { 376, 6, 9 },  { 377, 8, 9 },  { 378, 6, 10 }, { 380, 9, 9 },  { 381, 8, 10 }, { 382, 8, 8 },  { 383, 8, 8 },
    { 385, 8, 9 },  { 386, 8, 8 },  { 387, 8, 8 },  { 389, 8, 8 },  { 420, 9, 9 },  { 421, 9, 9 },  { 423, 7, 9 },  { 500, 5, 5 },
    { 501, 7, 7 },  { 502, 8, 8 },  { 503, 8, 8 },  { 504, 8, 8 },  { 505, 8, 8 },  { 506, 8, 8 },  { 507, 7, 8 },  { 508, 6, 9 },
    { 509, 8, 8 },  { 590, 9, 9 },  { 591, 8, 8 },  { 592, 7, 7 },  { 593, 8, 9 },  { 594, 9, 9 },  { 595, 9, 9 },  { 596, 9, 9 },
    { 597, 6, 7 },  { 598, 8, 8 },  { 599, 7, 8 },  { 670, 7, 8 },  { 672, 6, 6 },  { 673, 7, 7 },  { 674, 7, 7 },  { 675, 7, 8 },
    { 676, 5, 7 },  { 677, 5, 7 },  { 678, 5, 7 },  { 679, 7, 7 },  { 680, 7, 7 },  { 681, 6, 6 },  { 682, 5, 5 },  { 683, 5, 7 },
    { 685, 5, 7 },  { 686, 5, 8 },  { 687, 6, 6 },  { 688, 5, 7 },  { 689, 6, 8 },  { 690, 5, 7 },  { 691, 7, 7 },  { 692, 7, 7 },
    { 800, 8, 8 },  { 808, 8, 8 },  { 850, 8, 10 }, { 852, 8, 8 },  { 853, 7, 8 },  { 855, 8, 9 },  { 856, 8, 10 }, { 870, 9, 9 },
    { 880, 8, 10 }, { 881, 8, 10 }, { 882, 7, 12 }, { 883, 7, 12 }, { 886, 8, 9 },  { 960, 7, 7 },  { 961, 7, 8 },  { 962, 8, 9 },
    { 963, 8, 9 },  { 964, 8, 10 }, { 965, 8, 8 },  { 966, 8, 9 },  { 967, 7, 9 },  { 968, 8, 8 },  { 970, 8, 9 },  { 971, 8, 9 },
    { 972, 8, 9 },  { 973, 8, 8 },  { 974, 8, 8 },  { 975, 7, 8 },  { 976, 8, 8 },  { 977, 8, 10 }, { 979, 9, 9 },  { 992, 9, 9 },
    { 993, 8, 8 },  { 994, 9, 9 },  { 995, 9, 9 },  { 996, 9, 9 },  { 998, 9, 9 },
};

static const struct country *country_of(const struct pii_digits *d, unsigned *length)
{
    unsigned code = 0;
    for (*length = 1; *length <= 3 && *length <= d->n; ++*length) {
        code = code * 10 + d->digit[*length - 1];
        for (size_t i = 0; i < sizeof countries / sizeof *countries; i++)
            if (countries[i].code == code)
                return &countries[i];
    }
    return NULL;
}

/* Area and exchange of the North American plan: [2-9][0-8]x and [2-9]xx, neither x11. */
static bool north_american(const unsigned char *d)
{
    return d[0] >= 2 && d[1] <= 8 && !(d[1] == 1 && d[2] == 1) && d[3] >= 2 && !(d[4] == 1 && d[5] == 1);
}

/* " x123", " ext. 123", "#123" after a number. */
static size_t extension_end(const struct pii_text *t, size_t end)
{
    size_t i = end;
    while (i - end < 2 && (pii_byte(t, i) == ' ' || pii_byte(t, i) == ','))
        i++;
    static const char *const marks[] = { "extension", "ext.", "ext", "x", "#" };
    for (size_t k = 0; k < sizeof marks / sizeof *marks; k++) {
        size_t n = strlen(marks[k]);
        if (t->n - i < n || strncasecmp((const char *)t->p + i, marks[k], n) != 0)
            continue;
        i += n;
        while (pii_byte(t, i) == ' ' || pii_byte(t, i) == ':')
            if (i++ - end > 14)
                return end;
        size_t digits = i;
        while (i - digits < 7 && pii_is_digit(pii_byte(t, i)))
            i++;
        return i > digits && i - digits < 7 && !pii_glued_after(t, i) ? i : end;
    }
    return end;
}

/* Whether the first k groups can end here: nothing glued behind, and a bracket opened among them is closed. */
static bool ends_well(const struct pii_text *t, const struct pii_digits *d, unsigned k)
{
    for (unsigned g = k; g-- > 1 && d->sep[g] != ')';)
        if (d->sep[g] == '(')
            return false;
    size_t end = d->end[k - 1];
    return !pii_glued_after(t, end) || extension_end(t, end) != end;
}

static bool put(const struct pii_text *t, const struct pii_digits *d, unsigned k, size_t start, float score, struct pii_span *s)
{
    /* A bracket before the first group is the number's where it closes within. */
    if (start > t->floor && pii_before(t, start) == '(')
        for (unsigned g = 1; g < k && d->sep[g] != '('; g++)
            if (d->sep[g] == ')') {
                start--;
                break;
            }
    if (start < t->floor || !ends_well(t, d, k))
        return false;
    size_t end = extension_end(t, d->end[k - 1]);
    *s = (struct pii_span){ start, end - start, PII_PHONE, score };
    return true;
}

/* +CC …: the '+' is at start, d behind it. */
static bool international(const struct pii_text *t, const struct pii_digits *d, size_t start, struct pii_span *s)
{
    unsigned before = pii_before(t, start), cc;
    if (start < t->floor || pii_is_word(before) || before == '+' || before == ']')
        return false;
    const struct country *country = country_of(d, &cc);
    if (country == NULL)
        return false;
    /* "+44 (0)20 …": the zero is for callers at home. */
    unsigned trunk = d->groups > 2 && d->sum[0] == cc && d->length[1] == 1 && d->digit[cc] == 0 && d->sep[2] == ')';
    for (unsigned k = d->groups; k > 0; k--) {
        if (d->sum[k - 1] < cc + trunk)
            return false;
        unsigned national = d->sum[k - 1] - cc - trunk;
        if (national > country->max)
            continue;
        if (national < country->min)
            return false;
        if (country->code == 1 && !north_american(d->digit + 1))
            return false;
        if (put(t, d, k, start, 0.9f, s))
            return true;
    }
    return false;
}

bool pii_phone_encoded_at(const struct pii_text *t, size_t percent, struct pii_span *s)
{
    struct pii_digits d;
    if (!pii_is_digit(pii_byte(t, percent + 3)))
        return false;
    pii_digits_read(t, percent + 3, &d);
    return !d.more && d.n >= 7 && international(t, &d, percent, s);
}

/* Groups of 3, 3 and 4 digits, perhaps a 1 before; brackets or dashes or dots between. *k: how many groups. */
static bool north_american_form(const struct pii_text *t, const struct pii_digits *d, bool told, unsigned *k)
{
    unsigned g = d->groups > 2 && d->length[0] == 1 && d->digit[0] == 1;
    unsigned first = g;
    bool bracket = (g == 0 ? pii_before(t, d->start) == '(' : d->sep[1] == '(') && d->groups > g + 1 && d->sep[g + 1] == ')';
    if (d->groups < g + 2 || d->length[g] != 3 || !north_american(d->digit + g))
        return false;
    if (d->length[g + 1] == 7 && bracket) {
        *k = g + 2;
        return true;
    }
    if (d->groups < g + 3 || d->length[g + 1] != 3 || d->length[g + 2] != 4)
        return false;
    *k = g + 3;
    unsigned a = d->sep[first + 1], b = d->sep[first + 2];
    if (bracket)
        return b == '-' || b == '.' || b == ' ';
    if (a == '/' || b == '/' || a == '(' || b == '(' || a == ')' || b == ')')
        return false;
    return told || (a != ' ' && a == b) || (g == 1 && b == '-');
}

static bool is_date(const struct pii_digits *d)
{
    if (d->groups < 2)
        return false;
    unsigned year = d->digit[0] * 10u + d->digit[1];
    if (d->length[0] == 4 && (year == 19 || year == 20) && d->length[1] <= 2)
        return true;
    return d->groups > 2 && d->length[0] <= 2 && d->length[1] <= 2 && d->length[2] == 4 && d->sep[1] == d->sep[2] &&
           d->sep[1] != ' ' && d->sum[2] <= 8;
}

/* How many groups a number told by words takes: up to 13 digits; one long group stands alone. */
static unsigned told_groups(const struct pii_digits *d)
{
    if (d->length[0] >= 7 && (d->groups == 1 || d->sep[1] == ' '))
        return 1;
    unsigned k = 1;
    while (k < d->groups && d->sum[k] <= 13 && d->length[k] <= 8)
        k++;
    return k;
}

/* 01.42.68.53.00 is dialled, 33.0.0.11.96 and 534.48.3 are versions: dots want groups of two and more, nine digits, nothing else.
 */
static bool dots_fit(const struct pii_digits *d, unsigned k)
{
    bool dots = false, others = false, single = d->length[0] < 2;
    for (unsigned g = 1; g < k; g++) {
        dots |= d->sep[g] == '.';
        others |= d->sep[g] != '.';
        single |= d->length[g] < 2;
    }
    return !dots || (!others && !single && k > 2 && d->sum[k - 1] >= 9);
}

/* Without a word as clear as "phone" the digits themselves must look like somebody's number. */
static bool looks_dialled(const struct pii_digits *d, unsigned k)
{
    unsigned n = d->sum[k - 1];
    const unsigned char *digit = d->digit;
    if (n == 10 && north_american(digit))
        return true;
    if (n == 11 && digit[0] == 1 && (digit[1] >= 3 || north_american(digit + 1)))
        return true;
    if (digit[0] == 0 && digit[1] != 0 && n >= 9 && n <= 11)
        return true;
    return k >= 2 && n >= 7 && d->sep[1] != '/';
}

bool pii_phone_at(const struct pii_text *t, const struct pii_digits *d, struct pii_context *context, struct pii_span *s)
{
    unsigned before = pii_before(t, d->start);
    if (d->start < t->floor || d->more || d->n < 7)
        return false;
    if (before == '+' && international(t, d, d->start - 1, s))
        return true;
    if (before == '(' && pii_before(t, d->start - 1) == '+')
        return false;
    if (pii_glued_before(t, d->start) || before == '$' || (before == '/' && pii_is_digit(pii_before(t, d->start - 1))))
        return false;
    unsigned k;
    if (north_american_form(t, d, false, &k) && put(t, d, k, d->start, 0.75f, s))
        return true;
    if (is_date(d))
        return false;
    /* 0AA-BBBB-CCCC, (0AA) BBBB CCCC: a trunk zero and the groups of many countries. */
    bool trunk = d->digit[0] == 0 && d->digit[1] != 0;
    if (trunk && d->groups >= 3 && d->sum[2] >= 10 && d->sum[2] <= 11 && (d->groups == 3 || d->sep[3] == ' ') &&
        d->length[0] >= 2 && d->length[0] <= 5 && d->length[1] >= 2 && d->length[2] == 4 && d->sep[2] == '-' &&
        (d->sep[1] == '-' || (before == '(' && d->sep[1] == ')')) && put(t, d, 3, d->start, 0.6f, s))
        return true;
    k = told_groups(d);
    unsigned n = d->sum[k - 1];
    if (n < 7 || n > 15 || pii_byte(t, d->end[k - 1]) == ':' || !dots_fit(d, k))
        return false;
    if (before == '/' && pii_is_word(pii_before(t, d->start - 1)))
        return false; /* Mobile Safari/… */
    uint64_t says = pii_said(t, d->start, context);
    if (says & PII_SAYS(OTHER))
        return false;
    /* "Nummer: 0171 1234567": of the many things that have numbers, those that start with a zero and stand in groups are dialled.
     */
    if ((says & PII_SAYS(NUMBER)) && trunk && k >= 2 && n >= 9 && n <= 11 && d->length[0] >= 2 && d->length[0] <= 5 &&
        looks_dialled(d, k) && put(t, d, k, d->start, 0.5f, s))
        return true;
    /* Words behind speak only for what looks like somebody's number. */
    if (!(says & (PII_SAYS(PHONE) | PII_SAYS(CALL))) &&
        !(looks_dialled(d, k) && pii_told(t, d->start, d->end[k - 1], PII_SAYS(PHONE), context)))
        return false;
    if (north_american_form(t, d, true, &k) && put(t, d, k, d->start, 0.8f, s))
        return true;
    k = told_groups(d);
    return ((says & PII_SAYS(PHONE)) || looks_dialled(d, k)) && put(t, d, k, d->start, 0.6f, s);
}
