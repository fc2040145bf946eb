/* cli/position: how far a source has come. */
#include "cli/position.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int take_start(void *context, const struct str *fields, size_t n_fields)
{
    struct positions *p = context;
    int64_t partition = str_integer(fields[0]);
    if (n_fields == 3 && partition >= 0 && partition < p->n) {
        p->at[partition].start = str_integer(fields[1]);
        p->at[partition].proven = str_integer(fields[2]);
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
    for (int32_t i = 0; i < out->n; i++)
        out->at[i] = (struct position){ .partition = i, .start = -1, .proven = -1, .committed = -1 };

    const struct clickhouse_param params[] = { { "source", str_of(s->stem) }, { "topic", str_of(s->topic) } };
    /* The moment first: a proof counts when its row is there, and its seals were written before it. */
    char *at = clickhouse_value(
        ch, "SELECT toString(max(proven_at)) FROM ledger_proofs WHERE source = {source:String} HAVING count() > 0", params, 2, err);
    if (at == NULL)
        return -1;
    snprintf(out->proven_at, sizeof out->proven_at, "%s", at);
    free(at);
    if (clickhouse_rows(ch,
                        "SELECT partition, start, greatest(start, proven) FROM"
                        " (SELECT partition, argMin(start_offset, noted_at) AS start FROM ledger_starts"
                        "  WHERE source = {source:String} AND topic = {topic:String} GROUP BY partition) AS starts"
                        " LEFT JOIN (SELECT partition, argMax(proven_offset, proven_at) AS proven FROM ledger_proofs"
                        "  WHERE source = {source:String} AND topic = {topic:String} GROUP BY partition) AS proofs USING partition",
                        params, 2, take_start, out, err) < 0)
        return -1;
    if (kafka_committed(kafka, s->group, s->topic, committed, out->n, err) < 0)
        return -1;
    for (int32_t i = 0; i < out->n; i++) {
        struct position *p = &out->at[i];
        if (kafka_watermarks(kafka, s->topic, i, &p->low, &p->high, err) < 0)
            return -1;
        if (p->start < 0)
            return err_set(err, ERR_DROP, "topic %s, partition %d: the ledger doesn't answer for it yet; run 'odw apply'", s->topic,
                           i);
        p->committed = committed[i] > p->start ? committed[i] : p->start;
    }
    return 0;
}
