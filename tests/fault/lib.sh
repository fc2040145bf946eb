# tests/fault/lib: load on a stack while things break, and what must hold of it afterwards. Sourced by bash after path.sh.
# shellcheck shell=bash
#
#   load_start           events by kcat and by POST /ingest/events, a few hundred a second each, until load_stop; SEED decides which
#   load_stop            ends it; what was acknowledged is then in $STACK_DIR/load/{kcat,ingest}.acknowledged, as sent; ingest.answers has
#                        a line per POST: status, seconds; or none
#   load_holds SECONDS   ends the test unless, within this time, everything that lies on the topic is an event or a dead letter, each
#                        once; everything acknowledged is among it; days are counted right; and odw audit holds
#   ledger_lines         how many messages were judged so far; fails while ClickHouse is away
#   moves_on SECONDS     waits until messages are judged again, some hundreds of them; SECONDS times SLACK, where that is given
#   function_processes   the process ids of the stack's odw-udf

SEED=${SEED:-1}
LOAD_PIDS=()

# events_batch NUMBER COUNT: the same for the same SEED. Two in a hundred are marked to fail in the stream.
events_batch() {
    odw load events --print --count "$2" --seed $((SEED * 1000000 + $1)) --days 3 --until 2026-11-20T00:00:00Z --fail-percentage 2
}

# A batch is sent until kcat says that all of it was acknowledged; what kcat says of brokers that are away is for its log.
load_kcat() {
    local n=0
    until [ -e "$STACK_DIR/load/stop" ]; do
        n=$((n + 2))
        events_batch $n 500 >"$STACK_DIR/load/kcat.batch"
        until produce events -p -1 -X message.timeout.ms=20000 -l "$STACK_DIR/load/kcat.batch" 2>>"$STACK_DIR/log/kcat.log"; do
            [ ! -e "$STACK_DIR/load/give-up" ] || return 1
            sleep 0.2 # the pace of the sender
        done
        cat "$STACK_DIR/load/kcat.batch" >>"$STACK_DIR/load/kcat.acknowledged"
        sleep 0.3
    done
}

# A batch is posted once, whatever the answer: what is not acknowledged may be on the topic or not.
load_ingest() {
    local n=1 answer
    until [ -e "$STACK_DIR/load/stop" ]; do
        n=$((n + 2))
        events_batch $n 200 >"$STACK_DIR/load/ingest.batch"
        answer=$(curl -sS -m 20 -o "$STACK_DIR/load/ingest.answer" -w '%{http_code} %{time_total}' -H 'Content-Type: application/x-ndjson' \
            --data-binary @"$STACK_DIR/load/ingest.batch" "$ODW_SHIM_URL/ingest/events" 2>>"$STACK_DIR/log/curl.log") || answer=none
        echo "$answer" >>"$STACK_DIR/load/ingest.answers"
        case $answer in
        "200 "* | "503 "*)
            jq -r '.verdicts[]? | select(.status == "accepted").index' "$STACK_DIR/load/ingest.answer" |
                awk 'NR == FNR { accepted[$1] = 1; next } (FNR - 1) in accepted' - "$STACK_DIR/load/ingest.batch" >>"$STACK_DIR/load/ingest.acknowledged"
            ;;
        none) ;;
        *)
            echo "POST /ingest/events: $answer: $(cat "$STACK_DIR/load/ingest.answer")" >"$STACK_DIR/load/fault"
            return 1
            ;;
        esac
        sleep 0.15 # the pace of the sender
    done
}

load_start() {
    mkdir -p "$STACK_DIR/load"
    rm -f "$STACK_DIR/load/stop"
    touch "$STACK_DIR/load/kcat.acknowledged" "$STACK_DIR/load/ingest.acknowledged"
    load_kcat &
    LOAD_PIDS=($!)
    load_ingest &
    LOAD_PIDS+=($!)
    trap load_abort EXIT
}

# Nothing sends on when the test has ended.
load_abort() {
    local status=$?
    touch "$STACK_DIR/load/stop" "$STACK_DIR/load/give-up"
    wait "${LOAD_PIDS[@]}" || true
    set +e
    (exit "$status") # what stack_stop goes by
    stack_stop
}

load_stop() {
    local pid
    touch "$STACK_DIR/load/stop"
    for pid in "${LOAD_PIDS[@]}"; do
        wait "$pid" || stack_fail "the load ended by itself: $(cat "$STACK_DIR/load/fault" 2>/dev/null || tail -n 3 "$STACK_DIR/log/kcat.log")"
    done
    LOAD_PIDS=()
    echo "sent: $(wc -l <"$STACK_DIR/load/kcat.acknowledged") acknowledged to kcat, $(wc -l <"$STACK_DIR/load/ingest.acknowledged") to POST /ingest;" \
        "its answers: $(awk '{ n[$1]++; if ($2 > slowest[$1]) slowest[$1] = $2 }
            END { for (s in n) { printf "%s%s × %d (slowest %.1f s)", sep, s, n[s], slowest[s]; sep = ", " } }' "$STACK_DIR/load/ingest.answers")"
}

recovered() {
    [ "$(sql "SELECT count() FROM $ODW_DATABASE.dead_letters WHERE status IN ('open', 'replayed')" 2>/dev/null)" = 0 ]
}

load_holds() {
    local at=$STACK_DIR/load
    wait_until "$1" consumed
    # Where a worker runs, what was to fail comes back by a rule: those messages are on the topic too, and must have been judged.
    if [ -e "$STACK_DIR/worker.pid" ]; then
        wait_until "$1" recovered
    fi
    kcat -C -b "$ODW_KAFKA_BROKERS" -t events -e -q -f '%p/%o\t%s\n' >"$at/topic"
    wait_until "$1" consumed
    cut -f2- "$at/topic" | LC_ALL=C sort -u >"$at/topic.once"

    LC_ALL=C sort -u "$at/kcat.acknowledged" "$at/ingest.acknowledged" | LC_ALL=C comm -23 - "$at/topic.once" >"$at/missing"
    [ ! -s "$at/missing" ] || stack_fail "$(wc -l <"$at/missing") acknowledged messages are not on the topic, such as $(head -n 1 "$at/missing")"

    jq -r 'select(.event_name | startswith("[DLQ]") | not).id' "$at/topic.once" | LC_ALL=C sort >"$at/events.expected"
    sql "SELECT id FROM $ODW_DATABASE.events" | LC_ALL=C sort >"$at/events.found"
    cmp "$at/events.expected" "$at/events.found" ||
        stack_fail "events: missing $(LC_ALL=C comm -23 "$at/events.expected" "$at/events.found" | wc -l), twice or strange $(LC_ALL=C comm -13 "$at/events.expected" "$at/events.found" | wc -l)"

    jq -Rr 'index("\t") as $tab | select(.[$tab + 1:] | fromjson | .event_name | startswith("[DLQ]")) | "events/" + .[:$tab]' "$at/topic" |
        LC_ALL=C sort >"$at/letters.expected"
    sql "SELECT id FROM $ODW_DATABASE.dead_letters" | LC_ALL=C sort >"$at/letters.found"
    cmp "$at/letters.expected" "$at/letters.found" || stack_fail "the dead letters are not the messages that were to fail"
    [ -s "$at/letters.expected" ] || stack_fail 'no message was to fail: the test proves nothing of letters'

    jq -c 'select(.event_name | startswith("[DLQ]") | not)' "$at/topic.once" | page_days >"$at/days"
    wait_until $((30 * ${SLACK:-1})) days_are "$at/days"
    odw audit || stack_fail 'odw audit does not hold'
    odw audit >"$at/audit" || stack_fail "odw audit does not hold after sealing: $(cat "$at/audit")"
    echo "held: $(wc -l <"$at/topic") messages, $(wc -l <"$at/events.found") events, $(wc -l <"$at/letters.found") dead letters"
}

ledger_lines() {
    sql "SELECT count() FROM $ODW_DATABASE.ledger" 2>/dev/null
}

judged_more_than() {
    local lines
    lines=$(ledger_lines) && [ "$lines" -gt "$1" ]
}

moves_on() {
    local lines
    wait_until $((60 * ${SLACK:-1})) ledger_lines >/dev/null
    lines=$(ledger_lines)
    wait_until $(($1 * ${SLACK:-1})) judged_more_than $((lines + 300))
}

function_processes() {
    local link scripts
    scripts=$(realpath "$ODW_USER_SCRIPTS")
    for link in /proc/[0-9]*/exe; do
        case $(readlink "$link" 2>/dev/null) in "$scripts/odw-udf"*) echo "$link" | cut -d/ -f3 ;; esac
    done
}
