/* lib/llm/job: documents are prepared, answers become results. */
#include "llm/job.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "llm/merge.h"
#include "llm/repair.h"

enum { BYTES_PER_TOKEN = 3, ERROR_MAX = 1 << 14, RAW_MAX = 1 << 20, TEXT_MAX = 256 << 20 };

int job_prepare(struct job *j, const struct llm_config *c, const struct hmac_key *key, struct err *err)
{
    struct buf clean;
    int done = -1;
    if (ground_init(&j->ground, j->text, c->dates) < 0)
        return err_set(err, ERR_STOP, "out of memory for a document of %zu bytes", j->text.n);
    judged_init(&j->judged);
    buf_init(&j->shown, TEXT_MAX);
    buf_init(&j->result.record, TEXT_MAX);
    buf_init(&j->result.error, ERROR_MAX);
    j->result.model = j->model->name;
    buf_init(&clean, TEXT_MAX);
    if (llm_document_clean(j->text, key != NULL ? &clean : &j->shown) < 0 ||
        (key != NULL && redact_text(&j->redaction, key, buf_str(&clean), &j->shown) < 0)) {
        err_set(err, ERR_STOP, "out of memory for a document of %zu bytes", j->text.n);
        goto out;
    }
    struct str text = buf_str(&j->shown);
    size_t bytes = j->model->context_tokens > 0 ? (size_t)j->model->context_tokens * BYTES_PER_TOKEN : text.n + 1, cap = 1;
    if (text.n > bytes)
        cap = text.n / (bytes / 2) + 2;
    if ((j->parts = calloc(cap, sizeof *j->parts)) == NULL) {
        err_set(err, ERR_STOP, "out of memory");
        goto out;
    }
    for (size_t from = 0; j->n_parts < cap;) {
        struct part *p = &j->parts[j->n_parts];
        *p = (struct part){ .job = j, .number = j->n_parts };
        p->shown.text = llm_document_part(text, from, bytes);
        llm_shown_name(&p->shown);
        j->n_parts++;
        if (from + p->shown.text.n >= text.n)
            break;
        from = llm_document_overlap(text, p->shown.text);
    }
    j->open = j->n_parts;
    if (str_trim(text).n == 0)
        job_end(j, LLM_EMPTY, STR(""), "the document has no text");
    done = 0;
out:
    buf_fini(&clean);
    return done;
}

void job_fini(struct job *j)
{
    for (size_t i = 0; i < j->n_parts; i++)
        json_decref(j->parts[i].record);
    free(j->parts);
    judged_fini(&j->judged);
    ground_fini(&j->ground);
    redaction_fini(&j->redaction);
    buf_fini(&j->shown);
    buf_fini(&j->result.record);
    buf_fini(&j->result.error);
}

bool job_ended(const struct job *j)
{
    return j->open == 0;
}

void job_end(struct job *j, enum llm_status status, struct str raw, const char *format, ...)
{
    va_list args;
    char text[2048];
    if (job_ended(j))
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    j->open = 0;
    j->result.status = status;
    raw.n = raw.n > RAW_MAX ? RAW_MAX : raw.n;
    if (raw.n > 0 && redact_undo(&j->redaction, raw, &j->result.record) < 0)
        buf_clear(&j->result.record);
    buf_puts(&j->result.error, text);
}

/* The whole record is there. */
static void finish(struct job *j, struct str raw)
{
    struct judged *judged = &j->judged;
    if (judged->status == LLM_OK) {
        j->open = 0;
        j->result.status = LLM_OK;
        struct buf text = j->result.record;
        j->result.record = judged->text;
        judged->text = text;
        return;
    }
    struct str why = str_trim(buf_str(&judged->why));
    job_end(j, judged->status, raw, "%.*s", (int)(why.n < 2000 ? why.n : 2000), why.p);
}

/* All parts have been read: what they say together is judged by the whole document. */
static void finish_parts(struct job *j, int64_t now_ms)
{
    json_t **records = calloc(j->n_parts, sizeof *records);
    if (records == NULL) {
        job_end(j, LLM_PENDING, STR(""), "provider: out of memory");
        return;
    }
    for (size_t i = 0; i < j->n_parts; i++)
        records[i] = j->parts[i].record;
    json_t *merged = llm_merge(j->contract->schema, j->contract->schema, records, j->n_parts, &j->ground);
    llm_judge(j->contract, &j->ground, merged, false, now_ms, &j->judged);
    struct buf raw;
    buf_init(&raw, TEXT_MAX);
    llm_put_record(merged, &raw);
    finish(j, buf_str(&raw));
    buf_fini(&raw);
    json_decref(merged);
    free(records);
}

static void clear_judged(struct judged *judged)
{
    judged_fini(judged);
    judged_init(judged);
}

/* value: borrowed, NULL where there was no JSON. True: it can be taken. */
static bool judge(struct part *p, json_t *value, struct str raw, bool last, int64_t now_ms)
{
    struct job *j = p->job;
    struct judged *judged = &j->judged;
    json_t *own = value != NULL ? redact_undo_json(&j->redaction, value) : NULL;
    clear_judged(judged);
    llm_judge(j->contract, &j->ground, own, j->n_parts > 1, now_ms, judged);
    json_decref(own);
    if (judged->status != LLM_OK && !last)
        return false;
    if (j->n_parts == 1 || judged->status != LLM_OK) {
        finish(j, raw);
        return true;
    }
    p->record = json_incref(judged->record);
    if (--j->open == 0) {
        clear_judged(judged);
        j->open = 1; /* until what they say together is judged */
        finish_parts(j, now_ms);
    }
    return true;
}

enum part_next part_record(struct part *p, json_t *record, int64_t now_ms)
{
    return judge(p, record, STR(""), false, now_ms) ? PART_DONE : PART_REASK;
}

enum part_next part_answer(struct part *p, const struct llm_answer *a, int64_t now_ms, struct buf *why)
{
    struct job *j = p->job;
    struct str raw = buf_str(&a->content);
    if (job_ended(j)) /* another part has failed */
        return PART_DONE;
    if (a->finish == LLM_REFUSED) {
        job_end(j, LLM_REFUSAL, raw, "the model refuses to answer");
        return PART_DONE;
    }
    if (a->finish == LLM_NOTHING) {
        if (!p->reasked)
            return PART_REASK;
        job_end(j, LLM_EMPTY, raw, "the model's answer is empty");
        return PART_DONE;
    }
    bool open;
    json_t *value = llm_answer_json(raw, &open);
    if (a->finish == LLM_CUT) {
        /* Cut after its end: a model that went on with white space. */
        bool whole = value != NULL && !open && judge(p, value, raw, false, now_ms);
        json_decref(value);
        if (whole)
            return PART_DONE;
        if (!p->reasked)
            return PART_REASK;
        job_end(j, LLM_TRUNCATED, raw, "the answer was cut at its greatest length (max_tokens, twice)");
        return PART_DONE;
    }
    if (value != NULL && open && !p->reasked) {
        json_decref(value);
        buf_puts(why, "it ends before its end\n");
        return PART_REASK;
    }
    bool taken = judge(p, value, raw, p->reasked, now_ms);
    json_decref(value);
    if (taken)
        return PART_DONE;
    if (redact_again(&j->redaction, buf_str(&j->judged.why), why) < 0)
        buf_clear(why);
    if (why->n == 0)
        buf_puts(why, "it doesn't hold to the schema\n");
    return PART_REASK;
}
