/* lib/llm/cache: answers that were paid for, and what they cost, in one SQLite file that all processes of the machine share. */
#ifndef ODW_LLM_CACHE_H
#define ODW_LLM_CACHE_H

#include "llm/dialect.h"

struct llm_cache;

/* STATE/answers.sqlite, made where it isn't there. max_bytes, max_ms: what is over them goes, the longest unused first. Not to be
 * taken through a fork. NULL and err. */
struct llm_cache *llm_cache_open(const char *state, uint64_t max_bytes, int64_t max_ms, struct err *err)
    __attribute__((warn_unused_result));
void llm_cache_close(struct llm_cache *c);

/* Between these, llm_cache_get is quicker: one look at the file for many. */
void llm_cache_begin(struct llm_cache *c);
void llm_cache_end(struct llm_cache *c);

/* 1: *out is the answer (its content is appended); 0: there is none; -1 and err. */
int llm_cache_get(struct llm_cache *c, const uint8_t key[32], struct llm_answer *out, struct err *err)
    __attribute__((warn_unused_result));
/* Kept once this returns, whatever happens to the process; also counted as used (llm_usage). model: as llm.json names it. */
int llm_cache_put(struct llm_cache *c, const uint8_t key[32], const char *model, const struct llm_answer *answer, int64_t now_ms,
                  struct err *err) __attribute__((warn_unused_result));
/* A request that brought no answer to keep, or rows answered from the cache. */
int llm_usage_add(struct llm_cache *c, const char *model, uint64_t failed, uint64_t from_cache, int64_t now_ms, struct err *err)
    __attribute__((warn_unused_result));

/* Tokens and cost of the day (UTC) of now_ms. */
int llm_usage_day(struct llm_cache *c, int64_t now_ms, uint64_t *tokens, double *cost, struct err *err)
    __attribute__((warn_unused_result));

struct llm_usage {
    char day[11];
    const char *model;
    uint64_t requests, failed, from_cache, tokens_in, tokens_out;
    double cost;
};
/* Calls `each` for every day and model, the newest first, of the last `days` (0: all). */
int llm_usage_each(struct llm_cache *c, int64_t now_ms, unsigned days, int (*each)(const struct llm_usage *usage, void *context),
                   void *context, struct err *err) __attribute__((warn_unused_result));

struct llm_cache_stats {
    uint64_t answers, failed; /* failed: refused, cut or empty */
    uint64_t bytes;           /* of the file */
    int64_t oldest_ms, newest_ms, used_ms;
    double cost; /* what they cost when they were asked for */
};
int llm_cache_stats(struct llm_cache *c, struct llm_cache_stats *stats, struct err *err) __attribute__((warn_unused_result));
/* Removes answers: those of a model (NULL: any), made before a moment (0: any), only those that failed, only those in which a text
 * stands (NULL: any), whose bytes are then no longer in the file. How many in *removed. What was used stays counted. */
int llm_cache_clear(struct llm_cache *c, const char *model, int64_t before_ms, bool failed_only, const char *containing,
                    uint64_t *removed, struct err *err) __attribute__((warn_unused_result));

const char *llm_cache_version(void); /* "SQLite 3.40.1" */

#endif
