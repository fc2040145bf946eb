/* lib/llm/dialect: the HTTP APIs of providers: what a request looks like, what an answer says. */
#ifndef ODW_LLM_DIALECT_H
#define ODW_LLM_DIALECT_H

#include "base/buf.h"
#include "llm/config.h"

enum { LLM_TURNS = 3 };

/* A conversation: what the model is told, then turns of the user and the model, the user's first and last. */
struct llm_prompt {
    struct buf system, turns[LLM_TURNS];
    int n_turns;
};
void llm_prompt_init(struct llm_prompt *p);
void llm_prompt_fini(struct llm_prompt *p);

/* schema: JSON; title: its name. Appends the body of a request. */
int llm_put_request(const struct llm_model *m, enum llm_form form, const struct llm_prompt *p, const char *schema,
                    const char *title, unsigned max_tokens, struct buf *body);
const char *llm_request_path(enum llm_api api); /* below the provider's URL: "/chat/completions" */
/* The headers of a request, the key among them, NULL at the end; to be freed with llm_headers_free. NULL: no memory. */
char **llm_headers(const struct llm_provider *p);
void llm_headers_free(char **headers);

enum llm_finish {
    LLM_FINISHED,
    LLM_CUT,     /* at its greatest length */
    LLM_REFUSED, /* by the model, or by a filter */
    LLM_NOTHING, /* no text */
};

struct llm_answer {
    enum llm_finish finish;
    struct buf content; /* the text; of a refusal, its words */
    uint64_t tokens_in, tokens_out;
    double cost;
    int64_t latency_ms;
};

/* Reads the body of an answer with status 200. -1 and err: it isn't one of this API (ERR_RETRY: cut, or no JSON). */
int llm_read_answer(enum llm_api api, struct str body, struct llm_answer *out, struct err *err) __attribute__((warn_unused_result));

/* What an error's body says, for people: one line without the key, clipped. */
void llm_read_error(struct str body, const char *key, char *text, size_t size);
/* A refusal in words, where JSON was asked for: "I'm sorry, but I can't …". */
bool llm_sounds_like_refusal(struct str text);

#endif
