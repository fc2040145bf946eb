/* lib/ua: the answers to the last agents. */
#ifndef ODW_UA_CACHE_H
#define ODW_UA_CACHE_H

#include "ua/ua.h"

struct cache;

/* Holds UA_CACHE_BYTES at most, as it fills. NULL: no memory. */
struct cache *cache_new(void) __attribute__((warn_unused_result));
void cache_free(struct cache *c);
/* True: *answer is what was put for exactly this agent; it lies in the cache, until the next cache_put. */
bool cache_get(struct cache *c, struct str agent, struct ua_answer *answer);
/* Copies both; on return *answer lies in the cache (unless one of its fields is longer than 64 KiB: that isn't kept). An agent must
 * not be put twice. */
void cache_put(struct cache *c, struct str agent, struct ua_answer *answer);

#endif
