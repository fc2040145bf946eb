/* lib/llm/ask: the questions of a block: from the cache, or sent, many at a time, each until it is answered or its time is up. */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/clock.h"
#include "base/sha256.h"
#include "llm/engine.h"

enum {
    BACKOFF_MS = 200,
    BACKOFF_MAX_MS = 30000,
    CONTENDED_MS = 100, /* another process asks the same: look again */
    TICK_MS = 500,      /* at least so often it is looked whether we were told to end */
    ENDING_MS = 60000,  /* what is in flight may take so long then */
    ERROR_TEXT = 400,
    RETRY_AFTER_MAX_S = 3600,
};

static void deliver(struct ask *a, struct exchange *x, const struct llm_answer *answer, bool sent);

static void exchange_free(struct exchange *x)
{
    free(x->parts);
    buf_fini(&x->answer);
    buf_fini(&x->why);
    buf_fini(&x->body);
    free(x);
}

static void stop(struct ask *a, struct exchange *x)
{
    a->stopped = true; /* a->err is set */
    exchange_free(x);
}

static void put_field(struct buf *b, struct str s)
{
    buf_put_varint(b, s.n);
    buf_put_str(b, s);
}

/* Everything that may change the answer. How the provider is told of the schema isn't part of it: the same is asked either way. */
static void make_key(struct exchange *x)
{
    const struct job *j = x->parts[0]->job;
    struct buf b;
    buf_init(&b, 0);
    put_field(&b, STR(LLM_PROMPT_VERSION));
    put_field(&b, str_of(x->route->model->parameters));
    put_field(&b, str_of(contract_stem(j->contract->contract)));
    put_field(&b, str_of(contract_hash(j->contract->contract)));
    put_field(&b, str_of(contract_description(j->contract->contract) != NULL ? contract_description(j->contract->contract) : ""));
    put_field(&b, j->instructions);
    buf_printf(&b, "%zu/%zu/%zu/%u", x->n, x->parts[0]->number, j->n_parts, x->max_tokens);
    put_field(&b, buf_str(&x->answer));
    put_field(&b, buf_str(&x->why));
    for (size_t i = 0; i < x->n; i++)
        buf_put(&b, x->parts[i]->shown.hash, sizeof x->parts[i]->shown.hash);
    sha256(buf_str(&b), x->key);
    buf_fini(&b);
}

static void queue(struct ask *a, struct exchange *x)
{
    x->next = NULL;
    *a->waiting_end = x;
    a->waiting_end = &x->next;
}

/* 1: it was in the cache, and the exchange is gone. */
static int from_cache(struct ask *a, struct exchange *x)
{
    struct llm_answer answer = { 0 };
    buf_init(&answer.content, 256 << 20);
    int found = llm_cache_get(a->e->cache, x->key, &answer, a->err);
    if (found < 0)
        stop(a, x);
    if (found == 1) {
        deliver(a, x, &answer, false);
        exchange_free(x);
    }
    buf_fini(&answer.content);
    return found;
}

void ask_about(struct ask *a, struct part *const *parts, size_t n, const struct exchange *before, const struct llm_answer *previous,
               const struct buf *why)
{
    struct job *j = parts[0]->job;
    struct exchange *x = calloc(1, sizeof *x);
    if (x == NULL || (x->parts = calloc(n, sizeof(struct part *))) == NULL) {
        free(x);
        a->stopped = err_set(a->err, ERR_STOP, "out of memory") < 0;
        return;
    }
    memcpy(x->parts, parts, n * sizeof(struct part *));
    x->n = n;
    x->route = j->route;
    x->max_tokens = j->model->max_tokens * (unsigned)n;
    buf_init(&x->answer, 64 << 20);
    buf_init(&x->why, 1 << 20);
    buf_init(&x->body, 512 << 20);
    if (before != NULL) {
        x->again = true;
        if (previous->finish == LLM_CUT)
            x->max_tokens = 2 * before->max_tokens;
        if (why->n > 0) {
            buf_put_str(&x->answer, buf_str(&previous->content));
            buf_put_str(&x->why, buf_str(why));
        } else if (previous->finish == LLM_NOTHING) {
            buf_puts(&x->why, "it was empty\n");
        }
    }
    make_key(x);
    if (from_cache(a, x) == 0)
        queue(a, x);
}

/* Its share of what an exchange took: the first has what can't be divided. */
static uint64_t share(uint64_t sum, size_t n, size_t i)
{
    return sum / n + (i == 0 ? sum % n : 0);
}

static void ask_alone(struct ask *a, struct part *p)
{
    ask_about(a, &p, 1, NULL, NULL, NULL);
}

/* A batch's records by their ids; NULL, unless there is exactly one for each document. */
static json_t *batch_records(const struct exchange *x, const struct llm_answer *answer)
{
    bool open;
    json_t *all = answer->finish == LLM_FINISHED ? llm_answer_json(buf_str(&answer->content), &open) : NULL,
           *records = json_object(), *entry;
    const json_t *list = json_is_array(all) ? all : json_object_get(all, "documents");
    size_t i;
    bool good = json_array_size(list) == x->n;
    json_array_foreach(list, i, entry)
    {
        const char *id = json_string_value(json_object_get(entry, "id"));
        good = good && id != NULL && json_object_get(records, id) == NULL && json_is_object(json_object_get(entry, "record"));
        if (good)
            json_object_set(records, id, json_object_get(entry, "record"));
    }
    for (i = 0; i < x->n; i++)
        good = good && json_object_get(records, x->parts[i]->shown.id) != NULL;
    json_decref(all);
    if (!good) {
        json_decref(records);
        records = NULL;
    }
    return records;
}

static void deliver_batch(struct ask *a, struct exchange *x, const struct llm_answer *answer)
{
    json_t *records = batch_records(x, answer);
    for (size_t i = 0; i < x->n && !a->stopped; i++) {
        struct part *p = x->parts[i];
        json_t *record = json_object_get(records, p->shown.id);
        if (a->calls->at != NULL)
            a->calls->at(a->calls->context, (int64_t)p->job->question);
        /* Whatever isn't right with one of them: that one again, alone. */
        if (!job_ended(p->job) && (record == NULL || part_record(p, record, wall_ms()) == PART_REASK))
            ask_alone(a, p);
    }
    json_decref(records);
}

static void deliver(struct ask *a, struct exchange *x, const struct llm_answer *answer, bool sent)
{
    for (size_t i = 0; i < x->n; i++) {
        struct llm_result *r = &x->parts[i]->job->result;
        r->tokens_in += share(answer->tokens_in, x->n, i);
        r->tokens_out += share(answer->tokens_out, x->n, i);
        r->cost += answer->cost / (double)x->n;
        r->latency_ms += answer->latency_ms;
    }
    (void)sent;
    if (x->n > 1) {
        deliver_batch(a, x, answer);
    } else {
        struct part *p = x->parts[0];
        struct buf why;
        buf_init(&why, 1 << 20);
        if (a->calls->at != NULL)
            a->calls->at(a->calls->context, (int64_t)p->job->question);
        if (part_answer(p, answer, wall_ms(), &why) == PART_REASK) {
            p->reasked = true;
            ask_about(a, &p, 1, x, answer, &why);
        }
        buf_fini(&why);
    }
    if (a->calls->at != NULL)
        a->calls->at(a->calls->context, -1);
}

static void give_up(struct exchange *x, enum llm_status status, const char *why)
{
    for (size_t i = 0; i < x->n; i++)
        job_end(x->parts[i]->job, status, STR(""), "%s", why);
    exchange_free(x);
}

/* NULL, or which limit stands in the way. */
static const char *over_budget(struct ask *a, const struct exchange *x, char text[256])
{
    const struct llm_config *c = a->e->config;
    const struct llm_limit *limits[] = { &c->request, &c->row, &c->day };
    static const char *const names[] = { "request", "row", "day" };
    const struct llm_result *r = &x->parts[0]->job->result;
    for (int i = 0; i < 3; i++) {
        const struct llm_limit *limit = limits[i];
        uint64_t tokens = x->tokens;
        double cost = x->cost;
        if (limit->tokens == 0 && limit->cost == 0)
            continue;
        if (i == 1) {
            tokens = tokens / x->n + r->tokens_in + r->tokens_out;
            cost = cost / (double)x->n + r->cost;
        } else if (i == 2) {
            uint64_t used = 0;
            double spent = 0;
            if (llm_usage_day(a->e->cache, wall_ms(), &used, &spent, a->err) < 0) {
                a->stopped = true;
                return "budget: it can't be read";
            }
            tokens += used + a->reserved_tokens;
            cost += spent + a->reserved_cost;
        }
        if (limit->tokens > 0 && tokens > limit->tokens)
            snprintf(text, 256, "budget: %llu tokens would be more than the %llu for a %s (limits/%s/tokens)",
                     (unsigned long long)tokens, (unsigned long long)limit->tokens, names[i], names[i]);
        else if (limit->cost > 0 && cost > limit->cost)
            snprintf(text, 256, "budget: a cost of %g would be more than the %g for a %s (limits/%s/cost)", cost, limit->cost,
                     names[i], names[i]);
        else
            continue;
        return text;
    }
    return NULL;
}

static int build(struct exchange *x)
{
    const struct job *j = x->parts[0]->job;
    const struct llm_model *m = x->route->model;
    struct llm_prompt prompt;
    struct llm_shown shown[128];
    llm_prompt_init(&prompt);
    for (size_t i = 0; i < x->n; i++)
        shown[i] = x->parts[i]->shown;
    x->form = x->route->form;
    llm_put_prompt(j->contract, j->instructions, shown, x->n, x->parts[0]->number, j->n_parts, x->form, &prompt);
    if (x->why.n > 0)
        llm_put_reask(buf_str(&x->answer), buf_str(&x->why), &prompt);
    buf_clear(&x->body);
    int done = llm_put_request(m, x->form, &prompt, x->n > 1 ? j->contract->strict_batch : j->contract->strict,
                               j->contract->strict_title, x->max_tokens, &x->body);
    llm_prompt_fini(&prompt);
    /* About four bytes a token, rounded up so that a budget isn't overrun; and the longest answer. */
    x->tokens = x->body.n / 3 + x->max_tokens;
    x->cost = ((double)x->body.n / 3 * m->price_in + (double)x->max_tokens * m->price_out) / 1e6;
    return done;
}

/* How long this may take: the row's time, and the block's. */
static int64_t time_left(const struct ask *a, const struct exchange *x, int64_t now)
{
    const struct llm_config *c = a->e->config;
    int64_t left = a->begun_ms + c->block_ms - now;
    for (size_t i = 0; i < x->n; i++) {
        const struct job *j = x->parts[i]->job;
        int64_t row = j->started_ms > 0 ? j->started_ms + c->row_ms - now : c->row_ms;
        left = row < left ? row : left;
    }
    return left;
}

enum sent { SENT, GONE, LATER };

static enum sent later(struct exchange *x, int64_t until)
{
    x->not_before_ms = until;
    return LATER;
}

static bool all_ended(const struct exchange *x)
{
    for (size_t i = 0; i < x->n; i++)
        if (!job_ended(x->parts[i]->job))
            return false;
    return true;
}

/* GONE: it was answered or given up. */
static enum sent try_to_send(struct ask *a, struct exchange *x, int64_t now)
{
    struct engine_provider *p = x->route->provider;
    char text[256];
    int64_t left = time_left(a, x, now);
    if (all_ended(x)) {
        exchange_free(x);
        return GONE;
    }
    if (a->ending_ms > 0) {
        give_up(x, LLM_PENDING, "ending: the process was told to end before this was asked");
        return GONE;
    }
    if (left <= 0) {
        give_up(x, LLM_PENDING, "deadline: the time for this row, or for the block, was up before it was answered");
        return GONE;
    }
    if (x->not_before_ms > now || p->closed_until_ms > now)
        return LATER;
    if ((x->body.n == 0 || x->form != x->route->form) && build(x) < 0) { /* another may have found out what is taken */
        give_up(x, LLM_PENDING, "provider: out of memory");
        return GONE;
    }
    const char *why = over_budget(a, x, text);
    if (why != NULL) {
        give_up(x, LLM_PENDING, why);
        return GONE;
    }
    int64_t wait = gate_enter(p->gate, x->tokens, now, &x->slot);
    if (wait == GATE_AWAY) {
        snprintf(text, sizeof text, "provider: %s has failed many times in a row, and isn't asked for some seconds",
                 p->provider->name);
        give_up(x, LLM_PENDING, text);
        return GONE;
    }
    if (wait > 0) {
        p->closed_until_ms = now + wait;
        return LATER;
    }
    bool claimed = gate_claim(p->gate, x->key);
    if (claimed) { /* the process that had the claim before may have brought the answer */
        struct llm_answer answer = { 0 };
        buf_init(&answer.content, 256 << 20);
        int known = llm_cache_get(a->e->cache, x->key, &answer, a->err);
        if (known != 0) {
            gate_unclaim(p->gate, x->key);
            gate_leave(p->gate, x->slot, GATE_UNUSED, 0, x->tokens, 0, now);
            if (known < 0) {
                stop(a, x);
            } else {
                deliver(a, x, &answer, false);
                exchange_free(x);
            }
            buf_fini(&answer.content);
            return GONE;
        }
        buf_fini(&answer.content);
    } else {
        gate_leave(p->gate, x->slot, GATE_UNUSED, 0, x->tokens, 0, now);
        return later(x, now + CONTENDED_MS);
    }
    struct http_request request = {
        .url = p->url,
        .headers = (const char *const *)p->headers,
        .body = buf_str(&x->body),
        .connect_timeout_ms = 10000,
        .timeout_ms = left < p->provider->timeout_ms ? left : p->provider->timeout_ms,
    };
    struct err err = ERR_INIT;
    if (http_multi_start(a->e->http, &request, p->provider->ca_file, x, &err) < 0) {
        gate_unclaim(p->gate, x->key);
        gate_leave(p->gate, x->slot, GATE_UNUSED, 0, x->tokens, 0, now);
        return later(x, now + BACKOFF_MS);
    }
    x->sent_ms = now;
    a->in_flight++;
    a->reserved_tokens += x->tokens;
    a->reserved_cost += x->cost;
    for (size_t i = 0; i < x->n; i++) {
        struct job *j = x->parts[i]->job;
        if (j->started_ms == 0)
            j->started_ms = now;
        j->result.attempts++;
    }
    return SENT;
}

static void send_waiting(struct ask *a)
{
    int64_t now = monotonic_ms();
    struct exchange *list = a->waiting, *x;
    a->waiting = NULL;
    a->waiting_end = &a->waiting;
    for (bool open = true; (x = list) != NULL && !a->stopped;) {
        list = x->next;
        if (!open && a->ending_ms == 0 && time_left(a, x, now) > 0) {
            queue(a, x);
            continue;
        }
        if (try_to_send(a, x, now) == LATER)
            queue(a, x);
        /* Where every provider is busy, there is no need to ask for each of a thousand documents. */
        open = false;
        for (struct engine_provider *p = a->e->providers; p != NULL; p = p->next)
            open |= p->closed_until_ms <= now;
    }
    for (; list != NULL; list = x) {
        x = list->next;
        exchange_free(list);
    }
}

/* Another try, or none any more. */
static void retry(struct ask *a, struct exchange *x, bool counts, const char *why)
{
    char text[ERROR_TEXT + 64];
    int64_t now = monotonic_ms();
    a->e->random = a->e->random * 6364136223846793005u + 1442695040888963407u;
    if (counts && x->tries >= x->route->provider->provider->retries) {
        snprintf(text, sizeof text, "provider: %s", why);
        give_up(x, LLM_PENDING, text);
        return;
    }
    x->not_before_ms = now + gate_backoff(x->tries, BACKOFF_MS, BACKOFF_MAX_MS, a->e->random >> 16);
    x->tries++;
    queue(a, x);
}

/* Retry-After in milliseconds (RFC 9110, 10.2.3): seconds, or a date; 0: absent. */
static int64_t retry_after(const struct http_response *r)
{
    if (r->retry_after[0] == '\0')
        return 0;
    char *end;
    double seconds = strtod(r->retry_after, &end);
    if (*end != '\0') {
        struct tm utc = { 0 };
        end = strptime(r->retry_after, "%a, %d %b %Y %H:%M:%S", &utc);
        seconds = end != NULL ? (double)timegm(&utc) - (double)wall_ms() / 1000 : 0;
    }
    return seconds <= 0 ? 1 : seconds > RETRY_AFTER_MAX_S ? (int64_t)RETRY_AFTER_MAX_S * 1000 : (int64_t)(seconds * 1000) + 1;
}

static bool says(const char *text, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcasestr(text, *words) != NULL)
            return true;
    return false;
}

/* A request that the provider doesn't take as it is. */
static void refused(struct ask *a, struct exchange *x, int status, const char *said)
{
    static const char *const forms[] = { "response_format", "json_schema", "output_config", "output_format", "schema",
                                         "tool_choice",     "tools",       "structured",    "grammar",       NULL };
    static const char *const lengths[] = { "context length",  "context_length", "context size",
                                           "context_size",    "too long",       "maximum context",
                                           "too many tokens", "prompt is too",  NULL };
    struct engine_model *m = x->route;
    char text[ERROR_TEXT + 128];
    bool too_long = status == 413 || says(said, lengths);
    if (!too_long && (status == 400 || status == 422 || status == 501) && !m->model->form_fixed && x->form < LLM_PLAIN &&
        says(said, forms)) {
        if (m->form == x->form)
            m->form = x->form + 1;
        buf_clear(&x->body);
        x->not_before_ms = 0;
        queue(a, x);
        return;
    }
    if (x->n > 1) {
        for (size_t i = 0; i < x->n; i++)
            if (!job_ended(x->parts[i]->job))
                ask_alone(a, x->parts[i]);
        exchange_free(x);
        return;
    }
    snprintf(text, sizeof text, "%s%d: %s%s",
             too_long ? "the document is too long for the model (document_tokens in llm.json cuts it in parts): " : "", status,
             said, said[0] == '\0' ? "the provider doesn't say why" : "");
    give_up(x, LLM_REJECTED, text);
}

static void answered(struct ask *a, struct exchange *x, const struct http_response *response, int64_t latency)
{
    const struct llm_model *m = x->route->model;
    struct gate *gate = x->route->provider->gate;
    struct llm_answer answer = { .latency_ms = latency };
    struct err err = ERR_INIT;
    int64_t now = monotonic_ms();
    buf_init(&answer.content, 256 << 20);
    if (llm_read_answer(m->provider->api, buf_str(&response->body), &answer, &err) < 0) {
        gate_unclaim(gate, x->key);
        gate_leave(gate, x->slot, GATE_FAILED, 0, x->tokens, 0, now);
        a->stopped = llm_usage_add(a->e->cache, m->name, 1, 0, wall_ms(), a->err) < 0;
        retry(a, x, true, err.text);
    } else {
        answer.cost = ((double)answer.tokens_in * m->price_in + (double)answer.tokens_out * m->price_out) / 1e6;
        int kept = llm_cache_put(a->e->cache, x->key, m->name, &answer, wall_ms(), a->err);
        gate_unclaim(gate, x->key);
        gate_leave(gate, x->slot, GATE_ANSWERED, 0, x->tokens, answer.tokens_in + answer.tokens_out, now);
        if (kept < 0) {
            stop(a, x);
        } else {
            deliver(a, x, &answer, true);
            exchange_free(x);
        }
    }
    buf_fini(&answer.content);
}

/* No document's text and no key: the row says it, and the row alone. */
static void take(struct ask *a, struct http_done *done)
{
    struct exchange *x = done->tag;
    const struct llm_provider *p = x->route->model->provider;
    struct gate *gate = x->route->provider->gate;
    int64_t now = monotonic_ms();
    int status = done->response.status;
    char said[ERROR_TEXT] = "", text[ERROR_TEXT + 64];
    a->in_flight--;
    a->reserved_tokens -= x->tokens;
    a->reserved_cost -= x->cost;
    x->route->provider->closed_until_ms = 0;
    if (done->err.class == ERR_NONE && status == 200) {
        answered(a, x, &done->response, now - x->sent_ms);
        return;
    }
    a->stopped = llm_usage_add(a->e->cache, p->name != NULL ? x->route->model->name : "", 1, 0, wall_ms(), a->err) < 0;
    gate_unclaim(gate, x->key);
    llm_read_error(buf_str(&done->response.body), p->key, said, sizeof said);
    if (done->err.class != ERR_NONE) {
        gate_leave(gate, x->slot, GATE_FAILED, 0, x->tokens, 0, now);
        if (time_left(a, x, now) <= 0)
            give_up(x, LLM_PENDING, "deadline: the time for this row, or for the block, was up before it was answered");
        else if (done->err.class == ERR_DROP) {
            snprintf(text, sizeof text, "provider: %.*s", ERROR_TEXT, done->err.text);
            give_up(x, LLM_PENDING, text);
        } else
            retry(a, x, true, done->err.text);
    } else if (status == 429 &&
               says(said, (const char *const[]){ "insufficient_quota", "exceeded your current quota", "billing", NULL })) {
        gate_leave(gate, x->slot, GATE_TOO_MANY, 0, x->tokens, 0, now);
        snprintf(text, sizeof text, "provider: 429: %s", said);
        give_up(x, LLM_PENDING, text);
    } else if (status == 429 || status == 529) {
        gate_leave(gate, x->slot, GATE_TOO_MANY, retry_after(&done->response), x->tokens, 0, now);
        retry(a, x, false, "429"); /* patience isn't counted; the deadlines end it */
    } else if (status >= 500 || status == 408 || status == 409 || status == 425) {
        int64_t wait = retry_after(&done->response);
        gate_leave(gate, x->slot, GATE_FAILED, wait, x->tokens, 0, now);
        snprintf(text, sizeof text, "%d: %s", status, said);
        if (status == 501)
            refused(a, x, status, said);
        else
            retry(a, x, true, text);
    } else if (status == 401 || status == 403 || status == 402 || status == 404 || (status >= 300 && status < 400)) {
        gate_leave(gate, x->slot, GATE_ANSWERED, 0, x->tokens, 0, now);
        snprintf(text, sizeof text, "provider: %d: %s", status,
                 status == 401 || status == 403 ? "it doesn't take the key (key_env, key_file)"
                 : said[0] != '\0'              ? said
                                                : "no such model or address");
        give_up(x, LLM_PENDING, text);
    } else {
        gate_leave(gate, x->slot, GATE_ANSWERED, 0, x->tokens, 0, now);
        refused(a, x, status, said);
    }
}

/* Until when there is nothing to send. */
static int64_t until_next(const struct ask *a, int64_t now)
{
    int64_t wait = TICK_MS;
    for (const struct exchange *x = a->waiting; x != NULL; x = x->next) {
        int64_t from = x->not_before_ms, closed = x->route->provider->closed_until_ms;
        from = (closed > from ? closed : from) - now;
        if (from < wait)
            wait = from > 0 ? from : 1;
        if (wait <= 1)
            break;
    }
    return wait;
}

static bool out_of_time(const struct ask *a, int64_t now)
{
    return now > a->begun_ms + a->e->config->block_ms + 5000 || (a->ending_ms > 0 && now > a->ending_ms + ENDING_MS);
}

void ask_run(struct ask *a)
{
    while ((a->waiting != NULL || a->in_flight > 0) && !a->stopped) {
        struct http_done done;
        if (a->ending_ms == 0 && a->calls->ending != NULL && a->calls->ending(a->calls->context))
            a->ending_ms = monotonic_ms();
        send_waiting(a);
        if (a->in_flight == 0 && a->waiting == NULL)
            break;
        int64_t now = monotonic_ms();
        if (out_of_time(a, now)) /* no answer can come of these any more: their own time is over */
            break;
        int got = http_multi_wait(a->e->http, until_next(a, now), &done, a->err);
        for (; got == 1 && !a->stopped; got = http_multi_wait(a->e->http, 0, &done, a->err)) {
            take(a, &done);
            buf_fini(&done.response.body);
        }
        if (got == 1)
            buf_fini(&done.response.body);
        a->stopped |= got < 0;
    }
    for (struct exchange *x = a->waiting; x != NULL; x = a->waiting) {
        a->waiting = x->next;
        give_up(x, LLM_PENDING, "deadline: the time for the block was up");
    }
    a->waiting_end = &a->waiting;
}
