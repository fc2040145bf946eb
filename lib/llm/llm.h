/* lib/llm: documents become records: a language model is asked, its answer held to a contract, each value to the document. */
#ifndef ODW_LLM_H
#define ODW_LLM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "llm/ground.h"

enum llm_status {
    LLM_OK,
    LLM_PENDING,    /* not asked yet, or not answered: `error` begins with why: budget, provider, deadline, ending */
    LLM_EMPTY,      /* no text in the document, or none in the answer */
    LLM_PARSE,      /* the answer is no JSON, and none could be made of it */
    LLM_CONTRACT,   /* the answer breaks the contract, twice */
    LLM_UNGROUNDED, /* a value that the contract requires isn't in the document */
    LLM_LANGUAGE,   /* the answer is in another language than the document */
    LLM_REFUSAL,    /* the model won't answer */
    LLM_TRUNCATED,  /* the answer was cut at its greatest length */
    LLM_REJECTED,   /* the provider doesn't take this request: too long, or not allowed */
};
const char *llm_status_name(enum llm_status status); /* "ok", "pending", … */

struct llm_grounding {
    char *field; /* patient_name, lines/0/amount */
    uint32_t start, end;
    enum llm_how how;
};

/* A document's outcome. */
struct llm_result {
    enum llm_status status;
    struct buf record; /* ok: JSON that holds to the contract; a failure: the answer as it came */
    struct llm_grounding *grounding;
    size_t n_grounding;
    const char *model; /* as llm.json names it */
    uint64_t tokens_in, tokens_out;
    double cost;
    int64_t latency_ms;
    bool cached;       /* no request was sent for this row */
    unsigned attempts; /* requests sent */
    struct buf error;  /* "" where it is ok; a line for each reason */
};

struct llm_question {
    struct str contract, instructions, text;
};

struct llm_engine;

/* home: the folder that holds contracts/, llm/llm.json and policies/. contracts: another folder of contracts; NULL: that. Nothing
 * is opened but the configuration, so that a process may fork before it asks. The caller frees. */
struct llm_engine *llm_engine_new(const char *home, const char *contracts, struct err *err) __attribute__((warn_unused_result));
void llm_engine_free(struct llm_engine *e);
/* From now on this model of llm.json is asked, whatever the contract. -1 and err: llm.json has none of this name, or can't be read.
 */
int llm_engine_use_model(struct llm_engine *e, const char *model, struct err *err) __attribute__((warn_unused_result));

struct llm_calls {
    bool (*ending)(void *context);          /* true: begin nothing more, take in what is in flight; may be NULL */
    void (*at)(void *context, int64_t row); /* which question is worked on, -1: none; may be NULL */
    void *context;
};

/* Answers n questions together. results: n of them, given back with llm_results_fini. 0, or -1 and err where nothing can be asked
 * as things are (configuration, contract, cache). */
int llm_ask(struct llm_engine *e, const struct llm_question *questions, size_t n, const struct llm_calls *calls,
            struct llm_result *results, struct err *err) __attribute__((warn_unused_result));
void llm_results_fini(struct llm_result *results, size_t n);

#endif
