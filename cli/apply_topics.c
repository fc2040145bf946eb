/* cli/apply_topics: topics as they are declared, and where the ledger begins to answer for them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/apply.h"

static const char *duration(long long ms, char text[32])
{
    if (ms < 0)
        return "for ever";
    if (ms % 86400000 == 0)
        snprintf(text, 32, "%lldd", ms / 86400000);
    else
        snprintf(text, 32, "%lld ms", ms);
    return text;
}

static int one_topic(struct apply *a, const struct plan_source *s, struct err *err)
{
    struct kafka_topic have;
    char now[32], then[32];
    const char *file = apply_file(a, plan_object(a->plan, s->queue->creates));
    if (kafka_topic_describe(a->kafka, s->topic, &have, err) < 0)
        return -1;
    if (have.partitions == 0) {
        change(&a->changes, "create topic %s: %d partitions, kept %s, messages up to %lld bytes (%s)", s->topic, s->partitions,
               duration(s->retention_ms, then), s->max_message_bytes, file);
        return a->dry_run ? 0 : kafka_topic_create(a->kafka, s->topic, s->partitions, s->retention_ms, s->max_message_bytes, err);
    }
    const char *adopt = opts_text(a->opts, "adopt-topic");
    bool adopted = adopt != NULL && strcmp(adopt, s->topic) == 0;
    if (!have.append_time && !adopted)
        return err_set(
            err, ERR_STOP,
            "topic %s: expected message.timestamp.type=LogAppendTime, found CreateTime: a sender's clock would decide which "
            "delivery of an event is the newest; '--adopt-topic %s' changes it (messages that are there keep their time)",
            s->topic, s->topic);
    if (have.partitions > s->partitions)
        return err_set(err, ERR_STOP, "%s: topic %s has %d partitions, expected %d: Kafka can't take partitions away; declare %d",
                       file, s->topic, have.partitions, s->partitions, have.partitions);
    bool alter = false;
    if (!have.append_time) {
        change(&a->changes, "alter topic %s: message.timestamp.type CreateTime → LogAppendTime", s->topic);
        alter = true;
    }
    if (have.partitions < s->partitions) {
        change(&a->changes, "alter topic %s: %d → %d partitions (%s)", s->topic, have.partitions, s->partitions, file);
        alter = true;
    }
    if (have.retention_ms != s->retention_ms) {
        change(&a->changes, "alter topic %s: kept %s → %s (%s)", s->topic, duration(have.retention_ms, now),
               duration(s->retention_ms, then), file);
        alter = true;
    }
    if (have.max_message_bytes != s->max_message_bytes) {
        change(&a->changes, "alter topic %s: messages up to %" PRId64 " → %lld bytes (%s)", s->topic, have.max_message_bytes,
               s->max_message_bytes, file);
        alter = true;
    }
    if (!alter || a->dry_run)
        return 0;
    return kafka_topic_alter(a->kafka, s->topic, have.partitions < s->partitions ? s->partitions : 0, s->retention_ms,
                             s->max_message_bytes, err);
}

int apply_topics(struct apply *a, struct err *err)
{
    const char *adopt = opts_text(a->opts, "adopt-topic");
    bool known = adopt == NULL;
    for (size_t i = 0; i < a->plan->n_sources; i++)
        known = known || strcmp(adopt, a->plan->sources[i].topic) == 0;
    if (!known)
        return err_set(err, ERR_STOP, "--adopt-topic %s: expected a topic that a file in kafka-engine/ names", adopt);
    for (size_t i = 0; i < a->plan->n_sources; i++)
        if (one_topic(a, &a->plan->sources[i], err) < 0)
            return err->class == ERR_RETRY ? err_at(err, "Kafka") : -1;
    return 0;
}

struct noted {
    bool *at;
    int32_t n;
    bool any;
};

static int take_noted(void *context, const struct str *fields, size_t n_fields)
{
    struct noted *noted = context;
    char text[16];
    snprintf(text, sizeof text, "%.*s", n_fields > 0 ? (int)fields[0].n : 0, n_fields > 0 ? fields[0].p : "");
    long partition = strtol(text, NULL, 10);
    noted->any = true;
    if (partition >= 0 && partition < noted->n)
        noted->at[partition] = true;
    return 0;
}

/* starts: an array of (partition, offset), as ClickHouse writes it. */
static int note_starts(struct apply *a, const struct plan_source *s, const struct buf *starts, struct err *err)
{
    const struct clickhouse_param params[] = { { "source", str_of(s->stem) },
                                               { "topic", str_of(s->topic) },
                                               { "starts", buf_str(starts) } };
    struct clickhouse_query q = {
        .sql = "INSERT INTO ledger_starts (source, topic, partition, start_offset, noted_at, since)"
               " WITH (SELECT max(since) FROM ledger_starts WHERE source = {source:String} AND topic = {topic:String}) AS last"
               " SELECT {source:String}, {topic:String}, start.1, start.2, now64(3), last"
               " FROM (SELECT arrayJoin({starts:Array(Tuple(UInt32, UInt64))}) AS start)",
        .params = params,
        .n_params = 3
    };
    return clickhouse_run(a->ch, &q, NULL, NULL, err);
}

int apply_starts(struct apply *a, const struct plan_source *s, struct err *err)
{
    if (a->dry_run)
        return 0;
    struct kafka_topic topic;
    const struct clickhouse_param params[] = { { "source", str_of(s->stem) }, { "topic", str_of(s->topic) } };
    if (kafka_topic_describe(a->kafka, s->topic, &topic, err) < 0)
        return -1;
    struct noted noted = { arena_alloc(&a->arena, (size_t)topic.partitions + 1), topic.partitions, false };
    int64_t *committed = arena_alloc(&a->arena, sizeof *committed * ((size_t)topic.partitions + 1));
    if (noted.at == NULL || committed == NULL)
        return err_set(err, ERR_STOP, "out of memory");
    if (clickhouse_rows(a->ch,
                        "SELECT DISTINCT partition FROM ledger_starts WHERE source = {source:String} AND topic = {topic:String}"
                        " AND since = (SELECT max(since) FROM ledger_starts WHERE source = {source:String} AND topic ="
                        " {topic:String})",
                        params, 2, take_noted, &noted, err) < 0)
        return -1;
    bool all = true;
    for (int32_t i = 0; i < topic.partitions; i++)
        all = all && noted.at[i];
    if (all)
        return 0;
    if (kafka_committed(a->kafka, s->group, s->topic, committed, topic.partitions, err) < 0)
        return -1;
    struct buf starts;
    int done = 0;
    buf_init(&starts, 0);
    for (int32_t i = 0; i < topic.partitions && done == 0; i++) {
        int64_t low = 0, high = 0, start = committed[i];
        if (noted.at[i])
            continue;
        done = kafka_watermarks(a->kafka, s->topic, i, &low, &high, err);
        /* A partition that was added to a topic of ours was empty then, and messages flow already. */
        if (noted.any)
            start = 0;
        else if (start < 0)
            start = low;
        change(&a->changes, "note that the ledger answers for %s/%" PRId32 " from offset %" PRId64 " on", s->topic, i, start);
        buf_printf(&starts, "%s(%" PRId32 ",%" PRId64 ")", starts.n > 0 ? "," : "[", i, start);
    }
    if (done == 0 && buf_putc(&starts, ']') < 0)
        done = err_set(err, ERR_STOP, "out of memory");
    if (done == 0)
        done = note_starts(a, s, &starts, err);
    buf_fini(&starts);
    return done;
}
