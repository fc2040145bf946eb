#!/bin/bash
# Dead letters over HTTP: closed without a token of their own, on loopback too, and to the token of rows; with it they are paged,
# filtered, shown byte for byte, corrected under the contract, sent again and closed by the stream, discarded with a reason.
set -eu
. tests/http/lib.sh
. tests/lib/path.sh
path_start kafka clickhouse
trap http_stop EXIT
work=$STACK_DIR/work
mkdir -p "$work"
printf 'rows-rows-rows-rows-rows' >"$work/rows.token"
printf 'letters-letters-letters' >"$work/letters.token"
printf '{"id":"one","event_name":"x","timestamp":"2026-02-31T10:00:00Z","distinct_id":"u","project_id":"p","note":"\xff\x01"}' >"$work/bad"
kcat -P -b "$ODW_KAFKA_BROKERS" -t events -p 0 -k the-key -H color=blue "$work/bad"
for i in $(seq 30); do
    echo "{\"id\":\"$i\",\"event_name\":\"x\",\"timestamp\":\"2026-02-31T10:00:00Z\",\"distinct_id\":\"u\",\"project_id\":$i}"
done | produce events -p 1
wait_until 60 consumed
letter=events/0/0

echo "without a token they are closed, and it is said how to open them"
shim_start
for path in /api/dead_letters /dead_letters/$letter; do
    ask 403 $path | says '.type == "urn:odw:problem:scope" and (.detail | contains("dead-letters-token-file"))'
done
ask 403 /dead_letters/$letter/replay -X POST | says '.type == "urn:odw:problem:scope"'
ask 403 /dead_letters/$letter/discard -X POST -H 'Authorization: Bearer letters-letters-letters' | says '.type == "urn:odw:problem:scope"'
ask 200 '/api/events?limit=1' | says '.items'
shim_stop

echo "the token of rows doesn't open them; theirs opens both"
shim_start --token-file "$work/rows.token" --dead-letters-token-file "$work/letters.token"
rows=(-H 'Authorization: Bearer rows-rows-rows-rows-rows')
mine=(-H 'Authorization: Bearer letters-letters-letters')
ask 401 /api/dead_letters | says '.type == "urn:odw:problem:unauthorised"'
ask 401 /api/dead_letters -H 'Authorization: Bearer something-else-altogether' | says '.status == 401'
ask 403 /api/dead_letters "${rows[@]}" | says '.type == "urn:odw:problem:scope"'
ask 200 '/api/events?limit=1' "${mine[@]}" | says '.items'
ask 200 '/api/events?limit=1' "${rows[@]}" | says '.items'
shim_stop
shim_start --dead-letters-token-file "$work/letters.token"
ask 401 /api/dead_letters | says '.status == 401'
ask 200 '/api/events?limit=1' | says '.items'

echo "paged and filtered, without payloads"
ask 200 '/api/dead_letters?limit=1000' "${mine[@]}" >"$work/all"
says '(.items | length) == 31 and .next == null and (.items | all(has("payload") | not))' <"$work/all"
next='' n=0
: >"$work/paged"
while :; do
    page=$(ask 200 "/api/dead_letters?limit=7${next:+&cursor=$next}" "${mine[@]}")
    jq -r '.items[].id' <<<"$page" >>"$work/paged"
    next=$(jq -r '.next // empty' <<<"$page")
    n=$((n + 1))
    [ -n "$next" ] || break
done
expect 'pages of seven' 5 "$n"
jq -r '.items[].id' "$work/all" | cmp - "$work/paged" || stack_fail 'the pages are not the whole'
ask 200 '/api/dead_letters?class=parse' "${mine[@]}" | says '.items | map(.id) == ["events/0/0"]'
ask 200 '/api/dead_letters?source=events&status=open&reason=PROJECT_ID&limit=1000' "${mine[@]}" | says '.items | length == 30'
ask 400 '/api/dead_letters?from=never' "${mine[@]}" | says '.parameter == "from"'

echo "one of them, byte for byte"
ask 200 /dead_letters/$letter "${mine[@]}" >"$work/one"
jq -j .payload_base64 "$work/one" | base64 -d | cmp "$work/bad" - || stack_fail "the payload changed: $(cat "$work/one")"
says '.key == "the-key" and .status == "open" and .states == [] and (.headers | any(.name == "color" and .value == "blue"))' <"$work/one"
ask 404 /dead_letters/events/0/99999 "${mine[@]}" | says '.status == 404'
ask 404 /dead_letters/nonsense "${mine[@]}" | says '.status == 404'
ask 405 /dead_letters/$letter "${mine[@]}" -X POST | says '.status == 405'
ask 405 /dead_letters/$letter/replay "${mine[@]}" | says '.status == 405'

echo "a correction is held to the contract, then sent; the stream closes the letter"
good='{"id":"one","event_name":"x","timestamp":"2026-02-28T10:00:00Z","distinct_id":"u","project_id":"p"}'
ask 422 /dead_letters/$letter/replay "${mine[@]}" -H 'Content-Type: application/json' -d "${good/28/30}" |
    says '.type == "urn:odw:problem:refused" and (.violations | any(startswith("/timestamp")))'
ask 200 /dead_letters/$letter/replay?by=ada "${mine[@]}" -H 'Content-Type: application/json' -d "$good" |
    says '.status == "replayed" and .attempt == 1 and (.offspring | startswith("events/"))'
recovered() { [ "$(ask 200 /dead_letters/$letter "${mine[@]}" | jq -r .status)" = recovered ]; }
wait_until 30 recovered
wait_until 30 consumed # a block's views are written side by side
ask 200 /dead_letters/$letter "${mine[@]}" | says --arg good "$good" '.corrected == $good and (.states | map(.changed_by)) == ["ada, by HTTP", "odw"]'
expect 'rows of the corrected event' 1 "$(sql "SELECT count() FROM $ODW_DATABASE.events WHERE id = 'one'")"
ask 409 /dead_letters/$letter/replay "${mine[@]}" -X POST | says '.type == "urn:odw:problem:conflict"'

echo "as it is, it fails again, as a letter of the same origin; discarded with a reason"
again=events/1/0
ask 200 /dead_letters/$again/replay "${mine[@]}" -X POST | says '.status == "replayed"'
wait_until 30 consumed
ask 200 '/api/dead_letters?status=open&limit=1000' "${mine[@]}" | says --arg origin $again '(.items | length) == 30 and (.items | any(.origin == $origin and .attempt == 1))'
ask 400 /dead_letters/events/1/1/discard "${mine[@]}" -X POST | says '.parameter == "why"'
ask 200 '/dead_letters/events/1/1/discard?why=a%20test&by=ada' "${mine[@]}" -X POST | says '.status == "discarded"'
ask 200 /dead_letters/events/1/1 "${mine[@]}" | says '.status == "discarded" and .note == "a test" and .states[0].changed_by == "ada, by HTTP"'
ask 409 '/dead_letters/events/1/1/discard?why=again' "${mine[@]}" -X POST | says '.status == 409'
ask 200 /openapi.json | says '.paths | has("/dead_letters/{topic}/{partition}/{offset}/replay")'
shim_stop
odw audit >"$work/audit" || stack_fail "odw audit does not hold: $(cat "$work/audit")"
echo passed
