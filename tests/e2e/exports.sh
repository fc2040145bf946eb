#!/bin/bash
# Another tool's export goes in by its mapping and comes out of GET /api/events; so do objects of a store, packed or not; what is no event
# becomes a dead letter with its bytes; a load that was killed goes on in the object where it was.
set -euo pipefail
. tests/lib/stack.sh
. tests/lib/path.sh

path_start
work=$STACK_DIR/work
mkdir -p "$work"
cases=loaders/events/cases
counts() { jq -r '"\(.acknowledged) \(.failed)"'; }

expect 'a PostHog export' '6 0' "$(odw load events $cases/posthog.jsonl --mapping posthog --json 2>/dev/null | counts)"
expect 'a Segment export' '3 0' "$(odw load events $cases/segment.jsonl.gz --mapping segment --json 2>/dev/null | counts)"
settle 60
curl -sS --fail-with-body "$ODW_SHIM_URL/api/events?project_id=2" >"$work/page"
jq -e '.items | length == 2
    and (map(select(.event_name == "$pageview"))[0] | .timestamp == "2026-11-20T10:00:00.123Z" and .session_id == "0193a5c0-aaaa-7000-8000-000000000001"
         and .ip_address == "203.0.113.0" and .properties.value == 19.99 and .properties.person_properties.email == "[EMAIL]")
    and (map(select(.event_name == "signup completed"))[0] | .distinct_id == "42" and .properties.seats == 12)' "$work/page" >/dev/null ||
    stack_fail "$(cat "$work/page")"
expect 'events of both' 6 "$(sql "SELECT count() FROM $ODW_DATABASE.events")"
expect 'lines that are no events' 3 "$(sql "SELECT count() FROM $ODW_DATABASE.dead_letters WHERE source = 'events'")"
expect 'a dead letter has its bytes' 1 "$(sql "SELECT count() FROM $ODW_DATABASE.dead_letters WHERE payload = 'this line was cut in the mi'")"

if [ -z "${ODW_S3_URL:-}" ]; then
    odw audit >"$work/audit" || stack_fail "$(cat "$work/audit")"
    echo 'ok; objects were left out: there is no S3 server (dev/install run)'
    exit 0
fi
python3 tests/lib/s3.py make exports
# Three objects; the one in the middle takes several requests.
for day in 1 2 3; do
    count=500
    [ "$day" != 2 ] || count=20000
    odw load events --print --count "$count" --seed "$day" --until "2026-11-0${day}" >"$work/$day"
    jq -Rsc --arg key "events/2026-11-0$day.jsonl" '{ key: $key, body: . }' "$work/$day"
done | python3 tests/lib/s3.py put exports
here() { sql "SELECT uniqExact(id) FROM $ODW_DATABASE.events WHERE timestamp < '2026-11-04'"; }
"$ODW_BUILD/bin/odw" load events 's3://exports/events/*.jsonl' --rate 2000 >/dev/null 2>&1 &
load=$!
within() { grep -aqs '^events/2026-11-02' "$STACK_DIR"/load/events-*.position; }
wait_until 60 within
kill -9 "$load"
wait "$load" 2>/dev/null || true
odw load events 's3://exports/events/*.jsonl' --json >"$work/resumed" 2>"$work/said" || stack_fail "$(cat "$work/said")"
settle 60
expect 'events of objects, after a kill' 21000 "$(here)"
[ "$(jq .acknowledged "$work/resumed")" -lt 20000 ] || stack_fail 'the load that was killed began again from the start'
odw audit >"$work/audit" || stack_fail "$(cat "$work/audit")"
echo ok
