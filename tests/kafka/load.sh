#!/bin/bash
# odw load against a real broker: what is in the topic is what was sent, byte for byte, also when Kafka is killed in the middle.
set -eu
. tests/lib/stack.sh
stack_start kafka
odw=$ODW_BUILD/bin/odw
work=$STACK_DIR/work
mkdir -p "$work"

topic() { "$ODW_BUILD/tests/kafka_topic" "$1" 4 1048576; }
bytes() { kcat -b "$ODW_KAFKA_BROKERS" -C -t "$1" -e -q -f '%s\n'; }
# How many were written so far; a reader would never come to the end of a topic that is being written to.
ends() { kcat -Q -b "$ODW_KAFKA_BROKERS" -t "$1:0:-1" -t "$1:1:-1" -t "$1:2:-1" -t "$1:3:-1" | awk '{ all += $NF } END { print all }'; }

# Lines as they are: CRLF trimmed, blank ones passed over, any bytes, no newline at the end; keys where they can be found.
topic lines
printf '{"distinct_id":"a","n":1}\r\n\n  \r\n{"n": "no key"}\nnot json \xff\x00\x01\n{"distinct_id" : "b"}' >"$work/in"
summary=$("$odw" load events "$work/in" --topic lines --json 2>/dev/null)
expect 'counts of a file' '4 4 0 2' "$(jq -r '"\(.produced) \(.acknowledged) \(.failed) \(.skipped)"' <<<"$summary")"
printf '%s\n' '{"distinct_id" : "b"}' '{"distinct_id":"a","n":1}' '{"n": "no key"}' >"$work/wanted"
printf 'not json \xff\x00\x01\n' >>"$work/wanted"
bytes lines >"$work/got"
cmp <(LC_ALL=C sort "$work/wanted") <(LC_ALL=C sort "$work/got") || stack_fail 'the bytes of a file changed on their way'
expect 'keys' 'a b' "$(kcat -b "$ODW_KAFKA_BROKERS" -C -t lines -e -q -f '%k\n' | grep . | sort | paste -sd' ')"

# A line over the topic's limit is named, the others go on, and the exit code says so.
{ echo '{"n":1}' && head -c 2000000 /dev/zero | tr '\0' x && echo && echo '{"n":2}'; } >"$work/long"
topic long
status=0
"$odw" load events - --topic long --json <"$work/long" >"$work/summary" 2>"$work/said" || status=$?
expect 'exit code with a line that is too long' 1 "$status"
grep -q -- '-:2: the line has 2000000 bytes' "$work/said" || stack_fail "no line number in: $(cat "$work/said")"
expect 'counts with a line that is too long' '2 1' "$(jq -r '"\(.acknowledged) \(.failed)"' "$work/summary")"
expect 'messages beside a line that is too long' 2 "$(bytes long | wc -l)"

# No topic, no broker: said plainly, in seconds.
status=0
"$odw" load events --count 1 --topic never_made 2>"$work/said" || status=$?
expect 'exit code without a topic' 1 "$status"
grep -q "there is no topic 'never_made'" "$work/said" || stack_fail "without a topic: $(cat "$work/said")"
status=0
timeout 10 "$odw" load events --count 1 --kafka-brokers 127.0.0.1:1 2>"$work/said" || status=$?
expect 'exit code without a broker' 1 "$status"
grep -q 'no broker answers at 127.0.0.1:1 (connection refused)' "$work/said" || stack_fail "without a broker: $(cat "$work/said")"

# A signal ends it with everything acknowledged that was produced.
topic signals
status=0
"$odw" load events --topic signals --rate 500 --count 1000000 --json >"$work/summary" 2>/dev/null &
load=$!
wait_until 20 eval '[ "$(ends signals)" -gt 100 ]'
kill -TERM "$load"
wait "$load" || status=$?
expect 'exit code after SIGTERM' 0 "$status"
expect 'summary after SIGTERM' true "$(jq '.interrupted and .produced == .acknowledged and .failed == 0' "$work/summary")"
expect 'messages after SIGTERM' "$(jq .acknowledged "$work/summary")" "$(bytes signals | wc -l)"

# Kafka killed in the middle: it waits, says so, and each event is there once.
topic killed
"$odw" load events --topic killed --rate 20000 --count 100000 --json >"$work/summary" 2>"$work/said" &
load=$!
wait_until 20 eval '[ "$(ends killed)" -gt 5000 ]'
kill -9 "$(cat "$STACK_DIR"/kafka.pid "$STACK_DIR"/*/kafka.pid 2>/dev/null | head -1)"
status=0
wait "$load" || status=$?
expect 'exit code after Kafka was killed' 0 "$status"
expect 'counts after Kafka was killed' '100000 0' "$(jq -r '"\(.acknowledged) \(.failed)"' "$work/summary")"
expect 'events and different ids' '100000 100000' "$(bytes killed | jq -r .id | sort | uniq -c | awk '{ all += $1 } END { print NR, all }')"
echo 'ok'
