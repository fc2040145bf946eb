#!/bin/bash
# What clickhouse-config/ says is in force: for the server, for queues, and for the Kafka engine's own inserts.
set -euo pipefail
# shellcheck source=tests/lib/stack.sh
. tests/lib/stack.sh

stack_start clickhouse kafka

is() {
    local found
    found=$(sql "$2")
    [ "$found" = "$1" ] || stack_fail "expected $1, found $found: $2"
}
is 16 "SELECT value FROM system.server_settings WHERE name = 'background_schedule_pool_size'"
is "$STACK_DIR/clickhouse/user_scripts/" "SELECT value FROM system.server_settings WHERE name = 'user_scripts_path'"
is odw_kafka 'SELECT name FROM system.named_collections'
memory=$(awk '$1 == "MemTotal:" { print $2 * 1024 }' /proc/meminfo)
is 1 "SELECT toUInt64(value) BETWEEN 1 AND $memory / 10 * 7 FROM system.server_settings WHERE name = 'max_server_memory_usage'"

java -cp "${ODW_DEPS:-.deps}/kafka/libs/*" org.apache.kafka.tools.TopicCommand --bootstrap-server "$ODW_KAFKA_BROKERS" \
    --create --topic months --partitions 1 >/dev/null 2>&1
{
    seq 0 149
    for _ in $(seq 50); do echo 7; done
} | kcat -P -b "$ODW_KAFKA_BROKERS" -t months

sql "CREATE TABLE months (month DateTime64(3, 'UTC')) ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(month) ORDER BY month" >/dev/null
sql 'SYSTEM STOP MERGES months' >/dev/null
sql "CREATE TABLE months_queue (message String) ENGINE = Kafka(odw_kafka, kafka_topic_list = 'months', kafka_group_name = 'months')" >/dev/null
sql "CREATE MATERIALIZED VIEW months_view TO months AS
     SELECT addMonths(toDateTime64('2001-01-01 00:00:00', 3, 'UTC'), toUInt32(message)) AS month FROM months_queue" >/dev/null

# 150 months in one block are 150 parts, where the default of 100 would stop the queue for ever.
all_here() { [ "$(sql 'SELECT uniqExact(month) FROM months')" = 150 ]; }
wait_until 30 all_here
# optimize_on_insert = 0: what is twice in a block stays until a merge.
is 200 'SELECT count() FROM months'

# The pool is made with the first queue.
is 32 "SELECT value FROM system.server_settings WHERE name = 'background_message_broker_schedule_pool_size'"
# Both consumers of a queue found a thread.
is 2 'SELECT count() FROM system.kafka_consumers WHERE last_poll_time > now() - 30'

# Queries are kept, their starts are not.
sql 'SYSTEM FLUSH LOGS' >/dev/null
is 0 "SELECT count() FROM system.query_log WHERE type = 'QueryStart'"
is 1 "SELECT count() > 0 FROM system.query_log WHERE query LIKE '%months_view%'"
echo ok
