/* lib/kafka/topics: asks about topics, makes and changes them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "kafka/admin.h"

struct kafka_admin *kafka_admin_new(const struct opts *settings, struct err *err)
{
    struct kafka_admin *a = calloc(1, sizeof *a);
    if (a == NULL) {
        err_set(err, ERR_STOP, "kafka: out of memory");
        return NULL;
    }
    /* The end of a partition is told by the first fetch that comes back empty: a short wait there, and a small read-ahead, since
     * ranges are mostly short. read_committed, as ClickHouse's consumer reads: what it can't see, nobody may call lost. */
    static const struct property ours[] = {
        { "fetch.wait.max.ms", "50" },      { "fetch.error.backoff.ms", "100" },
        { "queued.min.messages", "10000" }, { "queued.max.messages.kbytes", "65536" },
        { "check.crcs", "true" },           { NULL, NULL },
    };
    static const struct property fixed[] = {
        { "enable.partition.eof", "true" },
        { "isolation.level", "read_committed" },
        { "auto.offset.reset", "earliest" },
        { "enable.auto.commit", "false" },
        { "enable.auto.offset.store", "false" },
        { "group.id", NULL },
        { NULL, NULL },
    };
    if (client_init(&a->client, RD_KAFKA_CONSUMER, settings, ours, fixed, NULL, err) < 0) {
        free(a);
        return NULL;
    }
    return a;
}

void kafka_admin_free(struct kafka_admin *a)
{
    if (a == NULL)
        return;
    if (a->group_rk != NULL)
        rd_kafka_destroy(a->group_rk);
    free(a->group);
    client_fini(&a->client);
    free(a);
}

int admin_ready(struct kafka_admin *a, struct err *err)
{
    if (a->reached)
        return 0;
    if (client_reach(&a->client, REACH_MS, err) < 0)
        return -1;
    a->reached = true;
    return 0;
}

rd_kafka_AdminOptions_t *admin_options(struct kafka_admin *a, rd_kafka_admin_op_t op)
{
    char why[256];
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(a->client.rk, op);
    if (options != NULL)
        rd_kafka_AdminOptions_set_request_timeout(options, ANSWER_MS, why, sizeof why);
    return options;
}

rd_kafka_event_t *admin_answer(struct kafka_admin *a, rd_kafka_queue_t *queue, const char *doing, rd_kafka_resp_err_t *code,
                               struct err *err)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ANSWER_MS + 1000);
    rd_kafka_poll(a->client.rk, 0);
    *code = event != NULL ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;
    if (*code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return event;
    client_error(&a->client, *code, doing, event != NULL ? rd_kafka_event_error_string(event) : NULL, err);
    if (event != NULL)
        rd_kafka_event_destroy(event);
    return NULL;
}

/* Partitions and brokers as the cluster tells them. *partitions 0: no such topic. */
static int look(struct kafka_admin *a, const char *topic, int32_t *partitions, int32_t *brokers, struct err *err)
{
    int rc = -1;
    char doing[320];
    snprintf(doing, sizeof doing, "asking about topic '%s'", topic);
    *partitions = 0;
    if (admin_ready(a, err) < 0)
        return -1;
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(a->client.rk, topic, NULL);
    if (rkt == NULL)
        return client_error(&a->client, rd_kafka_last_error(), doing, NULL, err);
    int64_t end = monotonic_ms() + ANSWER_MS;
    for (;;) {
        const struct rd_kafka_metadata *md = NULL;
        rd_kafka_resp_err_t code = rd_kafka_metadata(a->client.rk, 0, rkt, &md, ANSWER_MS);
        rd_kafka_poll(a->client.rk, 0);
        bool missing = false;
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            if (brokers != NULL)
                *brokers = md->broker_cnt;
            code = md->topic_cnt == 1 ? md->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
            missing = code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
            if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
                *partitions = md->topics[0].partition_cnt;
            rd_kafka_metadata_destroy(md);
        }
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR || missing) {
            rc = 0;
            break;
        }
        if (!client_transient(code) || monotonic_ms() >= end) {
            client_error(&a->client, code, doing, NULL, err);
            break;
        }
        rd_kafka_poll(a->client.rk, 100);
    }
    rd_kafka_topic_destroy(rkt);
    return rc;
}

/* Calls `each` with every setting of the topic. */
static int describe(struct kafka_admin *a, const char *topic, void (*each)(void *, const rd_kafka_ConfigEntry_t *), void *context,
                    struct err *err)
{
    int rc = -1;
    char doing[320];
    rd_kafka_event_t *event = NULL;
    snprintf(doing, sizeof doing, "reading the settings of topic '%s'", topic);
    rd_kafka_ConfigResource_t *resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    rd_kafka_AdminOptions_t *options = admin_options(a, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(a->client.rk);
    rd_kafka_resp_err_t code;
    rd_kafka_DescribeConfigs(a->client.rk, &resource, 1, options, queue);
    event = admin_answer(a, queue, doing, &code, err);
    if (event == NULL)
        goto out;
    size_t n;
    const rd_kafka_ConfigResource_t **got =
        rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &n);
    code = n == 1 ? rd_kafka_ConfigResource_error(got[0]) : RD_KAFKA_RESP_ERR_UNKNOWN;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        client_error(&a->client, code, doing, n == 1 ? rd_kafka_ConfigResource_error_string(got[0]) : NULL, err);
        goto out;
    }
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(got[0], &n);
    for (size_t i = 0; i < n; i++)
        each(context, entries[i]);
    rc = 0;
out:
    if (event != NULL)
        rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_ConfigResource_destroy(resource);
    return rc;
}

static void take_setting(void *context, const rd_kafka_ConfigEntry_t *entry)
{
    struct kafka_topic *t = context;
    const char *name = rd_kafka_ConfigEntry_name(entry), *value = rd_kafka_ConfigEntry_value(entry);
    if (value == NULL)
        return;
    if (strcmp(name, "message.timestamp.type") == 0)
        t->append_time = strcmp(value, "LogAppendTime") == 0;
    else if (strcmp(name, "retention.ms") == 0)
        t->retention_ms = strtoll(value, NULL, 10);
    else if (strcmp(name, "max.message.bytes") == 0)
        t->max_message_bytes = strtoll(value, NULL, 10);
    else if (strcmp(name, "cleanup.policy") == 0)
        t->compacted = strstr(value, "compact") != NULL;
}

int kafka_topic_describe(struct kafka_admin *a, const char *topic, struct kafka_topic *out, struct err *err)
{
    *out = (struct kafka_topic){ .retention_ms = -1 };
    if (look(a, topic, &out->partitions, NULL, err) < 0)
        return -1;
    return out->partitions == 0 ? 0 : describe(a, topic, take_setting, out, err);
}

/* Until every partition of a new topic has a leader, so that the caller can produce at once. */
static int await_partitions(struct kafka_admin *a, const char *topic, int32_t partitions, struct err *err)
{
    int64_t end = monotonic_ms() + ANSWER_MS;
    for (;;) {
        int32_t seen;
        if (look(a, topic, &seen, NULL, err) < 0)
            return -1;
        int32_t led = 0;
        int64_t low, high;
        while (led < partitions && seen >= partitions &&
               rd_kafka_query_watermark_offsets(a->client.rk, topic, led, &low, &high, 1000) == RD_KAFKA_RESP_ERR_NO_ERROR)
            led++;
        if (led == partitions)
            return 0;
        if (monotonic_ms() >= end)
            return err_set(err, ERR_RETRY, "kafka: topic '%s' was made, but %d of its %d partitions have no leader after %d s",
                           topic, (int)(partitions - led), (int)partitions, ANSWER_MS / 1000);
        rd_kafka_poll(a->client.rk, 50);
    }
}

static int topic_results(struct kafka_admin *a, const rd_kafka_topic_result_t **results, size_t n, const char *doing,
                         struct err *err)
{
    rd_kafka_resp_err_t code = n == 1 ? rd_kafka_topic_result_error(results[0]) : RD_KAFKA_RESP_ERR_UNKNOWN;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    return client_error(&a->client, code, doing, n == 1 ? rd_kafka_topic_result_error_string(results[0]) : NULL, err);
}

int kafka_topic_create(struct kafka_admin *a, const char *topic, int32_t partitions, int64_t retention_ms,
                       int64_t max_message_bytes, struct err *err)
{
    int rc = -1;
    int32_t seen, brokers = 1;
    if (look(a, topic, &seen, &brokers, err) < 0)
        return -1;
    int replication = brokers < 3 ? (brokers < 1 ? 1 : brokers) : 3;
    char doing[320], why[512], number[24];
    snprintf(doing, sizeof doing, "creating topic '%s' with %d partitions", topic, (int)partitions);
    rd_kafka_event_t *event = NULL;
    rd_kafka_AdminOptions_t *options = NULL;
    rd_kafka_queue_t *queue = NULL;
    rd_kafka_NewTopic_t *wish = rd_kafka_NewTopic_new(topic, partitions, replication, why, sizeof why);
    if (wish == NULL)
        return err_set(err, ERR_DROP, "kafka: %s: %s", doing, why);
    rd_kafka_NewTopic_set_config(wish, "message.timestamp.type", "LogAppendTime");
    snprintf(number, sizeof number, "%" PRId64, retention_ms);
    rd_kafka_NewTopic_set_config(wish, "retention.ms", number);
    if (max_message_bytes > 0) {
        snprintf(number, sizeof number, "%" PRId64, max_message_bytes);
        rd_kafka_NewTopic_set_config(wish, "max.message.bytes", number);
    }
    /* With three replicas, two must have a message before it counts as accepted: one broker may be lost at any moment. */
    if (replication == 3)
        rd_kafka_NewTopic_set_config(wish, "min.insync.replicas", "2");
    options = admin_options(a, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_AdminOptions_set_operation_timeout(options, ANSWER_MS, why, sizeof why);
    queue = rd_kafka_queue_new(a->client.rk);
    rd_kafka_CreateTopics(a->client.rk, &wish, 1, options, queue);
    rd_kafka_resp_err_t code;
    event = admin_answer(a, queue, doing, &code, err);
    if (event == NULL)
        goto out;
    size_t n;
    const rd_kafka_topic_result_t **results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &n);
    if (topic_results(a, results, n, doing, err) < 0)
        goto out;
    rc = await_partitions(a, topic, partitions, err);
out:
    if (event != NULL)
        rd_kafka_event_destroy(event);
    if (queue != NULL)
        rd_kafka_queue_destroy(queue);
    if (options != NULL)
        rd_kafka_AdminOptions_destroy(options);
    rd_kafka_NewTopic_destroy(wish);
    return rc;
}

/* Kafka's older AlterConfigs replaces all of a topic's own settings: the ones that stand there are said again. (A change by someone
 * else between reading and writing would be undone; librdkafka has the incremental form only from 2.2.) */
struct wish {
    rd_kafka_ConfigResource_t *resource;
    const char *names[3];
    char values[3][24];
    size_t n, same;
};

static void keep_setting(void *context, const rd_kafka_ConfigEntry_t *entry)
{
    struct wish *w = context;
    const char *name = rd_kafka_ConfigEntry_name(entry), *value = rd_kafka_ConfigEntry_value(entry);
    for (size_t i = 0; i < w->n; i++)
        if (strcmp(w->names[i], name) == 0) {
            w->same += value != NULL && strcmp(value, w->values[i]) == 0;
            return;
        }
    if (value != NULL && rd_kafka_ConfigEntry_source(entry) == RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG)
        rd_kafka_ConfigResource_set_config(w->resource, name, value);
}

static int alter_settings(struct kafka_admin *a, const char *topic, int64_t retention_ms, int64_t max_message_bytes,
                          struct err *err)
{
    int rc = -1;
    char doing[320];
    snprintf(doing, sizeof doing, "changing the settings of topic '%s'", topic);
    rd_kafka_event_t *event = NULL;
    rd_kafka_AdminOptions_t *options = admin_options(a, RD_KAFKA_ADMIN_OP_ALTERCONFIGS);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(a->client.rk);
    struct wish w = { .resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic), .n = 2 };
    w.names[0] = "message.timestamp.type";
    snprintf(w.values[0], sizeof w.values[0], "LogAppendTime");
    w.names[1] = "retention.ms";
    snprintf(w.values[1], sizeof w.values[1], "%" PRId64, retention_ms);
    if (max_message_bytes > 0) {
        w.names[w.n] = "max.message.bytes";
        snprintf(w.values[w.n++], sizeof w.values[2], "%" PRId64, max_message_bytes);
    }
    if (describe(a, topic, keep_setting, &w, err) < 0)
        goto out;
    if (w.same == w.n) {
        rc = 0;
        goto out;
    }
    for (size_t i = 0; i < w.n; i++)
        rd_kafka_ConfigResource_set_config(w.resource, w.names[i], w.values[i]);
    rd_kafka_AlterConfigs(a->client.rk, &w.resource, 1, options, queue);
    rd_kafka_resp_err_t code;
    event = admin_answer(a, queue, doing, &code, err);
    if (event == NULL)
        goto out;
    size_t n;
    const rd_kafka_ConfigResource_t **got = rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(event), &n);
    code = n == 1 ? rd_kafka_ConfigResource_error(got[0]) : RD_KAFKA_RESP_ERR_UNKNOWN;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        client_error(&a->client, code, doing, n == 1 ? rd_kafka_ConfigResource_error_string(got[0]) : NULL, err);
    else
        rc = 0;
out:
    if (event != NULL)
        rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_ConfigResource_destroy(w.resource);
    return rc;
}

static int grow(struct kafka_admin *a, const char *topic, int32_t partitions, struct err *err)
{
    int rc = -1;
    char doing[320], why[512];
    snprintf(doing, sizeof doing, "growing topic '%s' to %d partitions", topic, (int)partitions);
    rd_kafka_NewPartitions_t *wish = rd_kafka_NewPartitions_new(topic, (size_t)partitions, why, sizeof why);
    if (wish == NULL)
        return err_set(err, ERR_DROP, "kafka: %s: %s", doing, why);
    rd_kafka_AdminOptions_t *options = admin_options(a, RD_KAFKA_ADMIN_OP_CREATEPARTITIONS);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(a->client.rk);
    rd_kafka_resp_err_t code;
    rd_kafka_CreatePartitions(a->client.rk, &wish, 1, options, queue);
    rd_kafka_event_t *event = admin_answer(a, queue, doing, &code, err);
    if (event != NULL) {
        size_t n;
        const rd_kafka_topic_result_t **results =
            rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(event), &n);
        rc = topic_results(a, results, n, doing, err);
        rd_kafka_event_destroy(event);
    }
    rd_kafka_queue_destroy(queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_NewPartitions_destroy(wish);
    return rc < 0 ? rc : await_partitions(a, topic, partitions, err);
}

int kafka_topic_alter(struct kafka_admin *a, const char *topic, int32_t partitions, int64_t retention_ms, int64_t max_message_bytes,
                      struct err *err)
{
    int32_t seen;
    if (look(a, topic, &seen, NULL, err) < 0)
        return -1;
    if (seen == 0)
        return err_set(err, ERR_DROP, "kafka: changing topic '%s': there is no such topic", topic);
    if (partitions != 0 && partitions < seen)
        return err_set(err, ERR_DROP,
                       "kafka: topic '%s' has %d partitions; Kafka can't take partitions away, so %d is not possible", topic,
                       (int)seen, (int)partitions);
    if (alter_settings(a, topic, retention_ms, max_message_bytes, err) < 0)
        return -1;
    return partitions > seen ? grow(a, topic, partitions, err) : 0;
}
