#!/bin/bash
# kill -9 of ClickHouse: its queues read again within seconds, not when the group gives up a member after Kafka's 45 s. It shows that
# librdkafka's settings reach the queues.
set -euo pipefail
# shellcheck source=tests/lib/stack.sh
. tests/lib/stack.sh

stack_start clickhouse kafka
java -cp "${ODW_DEPS:-.deps}/kafka/libs/*" org.apache.kafka.tools.TopicCommand --bootstrap-server "$ODW_KAFKA_BROKERS" \
    --create --topic words --partitions 4 >/dev/null 2>&1
sql 'CREATE TABLE words (word String) ENGINE = MergeTree ORDER BY word SETTINGS fsync_after_insert = 1' >/dev/null
sql "CREATE TABLE words_queue (message String) ENGINE = Kafka(odw_kafka, kafka_topic_list = 'words', kafka_group_name = 'words')" >/dev/null
sql 'CREATE MATERIALIZED VIEW words_view TO words AS SELECT message AS word FROM words_queue' >/dev/null

distinct_words() { [ "$(sql 'SELECT uniqExact(word) FROM words' 2>/dev/null)" = "$1" ]; }
seq 1 1000 | kcat -P -b "$ODW_KAFKA_BROKERS" -t words
wait_until 20 distinct_words 1000

kill -9 "$(cat "$STACK_DIR/clickhouse.pid")"
seq 1001 2000 | kcat -P -b "$ODW_KAFKA_BROKERS" -t words
began=$SECONDS
wait_until 40 distinct_words 2000
echo "rows moved again $((SECONDS - began)) s after kill -9"
echo ok
