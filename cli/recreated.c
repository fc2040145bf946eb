/* cli/recreated: was a topic deleted and created again? */
#include "cli/recreated.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"

enum {
    READ_TIMEOUT_MS = 30000,
    DETACH_TIMEOUT_MS = 300000, /* it waits for the block that is being written */
    LEAVE_MS = 60000,           /* a consumer that was detached is of the group until its session has timed out */
};

struct look {
    struct clickhouse *ch;
    struct kafka_admin *kafka;
    const struct plan_source *source;
    const struct positions *at;
    int64_t since_ms; /* of the new topic, -1: none was found */
    bool same;
    struct err *err;
    int64_t line_ms; /* of the line that a message is held against */
    bool has_message;
    int64_t message_ms;
};

static int take_message(void *context, const struct kafka_message *m)
{
    struct look *k = context;
    k->has_message = true;
    k->message_ms = m->timestamp_ms;
    return 1;
}

/* Fields: partition, offset, when that line's message was appended. */
static int take_line(void *context, const struct str *f, size_t n)
{
    struct look *k = context;
    if (n != 3)
        return -1;
    if (k->same)
        return 0;
    int32_t partition = (int32_t)str_integer(f[0]);
    int64_t offset = str_integer(f[1]);
    k->has_message = false;
    if (kafka_read(k->kafka, k->source->topic, partition, offset, offset + 1, READ_TIMEOUT_MS, take_message, k, k->err) < 0)
        return -1;
    if (!k->has_message)
        return 0;
    if (k->message_ms == str_integer(f[2]))
        k->same = true;
    else if (k->since_ms < 0 || k->message_ms < k->since_ms)
        k->since_ms = k->message_ms;
    return 0;
}

/* The oldest line of the oldest message that each partition still holds and that is ours. */
static int hold_against(struct look *k, const struct clickhouse_param *params)
{
    struct buf sql;
    buf_init(&sql, 0);
    buf_puts(&sql, "SELECT partition, offset, toUnixTimestamp64Milli(min(if(sent_at > toDateTime64(0, 3), sent_at, appended_at))) "
                   "FROM ledger WHERE source = {source:String}"
                   " AND topic = {topic:String} AND verdict NOT IN ('absent', 'unprovable') AND (0");
    for (int32_t i = 0; i < k->at->n; i++) {
        const struct position *p = &k->at->at[i];
        int64_t first = p->start > p->low ? p->start : p->low;
        if (first < p->high)
            buf_printf(&sql, " OR (partition = %d AND offset = %" PRId64 ")", p->partition, first);
    }
    /* Lines from before there was a sent_at: of what was not sent again it is the same moment. */
    buf_printf(&sql,
               ") AND (sent_at > toDateTime64(0, 3) OR origin = '') AND sent_at >= fromUnixTimestamp64Milli(%" PRId64
               ", 'UTC') GROUP BY partition, offset ORDER BY partition",
               k->at->since_ms);
    int rc = clickhouse_rows(k->ch, buf_text(&sql), params, 2, take_line, k, k->err);
    buf_fini(&sql);
    return rc;
}

int recreated_look(struct clickhouse *ch, struct kafka_admin *kafka, const struct plan_source *s, const struct positions *at,
                   const struct position *noted, int32_t n_noted, int64_t *since_ms, struct err *err)
{
    const struct clickhouse_param params[] = { { "source", str_of(s->stem) }, { "topic", str_of(s->topic) } };
    struct look k = { .ch = ch, .kafka = kafka, .source = s, .at = at, .since_ms = -1, .err = err };
    *since_ms = -1;
    if (hold_against(&k, params) < 0)
        return -1;
    if (k.same)
        return 0;
    *since_ms = k.since_ms;
    bool shorter = n_noted > at->n;
    for (int32_t i = 0; i < n_noted && i < at->n; i++)
        shorter = shorter || at->at[i].high < noted[i].proven;
    if (*since_ms >= 0 || !shorter)
        return 0;
    /* It holds less than was proven, and nothing yet to hold against a line: what comes is newer than all that came. */
    char *last = clickhouse_value(ch,
                                  "SELECT toUnixTimestamp64Milli(max(sent_at)) + 1 FROM ledger"
                                  " WHERE source = {source:String} AND topic = {topic:String}",
                                  params, 2, err);
    if (last == NULL)
        return -1;
    *since_ms = str_integer(str_of(last));
    free(last);
    return 0;
}

static int queue_do(struct clickhouse *ch, const struct plan_source *s, const char *verb, const char *after, struct err *err)
{
    struct buf sql;
    buf_init(&sql, 0);
    buf_printf(&sql, "%s TABLE ", verb);
    clickhouse_put_name(&sql, str_of(s->queue->creates));
    buf_puts(&sql, after);
    const struct clickhouse_query q = { .sql = buf_text(&sql), .timeout_ms = DETACH_TIMEOUT_MS };
    int rc = clickhouse_run(ch, &q, NULL, NULL, err);
    buf_fini(&sql);
    return rc;
}

static int move_group(struct kafka_admin *kafka, const struct plan_source *s, const struct positions *at, bool *moved,
                      struct err *err)
{
    int64_t *offsets = calloc((size_t)at->n + 1, sizeof *offsets), end = monotonic_ms() + LEAVE_MS;
    int rc = -1;
    if (offsets == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    for (int32_t i = 0; i < at->n; i++)
        offsets[i] = at->at[i].low;
    for (;;) {
        struct err why = ERR_INIT;
        rc = kafka_commit(kafka, s->group, s->topic, offsets, at->n, &why);
        *moved = rc == 0;
        if (rc == 0 || why.class != ERR_RETRY || monotonic_ms() >= end) {
            if (rc < 0 && why.class == ERR_RETRY)
                rc = 0;
            else if (rc < 0)
                err_set(err, why.class, "%s", why.text);
            break;
        }
        nanosleep(&(struct timespec){ .tv_nsec = 200 * 1000000 }, NULL);
    }
    free(offsets);
    return rc;
}

int recreated_begin(struct clickhouse *ch, struct kafka_admin *kafka, const struct plan_source *s, const struct positions *at,
                    bool *moved, struct err *err)
{
    const struct clickhouse_param params[] = { { "queue", str_of(s->queue->creates) } };
    char *there = clickhouse_value(
        ch, "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name = {queue:String}", params, 1, err);
    bool attached = there != NULL && there[0] == '1';
    free(there);
    *moved = false;
    if (err->class != ERR_NONE)
        return -1;
    if (!attached)
        return 0;
    /* Ctrl-C waits until the queue is attached again; after a kill 'odw apply' does that. */
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, &old);
    int rc = queue_do(ch, s, "DETACH", " SYNC", err);
    if (rc == 0) {
        struct err second = ERR_INIT;
        rc = move_group(kafka, s, at, moved, err);
        if (queue_do(ch, s, "ATTACH", "", rc == 0 ? err : &second) < 0)
            rc = -1;
    }
    sigprocmask(SIG_SETMASK, &old, NULL);
    return rc;
}
