/* lib/base/hash: texts that come from anybody, as numbers for a table. Seeded: without the seed they could be made to share a slot.
 */
#ifndef ODW_HASH_H
#define ODW_HASH_H

#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/str.h"

__extension__ typedef unsigned __int128 hash_product;

/* 16 bytes that the kernel drew for this process. */
static inline void hash_seed(uint64_t seed[2])
{
    const void *random = (const void *)getauxval(AT_RANDOM);
    if (random != NULL) {
        memcpy(seed, random, 2 * sizeof *seed);
    } else { /* where programs are laid out is drawn as well */
        seed[0] = (uint64_t)(uintptr_t)seed * UINT64_C(0x9E3779B97F4A7C15);
        seed[1] = (uint64_t)(uintptr_t)seed ^ UINT64_C(0xD1B54A32D192ED03);
    }
}

/* The halves of the product, one over the other (as wyhash does). */
static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
    hash_product p = (hash_product)a * b;
    return (uint64_t)p ^ (uint64_t)(p >> 64);
}

static inline uint64_t hash_load8(const char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* Up to seven bytes as one number; two texts of the same length have the same only where they are the same. */
static inline uint64_t hash_load_short(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    uint32_t first, last;
    if (s.n < 4)
        return s.n == 0 ? 0 : (uint64_t)p[0] << 16 | (uint64_t)p[s.n / 2] << 8 | p[s.n - 1];
    memcpy(&first, p, sizeof first);
    memcpy(&last, p + s.n - 4, sizeof last);
    return (uint64_t)first << 32 | last;
}

/* Eight bytes at a time; the last eight may overlap those before. */
static inline uint64_t hash_str(const uint64_t seed[2], struct str s)
{
    uint64_t h = seed[0] + s.n;
    if (s.n < 8)
        return hash_fold(hash_load_short(s) ^ h, seed[1]);
    for (size_t i = 0; i + 8 < s.n; i += 8)
        h = hash_fold(hash_load8(s.p + i) ^ h, seed[1]);
    return hash_fold(hash_load8(s.p + s.n - 8) ^ h, seed[1]);
}

#endif
