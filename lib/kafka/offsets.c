/* lib/kafka/offsets: where a partition begins and ends, where a group stands, and reading a range without a group. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kafka/admin.h"

int kafka_watermarks(struct kafka_admin *a, const char *topic, int32_t partition, int64_t *low, int64_t *high, struct err *err)
{
    char doing[320];
    snprintf(doing, sizeof doing, "asking for the offsets of '%s' partition %d", topic, (int)partition);
    if (admin_ready(a, err) < 0)
        return -1;
    int64_t end = client_now_ms() + ANSWER_MS;
    for (;;) {
        rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(a->client.rk, topic, partition, low, high, ANSWER_MS);
        rd_kafka_poll(a->client.rk, 0);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
            return 0;
        if (!client_transient(code) || client_now_ms() >= end)
            return client_error(&a->client, code, doing, NULL, err);
        rd_kafka_poll(a->client.rk, 100);
    }
}

/* One question to a group's coordinator; asked again while the coordinator is on its way (a cluster that has just started). */
static rd_kafka_event_t *ask_group(struct kafka_admin *a, rd_kafka_ListConsumerGroupOffsets_t *list,
                                   rd_kafka_AlterConsumerGroupOffsets_t *set, const char *doing, struct err *err)
{
    int64_t end = client_now_ms() + ANSWER_MS;
    for (;;) {
        struct err why = ERR_INIT;
        rd_kafka_resp_err_t code;
        rd_kafka_AdminOptions_t *options = admin_options(a, list != NULL ? RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS
                                                                         : RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS);
        rd_kafka_queue_t *queue = rd_kafka_queue_new(a->client.rk);
        if (list != NULL)
            rd_kafka_ListConsumerGroupOffsets(a->client.rk, &list, 1, options, queue);
        else
            rd_kafka_AlterConsumerGroupOffsets(a->client.rk, &set, 1, options, queue);
        rd_kafka_event_t *event = admin_answer(a, queue, doing, &code, &why);
        rd_kafka_queue_destroy(queue);
        rd_kafka_AdminOptions_destroy(options);
        if (event != NULL)
            return event;
        if (!client_transient(code) || client_now_ms() >= end) {
            err_set(err, why.class, "%s", why.text);
            return NULL;
        }
        rd_kafka_poll(a->client.rk, 100);
    }
}

/* A group's answer: its own error, then each partition's. */
static const rd_kafka_topic_partition_list_t *group_answer(struct kafka_admin *a, const rd_kafka_group_result_t **groups, size_t n,
                                                           const char *doing, struct err *err)
{
    const rd_kafka_error_t *error = n == 1 ? rd_kafka_group_result_error(groups[0]) : NULL;
    if (n != 1 || error != NULL) {
        client_error(&a->client, error != NULL ? rd_kafka_error_code(error) : RD_KAFKA_RESP_ERR_UNKNOWN, doing,
                     error != NULL ? rd_kafka_error_string(error) : NULL, err);
        return NULL;
    }
    return rd_kafka_group_result_partitions(groups[0]);
}

int kafka_committed(struct kafka_admin *a, const char *group, const char *topic, int64_t *offsets, int32_t n, struct err *err)
{
    int rc = -1;
    char doing[640];
    snprintf(doing, sizeof doing, "asking what group '%s' has committed in '%s'", group, topic);
    for (int32_t i = 0; i < n; i++)
        offsets[i] = -1;
    if (admin_ready(a, err) < 0)
        return -1;
    if (n <= 0)
        return 0;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(n);
    for (int32_t i = 0; i < n; i++)
        rd_kafka_topic_partition_list_add(list, topic, i);
    rd_kafka_ListConsumerGroupOffsets_t *question = rd_kafka_ListConsumerGroupOffsets_new(group, list);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_event_t *event = ask_group(a, question, NULL, doing, err);
    if (event == NULL)
        goto out;
    size_t count;
    const rd_kafka_group_result_t **groups =
        rd_kafka_ListConsumerGroupOffsets_result_groups(rd_kafka_event_ListConsumerGroupOffsets_result(event), &count);
    const rd_kafka_topic_partition_list_t *got = group_answer(a, groups, count, doing, err);
    if (got == NULL)
        goto out;
    for (int i = 0; i < got->cnt; i++) {
        const rd_kafka_topic_partition_t *at = &got->elems[i];
        if (at->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            client_error(&a->client, at->err, doing, NULL, err);
            goto out;
        }
        if (at->partition >= 0 && at->partition < n && at->offset >= 0)
            offsets[at->partition] = at->offset;
    }
    rc = 0;
out:
    if (event != NULL)
        rd_kafka_event_destroy(event);
    rd_kafka_ListConsumerGroupOffsets_destroy(question);
    return rc;
}

int kafka_commit(struct kafka_admin *a, const char *group, const char *topic, const int64_t *offsets, int32_t n, struct err *err)
{
    int rc = -1;
    char doing[640];
    snprintf(doing, sizeof doing, "setting the position of group '%s' in '%s'", group, topic);
    if (admin_ready(a, err) < 0)
        return -1;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(n > 0 ? n : 1);
    for (int32_t i = 0; i < n; i++)
        if (offsets[i] >= 0)
            rd_kafka_topic_partition_list_add(list, topic, i)->offset = offsets[i];
    rd_kafka_event_t *event = NULL;
    rd_kafka_AlterConsumerGroupOffsets_t *wish = NULL;
    if (list->cnt == 0) {
        rc = 0;
        goto out;
    }
    wish = rd_kafka_AlterConsumerGroupOffsets_new(group, list);
    event = ask_group(a, NULL, wish, doing, err);
    if (event == NULL)
        goto out;
    size_t count;
    const rd_kafka_group_result_t **groups =
        rd_kafka_AlterConsumerGroupOffsets_result_groups(rd_kafka_event_AlterConsumerGroupOffsets_result(event), &count);
    const rd_kafka_topic_partition_list_t *got = group_answer(a, groups, count, doing, err);
    if (got == NULL)
        goto out;
    for (int i = 0; i < got->cnt; i++) {
        rd_kafka_resp_err_t code = got->elems[i].err;
        /* The brokers' way of saying that the group is in use. */
        if (code == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID || code == RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP ||
            code == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION) {
            err_set(err, ERR_RETRY, "kafka: %s: the group has members; stop what consumes first", doing);
            goto out;
        }
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
            client_error(&a->client, code, doing, NULL, err);
            goto out;
        }
    }
    rc = 0;
out:
    if (event != NULL)
        rd_kafka_event_destroy(event);
    if (wish != NULL)
        rd_kafka_AlterConsumerGroupOffsets_destroy(wish);
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
    int64_t next = from, deadline = client_now_ms() + timeout_ms;
    while (next < to) {
        int64_t left = deadline - client_now_ms();
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
            deadline = client_now_ms() + timeout_ms;
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
