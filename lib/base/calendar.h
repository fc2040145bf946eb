/* lib/base/calendar: the Gregorian calendar's days. */
#ifndef ODW_CALENDAR_H
#define ODW_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

static inline bool calendar_is_leap(unsigned year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* month: 1 to 12. */
static inline unsigned calendar_days_in(unsigned year, unsigned month)
{
    static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    return month == 2 && calendar_is_leap(year) ? 29 : days[month - 1];
}

/* Days since 1970-01-01, for years 0 to 9999. A year is counted from March, so that the leap day is its last: then the months'
 * lengths follow (153 m + 2) / 5. */
static inline int32_t calendar_days(unsigned year, unsigned month, unsigned day)
{
    unsigned y = month <= 2 ? year + 399 : year + 400; /* 400 years are whole weeks and days: no negative numbers for year 0 */
    unsigned m = month <= 2 ? month + 9 : month - 3;
    unsigned day_of_year = (153 * m + 2) / 5 + day - 1;
    return (int32_t)(y * 365 + y / 4 - y / 100 + y / 400 + day_of_year) - 146097 - 719468;
}

/* The reverse: within a cycle of 400 years, a year of 365 days plus the leap days that it has had. */
static inline void calendar_date(int64_t days, int *year, int *month, int *day)
{
    int64_t shifted = days + 719468 + 146097 * 100;
    int64_t day_of_cycle = shifted % 146097, cycle = shifted / 146097 - 100;
    int64_t year_of_cycle = (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36524 - day_of_cycle / 146096) / 365;
    int64_t day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    int64_t m = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * m + 2) / 5) + 1;
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = (int)(cycle * 400 + year_of_cycle + (*month <= 2));
}

#endif
