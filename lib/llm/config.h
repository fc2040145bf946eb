/* lib/llm/config: llm.json: providers, models, prices, limits. docs/llm.md has the format. */
#ifndef ODW_LLM_CONFIG_H
#define ODW_LLM_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct json_t;

enum llm_api { LLM_OPENAI, LLM_ANTHROPIC };

/* How a model is held to the schema, the best first; what a provider refuses falls back to the next. */
enum llm_form {
    LLM_SCHEMA, /* a JSON schema that the provider enforces */
    LLM_OBJECT, /* any JSON object (Anthropic: a tool that must be called) */
    LLM_PLAIN,  /* told in words */
    LLM_FORMS,
};

struct llm_provider {
    struct llm_provider *next;
    const char *name, *url; /* without a slash at the end: "https://api.openai.com/v1" */
    enum llm_api api;
    const char *key;                                 /* NULL: none. Never printed */
    const char *ca_file;                             /* NULL: the system's */
    unsigned in_flight;                              /* requests at once, over all processes of this machine */
    uint64_t requests_per_minute, tokens_per_minute; /* 0: no limit */
    int64_t timeout_ms;                              /* for one answer */
    unsigned retries;
    const char *tokenise_key; /* redacted: personal data is replaced by tokens of this key; NULL: it isn't */
};

struct llm_model {
    struct llm_model *next;
    const char *name; /* in llm.json, in usage and in the answer's `model` */
    const char *id;   /* what the provider calls it */
    const struct llm_provider *provider;
    enum llm_form form;         /* to begin with */
    bool form_fixed;            /* no falling back */
    double price_in, price_out; /* per million tokens */
    unsigned max_tokens;        /* of an answer */
    unsigned context_tokens;    /* of the document in one request: a longer one goes in parts; 0: no limit */
    unsigned batch_documents;   /* short documents in one request; 0 or 1: none */
    size_t batch_bytes;         /* what counts as short */
    const struct json_t *extra; /* members put into each request: {"seed": 1}; a null takes one away. NULL: none */
    const char *parameters;     /* all that may change an answer, as text: part of the cache's key */
};

struct llm_limit {
    uint64_t tokens; /* 0: none */
    double cost;     /* 0: none */
};

enum llm_dates { LLM_DATES_UNSAID, LLM_DATES_DMY, LLM_DATES_MDY };

struct llm_config {
    struct arena arena;
    char *path;
    struct timespec changed; /* the file's */
    struct llm_provider *providers;
    struct llm_model *models;
    const struct llm_model *model; /* "model": where a contract names no other */
    struct llm_choice {
        struct llm_choice *next;
        const char *contract;
        const struct llm_model *model;
    } * choices;
    struct llm_limit request, row, day;
    int64_t row_ms, block_ms;
    const char *state; /* folder of the cache and the gates */
    uint64_t cache_bytes;
    int64_t cache_ms;
    enum llm_dates dates; /* how 03/04/2026 is read */
    struct json_t *json;
};

enum { LLM_BLOCK_MS_MAX = 30 * 60 * 1000 };

/* Reads FOLDER/llm.json (FOLDER: odw/llm below the server's user scripts) and the keys that it names. Errors name the file and the
 * place in it; none has a key in it. The caller frees. */
struct llm_config *llm_config_load(const char *folder, struct err *err) __attribute__((warn_unused_result));
void llm_config_free(struct llm_config *c);
/* The file isn't what was loaded any more. */
bool llm_config_changed(const struct llm_config *c);

/* The folder of the cache alone, for programs that ask nothing (and have no key). */
int llm_config_state(const char *folder, char *state, size_t size, struct err *err) __attribute__((warn_unused_result));

/* The model for a contract, by its stem. */
const struct llm_model *llm_config_model(const struct llm_config *c, const char *contract);
/* By its name; NULL: there is none. */
const struct llm_model *llm_config_model_named(const struct llm_config *c, struct str name);

#endif
