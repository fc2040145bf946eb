/* lib/llm/judge: what an answer is worth: is it JSON, does it hold to the contract, and where in the document is each value. */
#ifndef ODW_LLM_JUDGE_H
#define ODW_LLM_JUDGE_H

#include <jansson.h>

#include "llm/llm.h"
#include "llm/schema.h"

struct judged {
    enum llm_status status; /* LLM_OK, LLM_PARSE, LLM_CONTRACT, LLM_UNGROUNDED, LLM_LANGUAGE */
    json_t *record;         /* coerced, and without what isn't in the document; NULL: not even JSON */
    struct buf text;        /* LLM_OK, and not of a part: the record as JSON */
    struct llm_grounding *grounding;
    size_t n_grounding, cap_grounding;
    struct buf why; /* a line for each violation, and for each value that isn't in the document */
};
void judged_init(struct judged *j);
void judged_fini(struct judged *j);

/* The JSON of an answer, repaired where that is needed; NULL: there is none. *open: it ended before its end, and what is missing
 * can't be known. A new reference. */
json_t *llm_answer_json(struct str answer, bool *open);

/* part: one of several of a long document, so that nothing need be there: never LLM_CONTRACT nor LLM_UNGROUNDED for what is
 * missing. value: NULL where the answer had no JSON. now_ms: for the contract's window. */
void llm_judge(struct llm_contract *c, struct ground *g, json_t *value, bool part, int64_t now_ms, struct judged *out);

/* The record as JSON, numbers as people write them. */
int llm_put_record(const json_t *record, struct buf *out);

/* Languages: whether the words are in another one than the document, by script, else by the little words that each language is full
 * of. Not said of a few words alone. */
bool llm_language_differs(struct str document, struct str words);

#endif
