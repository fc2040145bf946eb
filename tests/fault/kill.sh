#!/usr/bin/env bash
# kill -9 of ClickHouse, Kafka, the shim, the worker and the function's processes, one after the other under load: each comes back by
# itself and messages move on; afterwards everything that was acknowledged is an event or a dead letter, each once, and the audit holds.
# ROUNDS of it (1), in an order that SEED (1) decides.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib/stack.sh
. tests/lib/path.sh
. tests/fault/lib.sh
ROUNDS=${ROUNDS:-1}
echo "SEED=$SEED ROUNDS=$ROUNDS"
path_start kafka clickhouse shim worker

answers() {
    case $1 in
    clickhouse) sql 'SELECT 1' >/dev/null 2>&1 ;;
    kafka) kcat -L -b "$ODW_KAFKA_BROKERS" -m 2 >/dev/null 2>&1 ;;
    shim) curl -sf "$ODW_SHIM_URL/health" >/dev/null ;;
    worker) true ;;
    esac
}
# back PART OLD-PID: another process, which answers.
back() {
    local now
    now=$(cat "$STACK_DIR/$1.pid" 2>/dev/null) && [ -n "$now" ] && [ "$now" != "$2" ] && kill -0 "$now" 2>/dev/null && answers "$1"
}
# kill_function NAME: one process of that name; the function's parent is odw-udf, the one that computes odw-udf-worker.
kill_function() {
    local pid
    for pid in $(function_processes); do
        if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ]; then
            kill -9 "$pid"
            return 0
        fi
    done
    return 1
}

load_start
moves_on 60
for round in $(seq "$ROUNDS"); do
    for victim in $(shuf -e clickhouse kafka shim worker odw-udf odw-udf-worker --random-source=<(sha512sum <<<"$SEED $round")); do
        began=$SECONDS
        case $victim in
        odw-udf*) wait_until 30 kill_function "$victim" ;;
        *)
            pid=$(cat "$STACK_DIR/$victim.pid")
            kill -9 "$pid"
            wait_until 60 back "$victim" "$pid"
            ;;
        esac
        back_after=$((SECONDS - began))
        moves_on 90
        echo "round $round: $victim killed, back after $back_after s, messages moved on after $((SECONDS - began)) s"
    done
done
load_stop
answers shim || wait_until 30 answers shim
load_holds 120
status_is_ok() { odw status --json 2>/dev/null | jq -e .ok >/dev/null; }
wait_until 90 status_is_ok
echo passed
