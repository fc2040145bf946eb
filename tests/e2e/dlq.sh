#!/bin/bash
# odw dlq: a letter is listed with its reason, shown byte for byte, exported, corrected by hand and held to its contract before it is
# sent again, closed by the stream itself, or discarded with a reason.
set -eu
. tests/lib/stack.sh
. tests/lib/path.sh
path_start kafka clickhouse
work=$STACK_DIR/work
mkdir -p "$work"
expect() { # WANTED GOT WHAT
    [ "$1" = "$2" ] || stack_fail "$3: expected '$1', got '$2'"
}
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
expect "$simulated" "$(odw dlq list --class simulated --json --limit 1000 | wc -l)" 'the filter by class'
expect 0 "$(odw dlq list --source nobody --json | wc -l)" 'the filter by source'
expect "$bad" "$(odw dlq list --reason EXPECTED --json | jq -r .id)" 'the filter by reason'
expect 0 "$(odw dlq list --until 1h --json | wc -l)" 'the filter by the end of a time'
expect "$simulated" "$(odw dlq count --class simulated --json | jq .letters)" 'the count of a class'
odw dlq count | grep -q "^events *simulated *open *$simulated " || stack_fail "the counts are not shown: $(odw dlq count)"
expect 0 "$(odw dlq list --since 2100-01-01 --json | wc -l)" 'the filter by time'
expect "$((simulated + 1))" "$(odw dlq list --since 1h --status open --json --limit 1000 | wc -l)" 'all of the last hour'
expect "$((simulated + 2))" "$(odw dlq list --limit 1000 | wc -l)" 'lines of the table'
odw dlq list | grep -q "^$bad " || stack_fail 'the table has no line for the letter'

# Byte for byte on request; never as such for eyes.
odw dlq show "$bad" --payload >"$work/shown"
cmp "$work/bad" "$work/shown" || stack_fail 'the payload changed'
odw dlq export "$bad" >"$work/exported"
jq -j .payload_base64 "$work/exported" | base64 -d | cmp "$work/bad" - || stack_fail "the exported payload changed: $(cat "$work/exported")"
expect 'the-key blue' "$(jq -r '.key + " " + .headers[0].value' "$work/exported")" 'key and header of an exported letter'
expect "$((simulated + 1))" "$(odw dlq export | jq -r .id | sort -u | wc -l)" 'letters that are exported'
odw dlq export --class simulated | jq -c '.payload | fromjson | .id' | sort >"$work/exported"
sql "SELECT JSONExtractRaw(payload, 'id') FROM $ODW_DATABASE.dead_letters WHERE class = 'simulated' FORMAT TSVRaw" | sort | cmp - "$work/exported" ||
    stack_fail 'the exported payloads are not those of the letters'
odw dlq show "$bad" >"$work/human"
grep -q '\\xff\\x01' "$work/human" || stack_fail "bytes that can't be seen are not escaped: $(cat "$work/human")"
grep -q 'color=blue' "$work/human" || stack_fail 'the headers are not shown'
status=0
odw dlq show events/0/999999 2>/dev/null || status=$?
expect 1 "$status" 'exit code for a letter that is not there'
status=0
odw dlq show nonsense 2>/dev/null || status=$?
expect 2 "$status" 'exit code for an id that is none'

# As it is, it comes back as another letter of the same origin; a dry run sends nothing.
odw dlq replay "$bad" --dry-run | grep -q 'would send' || stack_fail 'the dry run says nothing'
expect open "$(status_of "$bad")" 'status after a dry run'
odw dlq replay "$bad" >"$work/said"
expect replayed "$(status_of "$bad")" 'status after a replay'
wait_until 60 ledger_has 202
again=$(jq -r --arg origin "$bad" 'select(.origin == $origin) | "\(.id) \(.attempt) \(.status)"' <<<"$(odw dlq list --json --limit 1000)")
expect '1 open' "${again#* }" 'the letter that the replay became'
odw dlq show "${again%% *}" | grep -q 'color=blue' || stack_fail 'the replay lost its headers'

# Corrected, it holds: the row is there, and both letters are closed.
sed 's/2026-02-31/2026-02-28/; s/\xff\x01 //' "$work/bad" >"$work/good"
odw dlq replay "${again%% *}" --payload "$work/good" >/dev/null
wait_until 30 is "$bad" recovered
wait_until 30 consumed # a block's views are written side by side
expect recovered "$(status_of "${again%% *}")" 'status of the second letter'
expect 1 "$(sql "SELECT count() FROM $ODW_DATABASE.events WHERE id = 'one'")" 'rows of the corrected event'
expect 2 "$(sql "SELECT max(attempt) FROM $ODW_DATABASE.dead_letter_states")" 'the attempt that was counted on'
status=0
odw dlq replay "$bad" 2>/dev/null || status=$?
expect 1 "$status" 'exit code for a letter that is recovered already'

# A correction is held to the contract; what was received stays; a saved one is sent by replay.
printf '{"id":"two","event_name":"x","timestamp":"2026-02-31T10:00:00Z","distinct_id":"u","project_id":7,"n":{"a/b":[1]}}' >"$work/two"
kcat -P -b "$ODW_KAFKA_BROKERS" -t events -p 1 "$work/two"
wait_until 30 ledger_has 204
two=$(odw dlq list --status open --class contract --json | jq -r .id)
status=0
odw dlq edit "$two" /timestamp=2026-02-28T10:00:00Z 2>"$work/said" || status=$?
expect 1 "$status" 'exit code for a correction that is none'
grep -q '/project_id: expected a string, got 7' "$work/said" || stack_fail "the violation is not shown: $(cat "$work/said")"
odw dlq edit "$two" /timestamp=2026-02-28T10:00:00Z '/project_id="7"' --dry-run | grep -q 'would send' || stack_fail 'the dry run says nothing'
expect open "$(status_of "$two")" 'status after the dry run of a correction'
odw dlq edit "$two" /timestamp=2026-02-28T10:00:00Z '/project_id="7"' '/n/a~1b/0=true' --save --by ada
odw dlq show "$two" --payload | cmp "$work/two" - || stack_fail 'the correction changed what was received'
expect '"7" true' "$(odw dlq show "$two" --corrected | jq -r '(.project_id | tojson) + " " + (.n["a/b"][0] | tojson)')" 'the saved correction'
odw dlq show "$two" | grep -q 'open by ada, corrected .*: corrected, not sent yet' || stack_fail "who corrected it is not shown: $(odw dlq show "$two")"
odw dlq replay "$two" >/dev/null
wait_until 30 is "$two" recovered
wait_until 30 consumed # a block's views are written side by side
expect 7 "$(sql "SELECT project_id FROM $ODW_DATABASE.events WHERE id = 'two'")" 'the corrected row'
odw dlq show "$two" | grep -q '^row .*id = two' || stack_fail "the row is not linked: $(odw dlq show "$two")"

# In an editor: the file is gone afterwards.
printf 'not {"id":"three","event_name":"x","timestamp":"2026-02-28T10:00:00Z","distinct_id":"u","project_id":"p"}' >"$work/three"
kcat -P -b "$ODW_KAFKA_BROKERS" -t events -p 2 "$work/three"
wait_until 30 ledger_has 206
three=$(odw dlq list --status open --class parse --json | jq -r .id)
mkdir "$work/tmp"
TMPDIR=$work/tmp VISUAL='' EDITOR='sed -i s/^not.//' odw dlq edit "$three" >/dev/null
wait_until 30 is "$three" recovered
expect '' "$(ls "$work/tmp")" 'files that the editor left'

# Discarded: with a reason, by someone; rules leave it alone.
printf 'rubbish' | kcat -P -b "$ODW_KAFKA_BROKERS" -t events -p 3
wait_until 30 ledger_has 208
rubbish=$(odw dlq list --status open --class parse --json | jq -r .id)
odw dlq discard "$rubbish" --why 'a test of the line' --by ada --dry-run | grep -q 'would be discarded' || stack_fail 'the dry run says nothing'
expect open "$(status_of "$rubbish")" 'status after a dry run'
odw dlq discard "$rubbish" --why 'a test of the line' --by ada
expect discarded "$(status_of "$rubbish")" 'status of a discarded letter'
odw dlq show "$rubbish" | grep -q 'discarded by ada: a test of the line' || stack_fail 'who discarded it and why is not shown'
status=0
odw dlq discard "$rubbish" --why again 2>/dev/null || status=$?
expect 1 "$status" 'exit code for a letter that is discarded already'

# All of a class, each once.
before=$(sql "SELECT count() FROM $ODW_DATABASE.ledger")
odw dlq replay --all --source events --class simulated 2>"$work/said"
grep -q "^$simulated sent again, 0 failed" "$work/said" || stack_fail "replay --all said: $(cat "$work/said")"
wait_until 60 ledger_has "$((before + simulated))"
odw audit >"$work/audit" || stack_fail "odw audit does not hold: $(cat "$work/audit")"
echo ok
