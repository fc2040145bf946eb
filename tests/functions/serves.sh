#!/usr/bin/env bash
# Functions through a real ClickHouse: blocks of all sizes, odd values, NULL, several threads, and what it refuses.
set -euo pipefail
. tests/lib/stack.sh
. tests/lib/functions.sh
stack_start clickhouse
functions_install

same() { # same ROWS SETTINGS: how many of so many rows came back as they went
    sql "SELECT countIf(testEcho(t) = t) FROM (SELECT repeat(toString(number), number % 50) AS t FROM numbers($1)) SETTINGS $2"
}
for rows in 0 1 2 8191 8192 8193 65409 300000; do
    expect "$rows rows in one block" "$rows" "$(same "$rows" max_block_size=1000000,max_threads=1)"
done
expect 'a million rows in one block' 1000000 "$(same 1000000 max_block_size=1000000,max_threads=1)"
expect 'a million rows in many blocks' 1000000 "$(same 1000000 max_block_size=1000,max_threads=4)"

expect 'bytes of all kinds' 1 "$(sql "SELECT testEcho(t) = t FROM (SELECT arrayStringConcat(arrayMap(x -> char(x), range(256))) AS t)")"
expect 'a row of 10 MB' 1 "$(sql "SELECT testEcho(t) = t AND length(t) = 10000000 FROM (SELECT arrayStringConcat(arrayMap(x -> repeat(char(x), 1000000), range(10))) AS t)")"
expect 'large rows among small ones' 100 "$(sql "SELECT countIf(testEcho(t) = t) FROM (SELECT repeat('x', if(number % 10 = 3, 900000, number)) AS t FROM numbers(100))")"
expect 'an empty and a constant value' "$(printf '\ta')" "$(sql "SELECT testEcho(''), testEcho('a')")"
expect 'two arguments, one of them constant' '-7 x,-7 y' "$(sql "SELECT arrayStringConcat(groupArray(testJoin(-7, t)), ',') FROM (SELECT arrayJoin(['x', 'y']) AS t)")"
expect 'inside a lambda' "['0','1','2']" "$(sql "SELECT arrayMap(x -> testEcho(toString(x)), range(3))")"
expect 'only where it is needed' 5 "$(sql "SELECT countIf(if(number % 2 = 0, testTrouble(toString(number)), '') != '') FROM numbers(10)")"

# Eight at once, each with its own process.
pids=()
for i in 1 2 3 4 5 6 7 8; do
    # shellcheck disable=SC2265 # each in the background
    [ "$(same $((40000 + i)) max_threads=2)" = $((40000 + i)) ] &
    pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid" || stack_fail 'one of eight queries at once'; done

# A NULL never reaches a function; a Nullable column without one does no harm.
expect 'Nullable without NULL' 10 "$(sql "SELECT countIf(testEcho(toNullable(toString(number))) != '') FROM numbers(10)")"
code() { curl -sS -D - -o /dev/null "$ODW_CLICKHOUSE_URL/" --data-binary "$1" | tr -d '\r' | sed -n 's/^X-ClickHouse-Exception-Code: //p'; }
expect 'a NULL in a column' 349 "$(code "SELECT testEcho(if(number = 1, NULL, 'a')) FROM numbers(3)")"
expect 'a NULL constant' 70 "$(code 'SELECT testEcho(NULL)')"

# What is printed goes to stderr; the answers stay where they belong, also for the next query in the same process.
expect 'a function that prints' 'a,print,b' "$(sql "SELECT arrayStringConcat(groupArray(testTrouble(t)), ',') FROM (SELECT arrayJoin(['a', 'print', 'b']) AS t)")"
expect 'the query after it' c "$(sql "SELECT testTrouble('c')")"

# The record function, and a contract that is missing: the query fails with the reason, and works once it is there.
record=$(record_function events)
good='{"id": "e1", "event_name": "a", "timestamp": "2026-11-20T10:00:00Z", "distinct_id": "u", "project_id": "p", "ip_address": "203.0.113.7"}'
at="toDateTime64('2026-11-20 10:00:01', 3, 'UTC')"
expect 'a record' "$(printf 'ok\te1\t203.0.113.0\t[]')" "$(sql "SELECT r.verdict, r.id, r.ip_address, r.violations FROM (SELECT $record($at, '$good') AS r)")"
expect 'verdicts of 30,000 messages' "$(printf 'ok\t10000\nparse\t10000\ncontract\t10000')" \
    "$(sql "SELECT $record($at, ['$good', '{', '{}'][1 + number % 3]).verdict AS v, count() FROM numbers(30000) GROUP BY v ORDER BY v")"
expect 'ipAnonymise' '203.0.113.0' "$(sql "SELECT ipAnonymise('203.0.113.77')")"
hash=${record##*_}
sed "s/$record/eventsRecord_00000000000000aa/" "$ODW_FUNCTIONS_CONFIG/odw_function.xml" |
    sed 's/ipAnonymise/other/' >"$ODW_FUNCTIONS_CONFIG/missing_function.xml"
sql 'SYSTEM RELOAD FUNCTIONS'
answer=$(curl -sS "$ODW_CLICKHOUSE_URL/" --data-binary "SELECT eventsRecord_00000000000000aa($at, '{}')")
case $answer in
*'expected its contract as'*) ;;
*) stack_fail "a missing contract: got $answer" ;;
esac
cp "contracts/events.schema.json" "$ODW_USER_SCRIPTS/odw/contracts/events.00000000000000aa.schema.json"
answer=$(curl -sS "$ODW_CLICKHOUSE_URL/" --data-binary "SELECT eventsRecord_00000000000000aa($at, '{}')")
case $answer in
*"expected a contract whose hash is 00000000000000aa, got one with $hash"*) ;;
*) stack_fail "a changed contract: got $answer" ;;
esac
