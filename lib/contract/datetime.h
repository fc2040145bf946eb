/* lib/contract/datetime: RFC 3339's dates and times, checked against the calendar. */
#ifndef ODW_CONTRACT_DATETIME_H
#define ODW_CONTRACT_DATETIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum { DATETIME_WHY = 64 };

/* Each returns 0, or -1 and in `why` what is wrong ("February has 28 days"). Upper or lower case T and Z; the letter T between date
 * and time, no space; an offset must be there. A 60th second only where UTC has one: at 23:59:60 on the last day of a month. */

/* Milliseconds since 1970 UTC. Digits beyond milliseconds are dropped; a leap second becomes the last millisecond before it. */
int datetime_parse(struct str s, int64_t *ms, char why[DATETIME_WHY]);
/* Days since 1970. */
int date_parse(struct str s, int32_t *days, char why[DATETIME_WHY]);
/* A time of day with its offset. */
int time_check(struct str s, char why[DATETIME_WHY]);

/* The years that DateTime64(3) and Date32 hold: 1900 to 2299. */
#define DATETIME_MIN INT64_C(-2208988800000)
#define DATETIME_MAX INT64_C(10413791999999)
bool date_fits(int32_t days);

/* "2026-11-20T10:00:00Z", with milliseconds where there are any; returns the length. For years 0 to 9999. */
enum { DATETIME_TEXT = 48 };
int datetime_write(int64_t ms, char out[DATETIME_TEXT]);

#endif
