#!/bin/bash
# Among many dead letters one is read by the tables' keys, and says the same as in the list of all.
#
#   LETTERS=1000000 tests/e2e/letter_by_id.sh
set -eu
. tests/lib/stack.sh
. tests/lib/path.sh
LETTERS=${LETTERS:-200000}
path_start kafka clickhouse
records=$ODW_DATABASE.dead_letter_records states=$ODW_DATABASE.dead_letter_states
each=$((LETTERS / 4))
# Every tenth is the second attempt of the one ten offsets before it. Of the others some were sent again, recovered or discarded.
sql "INSERT INTO $records (source, class, violations, payload, topic, partition, offset, origin, attempt, contract, appended_at, failed_at, sent_at)
    WITH number % 4 AS p, intDiv(number, 4) AS o, toDateTime64(now() - 1000, 3, 'UTC') + o / 1000 AS t
    SELECT 'logs', 'simulated', ['simulated'], repeat('x', 200), 'logs', p, o,
        o % 10 = 9 AND o > 10 ? concat('logs/', toString(p), '/', toString(o - 10)) : '', o % 10 = 9 AND o > 10, 'h', t, t, t
    FROM numbers($LETTERS) SETTINGS max_insert_threads = 1" >/dev/null
sql "INSERT INTO $states (letter, status, changed_at, offspring, attempt, changed_by, reason)
    WITH intDiv(number, 4) AS o
    SELECT concat('logs/', toString(number % 4), '/', toString(o)), ['replayed', 'recovered', 'discarded'][1 + o % 3], now64(3),
        o % 3 = 1 ? 'logs/0/9000000' : '', 1, 'test', o % 3 = 2 ? 'of no use' : ''
    FROM numbers($LETTERS) WHERE o % 5 = 4 SETTINGS max_insert_threads = 1" >/dev/null
sql "OPTIMIZE TABLE $records FINAL" >/dev/null

# What the list says of a letter. toString: the view's own id, which no condition on it can be read by.
listed() {
    sql "SELECT status, offspring, note FROM $ODW_DATABASE.dead_letters WHERE toString(id) = '$1' SETTINGS optimize_move_to_prewhere = 0 FORMAT TSVRaw"
}
shown() {
    odw dlq show "$1" | awk '/^payload/ { exit } { name = $1; sub(/^[a-z]+ +/, ""); v[name] = $0 }
        END { printf "%s\t%s\t%s\n", v["status"], v["offspring"], v["note"] }'
}
# A chain, its end, one of each state, and one that nothing was done about.
for offset in 9 19 29 $((each - 1)) 4 14 24 34 3; do
    expect "logs/1/$offset" "$(listed "logs/1/$offset")" "$(shown "logs/1/$offset")"
done
expect 'the states that were compared' 'discarded open recovered replayed' \
    "$(for offset in 9 19 29 4 14 24 34 3; do shown "logs/1/$offset" | cut -f 1; done | sort -u | xargs)"

sql 'SYSTEM FLUSH LOGS' >/dev/null
sql 'TRUNCATE TABLE system.query_log' >/dev/null
middle=logs/2/$((each / 2 - each / 2 % 10 + 9))
odw dlq show "$middle" >/dev/null
odw dlq show "$middle" --payload >/dev/null
sql 'SYSTEM FLUSH LOGS' >/dev/null
read=$(sql "SELECT max(read_rows) FROM system.query_log WHERE type = 'QueryFinish' AND has(tables, '$records')")
# Records by place three times (the origin, the letter, the newest of its origin by index), states by key twice; parts may not be merged.
most=$((16 * 8192))
echo "of $LETTERS dead letters $read rows were read for one"
{ [ "$read" -gt 0 ] && [ "$read" -le "$most" ]; } || stack_fail "one letter of $LETTERS read $read rows, expected at most $most"
echo 'ok'
