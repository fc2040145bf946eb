/* lib/llm/date: dates as people write them. */
#ifndef ODW_LLM_DATE_H
#define ODW_LLM_DATE_H

#include "base/str.h"
#include "llm/config.h"

struct llm_date {
    size_t start, end; /* bytes of the text */
    int year, month, day;
    bool either; /* 03/04/2026 without a rule: day and month may be the other way round (both are at most 12) */
};

/* The first date at or after `from`: 2026-03-04, 04.03.2026, 3/4/26, "4th of March 2026", "March 4, 2026", "4. März 2026"; months
 * in English, German, French, Spanish, Italian, Portuguese and Dutch. Only dates that exist. False: there is none. */
bool llm_date_next(struct str text, size_t from, enum llm_dates order, struct llm_date *date);

/* A time of day at the beginning of what stands at or after `from`, in minutes: "14:30", "2:30 PM", "2pm". -1: there is none. */
int llm_time_next(struct str text, size_t from, size_t *end);

#endif
