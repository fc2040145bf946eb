/* lib/kafka/producer: sends messages and says of each what became of it.
 *
 * Any number of threads may call kafka_produce and kafka_producer_poll on one producer: librdkafka locks, and what is ours here is
 * atomic or locked. `delivered` runs on the thread that polls or flushes, one call at a time per polling thread, never inside
 * kafka_produce. A program with many producing threads keeps one thread that polls. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kafka/client.h"

enum { TOPICS_MAX = 256 };

struct topic {
    char *name;
    rd_kafka_topic_t *rkt;
};

struct kafka_producer {
    struct client client;
    atomic_int waiting;
    pthread_rwlock_t topics_lock;
    struct topic topics[TOPICS_MAX]; /* a producer serves a handful; looking them up by name costs librdkafka more */
    size_t n_topics;
};

static _Thread_local int served;

static void on_delivered(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
    (void)rk;
    struct kafka_producer *p = (struct kafka_producer *)opaque; /* its first member is the client */
    const struct kafka_report *report = m->_private;
    served++;
    if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (report != NULL)
            report->delivered(report->context, NULL, m->partition, m->offset);
    } else if (report != NULL) {
        struct err err = ERR_INIT;
        char doing[320];
        snprintf(doing, sizeof doing, "producing to '%s'", rd_kafka_topic_name(m->rkt));
        if (m->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE || m->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
            err_set(&err, ERR_RETRY, "kafka: %s: closed before the brokers acknowledged it", doing);
        else
            client_error(&p->client, m->err, doing, NULL, &err);
        report->delivered(report->context, &err, m->partition, -1);
    }
    atomic_fetch_sub_explicit(&p->waiting, 1, memory_order_release);
}

struct kafka_producer *kafka_producer_new(const struct opts *settings, const struct kafka_producer_options *options,
                                          struct err *err)
{
    struct kafka_producer *p = calloc(1, sizeof *p);
    if (p == NULL) {
        err_set(err, ERR_STOP, "kafka: out of memory");
        return NULL;
    }
    int64_t queue_bytes = options->queue_bytes > 0 ? options->queue_bytes : (int64_t)256 << 20;
    int64_t max_bytes = options->max_message_bytes > 0 ? options->max_message_bytes : (int64_t)16 << 20;
    if (max_bytes < 1000)
        max_bytes = 1000; /* librdkafka's least */
    int64_t queue_kb = queue_bytes / 1024 > 2097151 ? 2097151 : queue_bytes / 1024 < 1 ? 1 : queue_bytes / 1024;
    int64_t timeout = options->timeout_ms > 0 ? options->timeout_ms : options->timeout_ms < 0 ? 0 /* librdkafka's never */ : 300000;
    int64_t linger = timeout == 0 || options->linger_ms < timeout ? options->linger_ms : timeout - 1;
    char text[4][24];
    snprintf(text[0], sizeof text[0], "%" PRId64, linger);
    snprintf(text[1], sizeof text[1], "%" PRId64, timeout);
    snprintf(text[2], sizeof text[2], "%" PRId64, queue_kb);
    snprintf(text[3], sizeof text[3], "%" PRId64, max_bytes);
    /* murmur2: the partition that Java's clients choose for the same key. */
    const struct property ours[] = {
        { "linger.ms", text[0] },
        { "delivery.timeout.ms", text[1] },
        { "queue.buffering.max.kbytes", text[2] },
        { "queue.buffering.max.messages", "1000000" },
        { "message.max.bytes", text[3] }, /* of a batch, too: a topic refuses a batch that is over its limit as a whole */
        { "batch.num.messages", "10000" },
        { "topic.metadata.propagation.max.ms", "5000" }, /* after this a topic that nobody knows does not exist */
        { "compression.type", "lz4" },
        { "partitioner", "murmur2_random" },
        { NULL, NULL },
    };
    static const struct property fixed[] = {
        { "enable.idempotence", "true" }, { "acks", "all" }, { "request.required.acks", NULL },
        { "transactional.id", NULL },     { NULL, NULL },
    };
    if (client_init(&p->client, RD_KAFKA_PRODUCER, settings, ours, fixed, on_delivered, err) < 0) {
        free(p);
        return NULL;
    }
    pthread_rwlock_init(&p->topics_lock, NULL);
    return p;
}

void kafka_producer_free(struct kafka_producer *p)
{
    if (p == NULL)
        return;
    /* What is still waiting gets its report, so that nobody's context is forgotten. */
    rd_kafka_purge(p->client.rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    for (int i = 0; i < 100 && kafka_producer_waiting(p) > 0; i++)
        rd_kafka_poll(p->client.rk, 10);
    for (size_t i = 0; i < p->n_topics; i++) {
        rd_kafka_topic_destroy(p->topics[i].rkt);
        free(p->topics[i].name);
    }
    client_fini(&p->client);
    pthread_rwlock_destroy(&p->topics_lock);
    free(p);
}

static rd_kafka_topic_t *find(const struct kafka_producer *p, const char *name)
{
    for (size_t i = 0; i < p->n_topics; i++)
        if (strcmp(p->topics[i].name, name) == 0)
            return p->topics[i].rkt;
    return NULL;
}

static rd_kafka_topic_t *topic_of(struct kafka_producer *p, const char *name, struct err *err)
{
    pthread_rwlock_rdlock(&p->topics_lock);
    rd_kafka_topic_t *rkt = find(p, name);
    pthread_rwlock_unlock(&p->topics_lock);
    if (rkt != NULL)
        return rkt;
    pthread_rwlock_wrlock(&p->topics_lock);
    rkt = find(p, name);
    if (rkt == NULL) {
        char *copy = p->n_topics < TOPICS_MAX ? strdup(name) : NULL;
        if (copy == NULL)
            err_set(err, ERR_STOP, "kafka: producing to '%s': one producer serves at most %d topics", name, TOPICS_MAX);
        else if ((rkt = rd_kafka_topic_new(p->client.rk, name, NULL)) == NULL)
            client_error(&p->client, rd_kafka_last_error(), "producing", name, err);
        if (rkt != NULL)
            p->topics[p->n_topics++] = (struct topic){ copy, rkt };
        else
            free(copy);
    }
    pthread_rwlock_unlock(&p->topics_lock);
    return rkt;
}

int kafka_produce(struct kafka_producer *p, const char *topic, int32_t partition, struct str key, struct str value,
                  const struct kafka_header *headers, size_t n_headers, struct kafka_report *report, struct err *err)
{
    rd_kafka_topic_t *rkt = topic_of(p, topic, err);
    if (rkt == NULL)
        return -1;
    if (partition < 0)
        partition = RD_KAFKA_PARTITION_UA;
    /* Before the call: the report may be there before it returns. */
    atomic_fetch_add_explicit(&p->waiting, 1, memory_order_relaxed);
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (n_headers == 0) {
        if (rd_kafka_produce(rkt, partition, RD_KAFKA_MSG_F_COPY, (void *)(uintptr_t)value.p, value.n, key.p, key.n, report) < 0)
            code = rd_kafka_last_error();
    } else {
        rd_kafka_headers_t *list = rd_kafka_headers_new(n_headers);
        for (size_t i = 0; i < n_headers && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
            code = rd_kafka_header_add(list, headers[i].name, -1, headers[i].value.p, (ssize_t)headers[i].value.n);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
            code = rd_kafka_producev(p->client.rk, RD_KAFKA_V_RKT(rkt), RD_KAFKA_V_PARTITION(partition),
                                     RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                     RD_KAFKA_V_VALUE((void *)(uintptr_t)value.p, value.n), RD_KAFKA_V_KEY(key.p, key.n),
                                     RD_KAFKA_V_HEADERS(list), RD_KAFKA_V_OPAQUE(report), RD_KAFKA_V_END);
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
            rd_kafka_headers_destroy(list);
    }
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    atomic_fetch_sub_explicit(&p->waiting, 1, memory_order_relaxed);
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        return err_set(err, ERR_RETRY, "kafka: producing to '%s': the queue is full", topic);
    char doing[320];
    snprintf(doing, sizeof doing, "producing to '%s'", topic);
    return client_error(&p->client, code, doing, NULL, err);
}

int kafka_producer_poll(struct kafka_producer *p, int timeout_ms)
{
    served = 0;
    rd_kafka_poll(p->client.rk, timeout_ms);
    return served;
}

int kafka_producer_flush(struct kafka_producer *p, int timeout_ms)
{
    rd_kafka_flush(p->client.rk, timeout_ms);
    return kafka_producer_waiting(p) > 0 ? -1 : 0;
}

int kafka_producer_waiting(const struct kafka_producer *p)
{
    return atomic_load_explicit(&p->waiting, memory_order_acquire);
}

int kafka_producer_check(struct kafka_producer *p, int timeout_ms, struct err *err)
{
    return client_reach(&p->client, timeout_ms, err);
}
