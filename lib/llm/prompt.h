/* lib/llm/prompt: what a model is told. */
#ifndef ODW_LLM_PROMPT_H
#define ODW_LLM_PROMPT_H

#include "llm/dialect.h"
#include "llm/schema.h"

/* Changes with the words below, so that answers to other words aren't taken from the cache. */
#define LLM_PROMPT_VERSION "1"

enum { LLM_ID = 12 };

struct llm_shown {
    struct str text;
    uint8_t hash[32];    /* SHA-256 of the text */
    char id[LLM_ID + 1]; /* in a prompt: of its own text, so that no document can name the mark that ends it */
};
/* Fills in what follows from the text. */
void llm_shown_name(struct llm_shown *shown);

/* n documents (more than one: a batch), or part `part` of `parts` of one (parts 1: all of it). form: where the provider enforces no
 * schema, the model is told it. */
void llm_put_prompt(const struct llm_contract *c, struct str instructions, const struct llm_shown *shown, size_t n, size_t part,
                    size_t parts, enum llm_form form, struct llm_prompt *out);
/* What was wrong with the answer, and that it be given again. */
void llm_put_reask(struct str answer, struct str why, struct llm_prompt *out);

#endif
