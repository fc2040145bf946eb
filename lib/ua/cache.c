/* lib/ua: two generations of answers: new ones go into the young one; when it is full it becomes the old one, and what nobody asked
 * for since is gone. What is found in the old one moves to the young one. */
#include "ua/cache.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/hash.h"

enum {
    GENERATION_BYTES = 4 << 20,
    SLOTS = 32768, /* 128 KiB; of which three quarters are used */
    FIELDS = 8,
};

struct entry {
    uint64_t hash;
    uint16_t agent_n;
    uint16_t n[FIELDS];
    bool is_bot;
    char text[]; /* the agent, then the fields */
};

struct generation {
    char *bytes;
    size_t used;
    uint32_t *slots; /* offsets into bytes in units of 8, plus one; 0: free */
    size_t n;
};

struct cache {
    struct generation young, old;
    uint64_t seed[2];
};

static int generation_init(struct generation *g)
{
    g->bytes = malloc(GENERATION_BYTES); /* pages that aren't touched cost nothing */
    g->slots = calloc(SLOTS, sizeof *g->slots);
    return g->bytes != NULL && g->slots != NULL ? 0 : -1;
}

struct cache *cache_new(void)
{
    struct cache *c = calloc(1, sizeof *c);
    if (c == NULL || generation_init(&c->young) < 0 || generation_init(&c->old) < 0) {
        cache_free(c);
        return NULL;
    }
    hash_seed(c->seed);
    return c;
}

void cache_free(struct cache *c)
{
    if (c == NULL)
        return;
    free(c->young.bytes);
    free(c->young.slots);
    free(c->old.bytes);
    free(c->old.slots);
    free(c);
}

static struct entry *entry_at(const struct generation *g, uint32_t slot)
{
    return (struct entry *)(void *)(g->bytes + ((size_t)slot - 1) * 8);
}

static struct entry *find(const struct generation *g, uint64_t hash, struct str agent)
{
    for (size_t i = hash % SLOTS; g->slots[i] != 0; i = (i + 1) % SLOTS) {
        struct entry *e = entry_at(g, g->slots[i]);
        if (e->hash == hash && str_eq((struct str){ e->text, e->agent_n }, agent))
            return e;
    }
    return NULL;
}

static void fields(struct ua_answer *a, struct str *list[FIELDS])
{
    list[0] = &a->browser;
    list[1] = &a->browser_version;
    list[2] = &a->os;
    list[3] = &a->os_version;
    list[4] = &a->device;
    list[5] = &a->brand;
    list[6] = &a->model;
    list[7] = &a->bot_name;
}

static size_t size_of(const struct entry *e)
{
    size_t n = sizeof *e + e->agent_n;
    for (int i = 0; i < FIELDS; i++)
        n += e->n[i];
    return (n + 7) / 8 * 8;
}

static void show(const struct entry *e, struct ua_answer *answer)
{
    struct str *list[FIELDS];
    const char *p = e->text + e->agent_n;
    fields(answer, list);
    for (int i = 0; i < FIELDS; p += e->n[i++])
        *list[i] = (struct str){ p, e->n[i] };
    answer->is_bot = e->is_bot;
}

/* Room for one more entry; NULL: there is none. */
static struct entry *room(struct generation *g, uint64_t hash, size_t size)
{
    if (g->n >= SLOTS / 4 * 3 || GENERATION_BYTES - g->used < size)
        return NULL;
    size_t i = hash % SLOTS;
    while (g->slots[i] != 0)
        i = (i + 1) % SLOTS;
    g->slots[i] = (uint32_t)(g->used / 8 + 1);
    g->used += size;
    g->n++;
    return entry_at(g, g->slots[i]);
}

bool cache_get(struct cache *c, struct str agent, struct ua_answer *answer)
{
    uint64_t hash = hash_str(c->seed, agent);
    struct entry *e = find(&c->young, hash, agent);
    if (e == NULL && (e = find(&c->old, hash, agent)) != NULL) {
        size_t size = size_of(e);
        struct entry *copy = room(&c->young, hash, size);
        if (copy != NULL)
            e = memcpy(copy, e, size);
    }
    if (e == NULL)
        return false;
    show(e, answer);
    return true;
}

void cache_put(struct cache *c, struct str agent, struct ua_answer *answer)
{
    struct str *list[FIELDS];
    struct entry head = { .hash = hash_str(c->seed, agent), .agent_n = (uint16_t)agent.n, .is_bot = answer->is_bot };
    fields(answer, list);
    for (int i = 0; i < FIELDS; i++) {
        if (list[i]->n > UINT16_MAX)
            return;
        head.n[i] = (uint16_t)list[i]->n;
    }
    size_t size = size_of(&head);
    struct entry *e = room(&c->young, head.hash, size);
    if (e == NULL) {
        struct generation full = c->young;
        c->young = c->old;
        c->old = full;
        memset(c->young.slots, 0, SLOTS * sizeof *c->young.slots);
        c->young.used = c->young.n = 0;
        e = room(&c->young, head.hash, size);
    }
    *e = head;
    char *p = e->text;
    memcpy(p, agent.p, agent.n);
    p += agent.n;
    for (int i = 0; i < FIELDS; p += e->n[i++])
        memcpy(p, list[i]->p, e->n[i]);
    show(e, answer);
}
