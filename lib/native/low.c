/* lib/native: LowCardinality columns: a text's key is found by its hash. */
#include "native/low.h"

#include <stdlib.h>

enum { SLOTS_MIN = 64 };

__extension__ typedef unsigned __int128 product;

static inline uint64_t mix(uint64_t a, uint64_t b)
{
    product p = (product)a * b;
    return (uint64_t)p ^ (uint64_t)(p >> 64);
}

static inline uint64_t load8(const char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline uint64_t load4(const char *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* Up to seven bytes as one number, which differs where they or their count do. */
static inline uint64_t load_short(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    if (s.n >= 4)
        return load4(s.p) << 32 | load4(s.p + s.n - 4);
    return s.n == 0 ? 0 : (uint64_t)p[0] << 16 | (uint64_t)p[s.n / 2] << 8 | p[s.n - 1];
}

/* Multiply and fold, eight bytes at a time; the last eight may overlap those before. */
static inline uint64_t hash_of(struct str s)
{
    const uint64_t odd = UINT64_C(0x9E3779B97F4A7C15);
    if (s.n < 8)
        return mix(load_short(s) ^ odd, s.n + UINT64_C(0xD6E8FEB86659FD93));
    uint64_t h = s.n + UINT64_C(0xD6E8FEB86659FD93);
    for (size_t i = 0; i + 8 < s.n; i += 8)
        h = mix(h ^ load8(s.p + i), odd);
    return mix(h ^ load8(s.p + s.n - 8), odd);
}

static inline bool same(struct str a, const char *b)
{
    if (a.n < 8)
        return load_short(a) == load_short((struct str){ b, a.n });
    if (a.n <= 16)
        return load8(a.p) == load8(b) && load8(a.p + a.n - 8) == load8(b + a.n - 8);
    return memcmp(a.p, b, a.n) == 0;
}

static struct low_key *keys_of(const struct low *low)
{
    return (struct low_key *)(void *)low->known.p;
}

size_t low_count(const struct low *low)
{
    return low->known.n / sizeof(struct low_key);
}

struct str low_key(const struct low *low, size_t number)
{
    const struct low_key *key = &keys_of(low)[number];
    return (struct str){ low->keys.p + key->at, key->n };
}

static void take_slot(struct low *low, uint64_t hash, uint32_t number)
{
    size_t slot = hash & low->mask;
    while (low->slots[slot] != 0)
        slot = (slot + 1) & low->mask;
    low->slots[slot] = number + 1;
}

/* Twice as many slots. first: the first key that has one. */
static int grow(struct low *low, size_t first)
{
    size_t n = 2 * (low->mask + 1);
    uint32_t *slots = calloc(n, sizeof *slots);
    if (slots == NULL)
        return -1;
    free(low->slots);
    low->slots = slots;
    low->mask = n - 1;
    for (size_t i = first; i < low_count(low); i++)
        take_slot(low, keys_of(low)[i].hash, (uint32_t)i);
    return 0;
}

/* One more key; its number. After a failure, which `keys` or `known` remembers, 0. */
static uint32_t add(struct low *low, struct str s, uint64_t hash, size_t first)
{
    size_t number = low_count(low);
    if (buf_reserve(&low->keys, s.n + 10) < 0 || buf_reserve(&low->known, sizeof(struct low_key)) < 0)
        return 0;
    if (number >= UINT32_MAX - 1 || (2 * number > low->mask && grow(low, first) < 0)) {
        low->keys.failed = true;
        return 0;
    }
    buf_put_varint(&low->keys, s.n);
    struct low_key key = { hash, low->keys.n, s.n };
    buf_put_str(&low->keys, s);
    buf_put(&low->known, &key, sizeof key);
    if (number >= first)
        take_slot(low, hash, (uint32_t)number);
    return (uint32_t)number;
}

/* NULL is a key that no text has. */
static void put_first(struct low *low, bool nullable)
{
    add(low, STR(""), hash_of(STR("")), nullable ? 1 : 0);
}

struct low *low_new(bool nullable, size_t max)
{
    struct low *low = calloc(1, sizeof *low);
    if (low == NULL)
        return NULL;
    buf_init(&low->keys, max);
    buf_init(&low->known, 0);
    low->mask = SLOTS_MIN - 1;
    low->slots = calloc(SLOTS_MIN, sizeof *low->slots);
    if (low->slots != NULL)
        put_first(low, nullable);
    if (low->slots == NULL || low_count(low) == 0) {
        low_free(low);
        return NULL;
    }
    return low;
}

void low_free(struct low *low)
{
    if (low == NULL)
        return;
    buf_fini(&low->keys);
    buf_fini(&low->known);
    free(low->slots);
    free(low);
}

void low_clear(struct low *low, bool nullable, size_t keep)
{
    buf_shrink(&low->keys, keep);
    buf_shrink(&low->known, keep);
    memset(low->slots, 0, (low->mask + 1) * sizeof *low->slots);
    put_first(low, nullable);
}

struct str col_low(const struct col *c, size_t row)
{
    uint32_t number;
    memcpy(&number, c->data.p + row * sizeof number, sizeof number);
    return low_key(c->low, number);
}

void col_put_low(struct col *c, struct str s)
{
    struct low *low = c->low;
    uint64_t hash = hash_of(s);
    uint32_t number = 0;
    size_t slot = hash & low->mask;
    for (; low->slots[slot] != 0; slot = (slot + 1) & low->mask) {
        const struct low_key *key = &keys_of(low)[low->slots[slot] - 1];
        if (key->hash == hash && key->n == s.n && same(s, low->keys.p + key->at))
            break;
    }
    number = low->slots[slot] != 0 ? low->slots[slot] - 1 : add(low, s, hash, c->nullable ? 1 : 0);
    buf_put(&c->data, &number, sizeof number);
    c->rows++;
}
