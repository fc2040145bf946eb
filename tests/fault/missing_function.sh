#!/usr/bin/env bash
# The function's program is taken away from a server: its source stops and loses nothing, odw status says so within seconds and why; put
# back, everything goes on by itself.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib/stack.sh
. tests/lib/path.sh
. tests/fault/lib.sh
path_start kafka clickhouse shim

problem() {
    odw status --json 2>/dev/null >"$STACK_DIR/status" || true
    jq -e '.ok == false and any(.problems[]; .source == "events" and (.cause | test("eventsRecord|odw-udf")) and .remedy != "")' "$STACK_DIR/status" >/dev/null
}
load_start
moves_on 60
wait_until 20 status_is_ok

program=$(echo "$ODW_USER_SCRIPTS"/odw-udf-[0-9]*)
mv "$program" "$STACK_DIR/taken-away"
for pid in $(function_processes); do # those that run already would go on
    kill -9 "$pid" 2>/dev/null || true
done
began=$SECONDS
wait_until 40 problem
echo "named after $((SECONDS - began)) s: $(jq -r '.problems[] | select(.source == "events") | "\(.cause) => \(.remedy)"' "$STACK_DIR/status" | cut -c1-300)"
stopped_at=$(ledger_lines)
# Messages are still taken, and wait.
lag_grows() { [ "$(lag)" -gt 1000 ]; }
wait_until 60 lag_grows
[ "$(ledger_lines)" = "$stopped_at" ] || stack_fail "messages were judged without the function: $stopped_at, then $(ledger_lines)"
# ClickHouse restarted in this state waits as well.
kill -9 "$(cat "$STACK_DIR/clickhouse.pid")"
wait_until 60 sql 'SELECT 1' >/dev/null 2>&1
wait_until 40 problem

began=$SECONDS
mv "$STACK_DIR/taken-away" "$program"
moves_on 60
echo "messages moved on $((SECONDS - began)) s after it was put back"
load_stop
load_holds 120
wait_until 90 status_is_ok
echo passed
