#!/bin/bash
# kill -9 of a part, then of the supervisor: nothing is lost, nothing is left, everything comes back.
set -euo pipefail
# shellcheck source=tests/lib/stack.sh
. tests/lib/stack.sh

stack() { "$ODW_BUILD/bin/odw-stack" "$@" --dir "$STACK_DIR"; }
ours() { grep -lsF "ODW_SUPERVISED_DIR=$STACK_DIR" /proc/[0-9]*/environ | cut -d/ -f3; }
nothing_left() { [ -z "$(ours)" ]; }
all_answer() { stack status >/dev/null; }

stack_start clickhouse kafka
sql 'CREATE TABLE kept (n UInt64) ENGINE = MergeTree ORDER BY n SETTINGS fsync_after_insert = 1' >/dev/null
sql 'INSERT INTO kept SELECT number FROM numbers(1000)' >/dev/null

kill -9 "$(cat "$STACK_DIR/clickhouse.pid")"
wait_until 30 sql 'SELECT 1' >/dev/null 2>&1
[ "$(sql 'SELECT count() FROM kept')" = 1000 ] || stack_fail "rows are missing after kill -9 of ClickHouse"
wait_until 30 all_answer

kill -9 "$(cat "$STACK_DIR/kafka.pid")"
kafka_is_silent() { ! kcat -b "$ODW_KAFKA_BROKERS" -L -m 1 >/dev/null 2>&1; }
wait_until 15 kafka_is_silent
wait_until 60 all_answer
stack status | awk '$1 == "kafka" { exit $6 + $5 >= 1 ? 0 : 1 }' || stack_fail "status counts no restart of kafka"

# A killed supervisor takes its parts along, or leaves them to be found: a new up brings everything back.
kill -9 "$(cat "$STACK_DIR/supervisor.pid")"
stack up --only clickhouse,kafka >/dev/null
wait_until 30 all_answer
[ "$(sql 'SELECT count() FROM kept')" = 1000 ] || stack_fail "rows are missing after kill -9 of the supervisor"
[ "$(ours | wc -l)" -eq 3 ] || stack_fail "expected supervisor, clickhouse and kafka, got pids $(ours | tr '\n' ' ')"

# And down without a supervisor ends what is left. SIGSTOP keeps a part from ending by itself.
kafka=$(cat "$STACK_DIR/kafka.pid")
kill -STOP "$kafka"
kill -9 "$(cat "$STACK_DIR/supervisor.pid")"
stack down >/dev/null
nothing_left || stack_fail "left behind: $(ours)"

# A pid file that names a stranger harms nobody.
sleep 300 &
stranger=$!
echo "$stranger" >"$STACK_DIR/supervisor.pid"
echo "$stranger" >"$STACK_DIR/kafka.pid"
stack down >/dev/null
kill -0 "$stranger" 2>/dev/null || stack_fail "down ended a process that is not the stack's"
kill "$stranger"
echo ok
