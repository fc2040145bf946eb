/* loaders/generate: what generators of records share: numbers that look random and are a function of seed and index, and times. */
#ifndef ODW_GENERATE_H
#define ODW_GENERATE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

#define GEN_DAY_MS INT64_C(86400000)

/* splitmix64: a bijection, so that what goes in once comes out once. */
static inline uint64_t gen_mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* Decimal with just `width` digits, or as many as there are; the lowest 4 * width bits in hex. */
void gen_put_digits(struct buf *b, uint64_t v, int width);
void gen_put_number(struct buf *b, uint64_t v);
void gen_put_hex(struct buf *b, uint64_t v, int width);
/* A UUID of version 7: its time, then 64 bits that are the caller's to make unique, then what fills it up. */
void gen_put_uuid(struct buf *b, int64_t ms, uint64_t unique, uint64_t more);

/* 2026-11-20T10:00:00.123Z of milliseconds since 1970, for years 0 to 9999. */
void gen_put_time(struct buf *b, int64_t ms);
/* The same backwards, from 2026-11-20T10:00:00Z or 2026-11-20, from 1970 on. option: for the error ("--until"). */
int gen_read_moment(const char *option, const char *text, int64_t *ms, struct err *err) __attribute__((warn_unused_result));

#endif
