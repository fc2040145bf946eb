#!/bin/bash
# odw load goes on where it was: stopped, it sends each record once; killed, none is missing and only the last moment's come twice.
set -eu
. tests/lib/stack.sh
stack_start kafka
odw=$ODW_BUILD/bin/odw
work=$STACK_DIR/work
mkdir -p "$work"
positions=$STACK_DIR/load # the state folder is the stack's

topic() { "$ODW_BUILD/tests/kafka_topic" "$1" 4 1048576; }
ids() { kcat -b "$ODW_KAFKA_BROKERS" -C -t "$1" -e -q -f '%s\n' | jq -r .id | sort; }
ends() { kcat -Q -b "$ODW_KAFKA_BROKERS" -t "$1:0:-1" -t "$1:1:-1" -t "$1:2:-1" -t "$1:3:-1" | awk '{ all += $NF } END { print all }'; }
more_than() { [ "$(ends "$1")" -gt "$2" ]; }
kept() { find "$positions" -name '*.position' | grep -q .; }
"$odw" load events --print --count 20000 >"$work/in"
jq -r .id "$work/in" | sort >"$work/wanted"

# Stopped three times in the middle: the four loads together send each record once, and leave nothing behind.
topic stopped
for after in 2000 6000 12000; do
    "$odw" load events "$work/in" --topic stopped --rate 4000 --json >"$work/summary" 2>"$work/said" &
    load=$!
    wait_until 30 more_than stopped "$after"
    kill -TERM "$load"
    wait "$load" || stack_fail "exit code after SIGTERM: $(cat "$work/said")"
    expect 'summary after SIGTERM' true "$(jq '.interrupted and .failed == 0' "$work/summary")"
done
grep -q 'going on after [0-9,]* records' "$work/said" || stack_fail "it does not say that it goes on: $(cat "$work/said")"
"$odw" load events "$work/in" --topic stopped 2>"$work/said"
ids stopped | cmp - "$work/wanted" || stack_fail 'stopped loads did not send each record once'
! kept || stack_fail 'a complete load leaves a position behind'

# Killed in the middle: nothing is missing, and what comes twice is what was sent in the last second.
topic killed
"$odw" load events "$work/in" --topic killed --rate 4000 >"$work/summary" 2>"$work/said" &
load=$!
wait_until 30 more_than killed 8000
kill -9 "$load"
wait "$load" 2>/dev/null || true
"$odw" load events "$work/in" --topic killed --json >"$work/summary" 2>"$work/said"
ids killed | sort -u | cmp - "$work/wanted" || stack_fail 'a killed load and the next one left records out'
sent=$(jq .produced "$work/summary")
[ "$sent" -lt 20000 ] || stack_fail "after kill -9 it began again: sent $sent"

# From the start on request; not at all on request; never twice at once; never in another file.
topic flags
"$odw" load events "$work/in" --topic flags --rate 2000 2>"$work/said" &
load=$!
wait_until 30 more_than flags 3000
wait_until 30 kept
status=0
"$odw" load events "$work/in" --topic flags 2>"$work/said2" || status=$?
expect 'exit code of a second load of the same' 1 "$status"
grep -q 'the same load is running already' "$work/said2" || stack_fail "a second load of the same: $(cat "$work/said2")"
kill -TERM "$load"
wait "$load"
expect 'with --no-checkpoint' 20000 "$("$odw" load events "$work/in" --topic flags --no-checkpoint --json 2>/dev/null | jq .produced)"
sed '1s/id/ID/' "$work/in" >"$work/other"
mv "$work/other" "$work/in"
status=0
"$odw" load events "$work/in" --topic flags 2>"$work/said" || status=$?
expect 'exit code where another file has the name' 1 "$status"
grep -q 'another file has this name now' "$work/said" || stack_fail "another file: $(cat "$work/said")"
expect 'with --from-start' 20000 "$("$odw" load events "$work/in" --topic flags --from-start --json 2>/dev/null | jq .produced)"
echo 'ok'
