/* lib/kafka/offsets: where a partition begins and ends, where a group stands, and reading a range without a group. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kafka/admin.h"

int kafka_watermarks(struct kafka_admin *a, const char *topic, int32_t partition, int64_t *low, int64_t *high, struct err *err)
{
    char doing[320];
    snprintf(doing, sizeof doing, "asking for the offsets of '%s' partition %d", topic, (int)partition);
    if (admin_ready(a, err) < 0)
        return -1;
    int64_t end = monotonic_ms() + ANSWER_MS;
    for (;;) {
        rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(a->client.rk, topic, partition, low, high, ANSWER_MS);
        rd_kafka_poll(a->client.rk, 0);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
            return 0;
        if (!client_transient(code) || monotonic_ms() >= end)
            return client_error(&a->client, code, doing, NULL, err);
        rd_kafka_poll(a->client.rk, 100);
    }
}

int kafka_offset_at(struct kafka_admin *a, const char *topic, int32_t partition, int64_t time_ms, int64_t *offset, struct err *err)
{
    char doing[320];
    snprintf(doing, sizeof doing, "asking for the offset at a time of '%s' partition %d", topic, (int)partition);
    int64_t low, high;
    if (kafka_watermarks(a, topic, partition, &low, &high, err) < 0)
        return -1;
    int64_t end = monotonic_ms() + ANSWER_MS;
    for (;;) {
        rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
        rd_kafka_topic_partition_t *one = rd_kafka_topic_partition_list_add(list, topic, partition);
        one->offset = time_ms;
        rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(a->client.rk, list, ANSWER_MS);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
            code = one->err;
        *offset = one->offset >= 0 ? one->offset : high; /* RD_KAFKA_OFFSET_END where nothing is as young */
        rd_kafka_topic_partition_list_destroy(list);
        rd_kafka_poll(a->client.rk, 0);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
            return 0;
        if (!client_transient(code) || monotonic_ms() >= end)
            return client_error(&a->client, code, doing, NULL, err);
        rd_kafka_poll(a->client.rk, 100);
    }
}

/* A handle that speaks for the group without joining it; kept for the next question about the same group. librdkafka 2.0.2's own
 * ListConsumerGroupOffsets can't be used: it crashes when the coordinator's first answer asks to try again, as one does whose
 * cluster has just started. */
static rd_kafka_t *speak_for(struct kafka_admin *a, const char *group, struct err *err)
{
    if (a->group_rk != NULL && strcmp(a->group, group) == 0)
        return a->group_rk;
    if (a->group_rk != NULL)
        rd_kafka_destroy(a->group_rk);
    a->group_rk = NULL;
    free(a->group);
    a->group = strdup(group);
    char why[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(rd_kafka_conf(a->client.rk));
    if (a->group == NULL || rd_kafka_conf_set(conf, "group.id", group, why, sizeof why) != RD_KAFKA_CONF_OK ||
        (a->group_rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why)) == NULL) {
        rd_kafka_conf_destroy(conf);
        err_set(err, ERR_STOP, "kafka: speaking for group '%s': %s", group, a->group == NULL ? "out of memory" : why);
        return NULL;
    }
    return a->group_rk;
}

/* The brokers' ways of saying that the group is in use. */
static bool has_members(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID || code == RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP ||
           code == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION || code == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS;
}

/* Asks, or with `set` tells; again while the coordinator is on its way. */
static int group_offsets(struct kafka_admin *a, const char *group, rd_kafka_topic_partition_list_t *list, bool set,
                         const char *doing, struct err *err)
{
    if (admin_ready(a, err) < 0)
        return -1;
    rd_kafka_t *rk = speak_for(a, group, err);
    if (rk == NULL)
        return -1;
    int64_t end = monotonic_ms() + ANSWER_MS;
    for (;;) {
        rd_kafka_resp_err_t code = set ? rd_kafka_commit(rk, list, 0) : rd_kafka_committed(rk, list, ANSWER_MS);
        rd_kafka_poll(rk, 0);
        for (int i = 0; i < list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
            code = list->elems[i].err;
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
            return 0;
        if (set && has_members(code))
            return err_set(err, ERR_RETRY, "kafka: %s: the group has members; stop what consumes first", doing);
        if (!client_transient(code) || monotonic_ms() >= end)
            return client_error(&a->client, code, doing, NULL, err);
        rd_kafka_poll(rk, 100);
    }
}

int kafka_committed(struct kafka_admin *a, const char *group, const char *topic, int64_t *offsets, int32_t n, struct err *err)
{
    char doing[640];
    snprintf(doing, sizeof doing, "asking what group '%s' has committed in '%s'", group, topic);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(n > 0 ? n : 1);
    for (int32_t i = 0; i < n; i++) {
        offsets[i] = -1;
        rd_kafka_topic_partition_list_add(list, topic, i);
    }
    int rc = list->cnt > 0 ? group_offsets(a, group, list, false, doing, err) : 0;
    for (int i = 0; i < list->cnt && rc == 0; i++)
        if (list->elems[i].partition < n && list->elems[i].offset >= 0)
            offsets[list->elems[i].partition] = list->elems[i].offset;
    rd_kafka_topic_partition_list_destroy(list);
    return rc;
}

int kafka_commit(struct kafka_admin *a, const char *group, const char *topic, const int64_t *offsets, int32_t n, struct err *err)
{
    char doing[640];
    snprintf(doing, sizeof doing, "setting the position of group '%s' in '%s'", group, topic);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(n > 0 ? n : 1);
    for (int32_t i = 0; i < n; i++)
        if (offsets[i] >= 0)
            rd_kafka_topic_partition_list_add(list, topic, i)->offset = offsets[i];
    int rc = list->cnt > 0 ? group_offsets(a, group, list, true, doing, err) : 0;
    rd_kafka_topic_partition_list_destroy(list);
    return rc;
}

enum { HEADERS_MAX = 256 };

static int hand_out(const rd_kafka_message_t *m, kafka_each *each, void *context)
{
    struct kafka_header headers[HEADERS_MAX];
    struct kafka_message out = {
        .partition = m->partition,
        .offset = m->offset,
        .timestamp_ms = rd_kafka_message_timestamp(m, NULL),
        .key = { m->key, m->key_len },
        .value = { m->payload, m->len },
        .headers = headers,
    };
    rd_kafka_headers_t *list;
    if (rd_kafka_message_headers(m, &list) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        const char *name;
        const void *value;
        size_t size;
        while (out.n_headers < HEADERS_MAX &&
               rd_kafka_header_get_all(list, out.n_headers, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR)
            headers[out.n_headers++] = (struct kafka_header){ name, { value, size } };
    }
    return each(context, &out);
}

int kafka_read(struct kafka_admin *a, const char *topic, int32_t partition, int64_t from, int64_t to, int timeout_ms,
               kafka_each *each, void *context, struct err *err)
{
    int rc = -1;
    int64_t low, high;
    char doing[320];
    if (kafka_watermarks(a, topic, partition, &low, &high, err) < 0)
        return -1;
    if (from < low)
        from = low;
    /* Beyond the present end there is nothing to wait for. What comes in while we read is not in the range either. */
    if (to > high)
        to = high;
    if (from >= to)
        return 0;
    snprintf(doing, sizeof doing, "reading '%s' partition %d from offset %" PRId64 " to %" PRId64, topic, (int)partition, from, to);
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(a->client.rk, topic, NULL);
    if (rkt == NULL)
        return client_error(&a->client, rd_kafka_last_error(), doing, NULL, err);
    if (rd_kafka_consume_start(rkt, partition, from) < 0) {
        client_error(&a->client, rd_kafka_last_error(), doing, NULL, err);
        rd_kafka_topic_destroy(rkt);
        return -1;
    }
    /* The last offsets of a range may be no messages at all (compacted away, transaction markers): then the end shows as a message
     * behind it, or as the end of the partition. An end before `to` is an open transaction, or a follower that lags: it may move
     * on. */
    int64_t next = from, deadline = monotonic_ms() + timeout_ms;
    while (next < to) {
        int64_t left = deadline - monotonic_ms();
        if (left <= 0) {
            if (next > from)
                err_set(err, ERR_RETRY, "kafka: %s: nothing came after offset %" PRId64 " for %d ms", doing, next - 1, timeout_ms);
            else
                client_error(&a->client, RD_KAFKA_RESP_ERR__TIMED_OUT, doing, NULL, err);
            goto out;
        }
        rd_kafka_message_t *m = rd_kafka_consume(rkt, partition, left > 200 ? 200 : (int)left);
        rd_kafka_poll(a->client.rk, 0);
        if (m == NULL)
            continue;
        rd_kafka_resp_err_t code = m->err;
        int stop = 0;
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            if (m->offset >= from && m->offset < to)
                stop = hand_out(m, each, context);
            next = m->offset + 1 > next ? m->offset + 1 : next;
            deadline = monotonic_ms() + timeout_ms;
        } else if (code == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            next = m->offset > next ? m->offset : next;
        } else if (code != RD_KAFKA_RESP_ERR__TRANSPORT && !client_transient(code)) {
            client_error(&a->client, code, doing, rd_kafka_message_errstr(m), err);
            rd_kafka_message_destroy(m);
            goto out;
        }
        rd_kafka_message_destroy(m);
        if (stop != 0)
            break;
    }
    rc = 0;
out:
    rd_kafka_consume_stop(rkt, partition);
    rd_kafka_topic_destroy(rkt);
    return rc;
}
