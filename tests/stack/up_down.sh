#!/bin/bash
# up, status, a second up, down: what is promised in dev/README.md.
set -euo pipefail
# shellcheck source=tests/lib/stack.sh
. tests/lib/stack.sh

stack() { "$ODW_BUILD/bin/odw-stack" "$@" --dir "$STACK_DIR"; }
# Processes that have the stack's folder in their command line or environment, other than this script's own children.
left_behind() { grep -lsF "ODW_SUPERVISED_DIR=$STACK_DIR" /proc/[0-9]*/environ || true; }

# shows PATTERN COMMAND…; not by a pipe, which would end the command early.
shows() {
    local pattern=$1
    shift
    grep -qE "$pattern" <<<"$("$@")"
}

stack_start clickhouse kafka

for name in supervisor clickhouse kafka; do
    pid=$(cat "$STACK_DIR/$name.pid")
    [ -d "/proc/$pid" ] || stack_fail "$name.pid names no process"
done
for name in ODW_CLICKHOUSE_URL ODW_CLICKHOUSE_TCP ODW_DATABASE ODW_KAFKA_BROKERS ODW_SHIM_URL ODW_USER_SCRIPTS ODW_FUNCTIONS_CONFIG ODW_STATE_DIR; do
    [ -n "${!name:-}" ] || stack_fail "stack.env has no $name"
done
[ "$(sql 'SELECT 1')" = 1 ] || stack_fail "ClickHouse does not answer"
shows '1 brokers' kcat -b "$ODW_KAFKA_BROKERS" -L -m 5 || stack_fail "Kafka does not answer"

# Nothing listens beyond loopback.
pids=$(for file in "$STACK_DIR"/*.pid; do cat "$file"; done)
for pid in $pids; do
    inodes=$(find "/proc/$pid/fd" -lname 'socket:*' -printf '%l\n' 2>/dev/null | tr -dc '0-9\n')
    for inode in $inodes; do
        address=$(awk -v inode="$inode" '$4 == "0A" && $10 == inode { print $2 }' /proc/net/tcp /proc/net/tcp6)
        case $address in '' | 0100007F:* | *0100007F:* | 00000000000000000000000001000000:*) ;; *) stack_fail "pid $pid listens on $address" ;; esac
    done
done

# A second up changes nothing and is quick.
before=$(cat "$STACK_DIR"/*.pid)
began=$(date +%s%N)
stack up --only clickhouse,kafka >/dev/null
took=$((($(date +%s%N) - began) / 1000000))
[ "$took" -le 1000 ] || stack_fail "a second up took $took ms"
[ "$before" = "$(cat "$STACK_DIR"/*.pid)" ] || stack_fail "a second up changed the processes"
shows '^kafka +[0-9]+ +up ' stack status || stack_fail "status does not show kafka as up"

# A log that grows beyond 8 MB is set aside, once.
rotated() { [ -s "$STACK_DIR/log/kafka.log.1" ] && [ "$(stat -c %s "$STACK_DIR/log/kafka.log")" -lt 1000000 ]; }
head -c 9000000 /dev/zero | tr '\0' x >>"$STACK_DIR/log/kafka.log"
wait_until 5 rotated

# Data outlives a down and an up, on the same ports.
sql 'CREATE DATABASE kept' >/dev/null
url=$ODW_CLICKHOUSE_URL
stack down >/dev/null
[ -z "$(left_behind)" ] || stack_fail "down left behind: $(left_behind)"
! ls "$STACK_DIR"/*.pid 2>/dev/null || stack_fail "down left pid files"
stack status >/dev/null && stack_fail "status is content though nothing runs"
shows 'nothing was running' stack down || stack_fail "a second down found something"
stack up --only clickhouse >/dev/null
stack_env
[ "$ODW_CLICKHOUSE_URL" = "$url" ] || stack_fail "the ports changed: $url, $ODW_CLICKHOUSE_URL"
[ "$(sql "SELECT count() FROM system.databases WHERE name = 'kept'")" = 1 ] || stack_fail "data was lost by down and up"

# A part that is asked for later joins those that run.
stack up --only kafka >/dev/null
shows '^kafka +[0-9]+ +up ' stack status || stack_fail "kafka was asked for and is not up"
stack down >/dev/null

# The foreground form: up while it runs, and all is gone when it ends.
"$ODW_BUILD/bin/odw-stack" run --dir "$STACK_DIR" --only clickhouse >"$STACK_DIR/run" 2>&1 &
running=$!
answers() { sql 'SELECT 1' >/dev/null 2>&1; }
wait_until 20 answers
kill -TERM "$running"
wait "$running" || stack_fail "odw-stack run ended with exit code $?: $(cat "$STACK_DIR/run")"
[ -z "$(left_behind)" ] || stack_fail "odw-stack run left behind: $(left_behind)"
echo ok
