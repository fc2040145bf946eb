/* cli/source: a source as the ledger knows it. */
#include "cli/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "declaration/declaration.h"

int sources_load(struct arena *a, const struct opts *o, struct source **first, struct err *err)
{
    const char *root = opts_text(o, "root"), *database = opts_text(o, "database");
    char path[4096];
    struct declaration *queue = NULL;
    struct source **last = first;
    *first = NULL;
    snprintf(path, sizeof path, "%s/kafka-engine", root);
    if (declaration_load_folder(a, ROOM_QUEUE, path, &queue, err) < 0)
        return -1;
    if (queue == NULL)
        return err_set(err, ERR_STOP,
                       "%s: expected a queue per source (NAME.sql), found none; --root names the folder that holds kafka-engine/",
                       path);
    for (; queue != NULL; queue = queue->next) {
        struct source *s = arena_alloc(a, sizeof *s);
        snprintf(path, sizeof path, "%s/sql/%s_rows.sql", root, queue->stem);
        struct declaration *rows = declaration_load(a, ROOM_TABLE, path, err);
        if (rows == NULL)
            return -1;
        const char *identity = declaration_value(rows, "identity");
        if (identity == NULL)
            return err_set(err, ERR_STOP,
                           "%s: expected '-- identity: FIELD, …' in the head, found none: the audit could not tell its rows apart",
                           path);
        if (s == NULL)
            return err_set(err, ERR_STOP, "out of memory");
        struct str time = str_of(identity);
        s->name = queue->stem;
        s->topic = declaration_value(queue, "topic");
        s->group = arena_printf(a, "%s_%s", database, queue->stem);
        s->rows = rows->creates;
        s->identity_hash = arena_printf(a, "cityHash64(%s)", identity);
        s->time_column = arena_copy(a, str_trim(str_cut(&time, ',')));
        if (s->group == NULL || s->identity_hash == NULL || s->time_column == NULL)
            return err_set(err, ERR_STOP, "out of memory");
        *last = s;
        last = &s->next;
    }
    return 0;
}

static int64_t number(struct str s)
{
    char text[32];
    size_t n = s.n < sizeof text - 1 ? s.n : sizeof text - 1;
    memcpy(text, s.p, n);
    text[n] = '\0';
    return strtoll(text, NULL, 10);
}

static int take_start(void *context, const struct str *fields, size_t n_fields)
{
    struct positions *p = context;
    int64_t partition = number(fields[0]);
    if (n_fields == 3 && partition >= 0 && partition < p->n) {
        p->at[partition].start = number(fields[1]);
        p->at[partition].proven = number(fields[2]);
    }
    return 0;
}

int positions_load(struct arena *a, struct clickhouse *ch, struct kafka_admin *kafka, const struct source *s, struct positions *out,
                   struct err *err)
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

    const struct clickhouse_param params[] = { { "source", str_of(s->name) }, { "topic", str_of(s->topic) } };
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
