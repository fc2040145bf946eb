#!/bin/bash
# Over many rows GET /api/logs reads few: a trace_id at most 5 granules of a part, a rare word at most 1 % of the rows.
#
#   ROWS=20000000 tests/e2e/logs_index.sh
set -eu
. tests/lib/stack.sh
. tests/lib/path.sh
ROWS=${ROWS:-2000000}
path_start kafka clickhouse shim
rows=$ODW_DATABASE.logs_rows
# Six lines a trace, 4 needles in all, over a thousand hours up to now.
sql "INSERT INTO $rows (id, timestamp, level, source, message, trace_id, span_id, request_id, attributes, appended_at, processed_at, _topic,
        _partition, _offset)
    SELECT concat(lower(hex(cityHash64(number))), '-', lower(hex(number))),
        toDateTime64(now() - intDiv(($ROWS - number) * 3600000, $ROWS), 3, 'UTC') AS timestamp,
        ['INFO', 'DEBUG', 'WARN', 'ERROR'][1 + cityHash64(number) % 4], ['cart', 'shop', 'auth', 'mail'][1 + intDiv(cityHash64(number), 7) % 4],
        concat('request completed in ', toString(cityHash64(number, 1) % 5000), ' ms for order ', toString(cityHash64(number, 2) % 1000000),
            if(number % intDiv($ROWS, 4) = 777, ' Needle', '')),
        lower(hex(sipHash128(intDiv(number, 6)))), lower(hex(cityHash64(number, 9))), concat('req-', lower(hex(cityHash64(intDiv(number, 6), 5)))),
        '{\"host\":\"a\"}', timestamp, timestamp, 'logs', number % 4, number
    FROM numbers($ROWS) SETTINGS max_insert_threads = 1"
parts=$(sql "SELECT count() FROM system.parts WHERE database = '$ODW_DATABASE' AND table = 'logs_rows' AND active")
granule=$(sql "SELECT toUInt64(extract(create_table_query, 'index_granularity = (\\\\d+)')) FROM system.tables WHERE database = '$ODW_DATABASE' AND name = 'logs_rows'")

# read QUESTION WANTED: asks the shim, and says how many rows all of its queries read.
read_rows() {
    local answer
    sql 'SYSTEM FLUSH LOGS' >/dev/null
    sql 'TRUNCATE TABLE system.query_log' >/dev/null
    answer=$(curl -sS --fail-with-body "$ODW_SHIM_URL/api/logs?$1" | jq '.items | length')
    [ "$answer" = "$2" ] || stack_fail "$1: expected $2 items, got $answer"
    sql 'SYSTEM FLUSH LOGS' >/dev/null
    sql "SELECT sum(read_rows) FROM system.query_log WHERE type = 'QueryFinish' AND has(tables, '$rows')"
}
trace=$(sql "SELECT lower(hex(sipHash128(toUInt64(intDiv($ROWS, 24)))))")
by_trace=$(read_rows "trace_id=$trace" 6)
by_request=$(read_rows "request_id=req-$(sql "SELECT lower(hex(cityHash64(toUInt64(intDiv($ROWS, 24)), 5)))")" 6)
by_word=$(read_rows 'q=needle' 4)
by_words=$(read_rows 'q=order%20NEEDLE&limit=5' 4)
first_page=$(read_rows 'limit=100' 100)
absent=$(read_rows 'q=haystack' 0)
echo "$ROWS rows in $parts parts, granules of $granule; rows read: trace_id $by_trace, request_id $by_request, a rare word $by_word," \
    "two words $by_words, a word that isn't there $absent, a page $first_page"
# The page's query probes, then reads the window again with FINAL: both are counted.
{ [ "$by_trace" -gt 0 ] && [ "$by_trace" -le $((5 * granule * parts)) ]; } || stack_fail "trace_id read $by_trace rows"
{ [ "$by_request" -gt 0 ] && [ "$by_request" -le $((5 * granule * parts)) ]; } || stack_fail "request_id read $by_request rows"
{ [ "$by_word" -gt 0 ] && [ "$by_word" -le $((ROWS / 100)) ]; } || stack_fail "a rare word read $by_word rows"
[ "$absent" -le $((5 * granule * parts)) ] || stack_fail "a word that isn't there read $absent rows"
echo 'ok'
