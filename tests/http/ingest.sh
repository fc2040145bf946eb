#!/bin/bash
# POST /ingest/events: one verdict per record, accepted means stored with the bytes as sent, a bad record doesn't sink its batch, and what
# isn't a body is refused whole.
set -euo pipefail
# shellcheck source=tests/http/lib.sh
. tests/http/lib.sh

http_start clickhouse kafka
shim_start
wait_until 10 healthy

json='Content-Type: application/json'
# event ID [FIELD…]
event() { printf '{"id":"%s","event_name":"$pageview","timestamp":"2026-11-20T10:00:00.123Z","distinct_id":"user of %s","project_id":"p"%s}' "$1" "$1" "${2:-}"; }
topic() { kcat -b "$ODW_KAFKA_BROKERS" -t events -C -e -q -f "${1:-%s\n}" 2>/dev/null; }

# One object, an array, lines; with and without a content type that says so.
ask 200 /ingest/events -H "$json" -d "$(event one)" | says '.accepted == 1 and .refused == 0 and .verdicts[0].status == "accepted" and .verdicts[0].offset == 0 and (.verdicts[0].partition | . >= 0 and . < 4)'
ask 200 /ingest/events -H "$json" -d "[$(event two), $(event three)
]" | says '.accepted == 2 and (.verdicts | map(.index) == [0, 1])'
ask 200 /ingest/events -H 'Content-Type: application/x-ndjson; charset=utf-8' --data-binary "$(event four)
$(event five)" | says '.accepted == 2'
ask 200 /ingest/events -H 'Content-Type:' --data-binary "$(event six)
$(event seven)
" | says '.accepted == 2'
ask 200 /ingest/events --data-binary "$(event eight)" | says '.accepted == 1' # as curl sends it when its user says nothing
event nine | gzip | ask 200 /ingest/events -H "$json" -H 'Content-Encoding: gzip' --data-binary @- | says '.accepted == 1'
event ten | ask 200 /ingest/events -H "$json" -H 'Transfer-Encoding: chunked' --data-binary @- | says '.accepted == 1'
event eleven | ask 200 /ingest/events -H "$json" -H 'Expect: 100-continue' --data-binary @- | says '.accepted == 1'
for id in one two three four five six seven eight nine ten eleven; do event $id; echo; done | sort >"$STACK_DIR/sent"
topic | sort | cmp - "$STACK_DIR/sent" || stack_fail 'the topic does not hold what was sent, byte for byte'
topic '%k|%s\n' | grep -c '^user of two|{"id":"two"' >/dev/null || stack_fail 'expected the key to be the distinct_id'

# The same key goes to the same partition.
for i in 1 2 3 4 5; do
    ask 200 /ingest/events -H "$json" -d "{\"id\":\"k$i\",\"event_name\":\"x\",\"timestamp\":\"2026-11-20T10:00:00Z\",\"distinct_id\":\"same\",\"project_id\":\"p\"}" | jq .verdicts[0].partition
done | sort -u | wc -l | grep -cx 1 >/dev/null || stack_fail 'one key went to several partitions'

# A bad record doesn't sink its batch.
ask 200 /ingest/events -H "$json" -d "[$(event a), {\"id\":7}, $(event b), {\"a\":}, 5, $(event c ',"timestamp2":1'), $(event d ',"event_name":"twice"')]" |
    says '.accepted == 3 and .refused == 4 and (.verdicts | map(.status)) == ["accepted", "refused", "accepted", "refused", "refused", "accepted", "refused"]
        and (.verdicts[1].violations | any(startswith("/id: expected"))) and (.verdicts[3].violations | length == 1) and (.verdicts | map(.index)) == [0, 1, 2, 3, 4, 5, 6]'
before=$(topic | wc -l)
ask 422 /ingest/events -H "$json" -d '{"id":"x","timestamp":"2026-02-31T10:00:00Z"}' |
    says '.status == 422 and .refused == 1 and .accepted == 0 and (.verdicts[0].violations | any(contains("February has 28 days")))'
ask 422 /ingest/events -H "$json" -d '[1, 2]' | says '.refused == 2'
ask 422 /ingest/events -H "$json" -d '{"id":' | says '.refused == 1'
ask 422 /ingest/events -H "$json" -d '"text"' | says '.refused == 1'
# What can't be taken apart is refused whole.
ask 400 /ingest/events -H "$json" -d "[$(event lost), " | says '.detail | contains("where the body ends; nothing of it was stored")'
ask 400 /ingest/events -H "$json" -d "[$(event lost)] []" | says '.status == 400'
ask 400 /ingest/events -H "$json" -d '' | says '.detail | contains("empty body")'
ask 400 /ingest/events -H "$json" -d '[]' | says '.detail | contains("at least one record")'
ask 400 /ingest/events -H "$json" -H 'Content-Encoding: gzip' -d 'not gzip' | says '.detail | contains("gzip")'
event lost | gzip | head -c 40 | ask 400 /ingest/events -H "$json" -H 'Content-Encoding: gzip' --data-binary @- | says '.detail | contains("gzip")'
ask 415 /ingest/events -H 'Content-Type: text/plain' -d "$(event lost)" | says '.status == 415'
ask 415 /ingest/events -H "$json" -H 'Content-Encoding: br' -d x | says '.status == 415'
ask 404 /ingest/nothing -H "$json" -d x | says '.status == 404'
ask 400 '/ingest/events?refused=yes' -H "$json" -d "$(event lost)" | says '.parameter == "refused"'
ask 400 '/ingest/events?keep=1' -H "$json" -d "$(event lost)" | says '.parameter == "keep"'
ask 403 /ingest/events -H "$json" -H 'Origin: https://example.com' -d "$(event lost)" | says '.status == 403'
ask 403 /ingest/events -H "$json" -H 'Origin: null' -d "$(event lost)" | says '.status == 403'
head -c 33554433 /dev/zero | ask 413 /ingest/events -H "$json" --data-binary @- | says '.detail | contains("at most 33554432 bytes")'
head -c 33554433 /dev/zero | ask 413 /ingest/events -H "$json" -H 'Transfer-Encoding: chunked' --data-binary @- | says '.status == 413'
head -c 40000000 /dev/zero | gzip | ask 413 /ingest/events -H "$json" -H 'Content-Encoding: gzip' --data-binary @- | says '.status == 413'
{ printf '{"id":"large","event_name":"x","timestamp":"2026-11-20T10:00:00Z","distinct_id":"u","project_id":"p","properties":{"a":"'; head -c 16777216 /dev/zero | tr '\0' x; printf '"}}'; } |
    ask 422 /ingest/events -H "$json" --data-binary @- | says '.verdicts[0].violations[-1] | contains("at most 16777216 bytes")'
[ "$(topic | wc -l)" = "$before" ] || stack_fail 'something that was refused is on the topic'

# ?refused=keep sends them on, as they are.
ask 200 '/ingest/events?refused=keep' -H "$json" -d '{"id":' | says '.accepted == 0 and .refused == 1 and .kept == 1 and .verdicts[0].kept == true and (.verdicts[0].offset | . >= 0)'
topic | grep -cFx '{"id":' >/dev/null || stack_fail 'the refused record was not sent on'
# A marked failure is asked for in the stream, not here.
ask 200 /ingest/events -H "$json" -d "$(event s | sed 's/\$pageview/[DLQ] x/')" | says '.accepted == 1'

# A large batch: verdicts of what was refused only, and of nothing else when asked.
{ echo '['; for i in $(seq 1500); do event "n$i"; echo ,; done; echo '7]'; } >"$STACK_DIR/batch"
ask 200 /ingest/events -H "$json" --data-binary @"$STACK_DIR/batch" | says '.accepted == 1500 and .refused == 1 and (.verdicts | length) == 1 and .verdicts[0].index == 1500'
ask 200 '/ingest/events?verdicts=refused' -H "$json" -d "[$(event z), 1]" | says '.accepted == 1 and (.verdicts | map(.index)) == [1]'
{ echo '['; for i in $(seq 100001); do echo '1,'; done; echo '7]'; } | ask 400 /ingest/events -H "$json" --data-binary @- | says '.detail | contains("at most 100000 records")'
shim_stop || stack_fail "exit code $?"

# A contract that was changed counts from the next SIGHUP on; one that can't be read leaves what there was; what only a new start does is said.
root=$STACK_DIR/root
mkdir -p "$root"
ln -s "$PWD/shim" "$PWD/sql" "$PWD/mv" "$root/"
cp -r contracts kafka-engine "$root/"
shim_start --root "$root"
ask 200 /ingest/events -H "$json" -d "$(event plain)" | says '.accepted == 1'
echo '{ "type": 7 }' >"$root/contracts/events.schema.json"
kill -HUP "$SHIM_PID"
wait_until 5 grep -q 'stay as they were.*events.schema.json' "$SHIM_LOG"
ask 200 /ingest/events -H "$json" -d "$(event plain)" | says '.accepted == 1'
jq '.properties.colour = { "type": "string" } | .required += ["colour"]' contracts/events.schema.json >"$root/contracts/events.schema.json"
kill -HUP "$SHIM_PID"
wait_until 5 grep -q 'were read again' "$SHIM_LOG"
ask 422 /ingest/events -H "$json" -d "$(event plain)" | says '.verdicts[0].violations | any(contains("colour"))'
ask 200 /ingest/events -H "$json" -d "$(event colour ',"colour":"red"')" | says '.accepted == 1'
ask 200 /openapi.json | says '.components.schemas.events.properties.colour.type == "string"'
sed -i 's/^-- max-message-bytes: .*/-- max-message-bytes: 900M/' "$root/kafka-engine/events.sql"
kill -HUP "$SHIM_PID"
wait_until 5 grep -q 'max-message-bytes.*start it anew' "$SHIM_LOG"
ask 422 /ingest/events -H "$json" -d "$(event plain)" >/dev/null
shim_stop || stack_fail "exit code $?"
