/* lib/llm/job: one document on its way: its parts, what was asked about each, and what came of it. */
#ifndef ODW_LLM_JOB_H
#define ODW_LLM_JOB_H

#include "llm/cache.h"
#include "llm/gate.h"
#include "llm/judge.h"
#include "llm/prompt.h"
#include "llm/redact.h"

struct engine_model;

/* A document, or a piece of a long one. */
struct part {
    struct job *job;
    struct llm_shown shown;
    size_t number;
    bool reasked, batched;
    json_t *record; /* of a piece */
};

struct job {
    struct job *same; /* the next with the same hash */
    uint8_t hash[32]; /* of contract, instructions and text */
    size_t question;  /* the first that asks it */
    struct llm_contract *contract;
    const struct llm_model *model;
    struct engine_model *route;
    struct str instructions, text;
    struct buf shown; /* what leaves the machine of it */
    struct redaction redaction;
    struct ground ground;
    struct part *parts;
    size_t n_parts, open;
    int64_t started_ms; /* when the first request was sent; 0: none was */
    struct llm_result result;
    struct judged judged;
};

/* Cleans, redacts and cuts the text. key: NULL where the provider may see it. */
int job_prepare(struct job *j, const struct llm_config *c, const struct hmac_key *key, struct err *err)
    __attribute__((warn_unused_result));
void job_fini(struct job *j);

/* The job ends here, with a reason. Only the first end counts. */
void job_end(struct job *j, enum llm_status status, struct str raw, const char *format, ...) __attribute__((format(printf, 4, 5)));
bool job_ended(const struct job *j);

enum part_next { PART_DONE, PART_REASK };
/* Takes an answer about the part. PART_REASK: it can't be taken, and may be asked for once more; `why` says what is wrong with it,
 * as the model may hear it (empty: simply again, with more room). */
enum part_next part_answer(struct part *p, const struct llm_answer *a, int64_t now_ms, struct buf *why);
/* The same of a record out of a batch's answer: PART_REASK: it can't be taken. */
enum part_next part_record(struct part *p, json_t *record, int64_t now_ms);

#endif
