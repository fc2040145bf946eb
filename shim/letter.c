/* shim/letter: one dead letter: GET /dead_letters/ID, POST /dead_letters/ID/replay, POST /dead_letters/ID/discard.
 *
 * A replay goes the way of `odw dlq replay`: its message to the topic, with origin and attempt in headers; when Kafka has
 * acknowledged it, the letter is `replayed`, and the stream closes it. A correction in the body is held to the contract first. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/log.h"
#include "clickhouse/clickhouse.h"
#include "letter/letter.h"
#include "shim/shim.h"
#include "shim/source.h"

enum { ID_MAX = 320 };

static int failed(struct request *r, const struct err *err)
{
    log_warn("dead letters: %s", err->text);
    if (err->class == ERR_RETRY)
        reply_problem(&r->reply, PROBLEM_CLICKHOUSE, r->path, NULL, 0, "the database can't be reached, or has too much to do");
    else
        reply_problem(&r->reply, PROBLEM_QUERY, r->path, NULL, 0, "the database couldn't answer; the shim's log says why");
    return -1;
}

static int read_id(struct request *r, struct str name, char id[ID_MAX])
{
    struct err ignore = ERR_INIT;
    snprintf(id, ID_MAX, "%.*s", (int)(name.n < ID_MAX ? name.n : 0), name.p);
    if (letter_check_id(id, &ignore) == 0)
        return 0;
    reply_problem(&r->reply, PROBLEM_NOT_FOUND, r->path, NULL, 0,
                  "expected a dead letter's id, topic/partition/offset, after /dead_letters/");
    return -1;
}

static int not_there(struct request *r, const char *id)
{
    reply_problem(&r->reply, PROBLEM_NOT_FOUND, r->path, NULL, 0, "there is no dead letter %s", id);
    return -1;
}

/* ---- looking ---- */

static int put_letter(void *context, const struct str *f, size_t n)
{
    return letter_put_json(context, f, n);
}

/* Fields: JSON of ClickHouse's making. */
static int put_state(void *context, const struct str *f, size_t n)
{
    struct buf *b = context;
    if (b->p[b->n - 1] == '}')
        buf_putc(b, ',');
    return n == 1 ? buf_put_str(b, f[0]) : -1;
}

void letter_answer(struct shim *shim, struct request *r, struct str name)
{
    char id[ID_MAX];
    struct err err = ERR_INIT;
    if (read_id(r, name, id) < 0)
        return;
    struct clickhouse *c = shim_clickhouse(shim, r);
    if (c == NULL)
        return;
    const struct clickhouse_param params[] = { { "id", str_of(id) } };
    struct buf *b = &r->reply.body;
    int rc = clickhouse_rows(c, "SELECT " LETTER_JSON_COLUMNS " FROM dead_letters WHERE " LETTER_BY_ID " LIMIT 1", params, 1,
                             put_letter, b, &err);
    if (rc == 0 && b->n == 0) {
        not_there(r, id);
    } else if (rc == 0) {
        b->n--; /* the brace: what was done follows */
        buf_puts(b, ",\"states\":[");
        rc = clickhouse_rows(c,
                             "SELECT toJSONString(tuple(formatDateTime(changed_at, '%Y-%m-%dT%H:%i:%S.%fZ') AS changed_at,"
                             " toString(status) AS status, offspring, attempt, changed_by, reason, payload != '' AS corrected)"
                             "::Tuple(changed_at String, status String, offspring String, attempt UInt16, changed_by String,"
                             " reason String, corrected Bool))"
                             " FROM dead_letter_states WHERE letter = {id:String} ORDER BY dead_letter_states.changed_at",
                             params, 1, put_state, b, &err);
        buf_puts(b, "]}\n");
    }
    if (rc < 0)
        failed(r, &err);
    shim_clickhouse_back(shim, c);
}

/* ---- sending it again ---- */

/* The request and the report hold a share each: a report may come when the request has given up waiting. */
struct sending {
    struct kafka_report report;
    pthread_mutex_t lock;
    pthread_cond_t reported;
    int shares;
    bool done, ok;
    int32_t partition;
    int64_t offset;
};

/* With the lock held, which it releases. */
static void sending_leave(struct sending *s)
{
    bool last = --s->shares == 0;
    pthread_mutex_unlock(&s->lock);
    if (!last)
        return;
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->reported);
    free(s);
}

static void on_delivered(void *context, const struct err *err, int32_t partition, int64_t offset)
{
    struct sending *s = context;
    pthread_mutex_lock(&s->lock);
    s->done = true;
    s->ok = err == NULL;
    s->partition = partition;
    s->offset = offset;
    pthread_cond_signal(&s->reported);
    sending_leave(s);
}

static struct sending *sending_new(void)
{
    struct sending *s = calloc(1, sizeof *s);
    pthread_condattr_t attr;
    if (s == NULL)
        return NULL;
    s->report = (struct kafka_report){ on_delivered, s };
    s->shares = 2;
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->reported, &attr);
    pthread_condattr_destroy(&attr);
    return s;
}

/* 0 with its place, or -1 with the answer made. */
static int send(struct shim *shim, struct request *r, const struct letter *l, struct str payload, int32_t *partition,
                int64_t *offset)
{
    struct sending *s = sending_new();
    int64_t deadline = monotonic_ms() + shim->produce_ms;
    struct err err = ERR_INIT;
    if (s == NULL) {
        reply_problem(&r->reply, PROBLEM_BUSY, r->path, NULL, 0, "there is no memory left for this request");
        return -1;
    }
    while (kafka_produce(shim->producer, l->topic, -1, l->key, payload, l->headers, l->n_headers, &s->report, &err) < 0) {
        if (err.class == ERR_RETRY && monotonic_ms() < deadline) {
            err = (struct err){ .class = ERR_NONE };
            nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL); /* the reporter makes room */
            continue;
        }
        log_warn("dead letter %s: %s", l->id, err.text);
        pthread_mutex_lock(&s->lock);
        s->shares--; /* no report will come */
        sending_leave(s);
        reply_problem(&r->reply, PROBLEM_KAFKA, r->path, NULL, 0, "the message was not handed to Kafka: send it again");
        return -1;
    }
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += shim->produce_ms / 1000;
    until.tv_nsec += (long)(shim->produce_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&s->lock);
    while (!s->done && pthread_cond_timedwait(&s->reported, &s->lock, &until) == 0)
        ;
    bool ok = s->done && s->ok;
    *partition = s->partition;
    *offset = s->offset;
    sending_leave(s);
    if (!ok)
        reply_problem(&r->reply, PROBLEM_KAFKA, r->path, NULL, 0,
                      "Kafka didn't acknowledge the message: send it again (a record that is stored twice is still one row)");
    return ok ? 0 : -1;
}

/* By the engine that the stream reads with. -1 with the answer made where it doesn't hold. */
static int hold_to_contract(struct shim *shim, struct request *r, const struct letter *l, struct str payload)
{
    struct source *s = sources_find(r->declared->sources, str_of(l->source));
    struct err err = ERR_INIT;
    void *reader = NULL;
    if (s == NULL) {
        reply_problem(&r->reply, PROBLEM_CONFLICT, r->path, NULL, 0,
                      "the source %s is declared no more: a correction can't be checked", l->source);
        return -1;
    }
    if (pool_get(&s->readers, (int)shim->produce_ms, &reader) < 0 ||
        (reader == NULL && (reader = reader_new(s->contract, &err)) == NULL && (pool_put(&s->readers, NULL), true))) {
        reply_problem(&r->reply, PROBLEM_BUSY, r->path, NULL, 0, "too many requests are being checked at once");
        return -1;
    }
    enum verdict verdict = reader_read(reader, payload, strtoll(l->appended_text, NULL, 10), NULL);
    const struct str *violations;
    size_t n = reader_violations(reader, &violations);
    bool holds = verdict == VERDICT_OK && !reader_failed(reader);
    if (!holds) {
        reply_problem(&r->reply, PROBLEM_REFUSED, r->path, NULL, 1,
                      "the correction doesn't keep the contract of %s; it was not sent", l->source);
        buf_puts(&r->reply.body, ",\"violations\":[");
        for (size_t i = 0; i < n; i++) {
            buf_puts(&r->reply.body, i > 0 ? "," : "");
            buf_put_json(&r->reply.body, violations[i]);
        }
        if (verdict == VERDICT_SIMULATED)
            buf_puts(&r->reply.body, "\"a field still begins with its x-simulated marker\"");
        buf_puts(&r->reply.body, "]}\n");
    }
    pool_put(&s->readers, reader);
    return holds ? 0 : -1;
}

struct found {
    struct arena *arena;
    struct letter *letter;
};

static int take_letter(void *context, const struct str *f, size_t n)
{
    struct found *found = context;
    found->letter = letter_read(found->arena, f, n);
    return found->letter != NULL ? 0 : -1;
}

static int write_state(struct request *r, struct clickhouse *c, const struct letter_state *state)
{
    struct buf rows;
    struct err err = ERR_INIT;
    buf_init(&rows, 0);
    letter_state_put(&rows, state);
    int rc = letter_states_write(c, &rows, &err);
    buf_fini(&rows);
    return rc < 0 ? failed(r, &err) : 0;
}

/* Who does it, for the record: what the client says, and that it came this way. */
static void read_by(const struct request *r, char by[96])
{
    struct str name = request_arg(r, "by");
    if (name.n > 0 && name.n <= 64)
        snprintf(by, 96, "%.*s, by HTTP", STR_ARG(name));
    else
        snprintf(by, 96, "HTTP");
}

/* Nothing is sent: the state is what has a model asked again. */
static void ask_again(struct request *r, struct clickhouse *c, const struct letter *l)
{
    char by[96];
    if (r->body.n > 0) {
        reply_problem(&r->reply, PROBLEM_CONFLICT, r->path, NULL, 0,
                      "it is about a document, which can't be corrected here: without a body, a model is asked about it again");
        return;
    }
    read_by(r, by);
    if (write_state(r, c,
                    &(struct letter_state){ .letter = l->id, .status = LETTER_REPLAYED, .attempt = l->attempt, .changed_by = by }) <
        0)
        return;
    buf_puts(&r->reply.body, "{\"id\":");
    buf_put_json(&r->reply.body, str_of(l->id));
    buf_puts(&r->reply.body, ",\"status\":\"replayed\"}\n");
}

static void replay(struct shim *shim, struct request *r, struct clickhouse *c, const struct letter *l)
{
    struct str payload = r->body.n > 0 ? buf_str(&r->body) : l->corrected.n > 0 ? l->corrected : l->payload;
    int32_t partition;
    int64_t offset;
    char offspring[ID_MAX], by[96];
    if (letter_is_extraction(l)) {
        ask_again(r, c, l);
        return;
    }
    if (payload.n == 0) {
        reply_problem(&r->reply, PROBLEM_CONFLICT, r->path, NULL, 0,
                      "it was an empty message: sent again it would be one again; give a corrected one in the body");
        return;
    }
    if (r->body.n > 0 && hold_to_contract(shim, r, l, payload) < 0)
        return;
    if (shim->producer == NULL) {
        reply_problem(&r->reply, PROBLEM_CONFLICT, r->path, NULL, 0, "no source is declared here: nothing can be sent");
        return;
    }
    if (send(shim, r, l, payload, &partition, &offset) < 0)
        return;
    snprintf(offspring, sizeof offspring, "%s/%" PRId32 "/%" PRId64, l->topic, partition, offset);
    read_by(r, by);
    /* The message is on the topic: the stream closes the letter though this should fail. */
    if (write_state(r, c,
                    &(struct letter_state){ .letter = l->id,
                                            .status = LETTER_REPLAYED,
                                            .offspring = offspring,
                                            .attempt = l->attempt,
                                            .changed_by = by,
                                            .payload = str_eq(payload, l->payload) ? STR("") : payload }) < 0)
        return;
    buf_puts(&r->reply.body, "{\"id\":");
    buf_put_json(&r->reply.body, str_of(l->id));
    buf_printf(&r->reply.body, ",\"status\":\"replayed\",\"attempt\":%d,\"offspring\":", l->attempt);
    buf_put_json(&r->reply.body, str_of(offspring));
    buf_puts(&r->reply.body, "}\n");
}

static void discard(struct request *r, struct clickhouse *c, const struct letter *l)
{
    char by[96];
    struct str why = request_arg(r, "why");
    const char *reason = arena_copy(&r->arena, why);
    if (why.n == 0 || reason == NULL) {
        reply_problem(&r->reply, PROBLEM_PARAMETER, r->path, "why", 0, "why: expected the reason, for those who look at it later");
        return;
    }
    if (strcmp(l->status, "discarded") == 0) {
        reply_problem(&r->reply, PROBLEM_CONFLICT, r->path, NULL, 0, "%s is discarded already", l->id);
        return;
    }
    read_by(r, by);
    if (write_state(
            r, c,
            &(struct letter_state){
                .letter = l->id, .status = LETTER_DISCARDED, .attempt = l->attempt - 1, .changed_by = by, .reason = reason }) < 0)
        return;
    buf_puts(&r->reply.body, "{\"id\":");
    buf_put_json(&r->reply.body, str_of(l->id));
    buf_puts(&r->reply.body, ",\"status\":\"discarded\"}\n");
}

void letter_action_answer(struct shim *shim, struct request *r, struct str name)
{
    static const char *const known[] = { "by", "why" };
    bool sends = str_ends(name, STR("/replay"));
    char id[ID_MAX];
    struct err err = ERR_INIT;
    struct found found = { .arena = NULL };
    struct arena arena;
    name.n -= sends ? sizeof "/replay" - 1 : sizeof "/discard" - 1;
    if (request_args_check(r, known, sends ? 1 : 2) < 0 || read_id(r, name, id) < 0)
        return;
    if (r->content_encoding.n > 0 && strncasecmp(r->content_encoding.p, "identity", r->content_encoding.n) != 0) {
        reply_problem(&r->reply, PROBLEM_CONTENT_TYPE, r->path, NULL, 0,
                      "expected a corrected message as it is, without Content-Encoding");
        return;
    }
    struct clickhouse *c = shim_clickhouse(shim, r);
    if (c == NULL)
        return;
    arena_init(&arena, (size_t)256 << 20);
    found.arena = &arena;
    const struct clickhouse_param params[] = { { "id", str_of(id) } };
    if (clickhouse_rows(c, "SELECT " LETTER_COLUMNS " FROM dead_letters WHERE " LETTER_BY_ID " LIMIT 1", params, 1, take_letter,
                        &found, &err) < 0)
        failed(r, &err);
    else if (found.letter == NULL)
        not_there(r, id);
    else if (strcmp(found.letter->status, "recovered") == 0)
        reply_problem(&r->reply, PROBLEM_CONFLICT, r->path, NULL, 0, "%s is recovered already", id);
    else if (sends)
        replay(shim, r, c, found.letter);
    else
        discard(r, c, found.letter);
    arena_fini(&arena);
    shim_clickhouse_back(shim, c);
}
