/* lib/pii/date: calendar dates: of birth where words say so, any where they are asked for. */
#include "pii/checksum.h"
#include "pii/scan.h"

static unsigned digits_at(const struct pii_text *t, size_t i, unsigned max, unsigned *value)
{
    unsigned n = 0;
    *value = 0;
    while (n < max && pii_is_digit(pii_byte(t, i + n)))
        *value = *value * 10 + (t->p[i + n++] - '0');
    return n;
}

/* 1 to 12 for the name of a month, in English, German, French or Spanish, short or long, n bytes; 0: none. */
static unsigned month_named(const unsigned char *p, size_t n)
{
    static const char months[12][4] = { "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec" };
    static const char *const longer[12] = { "january", "february", "march",     "april",   "may",      "june",
                                            "july",    "august",   "september", "october", "november", "december" };
    static const struct {
        const char *name;
        unsigned month;
    } others[] = {
        { "januar", 1 },     { "februar", 2 },   { "märz", 3 },       { "mai", 5 },        { "juni", 6 },    { "juli", 7 },
        { "oktober", 10 },   { "dezember", 12 }, { "okt", 10 },       { "dez", 12 },       { "sept", 9 },    { "janvier", 1 },
        { "février", 2 },    { "mars", 3 },      { "avril", 4 },      { "juin", 6 },       { "juillet", 7 }, { "août", 8 },
        { "septembre", 9 },  { "octobre", 10 },  { "novembre", 11 },  { "décembre", 12 },  { "enero", 1 },   { "febrero", 2 },
        { "marzo", 3 },      { "abril", 4 },     { "mayo", 5 },       { "junio", 6 },      { "julio", 7 },   { "agosto", 8 },
        { "septiembre", 9 }, { "octubre", 10 },  { "noviembre", 11 }, { "diciembre", 12 },
    };
    if (n < 3 || n > 10)
        return 0;
    for (unsigned m = 0; m < 12; m++)
        if ((n == 3 && strncasecmp((const char *)p, months[m], 3) == 0) ||
            (n == strlen(longer[m]) && strncasecmp((const char *)p, longer[m], n) == 0))
            return m + 1;
    for (size_t k = 0; k < sizeof others / sizeof *others; k++)
        if (n == strlen(others[k].name) && strncasecmp((const char *)p, others[k].name, n) == 0)
            return others[k].month;
    return 0;
}

bool pii_date_month(const struct pii_text *t, size_t i)
{
    /* jan feb fév mar mär may mai apr avr abr jun jui jul aug aoû ago sep oct okt nov dec dez dic déc ene, of, de */
    static const char firsts[] = "jafefémamapavabjujuauaosesoockondedidéenagof";
    if (t->n - i < 4)
        return false;
    unsigned a = t->p[i] | 0x20, b = t->p[i + 1] < 0x80 ? t->p[i + 1] | 0x20u : t->p[i + 1];
    for (size_t k = 0; k + 1 < sizeof firsts - 1; k++)
        if ((unsigned char)firsts[k] == a && (unsigned char)firsts[k + 1] == b)
            return true;
    return false;
}

static bool name_byte(unsigned c)
{
    return pii_is_letter(c) || c >= 0x80;
}

static size_t name_end(const struct pii_text *t, size_t i)
{
    size_t start = i;
    while (i - start < 12 && name_byte(pii_byte(t, i)))
        i++;
    return i;
}

/* "T09:15:30.500-07:00" behind an ISO date. */
static size_t clock_end(const struct pii_text *t, size_t end)
{
    unsigned hour, minute, value;
    size_t i = end + 1;
    if ((pii_byte(t, end) | 0x20) != 't' || digits_at(t, i, 3, &hour) != 2 || hour > 24 || pii_byte(t, i + 2) != ':' ||
        digits_at(t, i + 3, 3, &minute) != 2 || minute > 59)
        return end;
    i += 5;
    if (pii_byte(t, i) == ':' && digits_at(t, i + 1, 3, &value) == 2)
        i += 3;
    if (pii_byte(t, i) == '.' && pii_is_digit(pii_byte(t, i + 1)))
        for (i++; pii_is_digit(pii_byte(t, i)); i++)
            ;
    if ((pii_byte(t, i) | 0x20) == 'z')
        return i + 1;
    if ((pii_byte(t, i) == '+' || pii_byte(t, i) == '-') && digits_at(t, i + 1, 3, &value) == 2 && pii_byte(t, i + 3) == ':' &&
        digits_at(t, i + 4, 3, &value) == 2)
        return i + 6;
    return i;
}

/* Two numbers that are a day and a month in one order or the other. */
static bool day_and_month(unsigned a, unsigned b)
{
    return check_day(a, b) || check_day(b, a);
}

/* The end of the date that starts at i, 0: none. *full: it has a year. */
static size_t date_end(const struct pii_text *t, size_t i, bool *full)
{
    unsigned a, b, c;
    unsigned na = digits_at(t, i, 5, &a);
    size_t k = i + na;
    unsigned sep = pii_byte(t, k);
    *full = true;
    if (na == 4 && a >= 1850 && a < 2100 && (sep == '-' || sep == '/' || sep == '.')) {
        unsigned nb = digits_at(t, k + 1, 3, &b);
        if (nb < 1 || nb > 2 || pii_byte(t, k + 1 + nb) != sep)
            return 0;
        unsigned nc = digits_at(t, k + 2 + nb, 3, &c);
        if (nc < 1 || nc > 2 || !check_day(b, c))
            return 0;
        return clock_end(t, k + 2 + nb + nc);
    }
    if (na < 1 || na > 2 || a < 1 || a > 31)
        return 0;
    if (sep == '-' || sep == '/' || (sep == '.' && pii_byte(t, k + 1) != ' ')) {
        size_t name = name_end(t, k + 1);
        if (name > k + 1) {
            /* 5-May-2021, 21-May */
            if (month_named(t->p + k + 1, name - k - 1) == 0)
                return 0;
            unsigned year, n = pii_byte(t, name) == sep ? digits_at(t, name + 1, 5, &year) : 0;
            if (n == 4 || n == 2)
                return name + 1 + n;
            *full = false;
            return sep == '-' ? name : 0;
        }
        unsigned nb = digits_at(t, k + 1, 5, &b);
        size_t after = k + 1 + nb;
        if (sep == '/' && pii_byte(t, after) != sep &&
            ((nb == 4 && a <= 12 && b >= 1850 && b < 2100) || (nb == 2 && day_and_month(a, b)))) {
            *full = false; /* 5/2021, 05/21 */
            return after;
        }
        if (nb < 1 || nb > 2 || pii_byte(t, after) != sep || !day_and_month(a, b))
            return 0;
        unsigned nc = digits_at(t, k + 2 + nb, 5, &c);
        if (nc == 2 || (nc == 4 && c >= 1850 && c < 2100))
            return k + 2 + nb + nc;
        return 0;
    }
    /* 5 May 1990, 5th of May 1990, 5. Mai 1990 */
    if (sep == '.')
        k++;
    else if (sep == 's' || sep == 'n' || sep == 'r' || sep == 't')
        k += 2;
    if (pii_byte(t, k) != ' ')
        return 0;
    k++;
    if (t->n - k > 3 && (strncasecmp((const char *)t->p + k, "of ", 3) == 0 || strncasecmp((const char *)t->p + k, "de ", 3) == 0))
        k += 3;
    size_t name = name_end(t, k);
    if (name == k || month_named(t->p + k, name - k) == 0)
        return 0;
    name += pii_byte(t, name) == ',';
    if (pii_byte(t, name) != ' ')
        return 0;
    name++;
    if (t->n - name > 3 && strncasecmp((const char *)t->p + name, "de ", 3) == 0)
        name += 3;
    return digits_at(t, name, 5, &c) == 4 && c >= 1850 && c < 2100 ? name + 4 : 0;
}

/* "May 5, 1990", "May-21", "May-2021": i is the number behind the month. The start, or i. */
static size_t named_start(const struct pii_text *t, size_t i, size_t *end, bool *full)
{
    unsigned a, c;
    unsigned na = digits_at(t, i, 5, &a), sep = pii_before(t, i);
    size_t k = i - 1;
    if (i < 4 || (sep != ' ' && sep != '-') || !(na == 1 || na == 2 || na == 4))
        return i;
    if (sep == ' ' && t->p[k - 1] == '.')
        k--;
    size_t start = k;
    while (start > t->floor && k - start < 12 && name_byte(t->p[start - 1]))
        start--;
    if (month_named(t->p + start, k - start) == 0 || pii_glued_before(t, start))
        return i;
    if (sep == '-') {
        *end = i + na;
        *full = na == 4;
        return start;
    }
    size_t next = i + na;
    if (na > 2 || a < 1 || a > 31)
        return i;
    if (pii_is_letter(pii_byte(t, next)) && pii_is_letter(pii_byte(t, next + 1)))
        next += 2;
    next += pii_byte(t, next) == ',';
    if (pii_byte(t, next) != ' ' || digits_at(t, next + 1, 5, &c) != 4 || c < 1850 || c >= 2100)
        return i;
    *end = next + 5;
    *full = true;
    return start;
}

bool pii_date_at(const struct pii_text *t, size_t i, struct pii_context *context, struct pii_span *s)
{
    size_t start = i, end = 0;
    bool full = false, wanted = pii_set_has(&t->types, PII_DATE);
    if (i < t->floor)
        return false;
    unsigned before = pii_before(t, i);
    if (pii_is_letter(pii_before(t, before == ' ' || before == '-' || before == '.' ? i - 1 : i)) ||
        (before == ' ' && i > 1 && pii_before(t, i - 1) == '.'))
        start = named_start(t, i, &end, &full);
    if (end == 0 && !pii_glued_before(t, i))
        end = date_end(t, i, &full);
    if (end == 0 || (pii_glued_after(t, end) && !(pii_byte(t, end) == '-' || pii_byte(t, end) == '.')) ||
        pii_is_digit(pii_byte(t, end + (pii_byte(t, end) == '-' || pii_byte(t, end) == '.' || pii_byte(t, end) == '/'))) ||
        pii_token_at(t, end + 1) > 0)
        return false;
    /* A context of its own: the number may stand behind the month's name. */
    struct pii_context own = { 0 };
    struct pii_context *c = start == i ? context : &own;
    bool clock = memchr(t->p + start, ':', end - start) != NULL ||
                 (pii_byte(t, end) == ' ' && pii_is_digit(pii_byte(t, end + 1)) && pii_byte(t, end + 3) == ':');
    if (full && !clock && pii_set_has(&t->types, PII_DATE_OF_BIRTH) && start > 0 && (pii_said(t, start, c) & PII_SAYS(DOB)))
        *s = (struct pii_span){ start, end - start, PII_DATE_OF_BIRTH, 0.8f };
    else if (wanted)
        *s = (struct pii_span){ start, end - start, PII_DATE, full ? 0.6f : 0.2f };
    else
        return false;
    return true;
}
