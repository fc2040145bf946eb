#!/usr/bin/env bash
# Kafka is halted for HALT seconds (20; with LONG=1 60) under load and then killed: /ingest says 503 in time and takes records again by
# itself when Kafka is back; nothing that was acknowledged is missing among the rows. (tests/http/kafka_away.sh looks at the topic only.)
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib/stack.sh
. tests/lib/path.sh
. tests/fault/lib.sh
HALT=${HALT:-$([ -n "${LONG:-}" ] && echo 60 || echo 20)}
path_start kafka clickhouse shim worker

load_start
moves_on 60
kafka=$(cat "$STACK_DIR/kafka.pid")
kill -STOP "$kafka"
began=$SECONDS
halted_long_enough() { [ $((SECONDS - began)) -ge "$HALT" ]; }
wait_until $((HALT + 5)) halted_long_enough
reading=$(curl -sS -o /dev/null -w '%{http_code}' "$ODW_SHIM_URL/api/events?limit=10")
[ "$reading" = 200 ] || stack_fail "expected reading to go on without Kafka, got status $reading"
kill -9 "$kafka"
accepted() { wc -l <"$STACK_DIR/load/ingest.acknowledged"; }
before=$(accepted)
takes_again() { [ "$(accepted)" -gt "$before" ]; }
wait_until 60 takes_again
moves_on 90
load_stop
# Two seconds are promised; this machine may be busy with other tests.
awk '$1 == 503 { n++; if ($2 > 4) late++ } END { exit n >= 3 && !late ? 0 : 1 }' "$STACK_DIR/load/ingest.answers" ||
    stack_fail "expected at least three answers of 503, each within 4 s, got $(awk '$1 == 503' "$STACK_DIR/load/ingest.answers" | tr '\n' ';')"
load_holds 120
echo passed
