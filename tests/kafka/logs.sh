#!/bin/bash
# odw load logs follows files that are rotated by rename and by copy and truncation while it is killed and stopped: each line is one
# record, whatever happens.
set -eu
. tests/lib/stack.sh
stack_start kafka
odw=$ODW_BUILD/bin/odw
work=$STACK_DIR/work
mkdir -p "$work"
topic() { "$ODW_BUILD/tests/kafka_topic" "$1" 4 16777216; }
records() { kcat -b "$ODW_KAFKA_BROKERS" -C -t "$1" -e -q -f '%s\n'; }
# One row is what has the same timestamp and id.
rows() { records "$1" | jq -r '[.timestamp, .id, (.message | split("\n")[0])] | @tsv' | sort -u; }
more_than() { [ "$(records "$1" | wc -l)" -gt "$2" ]; }

topic rotation
seen=0
follow() { "$odw" load logs "$work/renamed.log" "$work/copied.log" --topic rotation >/dev/null 2>>"$work/said" & load=$!; }
python3 tests/kafka/logs.py "$work" 12000 3000 &
writer=$!
follow
for signal in KILL TERM KILL KILL; do
    wait_until 60 more_than rotation "$((seen += 2500))"
    kill -"$signal" "$load"
    wait "$load" 2>/dev/null || true
    follow
done
wait "$writer"
# 12,000 lines in each, and 4 that came late into a file that was renamed already.
all_there() { [ "$(rows rotation | cut -f3 | sort -u | wc -l)" -eq 24004 ]; }
wait_until 90 all_there
kill -TERM "$load"
wait "$load" || stack_fail "exit code after SIGTERM: $(cat "$work/said")"
rows rotation >"$work/rows"
expect 'rows of lines that were written once' 24004 "$(wc -l <"$work/rows")"
expect 'stack traces with their lines' 240 "$(records rotation | jq -c 'select(.message | contains("Bar.java:")) | .message' | sort -u | wc -l)"
expect 'levels' '12004 INFO 12000 WARN' "$(records rotation | jq -r '[.level, .id] | @tsv' | sort -u | cut -f1 | sort | uniq -c | xargs)"

# What was written, and then renamed, while nobody looked.
topic away
echo '2026-11-25T10:00:00Z INFO away 1' >"$work/away.log"
"$odw" load logs "$work/away.log" --topic away >/dev/null 2>>"$work/said" & load=$!
wait_until 60 more_than away 0
noted() { grep -q '^records: 1$' "$STACK_DIR"/load/logs-*.position; }
wait_until 60 noted
kill -KILL "$load"
wait "$load" 2>/dev/null || true
echo '2026-11-25T10:00:01Z INFO away 2' >>"$work/away.log"
mv "$work/away.log" "$work/away.log.1"
echo '2026-11-25T10:00:02Z INFO away 3' >"$work/away.log"
"$odw" load logs "$work/away.log" --topic away >/dev/null 2>>"$work/said" & load=$!
wait_until 60 more_than away 2
kill -TERM "$load"
wait "$load"
expect 'lines around a rename that nobody saw' 'away 1 away 2 away 3' "$(records away | jq -r .message | sort | xargs)"

# ** is any number of folders: those that are there, and those that come while it follows.
topic deep
mkdir -p "$work/deep/a"
echo '2026-11-25T10:00:00Z INFO deep 1' >"$work/deep/one.log"
echo '2026-11-25T10:00:00Z INFO deep 2' >"$work/deep/a/two.log"
echo '2026-11-25T10:00:00Z INFO deep no' >"$work/deep/a/no.txt"
"$odw" load logs "$work/deep/**/*.log" --topic deep >/dev/null 2>>"$work/said" & load=$!
wait_until 60 more_than deep 1
mkdir -p "$work/deep/b/c/d"
echo '2026-11-25T10:00:00Z INFO deep 3' >"$work/deep/b/c/d/three.log"
wait_until 60 more_than deep 2
echo '2026-11-25T10:00:00Z INFO deep 4' >>"$work/deep/b/c/d/three.log"
wait_until 60 more_than deep 3
kill -TERM "$load"
wait "$load"
expect 'lines of files in folders' 'deep 1 deep 2 deep 3 deep 4' "$(records deep | jq -r .message | sort | xargs)"

# All of it again from the start, with a state folder that knows nothing: no line is missing (what was copied and is gone has its rest).
expect 'a last look' 0 "$("$odw" load logs --once "$work/renamed.log" --topic rotation --json 2>/dev/null | jq .failed)"

# Finite: what is there, then only what is new; a rotated copy, also compressed, is known again.
topic once
once() { "$odw" load logs --once "$work/app.log*" --topic once --json 2>"$work/said" | jq .produced; }
for i in $(seq 500); do echo "2026-11-25T10:00:00.$((i + 100))Z INFO once $i"; done >"$work/app.log"
expect 'a first look' 500 "$(once)"
expect 'a second look' 0 "$(once)"
echo '2026-11-25T10:00:02Z INFO once 501' >>"$work/app.log"
mv "$work/app.log" "$work/app.log.1"
echo '2026-11-25T10:00:03Z INFO once 502' >"$work/app.log"
expect 'after a rotation' 2 "$(once)"
gzip "$work/app.log.1"
mv "$work/app.log.1.gz" "$work/app.log.2.gz"
expect 'after it was compressed' 0 "$(once)"
expect 'rows in all' 502 "$(rows once | wc -l)"

# Standard input; any bytes; lines of 2 MB.
topic any
{ printf 'caf\xe9\n\0\n\xff\xfe\n' && head -c 2000000 /dev/zero | tr '\0' y && echo; } | "$odw" load logs - --topic any --json >"$work/summary" 2>"$work/said"
expect 'any bytes' '11 0' "$(jq -r '"\(.acknowledged) \(.failed)"' "$work/summary")"
expect 'bytes of a long line in pieces' 2000000 "$(records any | jq -rj 'select(.message | startswith("y")) | .message' | wc -c)"
echo 'ok'
