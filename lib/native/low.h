/* lib/native: the keys of a LowCardinality column: each text once, in the order in which they came. */
#ifndef ODW_LOW_H
#define ODW_LOW_H

#include "native/column.h"

/* Of its state and of its flags on the wire (ClickHouse's SerializationLowCardinality): keys of its own come, and nothing is shared
 * with blocks before. */
enum { LOW_VERSION = 1, LOW_KEYS_FOLLOW = 1 << 9 | 1 << 10 };

/* Key 0 is the column's default: NULL where it is nullable, '' otherwise. */
struct low {
    struct buf keys;  /* as a String's rows: LEB128 length + bytes */
    struct buf known; /* struct low_key, one per key */
    uint32_t *slots;  /* open addressing: a key's number + 1; 0 = free */
    size_t mask;
    uint64_t seed[2];
    bool nullable;
};

struct low_key {
    uint64_t hash;
    size_t at; /* of its bytes in `keys` */
    size_t n;
};

/* NULL: no memory. max: the most bytes of its keys; 0 = the default of buf_init. */
struct low *low_new(bool nullable, size_t max);
void low_free(struct low *low);
/* No key but the default; keeps memory up to `keep` bytes per buffer. */
void low_clear(struct low *low, size_t keep);
/* How many there are, the default's included. */
size_t low_count(const struct low *low);
struct str low_key(const struct low *low, size_t number);

#endif
