/* udfs: what the functions that ask a language model share: their type, and how a block of rows becomes questions. */
#ifndef ODW_UDFS_EXTRACT_H
#define ODW_UDFS_EXTRACT_H

#include <limits.h>
#include <stdio.h>

#include "llm/llm.h"
#include "udf/udf.h"

#define EXTRACT_RETURNS                                                                                                            \
    "Tuple(status String, record String, grounding Array(Tuple(field String, start UInt32, end UInt32, how String)), model "       \
    "String, tokens_in UInt32, tokens_out UInt32, cost Float64, latency_ms UInt32, cached Bool, attempts UInt8, error String)"

#define EXTRACT_ERRORS                                                                                                             \
    "status says what came of it: ok; pending: configuration, contract, budget, provider, deadline or ending (not answered: ask "  \
    "again later); else it failed: empty, parse, contract, ungrounded, language, refusal, truncated, rejected. error has the "     \
    "reasons, and record the answer as it came."

/* All that llmExtract and llmExtractWith declare alike. */
#define EXTRACT_DECLARATION                                                                                                        \
    .group = "Documents", .errors = EXTRACT_ERRORS, .returns = EXTRACT_RETURNS, .open = extract_open, .close = extract_close,      \
    .block_rows = EXTRACT_ROWS, .block_ms = EXTRACT_BLOCK_MS, .deadline_ms = EXTRACT_ROW_MS, .pool_size = EXTRACT_PROCESSES,       \
    .network = true, .on_error = extract_on_error

enum { EXTRACT_ROWS = 4096, EXTRACT_BLOCK_MS = 1800000, EXTRACT_ROW_MS = 30000, EXTRACT_PROCESSES = 4 };

static inline void *extract_open(const struct udf *udf, struct err *err)
{
    const char *contracts = getenv("ODW_CONTRACTS");
    (void)udf;
    return llm_engine_new(udf_home(), contracts, err);
}

static inline void extract_close(void *engine)
{
    llm_engine_free(engine);
}

static inline bool extract_ending(void *context)
{
    (void)context;
    return udf_ending();
}

static inline void extract_at(void *context, int64_t row)
{
    udf_at(context, row);
}

static inline uint64_t extract_fit(uint64_t v, uint64_t most)
{
    return v > most ? most : v;
}

static inline void extract_put_status(struct col *out, const struct llm_result *r)
{
    char text[64];
    struct str why = buf_str(&r->error);
    if (r->status == LLM_PENDING) { /* "pending: budget": the error's first word */
        struct str word = str_cut(&why, ':');
        snprintf(text, sizeof text, "pending: %.*s", (int)extract_fit(word.n, 40), word.p);
    } else {
        snprintf(text, sizeof text, "%s", llm_status_name(r->status));
    }
    col_put_str(out, str_of(text));
}

static inline void extract_put(struct col *out, const struct llm_result *r)
{
    struct col *grounding = &out->kids[2], *place = &grounding->kids[0];
    extract_put_status(&out->kids[0], r);
    col_put_str(&out->kids[1], buf_str(&r->record));
    for (size_t i = 0; i < r->n_grounding; i++) {
        const struct llm_grounding *g = &r->grounding[i];
        col_put_str(&place->kids[0], str_of(g->field));
        col_put_u64(&place->kids[1], g->start);
        col_put_u64(&place->kids[2], g->end);
        col_put_str(&place->kids[3], str_of(llm_how_name(g->how)));
        col_end_tuple(place);
    }
    col_end_array(grounding);
    col_put_str(&out->kids[3], str_of(r->model != NULL ? r->model : ""));
    col_put_u64(&out->kids[4], extract_fit(r->tokens_in, UINT32_MAX));
    col_put_u64(&out->kids[5], extract_fit(r->tokens_out, UINT32_MAX));
    col_put_f64(&out->kids[6], r->cost);
    col_put_u64(&out->kids[7], extract_fit((uint64_t)r->latency_ms, UINT32_MAX));
    col_put_u64(&out->kids[8], r->cached);
    col_put_u64(&out->kids[9], extract_fit(r->attempts, UINT8_MAX));
    col_put_str(&out->kids[10], buf_str(&r->error));
    col_end_tuple(out);
}

/* instructions: which argument has them, -1: none has. The text is the last. */
static inline int extract_block(struct udf_block *block, int instructions, int text)
{
    struct llm_question *questions = calloc(block->rows, sizeof *questions);
    struct llm_result *results = calloc(block->rows, sizeof *results);
    const struct llm_calls calls = { .ending = extract_ending, .at = extract_at, .context = block };
    int done = UDF_STOP;
    if (questions == NULL || results == NULL) {
        err_set(block->err, ERR_STOP, "out of memory for %zu rows", block->rows);
        goto out;
    }
    for (size_t i = 0; i < block->rows; i++) {
        const struct udf_values *v = &block->values[i];
        questions[i] = (struct llm_question){ .contract = v->str[0], .text = v->str[text] };
        questions[i].instructions = instructions >= 0 ? v->str[instructions] : STR("");
    }
    if (llm_ask(block->state, questions, block->rows, &calls, results, block->err) < 0)
        goto out;
    for (size_t i = 0; i < block->rows; i++)
        extract_put(block->out, &results[i]);
    llm_results_fini(results, block->rows);
    done = 0;
out:
    free(questions);
    free(results);
    return done;
}

/* A row that ended the process: it must not stand in the way of the others for ever. */
static inline void extract_on_error(struct udf_row *row, const char *why)
{
    struct llm_result r = { .status = LLM_PARSE };
    buf_init(&r.record, 0);
    buf_init(&r.error, 0);
    buf_printf(&r.error, "this document, or the answer about it, made the function fail: %s", why);
    extract_put(row->out, &r);
    buf_fini(&r.error);
}

#endif
