#!/bin/bash
# Every request that isn't as it should be is a 4xx that names the parameter, as a problem document; what is right is answered.
set -euo pipefail
# shellcheck source=tests/http/lib.sh
. tests/http/lib.sh

http_start clickhouse
in_database "INSERT INTO events_rows (id, event_name, timestamp, distinct_id, session_id, project_id, properties, ip_address,
    country, browser, is_bot, appended_at, processed_at, _topic, _partition, _offset) SELECT 'id' || toString(number), '\$pageview', toDateTime64('2026-11-20 10:00:00', 3, 'UTC') + number, 'u', NULL, 'p', NULL, NULL,
    if(number = 5, 'DE', ''), if(number = 3, 'Googlebot', 'Firefox'), number = 3, now64(3), now64(3), 't', 0, number FROM numbers(250)"
in_database "INSERT INTO daily_pageviews_rows SELECT toDate32('2026-11-01') + number, number + 1, 1, now64(3) FROM numbers(20)"
shim_start

# bad QUERY PARAMETER WORDS: /api/events?QUERY is a 400 that names the parameter, and says this.
bad() {
    ask 400 "/api/events?$1" | says --arg p "$2" --arg w "$3" '.status == 400 and .parameter == $p and (.detail | contains($w))
        and (.type | startswith("urn:odw:problem:")) and .title != "" and .instance == "/api/events"'
}
bad 'limit=0' limit 'expected an integer from 1 to 1000, got "0"'
bad 'limit=abc' limit 'got "abc"'
bad 'limit=1001' limit '1 to 1000'
bad 'limit=' limit 'got ""'
bad 'limit=-1' limit 'got "-1"'
bad 'limit=1.0' limit 'got "1.0"'
bad 'limit=99999999999999999999999999' limit '1 to 1000'
bad 'limit=5&limit=5' limit 'got it twice'
bad 'from=2026-02-31' from '(February 2026 has 28 days)'
bad 'from=yesterday' from 'expected a date-time'
bad 'to=2026-11-20T25:00:00Z' to 'no such time of day'
bad 'to=2026-11-20T10:00:00.1234Z' to 'more than 3 decimals'
bad 'from=9999-01-01' from '2299-12-31'
bad 'event_name=%00' event_name 'without NUL'
bad 'event_name=%ff' event_name 'UTF-8'
bad "event_name=$(printf 'x%.0s' $(seq 4097))" event_name '4096 characters'
bad 'is_bot=perhaps' is_bot 'got "perhaps"'
bad 'form=2026-01-01' form "did you mean 'from'?"
bad 'colour=red' colour 'event_name, project_id, distinct_id, country, browser, is_bot, from, to, limit, cursor'
bad 'Limit=5' Limit "did you mean 'limit'?"
bad 'cursor=' cursor 'unchanged'
bad 'cursor=abc' cursor 'unchanged'
bad "cursor=$(printf 'A%.0s' $(seq 20000))" cursor 'unchanged'
ask 400 "/api/events?$(printf 'a%d=1&' $(seq 80))" | says '.detail | contains("at most 64 parameters")'

# A cursor that was changed, cut, or belongs to another question.
next=$(ask 200 '/api/events?limit=10' | jq -r .next)
[ "${next:20:1}" = A ] && other=B || other=A
bad "cursor=${next:0:20}$other${next:21}" cursor 'unchanged'
bad "cursor=${next:0:${#next}-1}" cursor 'unchanged'
bad "cursor=${next}A" cursor 'unchanged'
bad "cursor=$next&project_id=p" cursor 'other filters'
ask 400 "/api/daily_pageviews?cursor=$next" | says '.parameter == "cursor" and (.detail | contains("another endpoint"))'
ask 200 "/api/events?cursor=$next&limit=3" | says '.items | map(.id) == ["id239", "id238", "id237"]' # the limit may change

# What is right.
ask 200 '/api/events' | says '(.items | length) == 100 and .next != null and .items[0].id == "id249" and .items[0].timestamp == "2026-11-20T10:04:09.000Z"'
ask 200 '/api/events?limit=1000' | says '(.items | length) == 250 and .next == null'
ask 200 '/api/events?limit=250' | says '(.items | length) == 250 and .next == null'
ask 200 '/api/events?from=2026-11-21' | says '.items == [] and .next == null'
ask 200 '/api/events?from=2026-11-20T12:00:00%2B02:00&to=2026-11-20T10:00:02Z' | says '.items | map(.id) == ["id1", "id0"]'
ask 200 '/api/events?from=2026-11-20T12:00:00+02:00&to=2026-11-20T10:00:02Z' | says '.items | map(.id) == ["id1", "id0"]'
ask 200 "/api/events?event_name=it's%20%5C%09%0A%22" | says '.items == []'
ask 200 '/api/events?event_name=%24pageview&limit=1' | says '.items[0].event_name == "$pageview"'
ask 200 '/api/events?country=DE' | says '.items | map([.id, .country]) == [["id5", "DE"]]'
ask 200 '/api/events?is_bot=true' | says '.items | map([.id, .browser, .is_bot]) == [["id3", "Googlebot", true]]'
ask 200 '/api/events?is_bot=false&browser=Googlebot' | says '.items == []'
ask 200 '/api/daily_pageviews?limit=2' | says '.items[0] == {"day": "2026-11-20", "page_views": 20, "unique_visitors": 1} and .next != null'
next=$(ask 200 '/api/daily_pageviews?limit=15' | jq -r .next)
ask 200 "/api/daily_pageviews?cursor=$next" | says '(.items | length) == 5 and .items[4].day == "2026-11-01" and .next == null'
ask 400 '/api/daily_pageviews?from=2026-02-29' | says '.parameter == "from"'

# Methods and paths.
ask 404 '/api/nothing' | says '.status == 404'
ask 404 '/api/events/' | says '.status == 404'
ask 404 '/api/../etc/passwd' --path-as-is | says '.status == 404'
ask 405 '/api/events' -X DELETE | says '.status == 405'
ask 405 '/ingest/events' | says '.status == 405'
curl -sS -D- -o /dev/null -X PUT "$SHIM_URL/api/events" | grep -ci '^Allow: GET, HEAD, OPTIONS' >/dev/null || stack_fail 'expected Allow with a 405'
curl -sS -D- -o /dev/null -X OPTIONS "$SHIM_URL/ingest/events" | grep -ci '^Allow: POST, OPTIONS' >/dev/null || stack_fail 'expected Allow for OPTIONS'
curl -sSI "$SHIM_URL/api/events" | grep -ci '^Content-Length: [1-9]' >/dev/null || stack_fail 'expected HEAD to have a length'
ask 200 '/' | says '.endpoints | map(.path) | contains(["/api/daily_pageviews", "/api/events"]) and . == sort'
ask 200 '/openapi.json' | says '.openapi == "3.1.0" and .paths["/api/events"].get.parameters[0].name == "event_name" and .components.schemas.events.title == "events"'

# The endpoints are read again on SIGHUP; a broken file leaves what there was.
root=$STACK_DIR/root
mkdir -p "$root/shim"
ln -s "$PWD/contracts" "$PWD/kafka-engine" "$PWD/sql" "$PWD/mv" "$root/"
cp -r shim/endpoints "$root/shim/"
shim_stop || stack_fail "exit code $?"
shim_start --root "$root"
cat >"$root/shim/endpoints/numbers.sql" <<'SQL'
-- about: numbers
-- order: n
-- cache: 60s
-- param wide: a column of this many bytes. default 1. 1 to 1000000
-- param least: not below. required
-- param slow: seconds to sleep. default 0. 0 to 3
SELECT number AS n, toUInt64(18446744073709551615) AS big, nan AS nothing, repeat('x', {wide:UInt32}) AS text
FROM numbers(1000)
WHERE number >= {least:UInt8} AND sleepEachRow({slow:Float32} / 1000) = 0
SQL
cp shim/endpoints/events.sql "$root/shim/endpoints/broken.sql"
echo 'AND x = {nobody:UInt8}' >>"$root/shim/endpoints/broken.sql"
kill -HUP "$SHIM_PID"
wait_until 5 grep -q 'stay as they were.*broken.sql:' "$SHIM_LOG"
ask 404 '/api/numbers' >/dev/null
rm "$root/shim/endpoints/broken.sql"
kill -HUP "$SHIM_PID"
wait_until 5 grep -q 'read again' "$SHIM_LOG"
ask 400 '/api/numbers' | says '.parameter == "least" and (.detail | contains("expected a value (UInt8)"))'
ask 400 '/api/numbers?least=256' | says '.parameter == "least" and (.detail | contains("0 to 255"))'
ask 200 '/api/numbers?least=200&limit=2' | says '.items == [{"n": 200, "big": 18446744073709551615, "nothing": null, "text": "x"}, {"n": 201, "big": 18446744073709551615, "nothing": null, "text": "x"}]'
ask 200 '/api/numbers?least=200&limit=1' | grep -c '"big":18446744073709551615,' >/dev/null || stack_fail 'expected all digits of a 64-bit integer'
tag=$(curl -sSI "$SHIM_URL/api/numbers?least=1" | tr -d '\r' | sed -n 's/^ETag: //p')
curl -sSI "$SHIM_URL/api/numbers?least=1" | grep -ci '^Cache-Control: private, max-age=60' >/dev/null || stack_fail 'expected Cache-Control'
ask 304 '/api/numbers?least=1' -H "If-None-Match: $tag" >/dev/null

# A failure is a status with a text that gives nothing away, never a body that was cut.
ask 400 '/api/numbers?least=1&wide=1000000&limit=200' | says '.parameter == "limit" and (.detail | contains("64 MiB"))'
in_database 'RENAME TABLE events_rows TO away_rows'
ask 502 '/api/events' | says '.status == 502 and (.detail | test("SELECT|events_rows|DB::") | not)'
in_database 'RENAME TABLE away_rows TO events_rows'
ask 200 '/api/events?limit=1' >/dev/null

kill -STOP "$(cat "$STACK_DIR/clickhouse.pid")"
degraded() { curl -sS "$SHIM_URL/health" | jq -e '.status != "ok" and .parts.clickhouse.status == "away" and .parts.clickhouse.since != null' >/dev/null; }
wait_until 10 degraded
kill -CONT "$(cat "$STACK_DIR/clickhouse.pid")"
back() { curl -sS "$SHIM_URL/health" | jq -e '.parts.clickhouse.status == "ok"' >/dev/null; }
wait_until 10 back
"$ODW_BUILD/bin/odw-stack" down --dir "$STACK_DIR" >/dev/null
[ "$(curl -sS -o /dev/null -w '%{http_code}' "$SHIM_URL/api/events")" = 503 ] || stack_fail 'expected 503 without ClickHouse'
curl -sS -D- -o /dev/null "$SHIM_URL/api/events" | grep -ci '^Retry-After: [1-9]' >/dev/null || stack_fail 'expected Retry-After'
shim_stop || stack_fail "exit code $?"
