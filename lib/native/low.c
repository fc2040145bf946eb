/* lib/native: LowCardinality columns: a text's key is found by its hash. */
#include "native/low.h"

#include <stdlib.h>

#include "base/hash.h"

enum { SLOTS_MIN = 64 };

static inline bool same(struct str a, const char *b)
{
    if (a.n < 8)
        return hash_load_short(a) == hash_load_short((struct str){ b, a.n });
    if (a.n <= 16)
        return hash_load8(a.p) == hash_load8(b) && hash_load8(a.p + a.n - 8) == hash_load8(b + a.n - 8);
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

/* n slots, a power of two, that are free. */
static int renew(struct low *low, size_t n)
{
    uint32_t *slots = calloc(n, sizeof *slots);
    if (slots == NULL)
        return -1;
    free(low->slots);
    low->slots = slots;
    low->mask = n - 1;
    return 0;
}

/* Twice as many slots. NULL, the first key of a nullable column, has none: no text is it. */
static int grow(struct low *low)
{
    if (renew(low, 2 * (low->mask + 1)) < 0)
        return -1;
    for (size_t i = low->nullable; i < low_count(low); i++)
        take_slot(low, keys_of(low)[i].hash, (uint32_t)i);
    return 0;
}

/* One more key; its number. After a failure, which `keys` or `known` remembers, 0. */
static uint32_t add(struct low *low, struct str s, uint64_t hash)
{
    size_t number = low_count(low);
    if (buf_reserve(&low->keys, s.n + 10) < 0 || buf_reserve(&low->known, sizeof(struct low_key)) < 0)
        return 0;
    if (number >= UINT32_MAX - 1 || (2 * number > low->mask && grow(low) < 0)) {
        low->keys.failed = true;
        return 0;
    }
    buf_put_varint(&low->keys, s.n);
    struct low_key key = { hash, low->keys.n, s.n };
    buf_put_str(&low->keys, s);
    buf_put(&low->known, &key, sizeof key);
    if (number > 0 || !low->nullable)
        take_slot(low, hash, (uint32_t)number);
    return (uint32_t)number;
}

/* '', or what stands for NULL. */
static void put_default(struct low *low)
{
    add(low, STR(""), hash_str(low->seed, STR("")));
}

struct low *low_new(bool nullable, size_t max)
{
    struct low *low = calloc(1, sizeof *low);
    if (low == NULL)
        return NULL;
    low->nullable = nullable;
    hash_seed(low->seed);
    buf_init(&low->keys, max);
    buf_init(&low->known, 0);
    if (renew(low, SLOTS_MIN) == 0)
        put_default(low);
    if (low_count(low) == 0) {
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

void low_clear(struct low *low, size_t keep)
{
    size_t bytes = (low->mask + 1) * sizeof *low->slots;
    buf_shrink(&low->keys, keep);
    buf_shrink(&low->known, keep);
    if (bytes <= keep || low->mask < SLOTS_MIN || renew(low, SLOTS_MIN) < 0)
        memset(low->slots, 0, bytes);
    put_default(low);
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
    uint64_t hash = hash_str(low->seed, s);
    uint32_t number = 0;
    size_t slot = hash & low->mask;
    for (; low->slots[slot] != 0; slot = (slot + 1) & low->mask) {
        const struct low_key *key = &keys_of(low)[low->slots[slot] - 1];
        if (key->hash == hash && key->n == s.n && same(s, low->keys.p + key->at))
            break;
    }
    number = low->slots[slot] != 0 ? low->slots[slot] - 1 : add(low, s, hash);
    buf_put(&c->data, &number, sizeof number);
    c->rows++;
}
