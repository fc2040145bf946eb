/* lib/llm/date: finds dates and times in text. */
#include "llm/date.h"

#include <strings.h>

#include "base/calendar.h"

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool letter(char c)
{
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (unsigned char)c >= 0x80;
}

struct cursor {
    const char *p, *end;
};

static int take_number(struct cursor *c, int *digits)
{
    int v = 0;
    for (*digits = 0; c->p < c->end && digit(*c->p) && *digits < 5; c->p++, ++*digits)
        v = v * 10 + (*c->p - '0');
    return v;
}

static void take_blanks(struct cursor *c)
{
    while (c->p < c->end && (*c->p == ' ' || *c->p == '\t' || *c->p == '\n' || *c->p == '\r' ||
                             ((unsigned char)*c->p == 0xC2 && c->end - c->p > 1 && (unsigned char)c->p[1] == 0xA0)))
        c->p += (unsigned char)*c->p == 0xC2 ? 2 : 1;
}

static bool take_word(struct cursor *c, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(c->end - c->p) < n || strncasecmp(c->p, word, n) != 0 || (c->p + n < c->end && letter(c->p[n])))
        return false;
    c->p += n;
    return true;
}

/* A month's name at the cursor, whole or abbreviated to at least three letters; 0: none. */
static int take_month(struct cursor *c)
{
    static const char *const names[12] = {
        "january|januar|janvier|enero|gennaio|janeiro|januari|jan|j\xC3\xA4nner|ene|gen",
        "february|februar|f\xC3\xA9vrier|fevrier|febrero|febbraio|fevereiro|februari|feb|f\xC3\xA9v|fev|febr",
        "march|m\xC3\xA4rz|maerz|mars|marzo|mar\xC3\xA7o|maart|mar|m\xC3\xA4r|mrz|mrt",
        "april|avril|abril|aprile|apr|avr|abr",
        "may|mai|mayo|maggio|maio|mei|mag",
        "june|juni|juin|junio|giugno|junho|jun|giu",
        "july|juli|juillet|julio|luglio|julho|jul|juil|lug",
        "august|ao\xC3\xBBt|aout|agosto|augustus|aug|ago",
        "september|septembre|septiembre|settembre|setembro|sept|sep|set",
        "october|oktober|octobre|octubre|ottobre|outubro|oct|okt|ott|out",
        "november|novembre|noviembre|novembro|nov",
        "december|dezember|d\xC3\xA9"
        "cembre|decembre|diciembre|dicembre|dezembro|dec|dez|d\xC3\xA9"
        "c|dic",
    };
    for (int m = 0; m < 12; m++)
        for (const char *p = names[m]; *p != '\0';) {
            size_t n = strcspn(p, "|");
            if ((size_t)(c->end - c->p) >= n && strncasecmp(c->p, p, n) == 0 && (c->p + n == c->end || !letter(c->p[n]))) {
                c->p += n;
                if (c->p < c->end && *c->p == '.')
                    c->p++;
                return m + 1;
            }
            p += n + (p[n] == '|');
        }
    return 0;
}

static int full_year(int year, int digits)
{
    return digits == 2 ? (year < 70 ? 2000 : 1900) + year : digits == 4 ? year : 0;
}

static bool settle(struct llm_date *d, int year, int month, int day)
{
    if (year < 1000 || month < 1 || month > 12 || day < 1 || day > (int)calendar_days_in((unsigned)year, (unsigned)month))
        return false;
    d->year = year;
    d->month = month;
    d->day = day;
    return true;
}

/* 2026-03-04, 04.03.2026, 3/4/26. */
static bool numeric(struct cursor *c, enum llm_dates order, struct llm_date *d)
{
    int n[3], digits[3] = { 0 };
    char separator = 0;
    for (int i = 0; i < 3; i++) {
        n[i] = take_number(c, &digits[i]);
        if (digits[i] == 0 || digits[i] == 3 || digits[i] > 4 || (digits[i] == 4 && i == 1))
            return false;
        if (i == 2)
            break;
        if (c->p == c->end || strchr("-/.", *c->p) == NULL || (i == 1 && *c->p != separator))
            return false;
        separator = *c->p++;
        if (separator == '.' && c->p < c->end && *c->p == ' ')
            c->p++; /* 4. 3. 2026 */
    }
    if (digits[0] == 4)
        return digits[2] <= 2 && settle(d, n[0], n[1], n[2]);
    if (digits[0] > 2 || digits[1] > 2 || (digits[2] != 4 && digits[2] != 2))
        return false;
    int year = full_year(n[2], digits[2]);
    if (separator == '.')
        return settle(d, year, n[1], n[0]);
    if (order == LLM_DATES_DMY)
        return settle(d, year, n[1], n[0]);
    if (order == LLM_DATES_MDY)
        return settle(d, year, n[0], n[1]);
    if (settle(d, year, n[1], n[0])) {
        d->either = n[0] <= 12 && n[0] != n[1];
        return true;
    }
    return settle(d, year, n[0], n[1]);
}

static void take_ordinal(struct cursor *c)
{
    if (c->p < c->end && *c->p == '.')
        c->p++;
    else if (!(take_word(c, "st") || take_word(c, "nd") || take_word(c, "rd") || take_word(c, "th") || take_word(c, "er") ||
               take_word(c, "\xC2\xBA") || take_word(c, "\xC2\xB0")))
        return;
}

static bool take_year(struct cursor *c, int *year)
{
    int digits, number;
    take_blanks(c);
    if (c->p < c->end && *c->p == ',')
        c->p++;
    take_blanks(c);
    if (take_word(c, "de") || take_word(c, "del"))
        take_blanks(c);
    if (c->p < c->end && *c->p == '\'')
        c->p++;
    number = take_number(c, &digits);
    *year = full_year(number, digits);
    return *year > 0;
}

/* 4th of March, 2026. */
static bool day_first(struct cursor *c, struct llm_date *d)
{
    int digits, day = take_number(c, &digits), month, year;
    if (digits == 0 || digits > 2)
        return false;
    take_ordinal(c);
    take_blanks(c);
    if (c->p < c->end && (*c->p == '-' || *c->p == '/'))
        c->p++;
    if (take_word(c, "of") || take_word(c, "de") || take_word(c, "di"))
        take_blanks(c);
    if ((month = take_month(c)) == 0)
        return false;
    if (c->p < c->end && (*c->p == '-' || *c->p == '/'))
        c->p++;
    return take_year(c, &year) && settle(d, year, month, day);
}

/* March 4th, 2026. */
static bool month_first(struct cursor *c, struct llm_date *d)
{
    int digits, month = take_month(c), day, year;
    if (month == 0)
        return false;
    take_blanks(c);
    if (take_word(c, "the"))
        take_blanks(c);
    day = take_number(c, &digits);
    if (digits == 0 || digits > 2)
        return false;
    take_ordinal(c);
    return take_year(c, &year) && settle(d, year, month, day);
}

bool llm_date_next(struct str text, size_t from, enum llm_dates order, struct llm_date *date)
{
    const char *end = text.p + text.n;
    for (size_t i = from; i < text.n; i++) {
        char c = text.p[i];
        bool starts = i == 0 || !(digit(text.p[i - 1]) || letter(text.p[i - 1]));
        if (!starts || !(digit(c) || (c | 0x20) == 'j' || letter(c)))
            continue;
        bool (*forms[3])(struct cursor *, struct llm_date *) = { day_first, month_first };
        struct llm_date d = { .start = i };
        struct cursor at = { text.p + i, end };
        bool found = digit(c) && numeric(&at, order, &d) && (at.p == end || !digit(*at.p));
        for (int f = digit(c) ? 0 : 1; !found && f < (digit(c) ? 1 : 2); f++) {
            at.p = text.p + i;
            d.either = false;
            found = forms[f](&at, &d) && (at.p == end || !digit(*at.p));
        }
        if (found) {
            d.end = (size_t)(at.p - text.p);
            *date = d;
            return true;
        }
    }
    return false;
}

int llm_time_next(struct str text, size_t from, size_t *time_end)
{
    const char *end = text.p + text.n;
    for (size_t i = from; i < text.n; i++) {
        if (!digit(text.p[i]) || (i > 0 && (digit(text.p[i - 1]) || text.p[i - 1] == '.' || text.p[i - 1] == ':')))
            continue;
        struct cursor c = { text.p + i, end };
        int digits, hour = take_number(&c, &digits), minute = 0, half = -1;
        bool clock = false;
        if (digits == 0 || digits > 2)
            continue;
        if (c.p < end && (*c.p == ':' || *c.p == 'h' || *c.p == '.') && c.p + 2 < end && digit(c.p[1]) && digit(c.p[2]) &&
            (c.p + 3 == end || !digit(c.p[3]))) {
            clock = *c.p != '.';
            minute = (c.p[1] - '0') * 10 + (c.p[2] - '0');
            c.p += 3;
            if (c.p + 2 < end && *c.p == ':' && digit(c.p[1]) && digit(c.p[2]))
                c.p += 3;
        }
        take_blanks(&c);
        if (take_word(&c, "am") || take_word(&c, "a.m"))
            half = 0;
        else if (take_word(&c, "pm") || take_word(&c, "p.m"))
            half = 12;
        else if (take_word(&c, "uhr") || take_word(&c, "o'clock"))
            clock = true;
        if ((half < 0 && !clock) || hour > 23 || minute > 59 || (half >= 0 && (hour == 0 || hour > 12)))
            continue;
        *time_end = (size_t)(c.p - text.p);
        return (half >= 0 ? hour % 12 + half : hour) * 60 + minute;
    }
    return -1;
}
