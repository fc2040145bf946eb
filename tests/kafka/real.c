/* tests/kafka: topics, positions of groups, and ranges with transaction markers, on the broker at $ODW_KAFKA_BROKERS. (Knows
 * rdkafka.h for what odw itself never does: transactions, deleting records, joining a group.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>

#include "base/settings.h"
#include "kafka/kafka.h"

static struct opts *settings;
static struct kafka_admin *admin;

static int setup(void **state)
{
    (void)state;
    static const struct opt none[] = { { .name = NULL } };
    const struct opt_usage usage = { .program = "test", .about = "A test.", .own = none, .shared = settings_shared };
    char *argv[] = { (char[]){ "test" }, NULL };
    struct err err = ERR_INIT;
    if (getenv("ODW_KAFKA_BROKERS") == NULL) {
        print_error("ODW_KAFKA_BROKERS isn't set: run this through tests/kafka/real.sh\n");
        return -1;
    }
    if (opts_parse(&usage, 1, argv, &settings, &err) != OPT_OK || (admin = kafka_admin_new(settings, &err)) == NULL) {
        print_error("%s\n", err.text);
        return -1;
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    kafka_admin_free(admin);
    opts_free(settings);
    return 0;
}

static void good(int rc, const struct err *err)
{
    if (rc < 0)
        fail_msg("%s", err->text);
}

static struct kafka_topic described(const char *topic)
{
    struct err err = ERR_INIT;
    struct kafka_topic t;
    good(kafka_topic_describe(admin, topic, &t, &err), &err);
    return t;
}

static rd_kafka_t *client(rd_kafka_type_t type, const char *const *pairs)
{
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    assert_int_equal(rd_kafka_conf_set(conf, "bootstrap.servers", getenv("ODW_KAFKA_BROKERS"), why, sizeof why), RD_KAFKA_CONF_OK);
    for (; *pairs != NULL; pairs += 2)
        assert_int_equal(rd_kafka_conf_set(conf, pairs[0], pairs[1], why, sizeof why), RD_KAFKA_CONF_OK);
    rd_kafka_t *rk = rd_kafka_new(type, conf, why, sizeof why);
    assert_non_null(rk);
    return rk;
}

/* A setting of the topic that is none of odw's. */
static void set_foreign(const char *topic, const char *name, const char *value)
{
    rd_kafka_t *rk = client(RD_KAFKA_PRODUCER, (const char *const[]){ NULL });
    rd_kafka_ConfigResource_t *resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    rd_kafka_ConfigResource_set_config(resource, name, value);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_AlterConfigs(rk, &resource, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 20000);
    assert_non_null(event);
    assert_int_equal(rd_kafka_event_error(event), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_ConfigResource_destroy(resource);
    rd_kafka_destroy(rk);
}

static void a_topic_is_made_as_declared_and_changed_in_place(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    assert_int_equal(described("made").partitions, 0);
    good(kafka_topic_create(admin, "made", 2, 86400000, 2000000, &err), &err);
    struct kafka_topic t = described("made");
    assert_int_equal(t.partitions, 2);
    assert_true(t.append_time);
    assert_int_equal(t.retention_ms, 86400000);
    assert_int_equal(t.max_message_bytes, 2000000);
    assert_false(t.compacted);

    assert_int_equal(kafka_topic_create(admin, "made", 2, 86400000, 2000000, &err), -1);
    assert_int_equal(err.class, ERR_DROP);
    assert_non_null(strstr(err.text, "already exists"));
    err = ERR_INIT;
    good(kafka_topic_alter(admin, "made", 3, -1, 3000000, &err), &err);
    t = described("made");
    assert_int_equal(t.partitions, 3);
    assert_int_equal(t.retention_ms, -1);
    assert_int_equal(t.max_message_bytes, 3000000);
    assert_int_equal(kafka_topic_alter(admin, "made", 1, -1, 3000000, &err), -1);
    assert_non_null(strstr(err.text, "can't take partitions away"));
    err = ERR_INIT;
    assert_int_equal(kafka_topic_alter(admin, "never made", 1, -1, 0, &err), -1);
}

static void settings_of_others_stay(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    good(kafka_topic_create(admin, "foreign", 1, 1000000, 0, &err), &err);
    /* Each replaces all that was set before. */
    set_foreign("foreign", "message.timestamp.type", "CreateTime");
    struct kafka_topic t = described("foreign");
    assert_false(t.append_time);
    good(kafka_topic_alter(admin, "foreign", 0, 7000000, 0, &err), &err);
    assert_true(described("foreign").append_time);
    set_foreign("foreign", "cleanup.policy", "compact");
    t = described("foreign");
    assert_true(t.compacted);
    good(kafka_topic_alter(admin, "foreign", 0, 7000000, 0, &err), &err);
    t = described("foreign");
    assert_true(t.compacted);
    assert_true(t.append_time);
    assert_int_equal(t.retention_ms, 7000000);
    assert_int_equal(t.partitions, 1);
}

static void count(void *context, const struct err *err, int32_t partition, int64_t offset)
{
    (void)partition, (void)offset;
    ((int *)context)[err != NULL]++;
    if (err != NULL)
        print_error("%s\n", err->text);
}

static void messages_near_the_limit_pass_and_small_topics_take_batches(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    int reports[2] = { 0, 0 };
    struct kafka_report told = { count, reports };
    good(kafka_topic_create(admin, "small", 1, 1000000, 20000, &err), &err);
    const struct kafka_producer_options options = { .linger_ms = 200, .timeout_ms = 20000, .max_message_bytes = 20000 };
    struct kafka_producer *p = kafka_producer_new(settings, &options, &err);
    assert_non_null(p);
    char value[19500];
    unsigned random = 1;
    for (size_t i = 0; i < sizeof value; i++) /* nothing that compression could make small */
        value[i] = (char)((random = random * 1103515245 + 12345) >> 16);
    good(kafka_produce(p, "small", 0, (struct str){ NULL, 0 }, (struct str){ value, sizeof value }, NULL, 0, &told, &err), &err);
    for (int i = 0; i < 500; i++) /* 500 kB in one batch would be refused as a whole */
        good(kafka_produce(p, "small", 0, (struct str){ NULL, 0 }, (struct str){ value + i, 1000 }, NULL, 0, &told, &err), &err);
    assert_int_equal(kafka_producer_flush(p, 20000), 0);
    assert_int_equal(reports[0], 501);
    assert_int_equal(reports[1], 0);
    kafka_producer_free(p);
}

struct seen {
    int n, nulls;
    int64_t first, last;
};

static int take(void *context, const struct kafka_message *m)
{
    struct seen *s = context;
    if (s->n++ == 0)
        s->first = m->offset;
    s->last = m->offset;
    s->nulls += m->value.p == NULL;
    assert_true(m->timestamp_ms > 1600000000000);
    return 0;
}

static struct seen range(const char *topic, int64_t from, int64_t to)
{
    struct seen s = { .first = -1, .last = -1 };
    struct err err = ERR_INIT;
    good(kafka_read(admin, topic, 0, from, to, 20000, take, &s, &err), &err);
    return s;
}

static void a_range_ends_at_markers_and_aborted_messages(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    good(kafka_topic_create(admin, "transactions", 1, -1, 0, &err), &err);
    rd_kafka_t *rk = client(RD_KAFKA_PRODUCER, (const char *const[]){ "transactional.id", "test", NULL });
    assert_null(rd_kafka_init_transactions(rk, 60000));
    /* Offsets: 0 1 2, marker 3 | aborted 4 5, marker 6 | 7, marker 8 | aborted 9, marker 10. */
    for (int round = 0; round < 4; round++) {
        static const int size[] = { 3, 2, 1, 1 };
        assert_null(rd_kafka_begin_transaction(rk));
        for (int i = 0; i < size[round]; i++)
            assert_int_equal(rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("transactions"), RD_KAFKA_V_PARTITION(0),
                                               RD_KAFKA_V_VALUE((char[]){ "x" }, 1), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                               RD_KAFKA_V_END),
                             RD_KAFKA_RESP_ERR_NO_ERROR);
        assert_int_equal(rd_kafka_flush(rk, 20000), RD_KAFKA_RESP_ERR_NO_ERROR);
        assert_null(round % 2 == 0 ? rd_kafka_commit_transaction(rk, 30000) : rd_kafka_abort_transaction(rk, 30000));
    }
    rd_kafka_destroy(rk);
    /* The last marker is written a moment after the abort is acknowledged. */
    int64_t low, high = 0;
    for (int i = 0; i < 1000 && high < 11; i++)
        good(kafka_watermarks(admin, "transactions", 0, &low, &high, &err), &err);
    assert_int_equal(high, 11);
    struct seen s = range("transactions", 0, high); /* ends though the last offset is no message */
    assert_int_equal(s.n, 4);
    assert_int_equal(s.last, 7);
    assert_int_equal(range("transactions", 3, 4).n, 0);  /* a marker alone */
    assert_int_equal(range("transactions", 4, 7).n, 0);  /* aborted */
    assert_int_equal(range("transactions", 8, 11).n, 0); /* to the end, nothing but markers */
    assert_int_equal(range("transactions", 2, 8).n, 2);
    assert_int_equal(range("transactions", 9, 900).n, 0);
}

static void a_range_begins_at_what_is_left(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    int reports[2] = { 0, 0 };
    struct kafka_report told = { count, reports };
    good(kafka_topic_create(admin, "cut", 1, -1, 0, &err), &err);
    const struct kafka_producer_options options = { .linger_ms = 1, .timeout_ms = 20000 };
    struct kafka_producer *p = kafka_producer_new(settings, &options, &err);
    assert_non_null(p);
    for (int i = 0; i < 10; i++)
        good(kafka_produce(p, "cut", 0, STR("k"), (struct str){ i % 2 ? "v" : NULL, i % 2 }, NULL, 0, &told, &err), &err);
    assert_int_equal(kafka_producer_flush(p, 20000), 0);
    kafka_producer_free(p);
    rd_kafka_t *rk = client(RD_KAFKA_PRODUCER, (const char *const[]){ NULL });
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "cut", 0)->offset = 6;
    rd_kafka_DeleteRecords_t *wish = rd_kafka_DeleteRecords_new(list);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_DeleteRecords(rk, &wish, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 20000);
    assert_non_null(event);
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_DeleteRecords_destroy(wish);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(rk);
    struct seen s = range("cut", 0, 10);
    assert_int_equal(s.first, 6);
    assert_int_equal(s.last, 9);
    assert_int_equal(s.nulls, 2);
    assert_int_equal(range("cut", 0, 6).n, 0);
}

static void a_group_in_use_keeps_its_position(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    int64_t offsets[2];
    good(kafka_topic_create(admin, "grouped", 2, -1, 0, &err), &err);
    good(kafka_committed(admin, "odw_grouped", "grouped", offsets, 2, &err), &err);
    assert_int_equal(offsets[0], -1);
    const int64_t wish[2] = { 5, -1 };
    good(kafka_commit(admin, "odw_grouped", "grouped", wish, 2, &err), &err);
    good(kafka_committed(admin, "odw_grouped", "grouped", offsets, 2, &err), &err);
    assert_int_equal(offsets[0], 5);
    assert_int_equal(offsets[1], -1);

    rd_kafka_t *rk =
        client(RD_KAFKA_CONSUMER, (const char *const[]){ "group.id", "odw_grouped", "enable.auto.commit", "false", NULL });
    rd_kafka_poll_set_consumer(rk);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1), *given = NULL;
    rd_kafka_topic_partition_list_add(list, "grouped", -1);
    assert_int_equal(rd_kafka_subscribe(rk, list), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_partition_list_destroy(list);
    for (int i = 0, have = 0; i < 300 && have == 0; i++) {
        rd_kafka_message_t *m = rd_kafka_consumer_poll(rk, 100);
        if (m != NULL)
            rd_kafka_message_destroy(m);
        assert_int_equal(rd_kafka_assignment(rk, &given), RD_KAFKA_RESP_ERR_NO_ERROR);
        have = given->cnt;
        rd_kafka_topic_partition_list_destroy(given);
        assert_true(i < 299);
    }
    const int64_t other[2] = { 1, 1 };
    assert_int_equal(kafka_commit(admin, "odw_grouped", "grouped", other, 2, &err), -1);
    assert_int_equal(err.class, ERR_RETRY);
    assert_non_null(strstr(err.text, "the group has members"));
    rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
    err = ERR_INIT;
    good(kafka_commit(admin, "odw_grouped", "grouped", other, 2, &err), &err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_in_use_keeps_its_position), /* first: the broker has never had a coordinator to look for */
        cmocka_unit_test(a_topic_is_made_as_declared_and_changed_in_place),
        cmocka_unit_test(settings_of_others_stay),
        cmocka_unit_test(messages_near_the_limit_pass_and_small_topics_take_batches),
        cmocka_unit_test(a_range_ends_at_markers_and_aborted_messages),
        cmocka_unit_test(a_range_begins_at_what_is_left),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
