/* lib/base/clock: what time it is, in milliseconds. */
#ifndef ODW_CLOCK_H
#define ODW_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t clock_ms_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The wall clock: since 1970, UTC; it may be set back. */
static inline int64_t wall_ms(void)
{
    return clock_ms_of(CLOCK_REALTIME);
}

/* For spans and deadlines: it never goes back. */
static inline int64_t monotonic_ms(void)
{
    return clock_ms_of(CLOCK_MONOTONIC);
}

#endif
