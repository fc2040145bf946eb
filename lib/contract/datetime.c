/* lib/contract/datetime: RFC 3339's dates and times, checked against the calendar. */
#include "contract/datetime.h"

#include <stdio.h>

#include "base/calendar.h"

static const char *const month_names[] = { "January", "February", "March",     "April",   "May",      "June",
                                           "July",    "August",   "September", "October", "November", "December" };

/* The two digits at p as a number, or above 99. */
static inline unsigned two(const char *p)
{
    unsigned tens = (unsigned)(unsigned char)p[0] - '0', ones = (unsigned)(unsigned char)p[1] - '0';
    return tens <= 9 && ones <= 9 ? tens * 10 + ones : 100;
}

static int no(char why[DATETIME_WHY], const char *what)
{
    snprintf(why, DATETIME_WHY, "%s", what);
    return -1;
}

static int date_at(const char *p, int32_t *days, char why[DATETIME_WHY])
{
    unsigned high = two(p), low = two(p + 2), month = two(p + 5), day = two(p + 8), year = high * 100 + low;
    if (high > 99 || low > 99 || p[4] != '-' || month > 99 || p[7] != '-' || day > 99)
        return no(why, "a date is written YYYY-MM-DD");
    if (month < 1 || month > 12) {
        snprintf(why, DATETIME_WHY, "there is no month %02u", month);
        return -1;
    }
    unsigned length = calendar_days_in(year, month);
    if (day < 1 || day > length) {
        if (day == 0)
            return no(why, "there is no day 00");
        snprintf(why, DATETIME_WHY, "%s has %u days", month_names[month - 1], length);
        return -1;
    }
    *days = calendar_days(year, month, day);
    return 0;
}

/* hh:mm:ss[.fraction](Z|±hh:mm). day_shift: how many days later or earlier it is in UTC. */
static int time_at(struct str s, int64_t *ms, int *day_shift, bool *leaps, char why[DATETIME_WHY])
{
    if (s.n < 8)
        return no(why, "a time is written hh:mm:ss");
    const char *p = s.p, *end = s.p + s.n;
    unsigned hour = two(p), minute = two(p + 3), second = two(p + 6);
    if (hour > 99 || p[2] != ':' || minute > 99 || p[5] != ':' || second > 99)
        return no(why, "a time is written hh:mm:ss");
    if (hour > 23)
        return no(why, "an hour is 00 to 23");
    if (minute > 59)
        return no(why, "a minute is 00 to 59");
    if (second > 60)
        return no(why, "a second is 00 to 59, or a leap second");
    unsigned fraction = 0;
    p += 8;
    if (p < end && *p == '.') {
        const char *digits = ++p;
        unsigned scale = 100;
        for (; p < end && (unsigned)(*p - '0') <= 9; p++, scale /= 10)
            fraction += (unsigned)(*p - '0') * scale; /* scale is 0 beyond milliseconds */
        if (p == digits)
            return no(why, "no digit follows the decimal point");
    }
    int offset = 0;
    if (p < end && (*p == 'Z' || *p == 'z')) {
        p++;
    } else if (p < end && (*p == '+' || *p == '-')) {
        unsigned hours = end - p >= 6 ? two(p + 1) : 100, minutes = end - p >= 6 ? two(p + 4) : 100;
        if (hours > 23 || minutes > 59 || p[3] != ':')
            return no(why, "an offset is written +hh:mm");
        offset = (int)(hours * 60 + minutes) * (*p == '-' ? -1 : 1);
        p += 6;
    } else {
        return no(why, p == end ? "the offset is missing: Z, or +hh:mm" : "the offset is written Z, or +hh:mm");
    }
    if (p != end)
        return no(why, "more follows the offset");
    int minute_of_day = (int)(hour * 60 + minute) - offset;
    *day_shift = minute_of_day < 0 ? -1 : minute_of_day >= 1440 ? 1 : 0;
    minute_of_day -= *day_shift * 1440;
    *leaps = second == 60;
    if (second == 60) {
        if (minute_of_day != 1439)
            return no(why, "a leap second is 23:59:60 in UTC");
        second = 59;
        fraction = 999;
    }
    *ms = ((int64_t)minute_of_day * 60 + second) * 1000 + fraction;
    return 0;
}

int date_parse(struct str s, int32_t *days, char why[DATETIME_WHY])
{
    if (s.n != 10)
        return no(why, "a date is written YYYY-MM-DD");
    return date_at(s.p, days, why);
}

int time_check(struct str s, char why[DATETIME_WHY])
{
    int64_t ms;
    int day_shift;
    bool leaps;
    return time_at(s, &ms, &day_shift, &leaps, why);
}

int datetime_parse(struct str s, int64_t *ms, char why[DATETIME_WHY])
{
    int32_t days;
    bool leaps;
    int day_shift;
    if (s.n < 10)
        return no(why, "a date-time is written YYYY-MM-DDThh:mm:ssZ");
    if (date_at(s.p, &days, why) < 0)
        return -1;
    if (s.n == 10)
        return no(why, "the time is missing");
    if (s.p[10] != 'T' && s.p[10] != 't')
        return no(why, "the letter T stands between date and time");
    if (time_at((struct str){ s.p + 11, s.n - 11 }, ms, &day_shift, &leaps, why) < 0)
        return -1;
    days += day_shift;
    if (leaps) {
        /* The day in UTC must end its month: its morrow is a first. */
        char next[DATETIME_TEXT];
        datetime_write((int64_t)(days + 1) * 86400000, next);
        if (memcmp(next + 8, "01", 2) != 0)
            return no(why, "a leap second ends a month");
    }
    *ms += (int64_t)days * 86400000;
    return 0;
}

bool date_fits(int32_t days)
{
    return days >= DATETIME_MIN / 86400000 && days <= (DATETIME_MAX - 86399999) / 86400000;
}

int datetime_write(int64_t ms, char out[DATETIME_TEXT])
{
    int64_t days = ms / 86400000, rest = ms % 86400000;
    if (rest < 0) {
        rest += 86400000;
        days--;
    }
    int year, month, day;
    calendar_date(days, &year, &month, &day);
    int seconds = (int)(rest / 1000), milliseconds = (int)(rest % 1000);
    int n = snprintf(out, DATETIME_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d", year, month, day, seconds / 3600, seconds / 60 % 60,
                     seconds % 60);
    if (milliseconds != 0)
        n += snprintf(out + n, DATETIME_TEXT - (size_t)n, ".%03d", milliseconds);
    out[n] = 'Z';
    out[n + 1] = '\0';
    return n + 1;
}
