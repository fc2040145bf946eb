/* shim/ingest: POST /ingest/NAME: records are held to their contract, sent to the topic, and answered for once they are stored.
 *
 * "accepted" means: acknowledged by all in-sync replicas, at this partition and offset. A record of which no report came in time is
 * "unknown": it may yet be stored, so the sender sends it again, and the identity of its row makes the second delivery harmless. */
#include "kafka/kafka.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <zlib.h>

#include "base/log.h"
#include "shim/param.h"
#include "shim/shim.h"
#include "shim/source.h"
#include "shim/split.h"

enum { RECORDS_MAX = 100000, VERDICTS_MAX = 1000, KEY_MAX = 64 * 1024 };

enum fate { FATE_NONE, FATE_SENT, FATE_ACCEPTED, FATE_REFUSED, FATE_UNKNOWN, FATE_UNSENT };

struct batch;

struct slot {
    struct kafka_report report;
    struct batch *batch;
    enum fate fate;
    bool refused; /* by its contract; with ?refused=keep it is sent all the same */
    int32_t partition;
    int64_t offset;
    size_t violations_at, violations_n; /* in batch->violations: a JSON array */
};

/* The records of one request. The request and each record that is on its way hold a share: a report may come when the request has
 * given up waiting. */
struct batch {
    pthread_mutex_t lock;
    pthread_cond_t reported;
    size_t shares, waiting;
    struct slot *slots;
    size_t n;
    struct buf violations;
};

/* Gives shares back; with the lock held, which it releases. */
static void batch_leave(struct batch *b, size_t shares)
{
    b->shares -= shares;
    bool last = b->shares == 0;
    pthread_mutex_unlock(&b->lock);
    if (!last)
        return;
    pthread_mutex_destroy(&b->lock);
    pthread_cond_destroy(&b->reported);
    buf_fini(&b->violations);
    free(b->slots);
    free(b);
}

static void on_delivered(void *context, const struct err *err, int32_t partition, int64_t offset)
{
    struct slot *slot = context;
    struct batch *b = slot->batch;
    pthread_mutex_lock(&b->lock);
    slot->fate = err == NULL ? FATE_ACCEPTED : FATE_UNKNOWN;
    slot->partition = partition;
    slot->offset = offset;
    if (--b->waiting == 0)
        pthread_cond_signal(&b->reported);
    batch_leave(b, 1);
}

static struct batch *batch_new(size_t n)
{
    struct batch *b = calloc(1, sizeof *b);
    pthread_condattr_t attr;
    if (b == NULL)
        return NULL;
    b->slots = calloc(n, sizeof *b->slots);
    if (b->slots == NULL) {
        free(b);
        return NULL;
    }
    b->n = n;
    b->shares = 1;
    for (size_t i = 0; i < n; i++)
        b->slots[i] = (struct slot){ .report = { on_delivered, &b->slots[i] }, .batch = b };
    buf_init(&b->violations, REPLY_MAX);
    pthread_mutex_init(&b->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&b->reported, &attr);
    pthread_condattr_destroy(&attr);
    return b;
}

/* Serves the delivery reports of every request. */
static void *report(void *context)
{
    struct shim *shim = context;
    while (atomic_load(&shim->reporting))
        kafka_producer_poll(shim->producer, 50);
    return NULL;
}

static size_t largest_message(const struct source *sources)
{
    size_t most = 0;
    for (const struct source *s = sources; s != NULL; s = s->next)
        most = s->message_max > most ? s->message_max : most;
    return most;
}

int ingest_start(struct shim *shim, const struct source *sources, struct err *err)
{
    /* A record is given up before its request is, so that "unknown" rarely turns into "stored" later. */
    struct kafka_producer_options options = { .linger_ms = opts_number(shim->settings, "shim-linger"),
                                              .timeout_ms = shim->produce_ms * 3 / 4,
                                              .queue_bytes = opts_number(shim->settings, "shim-ingest-memory") };
    if (sources == NULL)
        return 0;
    shim->message_max = largest_message(sources);
    options.max_message_bytes = (int64_t)shim->message_max;
    shim->producer = kafka_producer_new(shim->settings, &options, err);
    if (shim->producer == NULL)
        return -1;
    atomic_store(&shim->reporting, true);
    if (pthread_create(&shim->reporter, NULL, report, shim) != 0) {
        atomic_store(&shim->reporting, false);
        return err_set(err, ERR_STOP, "can't start a thread");
    }
    return 0;
}

void ingest_stop(struct shim *shim, int wait_ms)
{
    if (shim->producer != NULL) {
        if (kafka_producer_flush(shim->producer, wait_ms) < 0)
            log_warn("%d records were never acknowledged; none of them was answered as accepted",
                     kafka_producer_waiting(shim->producer));
        if (atomic_exchange(&shim->reporting, false))
            pthread_join(shim->reporter, NULL);
        kafka_producer_free(shim->producer);
        shim->producer = NULL;
    }
}

int ingest_can_take(const struct shim *shim, const struct source *sources, struct err *err)
{
    size_t most = largest_message(sources);
    if (sources != NULL && shim->producer == NULL)
        return err_set(err, ERR_STOP, "source %s: there was none when odw-shim started: start it anew", sources->name);
    if (most > shim->message_max)
        return err_set(err, ERR_STOP,
                       "messages of up to %zu bytes (max-message-bytes), when odw-shim started it was %zu: start it anew", most,
                       shim->message_max);
    return 0;
}

/* ---- the body ---- */

static int too_large(const struct shim *shim, struct request *r)
{
    reply_problem(&r->reply, PROBLEM_TOO_LARGE, r->path, NULL, 0, "expected a body of at most %zu bytes", shim->body_max);
    return -1;
}

static int unzip(const struct shim *shim, struct request *r, struct buf *out)
{
    z_stream z = { .next_in = (unsigned char *)r->body.p, .avail_in = (unsigned)r->body.n };
    int rc = Z_OK;
    if (inflateInit2(&z, 15 + 16) != Z_OK) {
        reply_problem(&r->reply, PROBLEM_BUSY, r->path, NULL, 0, "there is no memory left for this request");
        return -1;
    }
    while (rc != Z_STREAM_END) {
        if (out->n > shim->body_max || buf_reserve(out, 65536) < 0) {
            inflateEnd(&z);
            return too_large(shim, r);
        }
        z.next_out = (unsigned char *)out->p + out->n;
        z.avail_out = (unsigned)(out->cap - out->n);
        size_t before = z.avail_out;
        rc = inflate(&z, Z_NO_FLUSH);
        out->n += before - z.avail_out;
        if (rc == Z_STREAM_END && z.avail_in > 0 && inflateReset(&z) == Z_OK)
            rc = Z_OK; /* gzip files may stand one behind the other */
        else if (rc != Z_OK && rc != Z_STREAM_END)
            break;
    }
    inflateEnd(&z);
    if (rc != Z_STREAM_END) {
        reply_problem(&r->reply, PROBLEM_BODY, r->path, NULL, 0,
                      "expected a complete gzip stream (Content-Encoding: gzip), got something else after %zu bytes of text",
                      out->n);
        return -1;
    }
    return out->n > shim->body_max ? too_large(shim, r) : 0;
}

static bool media_is(struct str type, const char *name)
{
    type = str_trim(str_cut(&type, ';'));
    return type.n == strlen(name) && strncasecmp(type.p, name, type.n) == 0;
}

/* ---- checking and sending ---- */

static void note_violations(struct batch *b, struct slot *slot, const struct str *violations, size_t n)
{
    slot->refused = true;
    slot->fate = FATE_REFUSED;
    slot->violations_at = b->violations.n;
    buf_putc(&b->violations, '[');
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_putc(&b->violations, ',');
        buf_put_json(&b->violations, violations[i]);
    }
    buf_putc(&b->violations, ']');
    slot->violations_n = b->violations.n - slot->violations_at;
}

/* Produces one record; waits while the queue is full. False where it wasn't taken. */
static bool send(struct shim *shim, const struct source *s, struct str record, struct slot *slot, int64_t deadline, struct buf *key)
{
    struct batch *b = slot->batch;
    struct str k = { NULL, 0 };
    buf_clear(key);
    if (s->key != NULL && split_member(record, s->key, key))
        k = buf_str(key);
    if (k.n == 0)
        k.p = NULL;
    pthread_mutex_lock(&b->lock);
    b->shares++;
    b->waiting++;
    slot->fate = FATE_SENT;
    pthread_mutex_unlock(&b->lock);
    for (;;) {
        struct err err = ERR_INIT;
        if (kafka_produce(shim->producer, s->topic, -1, k, record, NULL, 0, &slot->report, &err) == 0)
            return true;
        if (err.class == ERR_RETRY && monotonic_ms() < deadline) {
            nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL); /* the reporter makes room */
            continue;
        }
        if (err.class != ERR_RETRY)
            log_warn("ingest %s: %s", s->name, err.text);
        pthread_mutex_lock(&b->lock);
        b->waiting--;
        slot->fate = FATE_UNSENT;
        batch_leave(b, 1);
        return false;
    }
}

static int check_and_send(struct shim *shim, struct request *r, struct source *s, const struct split *split, struct batch *b,
                          bool keep)
{
    void *reader = NULL;
    struct err err = ERR_INIT;
    struct buf key;
    int64_t now = wall_ms(), deadline = monotonic_ms() + shim->produce_ms;
    buf_init(&key, KEY_MAX);
    if (pool_get(&s->readers, (int)shim->produce_ms, &reader) < 0) {
        reply_problem(&r->reply, PROBLEM_BUSY, r->path, NULL, 0, "too many requests are being checked at once");
        return -1;
    }
    if (reader == NULL && (reader = reader_new(s->contract, &err)) == NULL) {
        pool_put(&s->readers, NULL);
        reply_problem(&r->reply, PROBLEM_BUSY, r->path, NULL, 0, "there is no memory left for this request");
        return -1;
    }
    bool taken = true;
    for (size_t i = 0; i < split->n; i++) {
        struct slot *slot = &b->slots[i];
        struct str record = split->records[i];
        enum verdict verdict = reader_read(reader, record, now, NULL);
        if (reader_failed(reader)) {
            slot->fate = FATE_UNSENT; /* memory was out: nothing is known about the record */
            continue;
        }
        if (record.n > s->message_max) {
            char why[128];
            snprintf(why, sizeof why, ": expected at most %zu bytes, got %zu", s->message_max, record.n);
            note_violations(b, slot, &(struct str){ why, strlen(why) }, 1);
            continue; /* the topic wouldn't take it */
        }
        /* A failure that someone asked for happens in the stream, not here. */
        if (verdict != VERDICT_OK && verdict != VERDICT_SIMULATED) {
            const struct str *violations;
            size_t n = reader_violations(reader, &violations);
            note_violations(b, slot, violations, n);
            if (!keep)
                continue;
        }
        if (taken)
            taken = send(shim, s, record, slot, deadline, &key);
        else
            slot->fate = FATE_UNSENT;
    }
    pool_put(&s->readers, reader);
    buf_fini(&key);

    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t left = deadline - monotonic_ms();
    left = left > 0 ? left : 0;
    until.tv_sec += left / 1000;
    until.tv_nsec += (long)(left % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&b->lock);
    while (b->waiting > 0 && pthread_cond_timedwait(&b->reported, &b->lock, &until) == 0)
        ;
    for (size_t i = 0; i < b->n; i++)
        if (b->slots[i].fate == FATE_SENT)
            b->slots[i].fate = FATE_UNKNOWN; /* a late report finds it so, and changes what nobody reads any more */
    pthread_mutex_unlock(&b->lock);
    return 0;
}

/* ---- answering ---- */

static void put_verdict(const struct batch *b, const struct slot *slot, size_t i, struct buf *out)
{
    buf_printf(out, "{\"index\":%zu,\"status\":\"%s\"", i,
               slot->refused                 ? "refused"
               : slot->fate == FATE_ACCEPTED ? "accepted"
               : slot->fate == FATE_UNSENT   ? "unsent"
                                             : "unknown");
    if (slot->refused) {
        buf_puts(out, ",\"violations\":");
        buf_put(out, b->violations.p + slot->violations_at, slot->violations_n);
        if (slot->fate != FATE_REFUSED)
            buf_printf(out, ",\"kept\":%s", slot->fate == FATE_ACCEPTED ? "true" : "false");
    }
    if (slot->fate == FATE_ACCEPTED)
        buf_printf(out, ",\"partition\":%" PRId32 ",\"offset\":%" PRId64, slot->partition, slot->offset);
    buf_putc(out, '}');
}

static void put_answer(struct shim *shim, struct request *r, const struct source *s, const struct batch *b,
                       const struct split *split, bool only_refused)
{
    struct buf *out = &r->reply.body;
    size_t accepted = 0, refused = 0, kept = 0, missing = 0, put = 0;
    for (size_t i = 0; i < b->n; i++) {
        const struct slot *slot = &b->slots[i];
        bool stored = slot->fate == FATE_ACCEPTED;
        accepted += !slot->refused && stored;
        refused += slot->refused;
        kept += slot->refused && stored;
        missing += !stored && slot->fate != FATE_REFUSED;
    }
    if (missing > 0)
        reply_problem(
            &r->reply, PROBLEM_KAFKA, r->path, NULL, 1,
            "%zu of %zu records were not acknowledged by Kafka: send those again (a record that is stored twice is still one row)",
            missing, b->n);
    else if (accepted == 0 && kept == 0)
        reply_problem(&r->reply, PROBLEM_REFUSED, r->path, NULL, 1,
                      split->found == SPLIT_ONE ? "the record doesn't keep the contract of %s"
                                                : "none of the records keeps the contract of %s",
                      s->name);
    else
        buf_putc(out, '{');
    metrics_ingest(&shim->metrics, accepted + kept, refused - kept, missing);
    buf_printf(out, "%s\"accepted\":%zu,\"refused\":%zu", r->reply.status == 200 ? "" : ",", accepted, refused);
    if (kept > 0)
        buf_printf(out, ",\"kept\":%zu", kept);
    if (missing > 0)
        buf_printf(out, ",\"unacknowledged\":%zu", missing);
    buf_puts(out, ",\"verdicts\":[");
    for (size_t i = 0; i < b->n; i++) {
        const struct slot *slot = &b->slots[i];
        if ((only_refused || b->n > VERDICTS_MAX) && slot->fate == FATE_ACCEPTED && !slot->refused)
            continue;
        buf_puts(out, put++ > 0 ? ",\n" : "\n");
        put_verdict(b, slot, i, out);
    }
    buf_puts(out, put > 0 ? "\n]}\n" : "]}\n");
}

static int read_choice(struct request *r, const char *name, const char *word, const char *other, bool *chosen)
{
    struct str value = request_arg(r, name);
    *chosen = value.p != NULL && str_eq(value, str_of(word));
    if (value.p == NULL || *chosen || str_eq(value, str_of(other)))
        return 0;
    reply_problem(&r->reply, PROBLEM_PARAMETER, r->path, name, 0, "%s: expected %s or %s, got %.*s", name, word, other,
                  (int)(value.n < 64 ? value.n : 64), value.p);
    return -1;
}

void ingest_answer(struct shim *shim, struct request *r, struct source *s)
{
    static const char *const known[] = { "refused", "verdicts" };
    struct split split = { .n = 0 };
    struct buf plain;
    struct batch *b = NULL;
    bool keep, only_refused;
    struct str body = buf_str(&r->body);
    buf_init(&plain, shim->body_max + 65536 * 2);
    if (request_args_check(r, known, 2) < 0 || read_choice(r, "refused", "keep", "drop", &keep) < 0 ||
        read_choice(r, "verdicts", "refused", "all", &only_refused) < 0)
        goto out;
    if (r->content_encoding.n > 0 && !media_is(r->content_encoding, "identity")) {
        if (unzip(shim, r, &plain) < 0)
            goto out;
        body = buf_str(&plain);
    }
    bool lines = media_is(r->content_type, "application/x-ndjson") || media_is(r->content_type, "application/ndjson") ||
                 media_is(r->content_type, "application/jsonl");
    if (split_body(&split, body, lines ? SPLIT_LINES : SPLIT_LOOK, RECORDS_MAX) < 0) {
        reply_problem(&r->reply, PROBLEM_BODY, r->path, NULL, 0, "%s; nothing of it was stored", split.why);
        goto out;
    }
    b = batch_new(split.n);
    if (b == NULL) {
        reply_problem(&r->reply, PROBLEM_BUSY, r->path, NULL, 0, "there is no memory left for this request");
        goto out;
    }
    if (check_and_send(shim, r, s, &split, b, keep) == 0) {
        pthread_mutex_lock(&b->lock); /* late reports write into the slots */
        put_answer(shim, r, s, b, &split, only_refused);
        pthread_mutex_unlock(&b->lock);
    }
out:
    if (b != NULL) {
        pthread_mutex_lock(&b->lock);
        batch_leave(b, 1);
    }
    split_fini(&split);
    buf_fini(&plain);
}
