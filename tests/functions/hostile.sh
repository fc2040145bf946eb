#!/usr/bin/env bash
# Values that break programs, in every function through a real ClickHouse: NULs, invalid UTF-8, 16 MB, deep nesting, no rows at all. A row in
# is a row out, together and beside usual ones, and the same each time.
set -euo pipefail
. tests/lib/stack.sh
. tests/lib/functions.sh
stack_start clickhouse
functions_install
sql "CREATE TABLE hostile (n UInt32, t String) ENGINE = Memory"
sql "INSERT INTO hostile SELECT rowNumberInAllBlocks() AS n, arrayJoin(['', '\\0', repeat('\\0', 1000000), '\\xff\\xfe\\xc3', concat('caf', '\\xc3'), '\\xed\\xa0\\x80',
    repeat('[', 100000), repeat('{\"a\":', 100000), repeat('.', 1000000), repeat(':', 1000000), repeat('@', 1000000), repeat('7', 1000000), repeat('%', 1000000),
    repeat('a=b&', 250000), repeat('word 12.5 a@b: x ', 1000000), 'ada@example.com', '\\n', '\\t', '\\\\', '\"', repeat('\\xf0\\x9f\\x98\\x80', 100000)]) AS t"
for row in 5 7; do sql "INSERT INTO hostile SELECT 100 + $row * 10000 + number AS n, randomString($row * 100) AS t FROM numbers(300)"; done
rows=$(sql 'SELECT count() FROM hostile')
called=0
while IFS=$'\t' read -r name first; do
    call="$name(${first:+$first, }t)"
    expect "$name: no rows" 0 "$(sql "SELECT count() FROM (SELECT $call AS r FROM hostile WHERE n < 0)")"
    expect "$name: rows" "$rows" "$(sql "SELECT count() FROM (SELECT $call AS r FROM hostile) WHERE NOT ignore(r)")"
    expect "$name: each alone, then together" "$(sql "SELECT sum(cityHash64(n, toString($call))) FROM hostile SETTINGS max_block_size = 1")" \
        "$(sql "SELECT sum(cityHash64(n, toString($call))) FROM hostile")"
    called=$((called + 1))
done < <("$ODW_BUILD/bin/odw-udf" --describe --contracts contracts | jq -r 'select(.name | test("Record_") | not) | [.name,
    (if (.arguments | length) < 2 then "" elif .arguments[0].type == "String" then (.examples[0].call | capture("\\((?<v>'"'"'[^'"'"']*'"'"')") | .v)
     else "toDateTime64(0, 3, '"'"'UTC'"'"')" end)] | @tsv')
record=$(record_function events)
expect 'the record function: rows' "$rows" "$(sql "SELECT count() FROM (SELECT $record(toDateTime64(0, 3, 'UTC'), t) AS r FROM hostile) WHERE NOT ignore(r)")"
[ "$called" -ge 15 ] || stack_fail "only $called functions were called"
