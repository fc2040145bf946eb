/* lib/contract/keys: the keys of the objects that are open, to find duplicates in linear time whatever the keys are. */
#ifndef ODW_CONTRACT_KEYS_H
#define ODW_CONTRACT_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct key {
    uint32_t hash, n;
    const char *p;
};

/* A stack: the keys of an object lie above those of the objects around it. */
struct keys {
    struct key *all;
    size_t n, cap;
    uint32_t *slots; /* hash tables of the objects with many keys: index from the set's base + 1, 0 = free */
    size_t n_slots, cap_slots;
    uint64_t seed[2]; /* random: nobody can prepare keys that collide */
};

/* One open object's. */
struct keyset {
    size_t base, slots, mask;
    uint64_t met; /* of 64 classes of hashes, those that came up: most keys are seen to be new at once */
};

int keys_init(struct keys *k) __attribute__((warn_unused_result));
void keys_fini(struct keys *k);
/* Gives memory back that an object with very many keys took; none may be open. */
void keys_shrink(struct keys *k);

static inline struct keyset keys_open(const struct keys *k)
{
    return (struct keyset){ .base = k->n, .slots = k->n_slots };
}

static inline void keys_close(struct keys *k, const struct keyset *set)
{
    k->n = set->base;
    k->n_slots = set->slots;
}

enum key_outcome { KEY_NEW, KEY_DUPLICATE, KEY_NO_MEMORY };
/* key.p: 16 bytes must be readable there, and it must stay until the set is closed. */
enum key_outcome keys_add(struct keys *k, struct keyset *set, struct str key);

#endif
