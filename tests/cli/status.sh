#!/bin/bash
# odw status: says what is, in words and as JSON; a missing function, a detached queue, a broken view and a server that is away show
# within seconds, with source, cause and remedy; once mended all is well again.
set -euo pipefail
# shellcheck source=tests/lib/stack.sh
. tests/lib/stack.sh
odw=$ODW_BUILD/bin/odw
stack_start clickhouse kafka
stack_fail() {
    echo "FAILED: $*" >&2
    cat "$STACK_DIR/out" >&2
    exit 1
}
event() {
    echo "{\"id\":\"$1\",\"event_name\":\"x\",\"timestamp\":\"2026-11-20T10:00:00Z\",\"distinct_id\":\"d\",\"project_id\":\"p\"}" |
        kcat -P -b "$ODW_KAFKA_BROKERS" -t events
}
db() { sql "$1" "database=$ODW_DATABASE"; }
json() { "$odw" status --json >"$STACK_DIR/json" 2>&1 && jq -e "$1" "$STACK_DIR/json" >/dev/null; }
well() { "$odw" status >"$STACK_DIR/out" 2>&1; }
ill() {
    local status=0
    "$odw" status >"$STACK_DIR/out" 2>&1 || status=$?
    [ "$status" = 1 ] && grep -q "^problem: $1" "$STACK_DIR/out"
}
remedy() { grep -A1 "^problem: $1" "$STACK_DIR/out" | grep -q "remedy: .*$2" || stack_fail "expected the remedy '$2': $(cat "$STACK_DIR/out")"; }

# Nothing applied yet: said, with what to do.
ill 'there is no database odw' || stack_fail "$(cat "$STACK_DIR/out")"
remedy 'there is no database' 'odw apply'

"$odw" apply >/dev/null
event one
echo 'not JSON' | kcat -P -b "$ODW_KAFKA_BROKERS" -t events
all_seen() { json '.ok and (.sources[] | select(.source == "events") | .lag == 0 and .rows == 1 and .dead_letters_open.parse == 1)'; }
wait_until 30 all_seen
jq -e '.clickhouse.reachable and .kafka.reachable and (.clickhouse.version | startswith("26."))
    and (.sources[] | select(.source == "events") | .consumers == 2 and (.partitions | length) == 4 and .newest_row_age_seconds >= 0
         and ([.partitions[].high] | add) == 2)
    and (.views[0].view == "daily_pageviews_refresh") and (.disks | length) > 0 and .problems == []' "$STACK_DIR/json" >/dev/null ||
    stack_fail "$(cat "$STACK_DIR/json")"
well || stack_fail "$(cat "$STACK_DIR/out")"
grep -q '1 parse' "$STACK_DIR/out" || stack_fail "$(cat "$STACK_DIR/out")"

# The functions' program is gone, and so are its processes.
mv "$ODW_USER_SCRIPTS"/odw-udf-* "$STACK_DIR/"
for pid in $(pgrep -P "$(cat "$STACK_DIR/clickhouse.pid")"); do kill "$pid"; done
event two
# The file is looked for where it is on this disk; another machine learns it from the consumer.
blind() { ODW_USER_SCRIPTS=/nonexistent/ ill "events: it can't go on: .*odw-udf"; }
wait_until 15 blind
remedy "events: it can't go on" 'odw functions install'
ill "events: the functions' program is missing" || stack_fail "$(cat "$STACK_DIR/out")"
json '(.sources[] | select(.source == "events")).lag == 1' && stack_fail 'a stopped source is not well'
jq -e '(.sources[] | select(.source == "events")).lag == 1' "$STACK_DIR/json" >/dev/null || stack_fail "expected a lag of 1: $(cat "$STACK_DIR/json")"
"$odw" apply >/dev/null
two_rows() { [ "$(db 'SELECT count() FROM events')" = 2 ]; }
wait_until 30 two_rows
wait_until 30 well

# A queue that someone detached, a view that someone dropped.
db 'DETACH TABLE events_queue' >/dev/null
ill 'events: the queue events_queue is detached' || stack_fail "$(cat "$STACK_DIR/out")"
db 'DROP VIEW events_ledger SYNC' >/dev/null
ill 'events: events_ledger is missing' || stack_fail "$(cat "$STACK_DIR/out")"
remedy 'events: events_ledger' 'odw apply'
"$odw" apply >"$STACK_DIR/out"
grep -q '^attach queue events_queue' "$STACK_DIR/out" || stack_fail "$(cat "$STACK_DIR/out")"
wait_until 30 well

# The contract is gone: a new process can't serve it.
mv "$ODW_USER_SCRIPTS"/odw/contracts "$STACK_DIR/contracts"
for pid in $(pgrep -P "$(cat "$STACK_DIR/clickhouse.pid")"); do kill "$pid"; done
ill 'events: the contract is missing' || stack_fail 'a contract that is gone should show at once'
event three
wait_until 15 blind
"$odw" apply >/dev/null
three_rows() { [ "$(db 'SELECT count() FROM events')" = 3 ]; }
wait_until 30 three_rows
wait_until 30 well

# Servers that are away.
began=$SECONDS
ODW_KAFKA_BROKERS=127.0.0.1:1 ill 'Kafka' || stack_fail "$(cat "$STACK_DIR/out")"
grep -q '^events: 3 rows' "$STACK_DIR/out" || stack_fail "ClickHouse is there: $(cat "$STACK_DIR/out")"
ODW_CLICKHOUSE_URL=http://127.0.0.1:1 ill 'ClickHouse' || stack_fail "$(cat "$STACK_DIR/out")"
grep -q 'lag 0' "$STACK_DIR/out" || stack_fail "Kafka is there: $(cat "$STACK_DIR/out")"
[ $((SECONDS - began)) -le 15 ] || stack_fail 'a server that is away is said within seconds'
echo ok
