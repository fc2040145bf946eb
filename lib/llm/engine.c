/* lib/llm/engine: opens what is needed, groups a block's rows into documents, hands results back. */
#include "llm/engine.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/sha256.h"

enum { CONNECTIONS = 256, BATCH_MAX = 100, CONTRACT_BYTES = 16 << 20 };

struct llm_engine *llm_engine_new(const char *home, const char *contracts, struct err *err)
{
    struct llm_engine *e = calloc(1, sizeof *e);
    if (e == NULL || (e->home = strdup(home)) == NULL || asprintf(&e->folder, "%s/llm", home) < 0 ||
        (contracts != NULL ? (e->contracts_folder = strdup(contracts)) == NULL
                           : asprintf(&e->contracts_folder, "%s/contracts", home) < 0)) {
        err_set(err, ERR_STOP, "out of memory");
        llm_engine_free(e);
        return NULL;
    }
    return e;
}

int llm_engine_use_model(struct llm_engine *e, const char *model, struct err *err)
{
    struct llm_config *c = llm_config_load(e->folder, err);
    int rc = c != NULL ? 0 : -1;
    if (c != NULL && llm_config_model_named(c, str_of(model)) == NULL)
        rc = err_set(err, ERR_STOP, "%s/llm.json has no model '%s'", e->folder, model);
    else if (c != NULL && (free(e->model), e->model = strdup(model)) == NULL)
        rc = err_set(err, ERR_STOP, "out of memory");
    llm_config_free(c);
    return rc;
}

/* What the configuration decides; the contracts stay. */
static void close_all(struct llm_engine *e)
{
    for (struct engine_model *m = e->models, *next; m != NULL; m = next) {
        next = m->next;
        free(m);
    }
    for (struct engine_provider *p = e->providers, *next; p != NULL; p = next) {
        next = p->next;
        gate_close(p->gate);
        llm_headers_free(p->headers);
        free(p->url);
        free(p);
    }
    e->models = NULL;
    e->providers = NULL;
    llm_cache_close(e->cache);
    http_multi_free(e->http);
    pii_policies_free(e->policies);
    e->cache = NULL;
    e->http = NULL;
    e->policies = NULL;
}

void llm_engine_free(struct llm_engine *e)
{
    if (e == NULL)
        return;
    close_all(e);
    for (struct engine_contract *c = e->contracts, *next; c != NULL; c = next) {
        next = c->next;
        llm_contract_free(c->contract);
        free(c->path);
        free(c);
    }
    llm_config_free(e->config);
    free(e->home);
    free(e->model);
    free(e->folder);
    free(e->contracts_folder);
    free(e);
}

static int open_provider(struct llm_engine *e, const struct llm_provider *provider, struct err *err)
{
    struct engine_provider *p = calloc(1, sizeof *p);
    if (p == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    p->provider = provider;
    p->next = e->providers;
    e->providers = p;
    if ((p->gate = gate_open(e->config->state, provider, err)) == NULL)
        return -1;
    if ((p->headers = llm_headers(provider)) == NULL ||
        asprintf(&p->url, "%s%s", provider->url, llm_request_path(provider->api)) < 0) {
        p->url = NULL;
        return err_set(err, ERR_STOP, "out of memory");
    }
    return 0;
}

static int open_model(struct llm_engine *e, const struct llm_model *model, struct err *err)
{
    struct engine_model *m = calloc(1, sizeof *m);
    if (m == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    *m = (struct engine_model){ .next = e->models, .model = model, .form = model->form };
    e->models = m;
    for (m->provider = e->providers; m->provider->provider != model->provider;)
        m->provider = m->provider->next;
    return 0;
}

/* In the process that asks: none of this can be taken through a fork. */
static int open_all(struct llm_engine *e, struct err *err)
{
    char folder[PATH_MAX];
    const struct llm_config *c = e->config;
    if (e->cache != NULL)
        return 0;
    if (file_make_folders(c->state, 0700, err) < 0)
        return err_at(err, "the folder for answers that are kept (\"state\" in llm.json names another; the server's user must be "
                           "able to write there)");
    e->random = (uint64_t)wall_ms() * 2654435761u ^ (uint64_t)monotonic_ms() << 32 ^ (uint64_t)(uintptr_t)e;
    snprintf(folder, sizeof folder, "%s/policies", e->home);
    if ((e->policies = pii_policies_load(folder, err)) == NULL || (e->http = http_multi_new(CONNECTIONS, err)) == NULL)
        return -1;
    for (const struct llm_provider *p = c->providers; p != NULL; p = p->next)
        if (open_provider(e, p, err) < 0)
            return -1;
    for (const struct llm_model *m = c->models; m != NULL; m = m->next)
        if (open_model(e, m, err) < 0)
            return -1;
    return (e->cache = llm_cache_open(c->state, c->cache_bytes, c->cache_ms, err)) != NULL ? 0 : -1;
}

static int refresh(struct llm_engine *e, struct err *err)
{
    if (e->config == NULL || llm_config_changed(e->config)) {
        struct llm_config *c = llm_config_load(e->folder, err);
        if (c == NULL)
            return -1;
        close_all(e);
        llm_config_free(e->config);
        e->config = c;
    }
    int done = open_all(e, err);
    if (done < 0)
        close_all(e); /* tried anew with the next block */
    return done;
}

/* The contract, loaded once per file. NULL and err. */
static struct llm_contract *find_contract(struct llm_engine *e, struct str name, struct err *err)
{
    char path[PATH_MAX];
    struct stat st;
    if (llm_contract_find(e->contracts_folder, name, path, sizeof path, err) < 0)
        return NULL;
    if (stat(path, &st) < 0) {
        err_errno(err, ERR_STOP, "%s", path);
        return NULL;
    }
    for (struct engine_contract *c = e->contracts; c != NULL; c = c->next)
        if (strcmp(c->path, path) == 0 && c->changed.tv_sec == st.st_mtim.tv_sec && c->changed.tv_nsec == st.st_mtim.tv_nsec)
            return c->contract;
    const char *file = strrchr(path, '/') + 1;
    char stem[NAME_MAX + 1];
    struct buf text;
    buf_init(&text, CONTRACT_BYTES);
    snprintf(stem, sizeof stem, "%.*s", (int)strcspn(file, "."), file);
    struct contract *compiled = file_read(path, &text, err) == 0 ? contract_compile(stem, buf_str(&text), path, err) : NULL;
    buf_fini(&text);
    struct llm_contract *contract = compiled != NULL ? llm_contract_new(compiled, err) : NULL;
    struct engine_contract *c = contract != NULL ? calloc(1, sizeof *c) : NULL;
    if (c == NULL || (c->path = strdup(path)) == NULL) {
        llm_contract_free(contract);
        free(c);
        err_set(err, ERR_STOP, "out of memory");
        return NULL;
    }
    c->contract = contract;
    c->changed = st.st_mtim;
    c->next = e->contracts;
    e->contracts = c;
    return contract;
}

static void hash_question(const struct llm_question *q, uint8_t hash[32])
{
    struct buf b;
    uint8_t text[32];
    buf_init(&b, 0);
    sha256(q->text, text);
    buf_put_varint(&b, q->contract.n);
    buf_put_str(&b, q->contract);
    buf_put_varint(&b, q->instructions.n);
    buf_put_str(&b, q->instructions);
    buf_put(&b, text, sizeof text);
    sha256(buf_str(&b), hash);
    buf_fini(&b);
}

struct block {
    struct ask ask;
    struct job **buckets; /* by hash */
    size_t mask;
    struct job **of;     /* each question's job */
    struct str contract; /* the name that was looked for last, and what was found: within a block a contract is one thing */
    struct llm_contract *found;
};

/* What this question's contract and model are; a contract that isn't there is that row's own trouble, and waits. */
static int begin_job(struct block *b, struct job *j, const struct llm_question *q, struct err *err)
{
    struct llm_engine *e = b->ask.e;
    struct err missing = ERR_INIT;
    const struct hmac_key *key = NULL;
    j->text = q->text;
    j->instructions = q->instructions;
    if (b->found == NULL || !str_eq(b->contract, q->contract)) {
        b->contract = q->contract;
        b->found = find_contract(e, q->contract, &missing);
    }
    j->contract = b->found;
    j->model = j->contract != NULL ? llm_config_model(e->config, contract_stem(j->contract->contract)) : e->config->model;
    const struct llm_model *named = e->model != NULL ? llm_config_model_named(e->config, str_of(e->model)) : NULL;
    if (named != NULL)
        j->model = named;
    for (j->route = e->models; j->route->model != j->model;)
        j->route = j->route->next;
    const char *key_name = j->model->provider->tokenise_key;
    if (key_name != NULL && (key = pii_key(e->policies, str_of(key_name), err)) == NULL)
        return -1;
    if (job_prepare(j, e->config, key, err) < 0)
        return -1;
    if (j->contract == NULL)
        job_end(j, LLM_PENDING, STR(""), "contract: %s", missing.text);
    return 0;
}

static int make_jobs(struct block *b, const struct llm_question *questions, size_t n, struct err *err)
{
    struct ask *a = &b->ask;
    size_t size = 16;
    while (size < 2 * n)
        size *= 2;
    b->mask = size - 1;
    if ((b->buckets = calloc(size, sizeof(struct job *))) == NULL || (b->of = calloc(n, sizeof(struct job *))) == NULL ||
        (a->jobs = calloc(n, sizeof *a->jobs)) == NULL)
        return err_set(err, ERR_STOP, "out of memory for %zu rows", n);
    for (size_t i = 0; i < n; i++) {
        uint8_t hash[32];
        uint64_t at;
        hash_question(&questions[i], hash);
        memcpy(&at, hash, sizeof at);
        struct job **bucket = &b->buckets[at & b->mask], *j = *bucket;
        while (j != NULL && memcmp(j->hash, hash, sizeof hash) != 0)
            j = j->same;
        if (j == NULL) {
            j = &a->jobs[a->n_jobs++];
            memcpy(j->hash, hash, sizeof hash);
            j->question = i;
            j->same = *bucket;
            *bucket = j;
            if (begin_job(b, j, &questions[i], err) < 0)
                return -1;
        }
        b->of[i] = j;
    }
    return 0;
}

static bool may_be_batched(const struct job *j)
{
    return j->model->batch_documents > 1 && j->n_parts == 1 && j->shown.n <= j->model->batch_bytes;
}

static bool go_together(const struct job *a, const struct job *b)
{
    return a->contract == b->contract && a->model == b->model && str_eq(a->instructions, b->instructions);
}

/* What is in the cache is answered at once, the rest is queued. Short documents go together. */
static void ask_all(struct ask *a)
{
    for (size_t i = 0; i < a->n_jobs && !a->stopped; i++) {
        struct job *j = &a->jobs[i];
        if (job_ended(j))
            continue;
        if (!may_be_batched(j)) {
            for (size_t k = 0; k < j->n_parts && !job_ended(j) && !a->stopped; k++) {
                struct part *p = &j->parts[k];
                ask_about(a, &p, 1, NULL, NULL, NULL);
            }
            continue;
        }
        struct part *parts[BATCH_MAX];
        size_t n = 0;
        for (size_t k = i; k < a->n_jobs && n < j->model->batch_documents; k++) {
            struct job *other = &a->jobs[k];
            if (!job_ended(other) && !other->parts[0].batched && may_be_batched(other) && go_together(j, other)) {
                other->parts[0].batched = true;
                parts[n++] = &other->parts[0];
            }
        }
        if (n > 0)
            ask_about(a, parts, n, NULL, NULL, NULL);
    }
}

/* Rows that ask the same share the answer; the first has paid for it. */
static int put_result(struct llm_result *out, const struct job *j, bool first)
{
    const struct llm_result *r = &j->result;
    *out = *r;
    buf_init(&out->record, 256 << 20);
    buf_init(&out->error, 1 << 16);
    buf_put_str(&out->record, buf_str(&r->record));
    buf_put_str(&out->error, buf_str(&r->error));
    out->cached = r->status != LLM_PENDING && r->status != LLM_EMPTY ? r->attempts == 0 || !first : false;
    if (r->status == LLM_EMPTY && r->tokens_in > 0)
        out->cached = r->attempts == 0 || !first;
    out->attempts = first ? r->attempts : 0;
    out->grounding = NULL;
    out->n_grounding = 0;
    const struct judged *judged = &j->judged;
    if (judged->n_grounding == 0 || r->status == LLM_PENDING)
        return 0;
    if ((out->grounding = calloc(judged->n_grounding, sizeof *out->grounding)) == NULL)
        return -1;
    for (size_t i = 0; i < judged->n_grounding; i++) {
        out->grounding[i] = judged->grounding[i];
        if ((out->grounding[i].field = strdup(judged->grounding[i].field != NULL ? judged->grounding[i].field : "")) == NULL)
            return -1;
        out->n_grounding++;
    }
    return 0;
}

void llm_results_fini(struct llm_result *results, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < results[i].n_grounding; k++)
            free(results[i].grounding[k].field);
        free(results[i].grounding);
        buf_fini(&results[i].record);
        buf_fini(&results[i].error);
        results[i] = (struct llm_result){ 0 };
    }
}

static int count_cached(struct llm_engine *e, const struct llm_result *results, size_t n, struct err *err)
{
    for (const struct llm_model *m = e->config->models; m != NULL; m = m->next) {
        uint64_t cached = 0;
        for (size_t i = 0; i < n; i++)
            cached += results[i].cached && results[i].model == m->name;
        if (cached > 0 && llm_usage_add(e->cache, m->name, 0, cached, wall_ms(), err) < 0)
            return -1;
    }
    return 0;
}

/* Nothing can be asked as things are: the rows wait, and say for what. */
static int put_waiting(const struct llm_question *questions, size_t n, const char *why, struct llm_result *results)
{
    struct buf clean;
    buf_init(&clean, 0);
    for (size_t i = 0; i < n; i++) {
        buf_clear(&clean);
        bool empty = llm_document_clean(questions[i].text, &clean) == 0 && str_trim(buf_str(&clean)).n == 0;
        results[i].status = empty ? LLM_EMPTY : LLM_PENDING;
        buf_init(&results[i].error, 1 << 16);
        if (empty)
            buf_puts(&results[i].error, "the document has no text");
        else
            buf_printf(&results[i].error, "configuration: %s", why);
    }
    buf_fini(&clean);
    return 0;
}

int llm_ask(struct llm_engine *e, const struct llm_question *questions, size_t n, const struct llm_calls *calls,
            struct llm_result *results, struct err *err)
{
    static const struct llm_calls none;
    struct block b = { .ask = { .e = e, .calls = calls != NULL ? calls : &none, .err = err } };
    struct ask *a = &b.ask;
    int done = -1;
    memset(results, 0, n * sizeof *results);
    a->waiting_end = &a->waiting;
    a->begun_ms = monotonic_ms();
    struct err broken = ERR_INIT;
    if (refresh(e, &broken) < 0)
        return put_waiting(questions, n, broken.text, results);
    if (make_jobs(&b, questions, n, err) < 0)
        goto out;
    for (struct engine_provider *p = e->providers; p != NULL; p = p->next)
        p->closed_until_ms = 0;
    llm_cache_begin(e->cache);
    ask_all(a);
    llm_cache_end(e->cache);
    ask_run(a);
    if (a->stopped)
        goto out;
    done = 0;
    for (size_t i = 0; i < n && done == 0; i++) {
        struct job *j = b.of[i];
        job_end(j, LLM_PENDING, STR(""), "deadline: the time for the block was up");
        if (put_result(&results[i], j, j->question == i) < 0)
            done = err_set(err, ERR_STOP, "out of memory for the answers");
    }
    if (done == 0)
        done = count_cached(e, results, n, err);
out:
    if (a->stopped || a->in_flight > 0) { /* requests that nobody waits for any more: their memory is the jobs' */
        http_multi_free(e->http);
        e->http = NULL;
        close_all(e);
    }
    for (size_t i = 0; i < a->n_jobs; i++)
        job_fini(&a->jobs[i]);
    free(a->jobs);
    free(b.buckets);
    free(b.of);
    if (done < 0) {
        llm_results_fini(results, n);
        err_set(err, ERR_STOP, "the answers could not be had");
    }
    return done;
}
