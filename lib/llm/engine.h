/* lib/llm/engine: what a block of documents is asked with. */
#ifndef ODW_LLM_ENGINE_H
#define ODW_LLM_ENGINE_H

#include "http/multi.h"
#include "llm/job.h"

/* A provider, as this process has it. */
struct engine_provider {
    struct engine_provider *next;
    const struct llm_provider *provider;
    struct gate *gate;
    char *url; /* of requests */
    char **headers;
    int64_t closed_until_ms; /* the gate said to come back then */
};

struct engine_model {
    struct engine_model *next;
    const struct llm_model *model;
    struct engine_provider *provider;
    enum llm_form form; /* what the provider is known to take */
};

struct engine_contract {
    struct engine_contract *next;
    char *path;
    struct timespec changed;
    struct llm_contract *contract;
};

struct llm_engine {
    char *home, *contracts_folder, *folder;
    char *model; /* the one to ask; NULL: llm.json's for the contract */
    struct llm_config *config;
    struct pii_policies *policies;
    struct llm_cache *cache;
    struct http_multi *http;
    struct engine_provider *providers;
    struct engine_model *models;
    struct engine_contract *contracts;
    uint64_t random;
};

/* A request and its answer. */
struct exchange {
    struct exchange *next;
    struct part **parts; /* more than one: a batch */
    size_t n;
    struct engine_model *route;
    uint8_t key[32];
    struct buf answer, why; /* of the answer before, where it is asked for again */
    bool again;
    unsigned max_tokens;
    unsigned tries; /* failures so far */
    int64_t not_before_ms;
    struct buf body;
    enum llm_form form;
    int slot;
    int64_t sent_ms;
    uint64_t tokens; /* at most, reckoned */
    double cost;
};

/* One call of llm_ask. */
struct ask {
    struct llm_engine *e;
    const struct llm_calls *calls;
    struct job *jobs;
    size_t n_jobs, open;
    struct exchange *waiting, **waiting_end;
    size_t in_flight;
    int64_t begun_ms, ending_ms; /* ending_ms: since when nothing is begun any more; 0: not so */
    uint64_t reserved_tokens;
    double reserved_cost;
    bool stopped; /* err is set: the environment is broken */
    struct err *err;
};

/* ask.c */
/* Queues the question about these parts (copied), or takes its answer from the cache at once. previous: NULL, or the answer that
 * couldn't be taken. */
void ask_about(struct ask *a, struct part *const *parts, size_t n, const struct exchange *before, const struct llm_answer *previous,
               const struct buf *why);
/* Sends, receives, waits, until every job has ended. */
void ask_run(struct ask *a);

#endif
