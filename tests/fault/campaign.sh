#!/usr/bin/env bash
# Anything that can break is broken under load, one thing a round: faults/*.sh in an order that SEED decides. The stack comes back by
# itself in time; afterwards everything that was acknowledged is an event or a dead letter, each once, and the audit holds.
#
#   ROUNDS=100 SEED=7 FAULTS='kill_kafka full_disk' BROKERS=3 SLACK=1 CHECK=each tests/fault/campaign.sh
#
# ROUNDS: as many as there are faults, without it. SLACK: the limits, 15 s and 30 s for Kafka, times so much. CHECK: each round, or last.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/fault/small_disk_lib.sh
. tests/lib/stack.sh
. tests/lib/path.sh
. tests/fault/lib.sh
. tests/fault/campaign_lib.sh
for file in tests/fault/faults/*.sh; do
    # shellcheck source=/dev/null
    . "$file"
done
read -ra all <<<"${FAULTS:-$(cd tests/fault/faults && echo *.sh | sed 's/\.sh//g')}"
for fault in "${all[@]}"; do
    declare -F "$fault" >/dev/null || stack_fail "there is no fault $fault; there are: $(cd tests/fault/faults && echo *.sh | sed 's/\.sh//g')"
done
ROUNDS=${ROUNDS:-${#all[@]}}
SLACK=${SLACK:-1}
CHECK=${CHECK:-each}
echo "SEED=$SEED ROUNDS=$ROUNDS FAULTS='${all[*]}' BROKERS=${BROKERS:-1}"
campaign_start

deck=()
load_start
moves_on 60
for round in $(seq "$ROUNDS"); do
    if [ ${#deck[@]} = 0 ]; then
        mapfile -t deck < <(shuf -e "${all[@]}" --random-source=<(sha512sum <<<"$SEED $round"; yes "$SEED $round"))
    fi
    fault=${deck[0]}
    deck=("${deck[@]:1}")
    began=$SECONDS
    SAID=
    echo "round $round: $fault"
    "$fault"
    moves_on 120
    echo "round $round: ${SAID:+$SAID; }messages moved on $((SECONDS - began)) s after it began"
    if [ "$CHECK" = each ] || [ "$round" = "$ROUNDS" ]; then
        load_stop
        campaign_holds
        [ "$round" = "$ROUNDS" ] || load_start
    fi
done
echo passed
