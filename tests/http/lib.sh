# tests/http/lib: a stack and a shim for a test. Sourced by bash.
# shellcheck shell=bash
#
#   http_start [PART…]     the parts of a stack (clickhouse, kafka), the tables of events, and the topic where there is Kafka
#   shim_start [OPTION…]   a shim on a free port: SHIM_URL, SHIM_PID, its log in SHIM_LOG; waits until it answers
#   shim_stop              SIGTERM; its exit code
#   ask STATUS ARGUMENT…   curl with these arguments (a path first); the body to stdout; fails unless the status is STATUS
#   says EXPRESSION        jq -e over standard input; fails, and shows the document, unless it is true
#   pager ARGUMENT…        tests/http/pager.py

# shellcheck source=tests/lib/stack.sh
. tests/lib/stack.sh

SHIM_PID=

http_start() {
    local table
    stack_start "$@"
    curl -sS --fail-with-body "$ODW_CLICKHOUSE_URL/" --data-binary "CREATE DATABASE IF NOT EXISTS $ODW_DATABASE"
    for table in events_rows events daily_pageviews_rows daily_pageviews; do
        in_database "$(cat sql/$table.sql)"
    done
    case " $* " in *" kafka "*)
        java -cp "${ODW_DEPS:-.deps}/kafka/libs/*" org.apache.kafka.tools.TopicCommand --bootstrap-server "$ODW_KAFKA_BROKERS" \
            --create --topic events --partitions 4 --config message.timestamp.type=LogAppendTime --config max.message.bytes=16777216 >/dev/null
        ;;
    esac
    trap http_stop EXIT
}

in_database() {
    sql "$1" "database=$ODW_DATABASE&${2:-}"
}

http_stop() {
    local status=$?
    if [ -n "$SHIM_PID" ] && kill -0 "$SHIM_PID" 2>/dev/null; then
        kill -CONT "$SHIM_PID"
        kill "$SHIM_PID"
        wait "$SHIM_PID" || true
    fi
    if [ "$status" -ne 0 ] && [ -n "${SHIM_LOG:-}" ]; then
        tail -n 20 "$SHIM_LOG" >&2
    fi
    set +e
    (exit "$status") # what stack_stop goes by
    stack_stop
}

shim_start() {
    SHIM_LOG=$STACK_DIR/shim-under-test.log
    : >"$SHIM_LOG"
    "$ODW_BUILD/bin/odw-shim" --listen 127.0.0.1:0 "$@" 2>>"$SHIM_LOG" &
    SHIM_PID=$!
    wait_until 10 grep -q 'listening url=' "$SHIM_LOG"
    SHIM_URL=$(sed -n 's/.*listening url=\([^ ]*\).*/\1/p' "$SHIM_LOG" | tail -n 1)
}

shim_stop() {
    local status=0
    kill "$SHIM_PID"
    wait "$SHIM_PID" || status=$?
    SHIM_PID=
    return "$status"
}

healthy() { curl -sf "$SHIM_URL/health" >/dev/null; }

ask() {
    local expected=$1 path=$2 answer status
    shift 2
    answer=$(curl -sS -w '\n%{http_code}' "$@" "$SHIM_URL$path") || stack_fail "curl $path: exit code $?"
    status=${answer##*$'\n'}
    answer=${answer%$'\n'*}
    [ "$status" = "$expected" ] || stack_fail "$path: expected status $expected, got $status: $answer"
    printf '%s\n' "$answer"
}

says() {
    local document
    document=$(cat)
    jq -e "$@" >/dev/null <<<"$document" || stack_fail "expected $*, got $document"
}

pager() {
    python3 tests/http/pager.py "$@"
}
