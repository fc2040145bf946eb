/* lib/log/time: the moments that stand in log lines, in the forms that programs write them. */
#include "log/time.h"

#include <string.h>

#include "base/calendar.h"

#define DAY_MS INT64_C(86400000)

/* What has been read so far; every step moves p on, or fails and leaves the caller to give up. */
struct clock {
    const char *p, *end;
    unsigned year, month, day; /* year 0: not given */
    int64_t ms;                /* of the day */
    int64_t offset;            /* of the zone, in milliseconds */
};

static inline unsigned digit(char c)
{
    return (unsigned)(unsigned char)c - '0'; /* above 9: not one */
}

static inline bool is_letter(char c)
{
    return (unsigned char)((c | 0x20) - 'a') < 26;
}

/* n digits (1 to 9) at p; false where one isn't. */
static bool digits(const char *p, const char *end, int n, unsigned *value)
{
    unsigned v = 0;
    if (end - p < n)
        return false;
    for (int i = 0; i < n; i++) {
        if (digit(p[i]) > 9)
            return false;
        v = v * 10 + digit(p[i]);
    }
    *value = v;
    return true;
}

/* One or two digits, or a blank and one. */
static bool day_digits(struct clock *c)
{
    const char *p = c->p;
    if (p < c->end && *p == ' ')
        p++;
    if (p >= c->end || digit(*p) > 9)
        return false;
    c->day = digit(*p++);
    if (p < c->end && digit(*p) <= 9)
        c->day = c->day * 10 + digit(*p++);
    c->p = p;
    return true;
}

static bool month_name(struct clock *c)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    if (c->end - c->p < 3)
        return false;
    char a = (char)(c->p[0] | 0x20), b = (char)(c->p[1] | 0x20), d = (char)(c->p[2] | 0x20);
    for (unsigned i = 0; i < 12; i++)
        if (names[3 * i] == a && names[3 * i + 1] == b && names[3 * i + 2] == d) {
            c->month = i + 1;
            c->p += 3;
            return c->p == c->end || !is_letter(*c->p);
        }
    return false;
}

/* A week day's three letters, and what parts it from what follows. */
static bool week_day(struct clock *c)
{
    static const char names[] = "montuewedthufrisatsun";
    if (c->end - c->p < 5)
        return false;
    char a = (char)(c->p[0] | 0x20), b = (char)(c->p[1] | 0x20), d = (char)(c->p[2] | 0x20);
    for (unsigned i = 0; i < 7; i++)
        if (names[3 * i] == a && names[3 * i + 1] == b && names[3 * i + 2] == d) {
            const char *p = c->p + 3;
            if (*p == ',')
                p++;
            if (*p != ' ')
                return false;
            c->p = p + 1;
            return true;
        }
    return false;
}

static bool date_exists(const struct clock *c, unsigned year)
{
    return c->month >= 1 && c->month <= 12 && c->day >= 1 && c->day <= calendar_days_in(year, c->month);
}

/* hh:mm:ss or hhmmss (compact), a fraction, AM or PM. */
static bool time_of_day(struct clock *c, bool compact)
{
    unsigned h, m, s, step = compact ? 2 : 3;
    const char *p = c->p;
    if (!compact && c->end - p >= 7 && p[1] == ':') { /* 9:05:00 AM */
        if (!digits(p, c->end, 1, &h))
            return false;
        p -= 1;
    } else if (!digits(p, c->end, 2, &h)) {
        return false;
    }
    if (!digits(p + step, c->end, 2, &m) || !digits(p + 2 * step, c->end, 2, &s) || (!compact && (p[2] != ':' || p[5] != ':')) ||
        h > 23 || m > 59 || s > 60)
        return false;
    p += 2 * step + 2;
    if (p < c->end && digit(*p) <= 9)
        return false;
    int64_t ms = ((int64_t)h * 3600 + m * 60 + s) * 1000;
    if (s == 60)
        ms -= 1; /* a leap second is the last millisecond before it */
    if (c->end - p >= 2 && (*p == '.' || *p == ',') && digit(p[1]) <= 9) {
        int64_t unit = 100;
        for (p++; p < c->end && digit(*p) <= 9; p++, unit /= 10)
            if (s != 60)
                ms += digit(*p) * unit;
    }
    const char *half = p;
    if (half < c->end && *half == ' ')
        half++;
    if (c->end - half >= 2 && (half[1] == 'M' || half[1] == 'm') && (half[0] | 0x20) >= 'a' &&
        ((half[0] | 0x20) == 'a' || (half[0] | 0x20) == 'p') && (c->end - half == 2 || !is_letter(half[2])) && h >= 1 && h <= 12) {
        bool after_noon = (half[0] | 0x20) == 'p';
        ms += (after_noon && h < 12) ? 12 * 3600000 : (!after_noon && h == 12) ? -12 * 3600000 : 0;
        p = half + 2;
    }
    c->ms = ms;
    c->p = p;
    return true;
}

/* Z, ±hh, ±hhmm, ±hh:mm, or a zone's name, perhaps behind a blank. What isn't one stays where it is. */
static void zone(struct clock *c)
{
    static const struct {
        char name[5];
        int8_t hours;
    } zones[] = { { "UTC", 0 },  { "GMT", 0 },  { "EST", -5 }, { "EDT", -4 }, { "CST", -6 }, { "CDT", -5 },
                  { "MST", -7 }, { "MDT", -6 }, { "PST", -8 }, { "PDT", -7 }, { "CET", 1 },  { "CEST", 2 },
                  { "EET", 2 },  { "EEST", 3 }, { "WET", 0 },  { "WEST", 1 }, { "JST", 9 },  { "+", 0 } };
    const char *p = c->p;
    if (p < c->end && (*p == 'Z' || *p == 'z') && (p + 1 == c->end || !is_letter(p[1]))) {
        c->p = p + 1;
        return;
    }
    bool blank = p < c->end && *p == ' ';
    if (blank)
        p++;
    if (p >= c->end)
        return;
    if (*p == '+' || *p == '-') {
        unsigned h, m = 0;
        bool west = *p++ == '-';
        if (!digits(p, c->end, 2, &h) || h > 15)
            return;
        p += 2;
        bool colon = p < c->end && *p == ':';
        if (digits(p + colon, c->end, 2, &m))
            p += 2 + colon;
        else if (blank || colon)
            return; /* " -05" before more is rather a word of the line */
        if (m > 59 || (p < c->end && digit(*p) <= 9))
            return;
        c->offset = ((int64_t)h * 60 + m) * 60000 * (west ? -1 : 1);
        c->p = p;
        return;
    }
    if (!blank || *p < 'A' || *p > 'Z')
        return;
    const char *word = p;
    while (p < c->end && is_letter(*p))
        p++;
    size_t n = (size_t)(p - word);
    if (n < 3 || n > 4)
        return;
    for (size_t i = 0; zones[i].name[0] != '+'; i++)
        if (zones[i].name[0] == word[0] && strncmp(zones[i].name, word, n) == 0 && zones[i].name[n] == '\0') {
            c->offset = zones[i].hours * INT64_C(3600000);
            c->p = p;
            return;
        }
}

static int64_t floor_day(int64_t ms)
{
    int64_t days = ms / DAY_MS;
    return ms % DAY_MS < 0 ? days - 1 : days;
}

/* Turns what was read into a moment. */
static bool finish(struct clock *c, int64_t reference, int64_t *ms, bool *known)
{
    *known = true;
    if (c->year != 0) {
        if (!date_exists(c, c->year))
            return false;
        *ms = (int64_t)calendar_days(c->year, c->month, c->day) * DAY_MS + c->ms - c->offset;
        return true;
    }
    if (!date_exists(c, 2000)) /* a leap year: the 29th of February is somewhere */
        return false;
    *known = reference != LOG_TIME_UNKNOWN;
    *ms = 0;
    if (!*known)
        return true;
    int year, month, day;
    calendar_date(floor_day(reference) + 1, &year, &month, &day);
    for (int back = 0; back <= 8 && year > back; back++) {
        unsigned y = (unsigned)(year - back);
        if (!date_exists(c, y))
            continue;
        *ms = (int64_t)calendar_days(y, c->month, c->day) * DAY_MS + c->ms - c->offset;
        if (*ms <= reference + DAY_MS)
            return true;
    }
    return false;
}

/* yy/MM/dd, as Hadoop's and Spark's log4j.properties have it; MM/dd/yyyy, as Windows writes it in the United States. */
static bool date_of_slashes(struct clock *c)
{
    unsigned a, b, d;
    const char *p = c->p;
    if (!digits(p, c->end, 2, &a) || !digits(p + 3, c->end, 2, &b) || p[5] != '/')
        return false;
    if (digits(p + 6, c->end, 4, &d)) {
        c->month = a, c->day = b, c->year = d;
        c->p += 10;
        return d != 0;
    }
    if (!digits(p + 6, c->end, 2, &d) || p[8] != ' ')
        return false;
    c->year = 2000 + a, c->month = b, c->day = d;
    c->p += 8;
    return true;
}

/* YYYY-MM-DD, with the same separator twice: '-', '/' or '.'. */
static bool date_of_digits(struct clock *c)
{
    const char *p = c->p;
    char sep = p[4];
    if (!digits(p, c->end, 4, &c->year) || !digits(p + 5, c->end, 2, &c->month) || p[7] != sep ||
        !digits(p + 8, c->end, 2, &c->day) || c->year == 0)
        return false;
    c->p = p + 10;
    return true;
}

/* Between date and time: T, blanks, ':', ", ". */
static bool date_end(struct clock *c)
{
    const char *p = c->p;
    if (p < c->end && *p == ',')
        p++;
    if (p >= c->end || !(*p == 'T' || *p == 't' || *p == ' ' || *p == ':' || *p == '_' || *p == '\t'))
        return false;
    char sep = *p++;
    if ((sep == ' ' || sep == ':') && p < c->end && *p == sep) /* Erlang has "::" */
        p++;
    c->p = p;
    return true;
}

/* 25/Nov/2026, 25-Nov-2026, 25 Nov 2026. */
static bool date_with_name(struct clock *c)
{
    unsigned n = c->p[1] == '/' || c->p[1] == '-' || c->p[1] == ' ' ? 1 : 2;
    if (!digits(c->p, c->end, (int)n, &c->day))
        return false;
    char sep = c->p[n];
    if (sep != '/' && sep != '-' && sep != ' ')
        return false;
    c->p += n + 1;
    if (!month_name(c) || c->end - c->p < 5 || *c->p != sep || !digits(c->p + 1, c->end, 4, &c->year) || c->year == 0)
        return false;
    c->p += 5;
    return true;
}

/* Nov 25 10:00:00[.fff] [2026] or Nov 25, 2026 10:00:00 AM or Nov 25 2026 10:00:00. named: a week day came before (asctime). */
static bool month_first(struct clock *c, bool named)
{
    if (!month_name(c) || c->p >= c->end || *c->p != ' ')
        return false;
    c->p++;
    if (!day_digits(c) || c->p >= c->end)
        return false;
    const char *p = c->p;
    if (*p == ',')
        p++;
    if (p >= c->end || *p != ' ')
        return false;
    p++;
    unsigned year;
    if (c->end - p > 5 && digits(p, c->end, 4, &year) && (p[4] == ' ' || p[4] == ',') && year > 0) {
        c->year = year;
        p += p[4] == ',' ? 6 : 5;
        if (p >= c->end)
            return false;
    }
    c->p = p;
    if (!time_of_day(c, false))
        return false;
    if (c->year != 0 || c->end - c->p < 5 || *c->p != ' ')
        return true;
    struct clock before = *c;
    if (named)
        zone(c); /* Wed Nov 25 10:00:00 CET 2026 */
    if (c->end - c->p >= 5 && *c->p == ' ' && digits(c->p + 1, c->end, 4, &year) && year >= 1900 && year <= 2299 &&
        (c->end - c->p == 5 || (digit(c->p[5]) > 9 && c->p[5] != ':' && c->p[5] != '.'))) {
        c->year = year;
        c->p += 5;
    } else {
        *c = before;
    }
    return true;
}

/* hh:mm:ss alone: the last such time that isn't over a day after the reference. */
static size_t time_alone(struct clock *c, const char *start, int64_t reference, int64_t *ms, bool *known)
{
    if (!time_of_day(c, false))
        return 0;
    zone(c);
    *known = reference != LOG_TIME_UNKNOWN;
    *ms = 0;
    if (*known) {
        int64_t day = floor_day(reference);
        *ms = day * DAY_MS + c->ms - c->offset;
        if (*ms > reference + DAY_MS / 24)
            *ms -= DAY_MS;
    }
    return (size_t)(c->p - start);
}

size_t log_time_read(struct str s, int64_t reference, int64_t *ms, bool *known)
{
    struct clock c = { .p = s.p, .end = s.p + s.n };
    if (s.n < 8)
        return 0;
    const char *p = s.p;
    if (digit(p[0]) > 9) {
        if (!is_letter(p[0]))
            return 0;
        bool named = week_day(&c);
        if (named && c.p < c.end && digit(*c.p) <= 9) {
            /* journalctl -o short-full: Wed 2026-11-25 10:00:00 CET */
            bool iso = c.end - c.p >= 16 && c.p[4] == '-';
            if (!(iso ? date_of_digits(&c) : date_with_name(&c)) || !date_end(&c) || !time_of_day(&c, false))
                return 0;
            zone(&c);
        } else {
            if (!month_first(&c, named))
                return 0;
            if (c.year != 0 || !named)
                zone(&c);
        }
        return finish(&c, reference, ms, known) ? (size_t)(c.p - s.p) : 0;
    }
    if (p[2] == ':' || (p[1] == ':' && s.n >= 10))
        return time_alone(&c, s.p, reference, ms, known);
    bool compact = false, american = false;
    if (s.n >= 17 && p[2] == '/' && digit(p[3]) <= 9) {
        if (!date_of_slashes(&c))
            return 0;
        american = c.p - p == 10;
    } else if (s.n >= 16 && (p[4] == '-' || p[4] == '/' || p[4] == '.')) {
        if (!date_of_digits(&c))
            return 0;
    } else if (s.n >= 15 && digit(p[4]) <= 9 && (p[8] == 'T' || p[8] == ' ') && digits(p, c.end, 4, &c.year) &&
               digits(p + 4, c.end, 2, &c.month) && digits(p + 6, c.end, 2, &c.day)) {
        c.p += 8;
        compact = p[11] != ':' && digit(p[11]) <= 9;
    } else if (!date_with_name(&c)) {
        return 0;
    }
    if (!date_end(&c) || !time_of_day(&c, compact))
        return 0;
    if (american && (c.p[-1] | 0x20) != 'm') /* without AM or PM the first number may be the day */
        return 0;
    zone(&c);
    return finish(&c, reference, ms, known) ? (size_t)(c.p - s.p) : 0;
}

/* h:mmAM */
static size_t kitchen(struct clock *c, const char *start, int64_t reference, int64_t *ms, bool *known)
{
    unsigned h, m, n = start[1] == ':' ? 1 : 2;
    const char *p = c->p + n + 1;
    if (!digits(c->p, c->end, (int)n, &h) || c->p[n] != ':' || !digits(p, c->end, 2, &m) || h < 1 || h > 12 || m > 59 ||
        c->end - p < 4 || (p[2] != 'A' && p[2] != 'P') || p[3] != 'M')
        return 0;
    c->ms = ((int64_t)(h % 12) * 60 + m) * 60000 + (p[2] == 'P' ? 12 * 3600000 : 0);
    *known = reference != LOG_TIME_UNKNOWN;
    *ms = 0;
    if (*known) {
        *ms = floor_day(reference) * DAY_MS + c->ms;
        if (*ms > reference + DAY_MS / 24)
            *ms -= DAY_MS;
    }
    return (size_t)(p + 4 - start);
}

size_t log_time_read_short(struct str s, int64_t reference, int64_t *ms, bool *known)
{
    struct clock c = { .p = s.p, .end = s.p + s.n };
    unsigned n = 0;
    if (s.n < 8)
        return 0;
    while (n < s.n && n < 9 && digit(s.p[n]) <= 9)
        n++;
    bool compact = false;
    if (n == 6 && s.n >= 13 && s.p[6] == ' ') {
        digits(c.p, c.end, 2, &c.year);
        digits(c.p + 2, c.end, 2, &c.month);
        digits(c.p + 4, c.end, 2, &c.day);
        c.year += c.year < 70 ? 2000 : 1900;
        c.p += 7;
        compact = digit(s.p[9]) <= 9;
        if (*c.p == ' ') /* MySQL pads the hour */
            c.p++;
    } else if (n == 8 && s.n >= 21 && s.p[8] == '-' && s.p[11] == ':') { /* 20171223-22:15:29:606 */
        digits(c.p, c.end, 4, &c.year);
        digits(c.p + 4, c.end, 2, &c.month);
        digits(c.p + 6, c.end, 2, &c.day);
        c.p += 9;
    } else if (n == 2 && s.n >= 14 && (s.p[2] == '-' || s.p[2] == '.') && s.p[5] == ' ') {
        if (!digits(c.p, c.end, 2, &c.month) || !digits(c.p + 3, c.end, 2, &c.day))
            return 0;
        c.p += 6;
    } else if (s.n >= 15 && (n == 1 || n == 2) && s.p[n] == ' ') { /* 25 Nov 10:00:00 */
        digits(c.p, c.end, (int)n, &c.day);
        c.p += n + 1;
        if (!month_name(&c) || c.p >= c.end || *c.p != ' ')
            return 0;
        c.p++;
    } else {
        return n == 1 || n == 2 ? kitchen(&c, s.p, reference, ms, known) : 0;
    }
    if (!time_of_day(&c, compact))
        return 0;
    unsigned thousandths;
    if (n == 8 && c.end - c.p >= 4 && *c.p == ':' && digits(c.p + 1, c.end, 3, &thousandths)) {
        c.ms += thousandths;
        c.p += 4;
    }
    return finish(&c, reference, ms, known) ? (size_t)(c.p - s.p) : 0;
}

size_t log_time_read_klog(struct str s, int64_t reference, int64_t *ms, bool *known)
{
    struct clock c = { .p = s.p, .end = s.p + s.n };
    unsigned n = 0;
    while (n < s.n && n < 9 && digit(s.p[n]) <= 9)
        n++;
    if ((n != 4 && n != 8) || n >= s.n || s.p[n] != ' ')
        return 0;
    if (n == 8) {
        digits(c.p, c.end, 4, &c.year);
        c.p += 4;
    }
    digits(c.p, c.end, 2, &c.month);
    digits(c.p + 2, c.end, 2, &c.day);
    c.p += 5;
    if (!time_of_day(&c, false))
        return 0;
    return finish(&c, reference, ms, known) ? (size_t)(c.p - s.p) : 0;
}

bool log_time_epoch(struct str s, int64_t *ms)
{
    uint64_t v = 0;
    size_t n = 0, fraction = 0;
    while (n < s.n && digit(s.p[n]) <= 9 && n < 19)
        v = v * 10 + digit(s.p[n++]);
    if (n < 9)
        return false;
    if (n < s.n) {
        if (s.p[n] != '.' || n + 1 == s.n)
            return false;
        for (fraction = n + 1; fraction < s.n && digit(s.p[fraction]) <= 9; fraction++)
            ;
        if (fraction != s.n)
            return false;
    }
    /* From 1973 to 2200 each unit has its own range of sizes. */
    if (v < UINT64_C(100000000) || v > UINT64_C(7258118400000000000))
        return false;
    if (v <= UINT64_C(7258118400)) {
        int64_t thousandths = 0, unit = 100;
        for (size_t i = n + 1; i < fraction && unit > 0; i++, unit /= 10)
            thousandths += digit(s.p[i]) * unit;
        *ms = (int64_t)v * 1000 + thousandths;
        return true;
    }
    if (v >= UINT64_C(100000000000) && v <= UINT64_C(7258118400000))
        *ms = (int64_t)v;
    else if (v >= UINT64_C(100000000000000) && v <= UINT64_C(7258118400000000))
        *ms = (int64_t)(v / 1000);
    else if (v >= UINT64_C(100000000000000000))
        *ms = (int64_t)(v / 1000000);
    else
        return false;
    return true;
}

bool log_time_whole(struct str s, int64_t reference, int64_t *ms, bool *known)
{
    s = str_trim(s);
    *known = true;
    if (log_time_epoch(s, ms))
        return true;
    return s.n >= 14 && log_time_read(s, reference, ms, known) == s.n;
}
