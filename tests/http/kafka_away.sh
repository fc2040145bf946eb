#!/bin/bash
# With Kafka halted, and killed, under load: nothing that was answered as accepted is missing, answers come in time, and all goes on by itself.
set -euo pipefail
# shellcheck source=tests/http/lib.sh
. tests/http/lib.sh

http_start clickhouse kafka
shim_start
wait_until 10 healthy

check() {
    kcat -b "$ODW_KAFKA_BROKERS" -t events -C -e -q -f '%s\n' 2>/dev/null | jq -r .id | sort >"$STACK_DIR/stored"
    sort -u "$STACK_DIR/stored" >"$STACK_DIR/stored.once"
    sort "$STACK_DIR/accepted" | comm -23 - "$STACK_DIR/stored.once" >"$STACK_DIR/missing"
    [ ! -s "$STACK_DIR/missing" ] || stack_fail "$1: $(wc -l <"$STACK_DIR/missing") accepted records are missing, such as $(head -n 1 "$STACK_DIR/missing")"
    sort "$STACK_DIR/sent" | comm -13 - "$STACK_DIR/stored.once" >"$STACK_DIR/strange"
    [ ! -s "$STACK_DIR/strange" ] || stack_fail "$1: records on the topic that nobody sent"
}
away() { curl -sS "$SHIM_URL/health" | jq -e '.parts.kafka.status == "away"' >/dev/null; }

# load_start, load_stop: posts until told to stop, with some accepted before and after what happens between.
# Counted by the partitions' ends: a reader would never come to the end of a topic that is being written to.
stored() { kcat -Q -b "$ODW_KAFKA_BROKERS" -t events:0:-1 -t events:1:-1 -t events:2:-1 -t events:3:-1 | awk '{ all += $NF } END { print all + 0 }'; }
more_than() { [ "$(stored)" -gt "$1" ]; }
load_start() {
    rm -f "$STACK_DIR/stop"
    python3 tests/http/load.py "$SHIM_URL" 8 "$STACK_DIR" >"$STACK_DIR/load" &
    load=$!
    wait_until 10 more_than "$(($(stored) + 500))"
}
load_stop() {
    wait_until 10 more_than "$(($(stored) + 500))"
    touch "$STACK_DIR/stop"
    wait $load || stack_fail "load: $(cat "$STACK_DIR/load")"
    cat "$STACK_DIR/load"
    says '.statuses["503"] >= 1 and .accepted >= 1000 and .slowest < 4' <"$STACK_DIR/load"
}
single='{"id":"nobody","event_name":"x","timestamp":"2026-11-20T10:00:00Z","distinct_id":"u","project_id":"p"}'

# Halted for some seconds, as a stopped machine is: connections stay open and nothing answers.
load_start
kill -STOP "$(cat "$STACK_DIR/kafka.pid")"
wait_until 6 away
ask 503 /ingest/events -H 'Content-Type: application/json' -d "$single" | says '.status == 503 and .accepted == 0 and .unacknowledged == 1 and .verdicts[0].status != "accepted"'
ask 200 '/api/events' | says '.items == []' # reading goes on
kill -CONT "$(cat "$STACK_DIR/kafka.pid")"
wait_until 15 healthy
load_stop
echo nobody >>"$STACK_DIR/sent" # unknown: it may have been stored
check halted

# Killed: the supervisor starts it again.
cp "$STACK_DIR/stored.once" "$STACK_DIR/earlier"
load_start
kill -9 "$(cat "$STACK_DIR/kafka.pid")"
wait_until 6 away
wait_until 40 healthy
load_stop
cat "$STACK_DIR/earlier" >>"$STACK_DIR/sent"
check killed
shim_stop || stack_fail "exit code $?"
