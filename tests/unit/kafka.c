/* tests/unit/kafka: lib/kafka against librdkafka's own mock cluster, which fails on request. (The one place beside lib/kafka that
 * knows rdkafka.h: the faults are asked for there.) */
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "base/log.h"
#include "base/settings.h"
#include "kafka/kafka.h"

enum { PRODUCE = 0, OFFSET_FETCH = 9, FIND_COORDINATOR = 10 }; /* Kafka's request numbers */

struct cluster {
    rd_kafka_t *rk;
    rd_kafka_mock_cluster_t *mock;
    struct opts *settings;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct opts *settings_of(const char *brokers, const char *options)
{
    static const struct opt none[] = { { .name = NULL } };
    const struct opt_usage usage = { .program = "test", .about = "A test.", .own = none, .shared = settings_shared };
    char *argv[] = { (char[]){ "test" }, (char[]){ "--kafka-brokers" },
                     strdup(brokers),    (char[]){ "--kafka-options" },
                     strdup(options),    NULL };
    struct opts *o = NULL;
    struct err err = ERR_INIT;
    if (opts_parse(&usage, 5, argv, &o, &err) != OPT_OK)
        fail_msg("%s", err.text);
    free(argv[2]);
    free(argv[4]);
    return o;
}

static void mute(const rd_kafka_t *rk, int level, const char *kind, const char *text)
{
    (void)rk, (void)level, (void)kind, (void)text;
}

static void cluster_init(struct cluster *c, int partitions)
{
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, mute);
    assert_int_equal(rd_kafka_conf_set(conf, "test.mock.num.brokers", "3", why, sizeof why), RD_KAFKA_CONF_OK);
    c->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    assert_non_null(c->rk);
    c->mock = rd_kafka_handle_mock_cluster(c->rk);
    assert_int_equal(rd_kafka_mock_topic_create(c->mock, "events", partitions, 3), RD_KAFKA_RESP_ERR_NO_ERROR);
    c->settings = settings_of(rd_kafka_mock_cluster_bootstraps(c->mock), "");
}

static void cluster_fini(struct cluster *c)
{
    opts_free(c->settings);
    rd_kafka_destroy(c->rk);
}

/* What the reports said. */
struct tally {
    struct kafka_report report;
    atomic_int good, bad;
    struct err last;
    int64_t offset;
    int32_t partition;
};

static void count(void *context, const struct err *err, int32_t partition, int64_t offset)
{
    struct tally *t = context;
    if (err != NULL) {
        t->last = *err;
        t->bad++;
    } else {
        t->offset = offset;
        t->partition = partition;
        t->good++;
    }
}

static struct kafka_producer *producer(const struct opts *settings, int64_t timeout_ms, int64_t queue_bytes,
                                       int64_t max_message_bytes)
{
    struct err err = ERR_INIT;
    const struct kafka_producer_options options = {
        .linger_ms = 1, .timeout_ms = timeout_ms, .queue_bytes = queue_bytes, .max_message_bytes = max_message_bytes
    };
    struct kafka_producer *p = kafka_producer_new(settings, &options, &err);
    if (p == NULL)
        fail_msg("%s", err.text);
    return p;
}

static void put(struct kafka_producer *p, int32_t partition, const char *key, const char *value, struct tally *t)
{
    struct err err = ERR_INIT;
    struct str k = { key, key != NULL ? strlen(key) : 0 }, v = { value, value != NULL ? strlen(value) : 0 };
    if (kafka_produce(p, "events", partition, k, v, NULL, 0, &t->report, &err) < 0)
        fail_msg("%s", err.text);
}

static void refused_settings_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *options, *says;
    } cases[] = {
        { "linger.seconds=1", "kafka-options: librdkafka 2.0.2 has no property \"linger.seconds\"" },
        { "socket.timeout.ms=soon", "refuses \"socket.timeout.ms\"" },
        { "acks=1", "\"acks\" can't be set" },
        { " linger.ms=2 ; enable.idempotence=false", "\"enable.idempotence\" can't be set" },
        { "bootstrap.servers=elsewhere:9092", "is the setting kafka-brokers" },
        { "linger.ms", "expected name=value" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct opts *settings = settings_of("127.0.0.1:1", cases[i].options);
        struct err err = ERR_INIT;
        const struct kafka_producer_options options = { .linger_ms = 1, .timeout_ms = 1000 };
        const char *says = cases[i].says;
        if (strncmp(says, "kafka-options: librdkafka", 25) == 0 && strstr(kafka_version(), "2.0.2") == NULL)
            says = "has no property \"linger.seconds\"";
        assert_null(kafka_producer_new(settings, &options, &err));
        if (strstr(err.text, says) == NULL)
            fail_msg("for %s expected '%s', got '%s'", cases[i].options, says, err.text);
        assert_int_equal(err.class, ERR_STOP);
        opts_free(settings);
    }
}

static void a_dead_broker_is_an_error_in_seconds(void **state)
{
    (void)state;
    struct opts *settings = settings_of("127.0.0.1:1", "");
    struct err err = ERR_INIT;
    struct kafka_topic topic;
    struct kafka_admin *a = kafka_admin_new(settings, &err);
    assert_non_null(a);
    int64_t before = now_ms();
    assert_int_equal(kafka_topic_describe(a, "events", &topic, &err), -1);
    assert_in_range(now_ms() - before, 0, 8000);
    assert_string_equal(err.text, "kafka: no broker answers at 127.0.0.1:1 (connection refused)");
    assert_int_equal(err.class, ERR_RETRY);
    kafka_admin_free(a);

    struct kafka_producer *p = producer(settings, 1000, 0, 0);
    struct err why = ERR_INIT;
    assert_int_equal(kafka_producer_check(p, 1000, &why), -1);
    assert_string_equal(why.text, "kafka: no broker answers at 127.0.0.1:1 (connection refused)");
    kafka_producer_free(p);
    opts_free(settings);
}

static void a_record_counts_after_its_report(void **state)
{
    (void)state;
    struct cluster c;
    struct tally t = { .report = { count, &t } };
    cluster_init(&c, 4);
    struct kafka_producer *p = producer(c.settings, 10000, 0, 0);
    put(p, -1, "anna", "1", &t);
    assert_int_equal(t.good + t.bad, 0); /* never inside kafka_produce */
    assert_int_equal(kafka_producer_waiting(p), 1);
    assert_int_equal(kafka_producer_flush(p, 10000), 0);
    assert_int_equal(t.good, 1);
    int32_t partition = t.partition;
    assert_in_range(partition, 0, 3);
    for (int i = 0; i < 20; i++) {
        put(p, -1, "anna", "more", &t);
        assert_int_equal(kafka_producer_flush(p, 10000), 0);
        assert_int_equal(t.partition, partition); /* one key, one partition */
    }
    assert_int_equal(t.good, 21);
    assert_int_equal(t.offset, 20);
    struct err err = ERR_INIT;
    assert_int_equal(kafka_producer_check(p, 5000, &err), 0);
    kafka_producer_free(p);
    cluster_fini(&c);
}

struct seen {
    int n;
    int64_t offsets[64];
    char values[64][16]; /* "-" for null */
    int headers, stop_after;
};

static int take(void *context, const struct kafka_message *m)
{
    struct seen *s = context;
    assert_in_range(s->n, 0, 63);
    s->offsets[s->n] = m->offset;
    snprintf(s->values[s->n], sizeof s->values[0], "%.*s", m->value.p != NULL ? (int)m->value.n : 1,
             m->value.p != NULL ? m->value.p : "-");
    s->headers += (int)m->n_headers;
    s->n++;
    return s->n == s->stop_after;
}

static void read_range(struct kafka_admin *a, int64_t from, int64_t to, struct seen *s)
{
    struct err err = ERR_INIT;
    if (kafka_read(a, "events", 0, from, to, 10000, take, s, &err) < 0)
        fail_msg("%s", err.text);
}

static void a_range_is_read_to_its_end(void **state)
{
    (void)state;
    struct cluster c;
    struct tally t = { .report = { count, &t } };
    struct err err = ERR_INIT;
    cluster_init(&c, 1);
    struct kafka_producer *p = producer(c.settings, 10000, 0, 0);
    const struct kafka_header headers[] = { { "odw-origin", STR("events/0/7") }, { "empty", STR("") } };
    put(p, 0, NULL, "zero", &t);
    put(p, 0, "k", "", &t);
    put(p, 0, "k", NULL, &t);
    assert_int_equal(kafka_produce(p, "events", 0, STR("k"), STR("three"), headers, 2, &t.report, &err), 0);
    assert_int_equal(kafka_producer_flush(p, 10000), 0);
    assert_int_equal(t.good, 4);

    struct kafka_admin *a = kafka_admin_new(c.settings, &err);
    assert_non_null(a);
    int64_t low, high;
    assert_int_equal(kafka_watermarks(a, "events", 0, &low, &high, &err), 0);
    assert_int_equal(low, 0);
    assert_int_equal(high, 4);

    struct seen all = { 0 }, middle = { 0 }, one = { 0 }, none = { 0 };
    int64_t before = now_ms();
    read_range(a, 0, 1000, &all); /* beyond the end: ends there, at once */
    assert_in_range(now_ms() - before, 0, 5000);
    assert_int_equal(all.n, 4);
    assert_string_equal(all.values[0], "zero");
    assert_string_equal(all.values[1], "");
    assert_string_equal(all.values[2], "-"); /* null isn't empty */
    assert_int_equal(all.headers, 2);
    read_range(a, 1, 3, &middle);
    assert_int_equal(middle.n, 2);
    assert_int_equal(middle.offsets[0], 1);
    one.stop_after = 1;
    read_range(a, 0, 4, &one);
    assert_int_equal(one.n, 1);
    read_range(a, 4, 9, &none);
    read_range(a, 50, 90, &none);
    read_range(a, 3, 3, &none);
    assert_int_equal(none.n, 0);
    kafka_admin_free(a);
    kafka_producer_free(p);
    cluster_fini(&c);
}

static void passing_faults_cost_nothing(void **state)
{
    (void)state;
    struct cluster c;
    struct tally t = { .report = { count, &t } };
    cluster_init(&c, 1);
    struct kafka_producer *p = producer(c.settings, 20000, 0, 0);
    rd_kafka_mock_push_request_errors(c.mock, PRODUCE, 3, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                      RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
    for (int i = 0; i < 100; i++)
        put(p, 0, NULL, "x", &t);
    assert_int_equal(kafka_producer_flush(p, 20000), 0);
    assert_int_equal(t.good, 100);
    assert_int_equal(t.bad, 0);
    kafka_producer_free(p);
    cluster_fini(&c);
}

static void a_refusal_is_for_that_message(void **state)
{
    (void)state;
    struct cluster c;
    struct tally t = { .report = { count, &t } };
    struct err err = ERR_INIT;
    cluster_init(&c, 1);
    struct kafka_producer *p = producer(c.settings, 10000, 0, 2000);
    char *large = calloc(1, 5000);
    assert_int_equal(kafka_produce(p, "events", 0, (struct str){ NULL, 0 }, (struct str){ large, 5000 }, NULL, 0, &t.report, &err),
                     -1);
    assert_int_equal(err.class, ERR_DROP);
    assert_int_equal(kafka_producer_waiting(p), 0);
    assert_int_equal(t.good + t.bad, 0);
    rd_kafka_mock_push_request_errors(c.mock, PRODUCE, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    put(p, 0, NULL, "x", &t);
    assert_int_equal(kafka_producer_flush(p, 10000), 0);
    assert_int_equal(t.bad, 1);
    assert_int_equal(t.last.class, ERR_DROP);
    assert_non_null(strstr(t.last.text, "larger than the limit"));
    free(large);
    kafka_producer_free(p);
    cluster_fini(&c);
}

static void brokers_away(void **state)
{
    (void)state;
    struct cluster c;
    struct tally t = { .report = { count, &t } };
    cluster_init(&c, 1);
    struct kafka_producer *p = producer(c.settings, 2000, 0, 0);
    put(p, 0, NULL, "before", &t);
    assert_int_equal(kafka_producer_flush(p, 10000), 0);
    for (int i = 1; i <= 3; i++)
        rd_kafka_mock_broker_set_down(c.mock, i);
    put(p, 0, NULL, "lost", &t);
    int64_t before = now_ms();
    assert_int_equal(kafka_producer_flush(p, 10000), 0); /* reported: that it failed */
    assert_in_range(now_ms() - before, 1000, 9000);
    assert_int_equal(t.bad, 1);
    assert_int_equal(t.last.class, ERR_RETRY);
    assert_int_equal(kafka_producer_flush(p, 100), 0);
    for (int i = 1; i <= 3; i++)
        rd_kafka_mock_broker_set_up(c.mock, i);
    /* It goes on with the same producer. */
    for (int i = 0; i < 20 && t.good < 2; i++) {
        put(p, 0, NULL, "after", &t);
        kafka_producer_flush(p, 10000);
    }
    assert_int_equal(t.good, 2);
    kafka_producer_free(p);
    cluster_fini(&c);
}

static void a_full_queue_asks_to_wait_and_closing_reports_all(void **state)
{
    (void)state;
    struct opts *settings = settings_of("127.0.0.1:1", "");
    struct tally t = { .report = { count, &t } };
    struct err err = ERR_INIT;
    struct kafka_producer *p = producer(settings, 60000, 1 << 20, 0);
    char value[10000];
    memset(value, 'x', sizeof value);
    int put_in = 0;
    while (kafka_produce(p, "events", 0, (struct str){ NULL, 0 }, (struct str){ value, sizeof value }, NULL, 0, &t.report, &err) ==
           0)
        assert_in_range(++put_in, 1, 200);
    assert_int_equal(err.class, ERR_RETRY);
    assert_non_null(strstr(err.text, "queue is full"));
    assert_in_range(put_in, 50, 110);
    assert_int_equal(kafka_producer_waiting(p), put_in);
    assert_int_equal(kafka_producer_flush(p, 50), -1);
    kafka_producer_free(p);
    assert_int_equal(t.bad, put_in);
    assert_int_equal(t.good, 0);
    opts_free(settings);
}

struct worker {
    struct kafka_producer *p;
    struct tally *t;
};

enum { PER_THREAD = 5000 };

static void *produce_many(void *argument)
{
    struct worker *w = argument;
    for (int i = 0; i < PER_THREAD; i++) {
        struct err err = ERR_INIT;
        while (kafka_produce(w->p, "events", -1, STR("k"), STR("v"), NULL, 0, &w->t->report, &err) < 0) {
            assert_int_equal(err.class, ERR_RETRY);
            err = ERR_INIT;
            usleep(1000);
        }
    }
    return NULL;
}

static void threads_share_a_producer(void **state)
{
    (void)state;
    struct cluster c;
    struct tally t = { .report = { count, &t } };
    pthread_t threads[3];
    cluster_init(&c, 2);
    struct kafka_producer *p = producer(c.settings, 30000, 0, 0);
    struct worker w = { p, &t };
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, produce_many, &w), 0);
    int64_t end = now_ms() + 60000;
    while (t.good + t.bad < 3 * PER_THREAD && now_ms() < end)
        kafka_producer_poll(p, 50);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(t.good, 3 * PER_THREAD);
    assert_int_equal(t.bad, 0);
    assert_int_equal(kafka_producer_waiting(p), 0);
    kafka_producer_free(p);
    cluster_fini(&c);
}

/* librdkafka 2.0.2's own call for this crashes on the second answer here. */
static void a_group_is_asked_again_while_its_coordinator_loads(void **state)
{
    (void)state;
    struct cluster c;
    struct err err = ERR_INIT;
    cluster_init(&c, 2);
    struct kafka_admin *a = kafka_admin_new(c.settings, &err);
    assert_non_null(a);
    int64_t offsets[2];
    rd_kafka_mock_push_request_errors(c.mock, FIND_COORDINATOR, 2, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
                                      RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE);
    rd_kafka_mock_push_request_errors(c.mock, OFFSET_FETCH, 2, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
                                      RD_KAFKA_RESP_ERR_NOT_COORDINATOR);
    if (kafka_committed(a, "odw_events", "events", offsets, 2, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(offsets[0], -1);
    assert_int_equal(offsets[1], -1);
    const int64_t wish[2] = { -1, 17 };
    if (kafka_commit(a, "odw_events", "events", wish, 2, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(kafka_committed(a, "odw_events", "events", offsets, 2, &err), 0);
    assert_int_equal(offsets[0], -1);
    assert_int_equal(offsets[1], 17);
    assert_int_equal(kafka_committed(a, "another", "events", offsets, 2, &err), 0);
    assert_int_equal(offsets[1], -1);
    kafka_admin_free(a);
    cluster_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_settings_are_named),
        cmocka_unit_test(a_dead_broker_is_an_error_in_seconds),
        cmocka_unit_test(a_record_counts_after_its_report),
        cmocka_unit_test(a_range_is_read_to_its_end),
        cmocka_unit_test(passing_faults_cost_nothing),
        cmocka_unit_test(a_refusal_is_for_that_message),
        cmocka_unit_test(brokers_away),
        cmocka_unit_test(a_full_queue_asks_to_wait_and_closing_reports_all),
        cmocka_unit_test(threads_share_a_producer),
        cmocka_unit_test(a_group_is_asked_again_while_its_coordinator_loads),
    };
    log_setup("test", LOG_LEVEL_ERROR, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
