/* lib/contract/keys: the keys of the objects that are open. */
#include "contract/keys.h"

#include <stdlib.h>

#include "base/hash.h"

enum {
    FEW = 16,         /* up to so many keys are compared one by one */
    HELD = 64 * 1024, /* keys and slots that are held between messages */
};

int keys_init(struct keys *k)
{
    *k = (struct keys){ .cap = 256 };
    k->all = malloc(k->cap * sizeof *k->all);
    if (k->all == NULL)
        return -1;
    hash_seed(k->seed);
    return 0;
}

void keys_fini(struct keys *k)
{
    free(k->all);
    free(k->slots);
    *k = (struct keys){ 0 };
}

void keys_shrink(struct keys *k)
{
    if (k->cap_slots > HELD) {
        free(k->slots);
        k->slots = NULL;
        k->cap_slots = 0;
    }
    struct key *all = k->cap > HELD ? realloc(k->all, HELD * sizeof *all) : NULL;
    if (all != NULL) {
        k->all = all;
        k->cap = HELD;
    }
}

static inline uint32_t hash(const struct keys *k, struct str s)
{
    uint64_t h = k->seed[0] + s.n;
    if (s.n > 16) {
        for (size_t i = 0; i + 16 < s.n; i += 16)
            h = hash_fold(hash_load8(s.p + i) ^ h, hash_load8(s.p + i + 8) ^ k->seed[1]);
        h = hash_fold(hash_load8(s.p + s.n - 16) ^ h, hash_load8(s.p + s.n - 8) ^ k->seed[1]);
    } else if (s.n >= 8) {
        h = hash_fold(hash_load8(s.p) ^ h, hash_load8(s.p + s.n - 8) ^ k->seed[1]);
    } else {
        h = hash_fold((hash_load8(s.p) & ((UINT64_C(1) << 8 * s.n) - 1)) ^ h, k->seed[1]);
    }
    return (uint32_t)(h ^ h >> 32);
}

static void place(struct keys *k, const struct keyset *set, size_t index)
{
    uint32_t *slots = k->slots + set->slots;
    size_t at = k->all[set->base + index].hash & set->mask;
    while (slots[at] != 0)
        at = (at + 1) & set->mask;
    slots[at] = (uint32_t)index + 1;
}

/* A first or larger table. No other lies above it: objects within this one are closed when it gets a key. */
static int widen(struct keys *k, struct keyset *set, size_t count)
{
    size_t size = set->mask == 0 ? 4 * FEW : (set->mask + 1) * 4;
    if (set->slots + size > k->cap_slots) {
        size_t cap = (set->slots + size) * 2;
        uint32_t *slots = realloc(k->slots, cap * sizeof *slots);
        if (slots == NULL)
            return -1;
        k->slots = slots;
        k->cap_slots = cap;
    }
    k->n_slots = set->slots + size;
    memset(k->slots + set->slots, 0, size * sizeof *k->slots);
    set->mask = size - 1;
    for (size_t i = 0; i < count; i++)
        place(k, set, i);
    return 0;
}

static inline int same(const struct key *a, uint32_t h, struct str s)
{
    return a->hash == h && a->n == s.n && memcmp(a->p, s.p, s.n) == 0;
}

enum key_outcome keys_add(struct keys *k, struct keyset *set, struct str s)
{
    uint32_t h = hash(k, s);
    size_t count = k->n - set->base;
    uint64_t class = UINT64_C(1) << (h >> 26);
    if (set->met & class) {
        if (set->mask == 0) {
            for (size_t i = 0; i < count; i++)
                if (same(&k->all[set->base + i], h, s))
                    return KEY_DUPLICATE;
        } else {
            const uint32_t *slots = k->slots + set->slots;
            for (size_t at = h & set->mask; slots[at] != 0; at = (at + 1) & set->mask)
                if (same(&k->all[set->base + slots[at] - 1], h, s))
                    return KEY_DUPLICATE;
        }
    }
    set->met |= class;
    if (k->n == k->cap) {
        struct key *all = realloc(k->all, k->cap * 2 * sizeof *all);
        if (all == NULL)
            return KEY_NO_MEMORY;
        k->all = all;
        k->cap *= 2;
    }
    k->all[k->n++] = (struct key){ h, (uint32_t)s.n, s.p };
    if (count + 1 > FEW && (set->mask == 0 || (count + 1) * 2 > set->mask)) {
        if (widen(k, set, count + 1) < 0)
            return KEY_NO_MEMORY;
    } else if (set->mask != 0) {
        place(k, set, count);
    }
    return KEY_NEW;
}
