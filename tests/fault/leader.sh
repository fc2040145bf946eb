#!/usr/bin/env bash
# Three Kafka nodes: with the leader of a partition killed under load, twice, nothing that was answered 2xx is missing, and records are
# taken again within seconds, also while that node is away.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib/stack.sh
. tests/lib/path.sh
. tests/fault/lib.sh
STACK_BROKERS=3 path_start kafka clickhouse shim worker
described() { kcat -L -b "$ODW_KAFKA_BROKERS" -t events -m 5 2>/dev/null; }
# Every partition on three nodes, all of them in sync.
whole() { [ "$(described | grep -cE 'partition [0-9]+, leader [0-9]+, replicas: ([0-9]+,){2}[0-9]+, isrs: ([0-9]+,){2}[0-9]+$')" = 4 ]; }
wait_until 60 whole

load_start
moves_on 60
accepted() { wc -l <"$STACK_DIR/load/ingest.acknowledged"; }
takes_again() { [ "$(accepted)" -gt $((before + 400)) ]; }
for partition in 0 1; do
    leader=$(described | sed -n "s/.*partition $partition, leader \([0-9]*\),.*/\1/p")
    part=kafka$([ "$leader" = 1 ] || echo "-$leader")
    pid=$(cat "$STACK_DIR/$part.pid")
    before=$(accepted)
    began=$SECONDS
    kill -9 "$pid"
    wait_until 60 takes_again
    echo "leader of events/$partition ($part) killed: taken again after $((SECONDS - began)) s"
    moves_on 90
    wait_until 90 whole
done
load_stop
load_holds 120
echo passed
