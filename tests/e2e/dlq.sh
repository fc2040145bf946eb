#!/bin/bash
# odw dlq: a letter is listed with its reason, shown byte for byte, exported, corrected by hand and held to its contract before it is
# sent again, closed by the stream itself, or discarded with a reason.
set -eu
. tests/lib/stack.sh
. tests/lib/path.sh
path_start kafka clickhouse
work=$STACK_DIR/work
mkdir -p "$work"
status_of() { sql "SELECT status FROM $ODW_DATABASE.dead_letters WHERE id = {id:String} FORMAT TSVRaw" "param_id=$1"; }
# Every message so far is judged and at rest: a block's views are written side by side, and its offsets committed after all of them.
ledger_has() { [ "$(sql "SELECT count() FROM $ODW_DATABASE.ledger")" = "$1" ] && consumed; }
is() { [ "$(status_of "$1")" = "$2" ]; }

printf '{"id":"one","event_name":"x","timestamp":"2026-02-31T10:00:00Z","distinct_id":"u","project_id":"p","note":"\xff\x01 tab"}' >"$work/bad"
kcat -P -b "$ODW_KAFKA_BROKERS" -t events -p 0 -k the-key -H color=blue "$work/bad"
"$ODW_BUILD/bin/odw" load events --count 200 --fail-percentage 20 --seed 5 2>/dev/null
wait_until 60 ledger_has 201

letters=$(odw dlq list --json --limit 1000)
bad=$(jq -r 'select(.class != "simulated") | .id' <<<"$letters")
[ -n "$bad" ] || stack_fail "the broken message is not listed: $letters"
simulated=$(jq -r 'select(.class == "simulated") | .id' <<<"$letters" | wc -l)
[ "$simulated" -gt 10 ] || stack_fail "only $simulated simulated failures"
expect 'the filter by class' "$simulated" "$(odw dlq list --class simulated --json --limit 1000 | wc -l)"
expect 'the filter by source' 0 "$(odw dlq list --source nobody --json | wc -l)"
expect 'the filter by reason' "$bad" "$(odw dlq list --reason EXPECTED --json | jq -r .id)"
expect 'the filter by the end of a time' 0 "$(odw dlq list --until 1h --json | wc -l)"
expect 'the count of a class' "$simulated" "$(odw dlq count --class simulated --json | jq .letters)"
odw dlq count | grep -q "^events *simulated *open *$simulated " || stack_fail "the counts are not shown: $(odw dlq count)"
expect 'the filter by time' 0 "$(odw dlq list --since 2100-01-01 --json | wc -l)"
expect 'all of the last hour' "$((simulated + 1))" "$(odw dlq list --since 1h --status open --json --limit 1000 | wc -l)"
expect 'lines of the table' "$((simulated + 2))" "$(odw dlq list --limit 1000 | wc -l)"
odw dlq list | grep -q "^$bad " || stack_fail 'the table has no line for the letter'

# Byte for byte on request; never as such for eyes.
odw dlq show "$bad" --payload >"$work/shown"
cmp "$work/bad" "$work/shown" || stack_fail 'the payload changed'
odw dlq export "$bad" >"$work/exported"
jq -j .payload_base64 "$work/exported" | base64 -d | cmp "$work/bad" - || stack_fail "the exported payload changed: $(cat "$work/exported")"
expect 'key and header of an exported letter' 'the-key blue' "$(jq -r '.key + " " + .headers[0].value' "$work/exported")"
expect 'letters that are exported' "$((simulated + 1))" "$(odw dlq export | jq -r .id | sort -u | wc -l)"
odw dlq export --class simulated | jq -c '.payload | fromjson | .id' | sort >"$work/exported"
sql "SELECT JSONExtractRaw(payload, 'id') FROM $ODW_DATABASE.dead_letters WHERE class = 'simulated' FORMAT TSVRaw" | sort | cmp - "$work/exported" ||
    stack_fail 'the exported payloads are not those of the letters'
odw dlq show "$bad" >"$work/human"
grep -q '\\xff\\x01' "$work/human" || stack_fail "bytes that can't be seen are not escaped: $(cat "$work/human")"
grep -q 'color=blue' "$work/human" || stack_fail 'the headers are not shown'
status=0
odw dlq show events/0/999999 2>/dev/null || status=$?
expect 'exit code for a letter that is not there' 1 "$status"
status=0
odw dlq show nonsense 2>/dev/null || status=$?
expect 'exit code for an id that is none' 2 "$status"

# As it is, it comes back as another letter of the same origin; a dry run sends nothing.
odw dlq replay "$bad" --dry-run | grep -q 'would send' || stack_fail 'the dry run says nothing'
expect 'status after a dry run' open "$(status_of "$bad")"
odw dlq replay "$bad" >"$work/said"
expect 'status after a replay' replayed "$(status_of "$bad")"
wait_until 60 ledger_has 202
again=$(jq -r --arg origin "$bad" 'select(.origin == $origin) | "\(.id) \(.attempt) \(.status)"' <<<"$(odw dlq list --json --limit 1000)")
expect 'the letter that the replay became' '1 open' "${again#* }"
odw dlq show "${again%% *}" | grep -q 'color=blue' || stack_fail 'the replay lost its headers'

# Corrected, it holds: the row is there, and both letters are closed.
sed 's/2026-02-31/2026-02-28/; s/\xff\x01 //' "$work/bad" >"$work/good"
odw dlq replay "${again%% *}" --payload "$work/good" >/dev/null
wait_until 30 is "$bad" recovered
wait_until 30 consumed # a block's views are written side by side
expect 'status of the second letter' recovered "$(status_of "${again%% *}")"
expect 'rows of the corrected event' 1 "$(sql "SELECT count() FROM $ODW_DATABASE.events WHERE id = 'one'")"
expect 'the attempt that was counted on' 2 "$(sql "SELECT max(attempt) FROM $ODW_DATABASE.dead_letter_states")"
status=0
odw dlq replay "$bad" 2>/dev/null || status=$?
expect 'exit code for a letter that is recovered already' 1 "$status"

# A correction is held to the contract; what was received stays; a saved one is sent by replay.
printf '{"id":"two","event_name":"x","timestamp":"2026-02-31T10:00:00Z","distinct_id":"u","project_id":7,"n":{"a/b":[1]}}' >"$work/two"
kcat -P -b "$ODW_KAFKA_BROKERS" -t events -p 1 "$work/two"
wait_until 30 ledger_has 204
two=$(odw dlq list --status open --class contract --json | jq -r .id)
status=0
odw dlq edit "$two" /timestamp=2026-02-28T10:00:00Z 2>"$work/said" || status=$?
expect 'exit code for a correction that is none' 1 "$status"
grep -q '/project_id: expected a string, got 7' "$work/said" || stack_fail "the violation is not shown: $(cat "$work/said")"
odw dlq edit "$two" /timestamp=2026-02-28T10:00:00Z '/project_id="7"' --dry-run | grep -q 'would send' || stack_fail 'the dry run says nothing'
expect 'status after the dry run of a correction' open "$(status_of "$two")"
odw dlq edit "$two" /timestamp=2026-02-28T10:00:00Z '/project_id="7"' '/n/a~1b/0=true' --save --by ada
odw dlq show "$two" --payload | cmp "$work/two" - || stack_fail 'the correction changed what was received'
expect 'the saved correction' '"7" true' "$(odw dlq show "$two" --corrected | jq -r '(.project_id | tojson) + " " + (.n["a/b"][0] | tojson)')"
odw dlq show "$two" | grep -q 'open by ada, corrected .*: corrected, not sent yet' || stack_fail "who corrected it is not shown: $(odw dlq show "$two")"
odw dlq replay "$two" >/dev/null
wait_until 30 is "$two" recovered
wait_until 30 consumed # a block's views are written side by side
expect 'the corrected row' 7 "$(sql "SELECT project_id FROM $ODW_DATABASE.events WHERE id = 'two'")"
odw dlq show "$two" | grep -q '^row .*id = two' || stack_fail "the row is not linked: $(odw dlq show "$two")"

# In an editor: the file is gone afterwards.
printf 'not {"id":"three","event_name":"x","timestamp":"2026-02-28T10:00:00Z","distinct_id":"u","project_id":"p"}' >"$work/three"
kcat -P -b "$ODW_KAFKA_BROKERS" -t events -p 2 "$work/three"
wait_until 30 ledger_has 206
three=$(odw dlq list --status open --class parse --json | jq -r .id)
mkdir "$work/tmp"
TMPDIR=$work/tmp VISUAL='' EDITOR='sed -i s/^not.//' odw dlq edit "$three" >/dev/null
wait_until 30 is "$three" recovered
expect 'files that the editor left' '' "$(ls "$work/tmp")"

# Discarded: with a reason, by someone; rules leave it alone.
printf 'rubbish' | kcat -P -b "$ODW_KAFKA_BROKERS" -t events -p 3
wait_until 30 ledger_has 208
rubbish=$(odw dlq list --status open --class parse --json | jq -r .id)
odw dlq discard "$rubbish" --why 'a test of the line' --by ada --dry-run | grep -q 'would be discarded' || stack_fail 'the dry run says nothing'
expect 'status after a dry run' open "$(status_of "$rubbish")"
odw dlq discard "$rubbish" --why 'a test of the line' --by ada
expect 'status of a discarded letter' discarded "$(status_of "$rubbish")"
odw dlq show "$rubbish" | grep -q 'discarded by ada: a test of the line' || stack_fail 'who discarded it and why is not shown'
status=0
odw dlq discard "$rubbish" --why again 2>/dev/null || status=$?
expect 'exit code for a letter that is discarded already' 1 "$status"

# All of a class, each once.
before=$(sql "SELECT count() FROM $ODW_DATABASE.ledger")
odw dlq replay --all --source events --class simulated 2>"$work/said"
grep -q "^$simulated sent again, 0 failed" "$work/said" || stack_fail "replay --all said: $(cat "$work/said")"
wait_until 60 ledger_has "$((before + simulated))"
odw audit >"$work/audit" || stack_fail "odw audit does not hold: $(cat "$work/audit")"
echo ok
