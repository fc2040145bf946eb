#!/bin/bash
# Paging to the end gives each record once, in order, whatever lies in the table: superseded versions in parts that aren't merged, many
# deliveries of one event, many events of one moment, and rows that are written meanwhile.
set -euo pipefail
# shellcheck source=tests/http/lib.sh
. tests/http/lib.sh

http_start clickhouse
in_database 'SYSTEM STOP MERGES events_rows'
columns='id, event_name, timestamp, distinct_id, session_id, project_id, properties, ip_address, appended_at, processed_at, _topic, _partition, _offset'
# insert VERSION 'SELECT id, event_name, timestamp, distinct_id, project_id FROM …': one part a month, this version
insert() {
    in_database "INSERT INTO events_rows ($columns) SELECT id, event_name, timestamp, distinct_id, NULL, project_id, '{}', NULL,
        toDateTime64('2026-01-01 00:00:00', 3, 'UTC') + $1, now64(3), 't', 0, 0 FROM ($2)"
}
# 3,000 events over two months, thrice each in unmerged parts; the middle delivery is the newest version.
base="SELECT 'e' || leftPad(toString(number), 5, '0') AS id, if(number % 10 = 0, 'rare', 'often') AS event_name,
    toDateTime64('2026-10-30 00:00:00', 3, 'UTC') + intDiv(number, 2) * 120 AS timestamp, 'u' || toString(number % 7) AS distinct_id, 'p' AS project_id FROM numbers(3000)"
insert 1 "$base"
insert 3 "$base"
insert 2 "$base"
# 500 events of one moment: more than a page and its probe.
insert 1 "SELECT 'tie' || leftPad(toString(number), 4, '0') AS id, 'often' AS event_name, toDateTime64('2026-11-01 00:00:00', 3, 'UTC') AS timestamp, 'u' AS distinct_id, 'p' AS project_id FROM numbers(500)"
# One event, delivered 2,000 times: a page's probe sees nothing else.
insert 1 "SELECT 'many' AS id, 'often' AS event_name, toDateTime64('2026-10-31 00:00:00', 3, 'UTC') AS timestamp, 'u' AS distinct_id, 'p' AS project_id FROM numbers(2000)"
# 400 events that were 'moved' once and aren't any more, and 400 that are only now: an old version neither shows nor hides a row.
moved="SELECT 'm' || leftPad(toString(number), 4, '0') AS id, NAME AS event_name, toDateTime64('2026-10-30 12:00:00', 3, 'UTC') + number AS timestamp, 'u' AS distinct_id, 'p' AS project_id"
insert 1 "${moved/NAME/if(number < 400, \'moved\', \'often\')} FROM numbers(800)"
insert 2 "${moved/NAME/if(number < 400, \'often\', \'moved\')} FROM numbers(800)"
shim_start

# exact QUERY CONDITION: paging gives just what a plain FINAL over everything gives.
exact() {
    in_database "SELECT id FROM events_rows FINAL WHERE $2 ORDER BY timestamp DESC, id DESC" >"$STACK_DIR/expected"
    pager "$SHIM_URL/api/events" --query "$1" --exactly "$STACK_DIR/expected"
}
[ "$(in_database 'SELECT count() FROM events_rows')" -ge 13000 ] || stack_fail 'the table was merged: the test proves nothing'
for limit in 1 7 100 128 129 999 1000; do
    [ $limit -lt 7 ] && filter='&event_name=rare&distinct_id=u1' && condition="event_name = 'rare' AND distinct_id = 'u1'" || filter='' condition=1
    exact "limit=$limit$filter" "$condition"
done
exact 'limit=100&event_name=rare' "event_name = 'rare'"
exact 'limit=100&event_name=moved' "event_name = 'moved'"
exact 'limit=10&event_name=moved' "event_name = 'moved'"
exact 'limit=100&event_name=often&distinct_id=u' "event_name = 'often' AND distinct_id = 'u'"
exact 'limit=100&event_name=nothing' '0'
exact 'limit=50&from=2026-10-31&to=2026-11-01T00:00:00.001Z' "timestamp >= '2026-10-31 00:00:00' AND timestamp < '2026-11-01 00:00:00.001'"
exact 'limit=50&from=2026-10-31&to=2026-11-01' "timestamp >= '2026-10-31 00:00:00' AND timestamp < '2026-11-01 00:00:00'"

# JSON columns go out as JSON; what isn't JSON, as a string; null stays null.
for properties in '{"a": [1, {"b": "\\u00e9 \\" \\\\"}]}' '[]' 'no JSON' '{"cut": '; do
    in_database "INSERT INTO events_rows ($columns) SELECT 'json', 'json', toDateTime64('2026-11-02 00:00:00', 3, 'UTC'), 'u', NULL, 'p', {p:String}, NULL, now64(3, 'UTC'), now64(3), 't', 0, 0" \
        "param_p=$(jq -rn --arg p "${properties//\\/\\\\}" '$p | @uri')"
    found=$(curl -sS "$SHIM_URL/api/events?event_name=json" | jq -c '.items[0].properties')
    expected=$(jq -c . <<<"$properties" 2>/dev/null || jq -cn --arg p "$properties" '$p')
    [ "$found" = "$expected" ] || stack_fail "expected the properties $expected, got $found"
done

# While rows are written (new ones above, below and among those read; the old ones once more), merged and moved together, each of the
# rows that were there before comes once, and none twice.
in_database 'SELECT id FROM events_rows FINAL' >"$STACK_DIR/before"
in_database 'SYSTEM START MERGES events_rows'
writer() {
    local i=0
    until [ -e "$STACK_DIR/stop" ]; do
        i=$((i + 1))
        sleep 0.1 # the pace of the writer
        insert $((10 + i)) "$base" >/dev/null
        insert 1 "SELECT 'w$i-' || toString(number) AS id, 'often' AS event_name, toDateTime64('2026-10-30 00:00:00', 3, 'UTC') + rand() % 200000 AS timestamp, 'u' AS distinct_id, 'p' AS project_id FROM numbers(200)" >/dev/null
    done
    echo "$i" >"$STACK_DIR/written"
}
writer &
for limit in 37 100 500; do
    pager "$SHIM_URL/api/events" --query "limit=$limit" --at-least "$STACK_DIR/before" --pause 0.01
done
touch "$STACK_DIR/stop"
wait $!
[ "$(cat "$STACK_DIR/written")" -ge 5 ] || stack_fail "only $(cat "$STACK_DIR/written") writes happened meanwhile: the test proves nothing"
exact 'limit=1000' 1
