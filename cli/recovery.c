/* cli/recovery: what becomes of dead letters by themselves. */
#include "cli/recovery.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/lock.h"
#include "cli/position.h"
#include "cli/resend.h"

enum { BATCH = 20000, BATCH_BYTES = 32 << 20, PRODUCE_MS = 30000, REPLAYS = 3 };

static int connect_producer(struct recovery *r, struct err *err)
{
    const struct kafka_producer_options po = { .linger_ms = 5, .timeout_ms = PRODUCE_MS, .max_message_bytes = (int64_t)64 << 20 };
    if (r->producer != NULL)
        return 0;
    r->producer = kafka_producer_new(r->opts, &po, err);
    return r->producer != NULL ? kafka_producer_check(r->producer, 4000, err) : -1;
}

/* How often a letter of a source is sent again before it is left to people: `-- replays:` in kafka-engine/. */
static int limit_of(const struct plan_source *s)
{
    const char *value = declaration_value(s->queue, "replays");
    return value != NULL ? atoi(value) : REPLAYS;
}

/* An expression over letters: their source's limit. */
static void put_limit(struct buf *sql, const struct plan *plan)
{
    buf_puts(sql, "transform(source, [");
    for (size_t i = 0; i < plan->n_sources; i++) {
        buf_puts(sql, i > 0 ? ", " : "");
        clickhouse_put_text(sql, str_of(plan->sources[i].stem));
    }
    buf_puts(sql, "], [");
    for (size_t i = 0; i < plan->n_sources; i++)
        buf_printf(sql, "%s%d", i > 0 ? ", " : "", limit_of(&plan->sources[i]));
    buf_printf(sql, "], %d)", REPLAYS);
}

/* ---- a batch of letters ---- */

struct batch {
    struct recovery *r;
    struct resend resend;
    struct arena arena;
    struct buf states;
    const struct plan_source *source; /* of lost ones */
    const struct positions *at;
    const char *by;
    size_t rows, bytes;
    bool full;
    int64_t gave_up;
    struct err err;
};

static void batch_init(struct batch *b, struct recovery *r, const char *by)
{
    *b = (struct batch){ .r = r, .by = by };
    arena_init(&b->arena, (size_t)1 << 30);
    buf_init(&b->states, 0);
    b->resend = (struct resend){ .ch = r->ch, .producer = r->producer, .arena = &b->arena, .timeout_ms = PRODUCE_MS };
}

static void batch_fini(struct batch *b)
{
    arena_fini(&b->arena);
    buf_fini(&b->states);
}

static void tell(void *context, const struct resend_item *item)
{
    (void)context;
    if (item->offspring[0] == '\0' && !item->asked)
        log_warn("dead letter not sent letter=%s by=%s: %s", item->letter->id, item->changed_by, item->err.text);
}

static int finish(struct batch *b, struct err *err)
{
    int rc = resend_finish(&b->resend, tell, NULL, err);
    if (rc == 0)
        rc = letter_states_write(b->r->ch, &b->states, err);
    buf_clear(&b->states);
    arena_reset(&b->arena);
    return rc;
}

/* Runs `sql` again and again, a batch each time; letters that were sent don't come up again. A batch that moves nothing ends it:
 * Kafka takes none of them now. */
static int in_batches(struct batch *b, const char *sql, const struct clickhouse_param *params, size_t n, clickhouse_each *take,
                      struct err *err)
{
    for (;;) {
        struct err broken = ERR_INIT;
        int64_t before = b->resend.sent + b->gave_up;
        b->rows = b->bytes = 0;
        b->full = false;
        int rc = clickhouse_rows(b->r->ch, sql, params, n, take, b, &broken);
        if (rc < 0 && !b->full) {
            *err = b->err.class != ERR_NONE ? b->err : broken;
            return -1;
        }
        if (finish(b, err) < 0)
            return -1;
        if ((!b->full && b->rows < BATCH) || b->resend.sent + b->gave_up == before)
            return 0;
    }
}

static bool is_full(struct batch *b, const struct str *f, size_t n)
{
    b->full = b->bytes >= BATCH_BYTES;
    for (size_t i = 0; i < n && !b->full; i++)
        b->bytes += f[i].n;
    b->rows += !b->full;
    return b->full;
}

/* ---- rules ---- */

/* Fields: a letter's, then the rule's payload. */
static int take_selected(void *context, const struct str *f, size_t n)
{
    struct batch *b = context;
    if (n != LETTER_FIELDS + 1 || is_full(b, f, n))
        return -1;
    const struct letter *l = letter_read(&b->arena, f, LETTER_FIELDS);
    const char *copy = l != NULL ? arena_copy(&b->arena, f[LETTER_FIELDS]) : NULL;
    if (copy == NULL)
        return -1;
    return resend_letter(&b->resend, l, (struct str){ copy, f[LETTER_FIELDS].n }, b->by, &b->err);
}

/* Letters that a rule selects once more, though the limit is reached: they get a note, and are then nobody's but a person's. */
static int note_limit(struct recovery *r, const struct plan *plan, const char *rule, const char *by, struct err *err)
{
    struct buf sql;
    const struct clickhouse_param params[] = { { "by", str_of(by) } };
    buf_init(&sql, 0);
    buf_puts(&sql, "INSERT INTO dead_letter_states (letter, status, changed_at, offspring, attempt, changed_by, reason, payload)"
                   " SELECT id, 'open', now64(3, 'UTC'), '', attempt, {by:String},"
                   " concat('gave up after ', toString(attempt), ' attempts, the limit of ', source), ''"
                   " FROM dead_letters WHERE status = 'open' AND note = '' AND attempt >= ");
    put_limit(&sql, plan);
    buf_puts(&sql, " AND id IN (SELECT id FROM ");
    clickhouse_put_name(&sql, str_of(rule));
    buf_puts(&sql, ")");
    const struct clickhouse_query q = { .sql = buf_text(&sql), .params = params, .n_params = 1 };
    int rc = clickhouse_run(r->ch, &q, NULL, NULL, err);
    buf_fini(&sql);
    return rc;
}

static int run_rule(struct recovery *r, const struct plan *plan, const char *rule, struct err *err)
{
    struct batch b;
    struct buf sql;
    char by[160];
    snprintf(by, sizeof by, "rule %s", rule);
    batch_init(&b, r, by);
    buf_init(&sql, 0);
    buf_puts(&sql, "SELECT " LETTER_COLUMNS ", rule_payload FROM (SELECT * FROM dead_letters WHERE status = 'open' AND note = ''"
                   " AND attempt < ");
    put_limit(&sql, plan);
    buf_puts(&sql, ") AS letters INNER JOIN (SELECT id AS rule_id, payload AS rule_payload FROM ");
    clickhouse_put_name(&sql, str_of(rule));
    buf_printf(&sql, ") AS selected ON rule_id = id LIMIT %d", BATCH);
    int rc = in_batches(&b, buf_text(&sql), NULL, 0, take_selected, err);
    if (b.resend.sent + b.resend.failed > 0)
        log_info("dead letters sent again rule=%s letters=%" PRId64 " failed=%" PRId64, rule, b.resend.sent, b.resend.failed);
    if (rc == 0)
        rc = note_limit(r, plan, rule, by, err);
    buf_fini(&sql);
    batch_fini(&b);
    return rc;
}

/* ---- what got lost on the way ---- */

/* Was the message that was sent at this place passed over by its consumer, or is it on the topic no more? Else it only waits. */
static bool is_lost(const struct positions *at, const char *offspring)
{
    const char *first = strchr(offspring, '/'), *second = first != NULL ? strchr(first + 1, '/') : NULL;
    if (second == NULL)
        return true;
    long long partition = strtoll(first + 1, NULL, 10), offset = strtoll(second + 1, NULL, 10);
    if (partition >= at->n)
        return true;
    const struct position *p = &at->at[partition];
    return offset < p->committed || offset >= p->high || offset < p->low;
}

/* Fields: a letter's, then its offspring. */
static int take_lost(void *context, const struct str *f, size_t n)
{
    struct batch *b = context;
    if (n != LETTER_FIELDS + 1 || is_full(b, f, n))
        return -1;
    struct letter *l = letter_read(&b->arena, f, LETTER_FIELDS);
    const char *offspring = l != NULL ? arena_copy(&b->arena, f[LETTER_FIELDS]) : NULL;
    if (offspring == NULL)
        return -1;
    if (!is_lost(b->at, offspring))
        return 0;
    if (l->attempt > limit_of(b->source)) {
        char reason[400];
        snprintf(reason, sizeof reason, "gave up: sent as %s, which never arrived; the limit of %s is %d attempts", offspring,
                 l->source, limit_of(b->source));
        letter_state_put(
            &b->states,
            &(struct letter_state){
                .letter = l->id, .status = LETTER_OPEN, .attempt = l->attempt - 1, .changed_by = b->by, .reason = reason });
        b->gave_up++;
        return 0;
    }
    return resend_letter(&b->resend, l, l->corrected.n > 0 ? l->corrected : l->payload, b->by, &b->err);
}

static int resend_lost(struct recovery *r, const struct plan_source *s, struct err *err)
{
    struct batch b;
    struct arena arena;
    struct positions at;
    char timeout[32];
    int rc = -1;
    snprintf(timeout, sizeof timeout, "%" PRId64, opts_number(r->opts, "worker-replay-timeout"));
    arena_init(&arena, 0);
    batch_init(&b, r, "odw worker");
    if (positions_load(&arena, r->ch, r->kafka, s, &at, err) < 0)
        goto out;
    b.source = s;
    b.at = &at;
    const struct clickhouse_param params[] = { { "source", str_of(s->stem) }, { "timeout", str_of(timeout) } };
    /* How often it was sent counts on: the state knows, the letter itself is from before. */
    rc =
        in_batches(&b,
                   "WITH sent AS (SELECT letter, argMax(attempt, changed_at) AS tries FROM dead_letter_states"
                   "  WHERE status = 'replayed' GROUP BY letter)"
                   " SELECT " LETTER_COLUMNS ", offspring FROM"
                   " (SELECT * EXCEPT attempt, greatest(attempt, tries) AS attempt FROM dead_letters INNER JOIN sent ON letter = id"
                   "  WHERE source = {source:String} AND status = 'replayed' AND offspring != ''"
                   "  AND changed_at < now64(3, 'UTC') - toIntervalMillisecond({timeout:Int64})"
                   "  AND (toUInt32OrZero(splitByChar('/', offspring)[2]), toUInt64OrZero(splitByChar('/', offspring)[3])) NOT IN"
                   "   (SELECT partition, offset FROM ledger WHERE source = {source:String} AND origin != '')"
                   "  AND offspring NOT IN (SELECT concat(topic, '/', toString(partition), '/', toString(offset))"
                   "   FROM dead_letter_records WHERE source = {source:String} AND origin != ''))"
                   " LIMIT 20000",
                   params, 2, take_lost, err);
    if (b.resend.sent + b.gave_up > 0)
        log_warn("messages that were sent again and never arrived source=%s once_more=%" PRId64 " given_up=%" PRId64, s->stem,
                 b.resend.sent, b.gave_up);
out:
    batch_fini(&b);
    arena_fini(&arena);
    return rc;
}

int recovery_round(struct recovery *r, const struct plan *plan, struct err *err)
{
    struct err busy = ERR_INIT;
    char *open = clickhouse_value(r->ch, "SELECT count() FROM dead_letters WHERE status IN ('open', 'replayed')", NULL, 0, err);
    bool any = open != NULL && strcmp(open, "0") != 0;
    free(open);
    if (err->class != ERR_NONE)
        return -1;
    if (!any)
        return 0;
    struct lock *lock = lock_take(r->opts, "worker", 0, &busy);
    if (lock == NULL && busy.class == ERR_RETRY)
        return 0;
    if (lock == NULL)
        return err_set(err, busy.class, "%s", busy.text);
    int rc = connect_producer(r, err);
    for (size_t i = 0; i < plan->n_objects && rc == 0; i++)
        if (plan->objects[i].kind == PLAN_RECOVERY)
            rc = run_rule(r, plan, plan->objects[i].name, err);
    for (size_t i = 0; i < plan->n_sources && rc == 0; i++)
        rc = resend_lost(r, &plan->sources[i], err);
    lock_release(lock);
    return rc;
}
