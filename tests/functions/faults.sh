#!/usr/bin/env bash
# A row that makes its function crash, hang or eat memory costs that row, through a real ClickHouse, and within seconds.
set -euo pipefail
. tests/lib/stack.sh
. tests/lib/functions.sh
stack_start clickhouse
functions_install

# one_row WORD REASON: row 40,000 of 65,409 says the word.
one_row() {
    local before=$SECONDS got
    got=$(sql "SELECT countIf(r = t), groupArrayIf(r, r != t) FROM (SELECT if(number = 40000, '$1', toString(number)) AS t, testTrouble(t) AS r
        FROM numbers(65409)) SETTINGS max_threads = 1")
    case $got in
    "65408"*"error: "*"$2"*) ;;
    *) stack_fail "$1: expected 65408 rows as they were and one with $2, got $got" ;;
    esac
    # 1.5 s on an idle machine; a row's time is counted in CPU time, which a busy machine hands out slowly.
    [ $((SECONDS - before)) -le 10 ] || stack_fail "$1: took $((SECONDS - before)) s"
}
one_row crash 'killed by signal 11'
one_row loop 'over its deadline'
one_row eat ''
# What no function may do: the network, other programs, files to write.
one_row connect 'killed by signal 31'
one_row run 'killed by signal 31'
one_row write 'killed by signal 31'
# The same processes serve on.
expect 'the next query' 65409 "$(sql "SELECT countIf(testTrouble(t) = t) FROM (SELECT toString(number) AS t FROM numbers(65409))")"
expect 'many bad rows' 64 "$(sql "SELECT countIf(testTrouble(if(number % 1000 = 7, 'crash', 'fine')) LIKE 'error%') FROM numbers(64000)")"

# The process that computes is killed from outside, again and again, while rows go through: none is lost or doubled.
expect 'blocks whose workers were killed between them' 0 "$(sql "SELECT countIf(testEcho(t) != t) + sum(s) FROM
    (SELECT toString(number) AS t, sleepEachRow(0.1) AS s FROM numbers(20)) SETTINGS max_block_size = 1")" &
query=$!
for _ in 1 2 3 4 5; do
    for pid in $(ps -eo pid=,ppid=,comm= | awk '$3 == "odw-udf-worker" { print $1, $2 }' | while read -r pid parent; do
        case $(readlink "/proc/$parent/exe") in "$ODW_USER_SCRIPTS"/*) echo "$pid" ;; esac
    done); do
        kill -9 "$pid" || true
    done
    expect 'rows while workers are killed' 5000 "$(sql "SELECT countIf(testEcho(t) = t) FROM (SELECT toString(number) AS t FROM numbers(5000)) SETTINGS max_block_size = 100")"
done
wait "$query" || stack_fail 'a query whose workers were killed between its blocks'

# Nothing outlives the server.
server=$(cat "$STACK_DIR/clickhouse.pid")
children=$(ps -eo pid=,args= | awk -v name=test_functions '$2 ~ name { print $1 }' | while read -r pid; do
    case $(readlink "/proc/$pid/exe") in "$ODW_USER_SCRIPTS"/*) echo "$pid" ;; esac
done)
[ -n "$children" ] || stack_fail 'no function process was found to look at'
kill -9 "$server"
gone() { for pid in $children; do [ ! -e "/proc/$pid" ] || return 1; done; }
wait_until 10 gone
