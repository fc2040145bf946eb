# tests/fault/campaign_lib: what the faults of the campaign have in common. Sourced by bash after lib.sh and small_disk_lib.sh.
# shellcheck shell=bash disable=SC2034
#
#   campaign_start          the stack, with ClickHouse's data on a small file system, SMALL_DISK, where this machine lets us have one
#   campaign_holds          everything is as it must be, and odw status says so
#   within SECONDS COMMAND… as wait_until, times SLACK; SAID gets how long it took
#   back PART PID           another process than PID, which answers
#   killed PART             kill -9, and back in time: 15 s, Kafka 30 s
#   halted PART SECONDS     SIGSTOP for so long, then it goes on
#   problem CAUSE           odw status --json and GET /health name a problem of events whose cause matches, since when, and a remedy
#   other_root SED FILE     a copy of the declarations with FILE changed: prints where it is

campaign_start() {
    STACK_PREPARE=small_disk STACK_BROKERS=${BROKERS:-1} path_start kafka clickhouse shim worker
}

campaign_holds() {
    load_holds $((120 * SLACK))
    wait_until $((60 * SLACK)) status_is_ok
}

within() {
    local limit=$1 from=$SECONDS
    shift
    wait_until $((limit * SLACK)) "$@"
    SAID="${SAID:+$SAID, }back after $((SECONDS - from)) s"
}

answers() {
    case $1 in
    clickhouse) sql 'SELECT 1' >/dev/null 2>&1 ;;
    kafka*) kcat -L -b "$ODW_KAFKA_BROKERS" -m 2 >/dev/null 2>&1 ;;
    shim) curl -sf -m 2 "$ODW_SHIM_URL/health" >/dev/null ;;
    worker) true ;;
    esac
}

back() {
    local now
    now=$(cat "$STACK_DIR/$1.pid" 2>/dev/null) && [ -n "$now" ] && [ "$now" != "$2" ] && kill -0 "$now" 2>/dev/null && answers "$1"
}

killed() {
    local pid
    pid=$(cat "$STACK_DIR/$1.pid")
    kill -9 "$pid"
    within "$(case $1 in kafka*) echo 30 ;; *) echo 15 ;; esac)" back "$1" "$pid"
}

a_broker() {
    local n=$((1 + RANDOM % ${BROKERS:-1}))
    echo "kafka$([ "$n" = 1 ] || echo "-$n")"
}

halted() {
    local pid until
    pid=$(cat "$STACK_DIR/$1.pid")
    until=$((SECONDS + $2))
    over() { [ "$SECONDS" -ge "$until" ]; }
    kill -STOP "$pid"
    wait_until $(($2 + 5)) over
    kill -CONT "$pid"
    within "$(case $1 in kafka*) echo 30 ;; *) echo 15 ;; esac)" answers "$1"
}

# How long parts are halted: 20 s, less where the campaign is in a hurry.
HALT=${HALT:-20}

problem() {
    odw status --json 2>/dev/null >"$STACK_DIR/status" || true
    curl -s -m 5 "$ODW_SHIM_URL/health" >"$STACK_DIR/health" || return 1
    local file
    for file in "$STACK_DIR/status" "$STACK_DIR/health"; do
        jq -e --arg cause "$1" 'any(.problems[]; .source == "events" and (.cause | test($cause)) and .remedy != "")' "$file" >/dev/null || return 1
    done
    jq -e --arg cause "$1" 'any(.problems[]; .source == "events" and (.cause | test($cause)) and (.since // "" | test("^2")))' "$STACK_DIR/health" >/dev/null
}

# named CAUSE: that problem is named within 5 s of when it stops the source.
named() {
    local from=$SECONDS
    wait_until $((15 * SLACK)) problem "$1"
    SAID="${SAID:+$SAID, }named after $((SECONDS - from)) s"
}

other_root() {
    local root=$STACK_DIR/root
    rm -rf "$root"
    declarations_copy "$root"
    sed -i "$1" "$root/$2"
    ! cmp -s "$2" "$root/$2" || stack_fail "$2 holds nothing for $1"
    echo "$root"
}
