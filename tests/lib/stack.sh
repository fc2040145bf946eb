#!/bin/bash
# tests/lib: a stack of one's own for a test; to be sourced by bash.
#
#   . tests/lib/stack.sh
#   stack_start [PART…]          a stack in a new folder, on free ports; its stack.env is exported. Ends with the test. The language
#                                model is only there where it is named.
#                                STACK_BROKERS=3: with three Kafka nodes; STACK_PREPARE: a command to run once the folder is there
#   wait_until SECONDS COMMAND…  tries the command until it succeeds; fails, and says so, after the deadline
#   sql 'SELECT …' [PARAMETERS]  asks this stack's ClickHouse over HTTP; fails where ClickHouse does
#   stack_cpu                    milliseconds of CPU that ClickHouse and all it started have taken so far
#   stack_fail MESSAGE           ends the test as failed
#   expect WHAT EXPECTED GOT     ends it where they differ
#   declarations_copy DIR        contracts, queues, views, tables and endpoints in a folder of one's own, for --root
#
# STACK_KEEP=1 leaves folder and stack for a look afterwards.

ODW_BUILD=${ODW_BUILD:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build}
STACK_DIR=

stack_start() {
    # A stack of the caller's must not be taken for this one.
    local name
    for name in $(compgen -e ODW_); do
        case $name in ODW_BUILD | ODW_DEPS) ;; *) unset "$name" ;; esac
    done
    STACK_DIR=$(mktemp -d "${TMPDIR:-/tmp}/odw-test.XXXXXX")
    trap stack_stop EXIT
    ${STACK_PREPARE:-true}
    trap 'exit 130' INT TERM
    [ -n "${STACK_KEEP:-}" ] || stack_watch
    # Two tests may pick the same free ports at the same moment: the one that loses tries others.
    local tries choice=(--without llm)
    [ $# -eq 0 ] || choice=(--only "$(IFS=, && echo "$*")")
    for tries in 1 2 3; do
        if "$ODW_BUILD/bin/odw-stack" up --dir "$STACK_DIR" --port-base auto ${STACK_BROKERS:+--brokers "$STACK_BROKERS"} "${choice[@]}"; then
            stack_env
            return 0
        fi
        rm -f "$STACK_DIR/ports"
    done
    stack_fail "the stack did not come up in $tries attempts"
}

# Ends the stack of a test that was killed and can't, as ctest does with one that takes too long. Not a child of the test, whose `wait`
# would wait for it.
stack_watch() {
    # shellcheck disable=SC2016 # its own arguments
    (setsid bash -c 'while kill -0 "$1" 2>/dev/null && [ -d "$2" ]; do sleep 1; done
        [ ! -d "$2" ] || { "$3" down --dir "$2"; rm -rf "$2"; }' watch $$ "$STACK_DIR" "$ODW_BUILD/bin/odw-stack" >/dev/null 2>&1 </dev/null &)
}

# Exports this stack's variables.
stack_env() {
    set -a
    # shellcheck disable=SC1091
    . "$STACK_DIR/stack.env"
    set +a
}

stack_stop() {
    local status=$?
    [ -n "$STACK_DIR" ] || return "$status"
    if [ -n "${STACK_KEEP:-}" ]; then
        echo "kept: $STACK_DIR (end it with odw-stack down --dir $STACK_DIR)" >&2
        return "$status"
    fi
    if [ "$status" -ne 0 ]; then
        tail -n 20 "$STACK_DIR"/log/*.log >&2 || true # there may be none yet
    fi
    "$ODW_BUILD/bin/odw-stack" down --dir "$STACK_DIR" >/dev/null || status=1
    rm -rf "$STACK_DIR"
    STACK_DIR=
    exit "$status"
}

stack_cpu() {
    local server tick
    server=$(cat "$STACK_DIR/clickhouse.pid")
    tick=$(getconf CLK_TCK)
    # A process may end while it is looked at.
    { cat /proc/[0-9]*/stat 2>/dev/null || true; } | awk -v root="$server" -v tick="$tick" '
        { sub(/\(.*\)/, "x"); parent[$1] = $4; used[$1] = $14 + $15 }
        END { for (p in parent) { q = p; while (q in parent && q != root) q = parent[q]; if (q == root) sum += used[p] }
              printf "%d\n", sum * 1000 / tick }'
}

stack_fail() {
    echo "FAILED: $*" >&2
    exit 1
}

expect() {
    [ "$2" = "$3" ] || stack_fail "$1: expected '$2', got '$3'"
}

declarations_copy() {
    mkdir -p "$1"
    cp -r contracts kafka-engine mv sql shim "$1/"
}

wait_until() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || stack_fail "not within the deadline: $*"
        sleep 0.1
    done
}

sql() {
    local answer
    answer=$(curl -sS --fail-with-body "$ODW_CLICKHOUSE_URL/?${2:-}" --data-binary "$1") || {
        echo "sql: $1: $answer" >&2
        return 1
    }
    printf '%s\n' "$answer"
}
