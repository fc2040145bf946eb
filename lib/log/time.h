/* lib/log/time: the moments that stand in log lines, in the forms that programs write them. */
#ifndef ODW_LOG_TIME_H
#define ODW_LOG_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* A moment before which nothing was: a reference that isn't known. */
#define LOG_TIME_UNKNOWN INT64_MIN

/* Reads a moment at the beginning of s, checked against the calendar. Returns the bytes it takes; 0: there is none.
 *
 *   2026-11-25T10:00:00.123Z   2026-11-25 10:00:00,123 +0100   2026/11/25 10:00:00   2026.11.25 10:00:00.123456   20261125T100000Z
 *   25/Nov/2026:10:00:00 +0100   25 Nov 2026 10:00:00.123   25-Nov-2026 10:00:00.123   Wed Nov 25 10:00:00.123 2026
 *   Wed, 25 Nov 2026 10:00:00 GMT   Nov 25, 2026 10:00:00 AM   Nov 25 10:00:00   10:00:00.123
 *   Wed 2026-11-25 10:00:00 CET   26/11/25 10:00:00 (year, month, day)   11/25/2026 10:00:00 AM (with AM or PM only)
 *
 * *ms: milliseconds since 1970 UTC; further digits are dropped. Offsets, Z, UTC, GMT and the zones of RFC 822, CET, CEST, EET,
 * EEST, WET, WEST and JST are honoured; without any the time is UTC. A form without a year gets the last one in which it isn't
 * over a day later than `reference`; one without a date, the last such day. *known: false where that needs a reference and
 * there is none. */
size_t log_time_read(struct str s, int64_t reference, int64_t *ms, bool *known);

/* MMDD hh:mm:ss[.ffffff], or with the year before it (glog): the same rules. */
size_t log_time_read_klog(struct str s, int64_t reference, int64_t *ms, bool *known);

/* The forms that are too short to be taken for moments anywhere: 261125 10:00:00, 261125 100000, 20261125-10:00:00:123, 11-25
 * 10:00:00.123, 11.25 10:00:00, 25 Nov 10:00:00.123, 10:00AM. The same rules. */
size_t log_time_read_short(struct str s, int64_t reference, int64_t *ms, bool *known);

/* Seconds, milliseconds, microseconds or nanoseconds since 1970 as digits, perhaps with a fraction ("1732528800.123", "1.7e9" isn't
 * taken): which of them, the size tells. All of s must be it; and it lies in the years 1973 to 2200. */
bool log_time_epoch(struct str s, int64_t *ms);

/* All of s: one of the forms above, or an epoch of ten digits and more. */
bool log_time_whole(struct str s, int64_t reference, int64_t *ms, bool *known);

#endif
