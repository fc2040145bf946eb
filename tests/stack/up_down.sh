#!/bin/bash
# up, status, a second up, down: what is promised in dev/README.md.
set -euo pipefail
# shellcheck source=tests/lib/stack.sh
. tests/lib/stack.sh

stack() { "$ODW_BUILD/bin/odw-stack" "$@" --dir "$STACK_DIR"; }
# Processes that have the stack's folder in their command line or environment, other than this script's own children.
left_behind() { grep -lsF "ODW_SUPERVISED_DIR=$STACK_DIR" /proc/[0-9]*/environ || true; }

stack_start clickhouse kafka

for name in supervisor clickhouse kafka; do
    pid=$(cat "$STACK_DIR/$name.pid")
    [ -d "/proc/$pid" ] || stack_fail "$name.pid names no process"
done
for name in ODW_CLICKHOUSE_URL ODW_CLICKHOUSE_TCP ODW_DATABASE ODW_KAFKA_BROKERS ODW_SHIM_URL ODW_USER_SCRIPTS ODW_FUNCTIONS_CONFIG ODW_STATE_DIR; do
    [ -n "${!name:-}" ] || stack_fail "stack.env has no $name"
done
[ "$(sql 'SELECT 1')" = 1 ] || stack_fail "ClickHouse does not answer"
kcat -b "$ODW_KAFKA_BROKERS" -L -m 5 | grep -q '1 brokers' || stack_fail "Kafka does not answer"

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
stack up >/dev/null
took=$((($(date +%s%N) - began) / 1000000))
[ "$took" -le 1000 ] || stack_fail "a second up took $took ms"
[ "$before" = "$(cat "$STACK_DIR"/*.pid)" ] || stack_fail "a second up changed the processes"
stack status | grep -qE '^kafka +[0-9]+ +up ' || stack_fail "status does not show kafka as up"

# Data outlives a down and an up, on the same ports.
sql 'CREATE DATABASE kept' >/dev/null
url=$ODW_CLICKHOUSE_URL
stack down >/dev/null
[ -z "$(left_behind)" ] || stack_fail "down left behind: $(left_behind)"
! ls "$STACK_DIR"/*.pid 2>/dev/null || stack_fail "down left pid files"
stack status >/dev/null && stack_fail "status is content though nothing runs"
stack down | grep -q 'nothing was running' || stack_fail "a second down found something"
stack up --only clickhouse >/dev/null
stack_env
[ "$ODW_CLICKHOUSE_URL" = "$url" ] || stack_fail "the ports changed: $url, $ODW_CLICKHOUSE_URL"
[ "$(sql "SELECT count() FROM system.databases WHERE name = 'kept'")" = 1 ] || stack_fail "data was lost by down and up"

# A part that is asked for later joins those that run.
stack up --only kafka >/dev/null
stack status | grep -qE '^kafka +[0-9]+ +up ' || stack_fail "kafka was asked for and is not up"
echo ok
