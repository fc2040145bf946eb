/* cli/position: how far a source has come. */
#include "cli/position.h"

#include "cli/recreated.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARTITIONS_MAX = 100000 };

struct starts {
    struct arena *arena;
    struct position *at;
    int32_t n; /* one more than the highest partition */
    int64_t since_ms;
};

static int take_start(void *context, const struct str *fields, size_t n_fields)
{
    struct starts *s = context;
    int64_t partition = n_fields == 4 ? str_integer(fields[0]) : -1;
    if (partition < 0 || partition >= PARTITIONS_MAX)
        return -1;
    if (partition >= s->n) {
        struct position *at = arena_alloc(s->arena, sizeof *at * (size_t)(partition + 1));
        if (at == NULL)
            return -1;
        for (int32_t i = 0; i <= partition; i++)
            at[i] = i < s->n ? s->at[i] : (struct position){ .partition = i, .start = -1, .proven = -1, .committed = -1 };
        s->at = at;
        s->n = (int32_t)partition + 1;
    }
    s->at[partition].start = str_integer(fields[1]);
    s->at[partition].proven = str_integer(fields[2]);
    s->at[partition].since_ms = s->since_ms = str_integer(fields[3]);
    return 0;
}

/* Another topic than the one that was noted: all of it is ours, from its first offset on. */
static int begin_anew(struct arena *a, const struct starts *noted, int64_t since_ms, struct positions *out, struct err *err)
{
    out->before = arena_alloc(a, sizeof *out->before * (size_t)(noted->n + 1));
    if (out->before == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    out->n_before = noted->n;
    memcpy(out->before, noted->at, sizeof *out->before * (size_t)noted->n);
    out->since_ms = since_ms;
    for (int32_t i = 0; i < out->n; i++) {
        struct position *p = &out->at[i];
        p->start = p->proven = 0;
        p->since_ms = since_ms;
    }
    return 0;
}

int positions_load(struct arena *a, struct clickhouse *ch, struct kafka_admin *kafka, const struct plan_source *s,
                   struct positions *out, struct err *err)
{
    *out = (struct positions){ 0 };
    struct kafka_topic topic;
    if (kafka_topic_describe(kafka, s->topic, &topic, err) < 0)
        return -1;
    if (topic.partitions == 0)
        return err_set(err, ERR_DROP, "topic %s: expected it on the brokers, but there is no such topic; 'odw apply' creates it",
                       s->topic);
    out->n = topic.partitions;
    out->at = arena_alloc(a, sizeof *out->at * (size_t)out->n);
    int64_t *committed = arena_alloc(a, sizeof *committed * (size_t)out->n);
    if (out->at == NULL || committed == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    const struct clickhouse_param params[] = { { "source", str_of(s->stem) }, { "topic", str_of(s->topic) } };
    /* The moment first: a proof counts when its row is there, and its seals were written before it. */
    char *at = clickhouse_value(
        ch, "SELECT toString(max(proven_at)) FROM ledger_proofs WHERE source = {source:String} HAVING count() > 0", params, 2, err);
    if (at == NULL)
        return -1;
    snprintf(out->proven_at, sizeof out->proven_at, "%s", at);
    free(at);
    struct starts noted = { .arena = a };
    if (clickhouse_rows(
            ch,
            "WITH (SELECT max(since) FROM ledger_starts WHERE source = {source:String} AND topic = {topic:String}) AS last"
            " SELECT partition, start, greatest(start, proven), toUnixTimestamp64Milli(last) FROM"
            " (SELECT partition, argMin(start_offset, noted_at) AS start FROM ledger_starts"
            "  WHERE source = {source:String} AND topic = {topic:String} AND since = last GROUP BY partition) AS starts"
            " LEFT JOIN (SELECT partition, argMax(proven_offset, proven_at) AS proven FROM ledger_proofs"
            "  WHERE source = {source:String} AND topic = {topic:String} AND since = last GROUP BY partition) AS proofs"
            " USING partition",
            params, 2, take_start, &noted, err) < 0)
        return -1;
    out->since_ms = noted.since_ms;
    for (int32_t i = 0; i < out->n; i++) {
        out->at[i] = i < noted.n ? noted.at[i] : (struct position){ .partition = i, .start = -1, .proven = -1, .committed = -1 };
        out->at[i].since_ms = noted.since_ms;
        if (kafka_watermarks(kafka, s->topic, i, &out->at[i].low, &out->at[i].high, err) < 0)
            return -1;
    }
    int64_t since_ms = -1;
    if (noted.n > 0 && recreated_look(ch, kafka, s, out, noted.at, noted.n, &since_ms, err) < 0)
        return -1;
    if (since_ms >= 0 && begin_anew(a, &noted, since_ms, out, err) < 0)
        return -1;
    if (kafka_committed(kafka, s->group, s->topic, committed, out->n, err) < 0)
        return -1;
    for (int32_t i = 0; i < out->n; i++) {
        struct position *p = &out->at[i];
        if (p->start < 0)
            return err_set(err, ERR_DROP, "topic %s, partition %d: the ledger doesn't answer for it yet; run 'odw apply'", s->topic,
                           i);
        p->committed = committed[i] > p->start ? committed[i] : p->start;
        /* The group may still stand where it stood in the topic that is gone. */
        if (p->since_ms > 0 && p->committed > p->high)
            p->committed = p->high;
    }
    return 0;
}
