#!/usr/bin/env bash
# A process that is told to end takes in what it has asked, and begins nothing more; a server that is killed, too. By the provider's count no document is asked
# about twice, but for what was in flight when its process was killed.
set -euo pipefail
. tests/lib/stack.sh
. tests/lib/llm.sh
stack_start clickhouse
provider_start --latency 200 --key sk-test-0123456789
llm_install
llm_config

query() {
    printf %s "SELECT countIf(r.status = 'ok'), countIf(r.status = 'pending: ending'), count() FROM (
        SELECT llmExtract('dental_appointment', concat('Patient name: Ada Lovelace\n$1 ', toString(number))) AS r FROM numbers(200)) SETTINGS max_threads = 1"
}
# The function's own processes, the workers left out.
processes() {
    local pid
    ps -eo pid=,comm=,args= | awk '$2 == "odw-udf-llm" { print $1 }' | while read -r pid; do
        case $(readlink "/proc/$pid/exe") in "$ODW_USER_SCRIPTS"/*) echo "$pid" ;; esac
    done
}
some_answered() { [ "$(provider_stat answered)" -ge $(($1 + 40)) ]; }
none() { [ -z "$(processes)" ]; }

answered=$(provider_stat answered) before=$(provider_stat requests)
sql "$(query told)" >"$STACK_DIR/told" &
asking=$!
wait_until 60 some_answered "$answered"
# shellcheck disable=SC2046
kill -TERM $(processes)
wait "$asking" || stack_fail "a query whose function was told to end: expected its rows, got $(cat "$STACK_DIR/told")"
read -r ok ending all <"$STACK_DIR/told"
expect 'rows of a function that was told to end' 200 "$all"
expect 'each of them answered or waiting' 200 "$((ok + ending))"
[[ $ok -ge 40 && $ending -gt 0 ]] || stack_fail "expected some rows that were answered and some that wait, got $ok and $ending"
expect 'what was asked was taken in' "$ok" "$(($(provider_stat requests) - before))"
wait_until 60 none
# The server finds out that the process is gone when it writes to it: that query fails, and the next has a process of its own.
again() { [ "$(sql "$(query told)" 2>/dev/null)" = "$(printf '200\t0\t200')" ]; }
wait_until 60 again
expect 'requests, each document once' 200 "$(($(provider_stat requests) - before))"

# The server is killed, and the supervisor ends what it leaves behind: only what was in flight is asked again.
answered=$(provider_stat answered) before=$(provider_stat requests)
sql "$(query killed)" >/dev/null 2>&1 &
asking=$!
wait_until 60 some_answered "$answered"
kill -KILL "$(cat "$STACK_DIR/clickhouse.pid")"
wait "$asking" || true
wait_until 60 none
up() { sql 'SELECT 1' >/dev/null 2>&1; }
wait_until 60 up
expect 'after the server was killed' "$(printf '200\t0\t200')" "$(sql "$(query killed)")"
asked=$(($(provider_stat requests) - before))
[[ $asked -ge 200 && $asked -le 216 ]] || stack_fail "expected each document once, and at most 16 that were in flight, got $asked requests for 200"
