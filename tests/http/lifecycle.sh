#!/bin/bash
# Starting, stopping, tokens, slow clients: what is asked for on the command line holds, and one client never costs another.
set -euo pipefail
# shellcheck source=tests/http/lib.sh
. tests/http/lib.sh

http_start clickhouse kafka
shim=$ODW_BUILD/bin/odw-shim
# fails CODE WORDS OPTION…: odw-shim with these options ends at once with this exit code and says this on stderr.
fails() {
    local code=$1 words=$2 status=0 said
    shift 2
    said=$("$shim" "$@" 2>&1 >/dev/null) || status=$?
    [ "$status" = "$code" ] || stack_fail "odw-shim $*: expected exit code $code, got $status: $said"
    [[ $said == *"$words"* ]] || stack_fail "odw-shim $*: expected '$words', got: $said"
}

# The command line.
"$shim" --help | grep -c 'shim-listen' >/dev/null || stack_fail 'expected the options in --help'
"$shim" --version >/dev/null || stack_fail "--version: exit code $?"
fails 2 "Try 'odw-shim --help'" --no-such-option
fails 2 'max-body' --max-body lots

# Beyond loopback only with a token.
fails 1 'no token is set' --listen 0.0.0.0:0
fails 1 'no token is set' --listen '[::]:0'
fails 1 'expected HOST:PORT' --listen nowhere
printf 'short\n' >"$STACK_DIR/short"
fails 1 'at least 16 characters' --listen 127.0.0.1:0 --token-file "$STACK_DIR/short"
fails 1 "$STACK_DIR/none" --listen 127.0.0.1:0 --token-file "$STACK_DIR/none"
fails 1 'at least 16 bytes' --listen 127.0.0.1:0 --cursor-key-file "$STACK_DIR/short"
(umask 077 && printf 'a-secret-of-some-length\n' >"$STACK_DIR/token")
shim_start --listen 0.0.0.0:0 --token-file "$STACK_DIR/token" --access-log
SHIM_URL=http://127.0.0.1:${SHIM_URL##*:}
wait_until 10 healthy
ask 401 /api/events | says '.status == 401'
ask 401 /api/nothing | says '.status == 401' # nor does it say what exists
ask 401 /ingest/events -d '{}' | says '.status == 401'
ask 401 / -H 'Authorization: Bearer a-secret-of-some-lengt' | says '.status == 401'
ask 401 / -H 'Authorization: Bearer a-secret-of-some-length1' | says '.status == 401'
ask 401 / -H 'Authorization: Basic a-secret-of-some-length' | says '.status == 401'
curl -sS -D- -o /dev/null "$SHIM_URL/" | grep -ci '^WWW-Authenticate: Bearer' >/dev/null || stack_fail 'expected WWW-Authenticate'
ask 200 /api/events -H 'Authorization: Bearer a-secret-of-some-length' | says '.items == []'
ask 200 /health >/dev/null
! grep -q 'a-secret' "$SHIM_LOG" || stack_fail 'the token is in the log'
grep -q 'method=GET path=/api/events status=200' "$SHIM_LOG" || stack_fail 'expected an access log'
shim_stop || stack_fail "exit code $?"

# Two shims with one state folder take each other's cursors; a port in use is said.
in_database "INSERT INTO events_rows (id, event_name, timestamp, distinct_id, project_id, appended_at, processed_at, _topic, _partition, _offset)
    SELECT toString(number), 'x', toDateTime64('2026-11-20 10:00:00', 3, 'UTC') + number, 'u', 'p', now64(3), now64(3), 't', 0, number FROM numbers(10)"
shim_start
next=$(ask 200 '/api/events?limit=4' | jq -r .next)
fails 1 'Address already in use' --listen "${SHIM_URL#http://}"
shim_stop || stack_fail "exit code $?"
shim_start
ask 200 "/api/events?limit=4&cursor=$next" | says '.items | map(.id) == ["5", "4", "3", "2"]'
[ "$(stat -c %a "$STACK_DIR/cursor.key")" = 600 ] || stack_fail "the cursor's key can be read by others"
shim_stop || stack_fail "exit code $?"

# SIGTERM finishes what is under way: a slow question, and records on their way to a Kafka that is slow.
root=$STACK_DIR/root
mkdir -p "$root/shim"
ln -s "$PWD/contracts" "$PWD/kafka-engine" "$PWD/sql" "$PWD/mv" "$root/"
cp -r shim/endpoints "$root/shim/"
printf -- '-- about: one slow row\nSELECT sleep(2) AS n\n' >"$root/shim/endpoints/slow.sql"
shim_start --root "$root" --produce-timeout 10s
wait_until 10 healthy
record='{"id":"slow","event_name":"x","timestamp":"2026-11-20T10:00:00Z","distinct_id":"u","project_id":"p"}'
curl -sS -o "$STACK_DIR/slow" -w '%{http_code}' "$SHIM_URL/api/slow" >"$STACK_DIR/slow.status" &
slow=$!
kill -STOP "$(cat "$STACK_DIR/kafka.pid")"
curl -sS -o "$STACK_DIR/post" -w '%{http_code}' -H 'Content-Type: application/json' -d "$record" "$SHIM_URL/ingest/events" >"$STACK_DIR/post.status" &
post=$!
# under_way N: at least N clients are connected.
under_way() {
    [ "$(awk -v port=":$(printf %04X "${SHIM_URL##*:}")" '$2 ~ port "$" && $4 == "01"' /proc/net/tcp | wc -l)" -ge "$1" ]
}
wait_until 5 under_way 2
kill "$SHIM_PID"
wait_until 5 grep -q 'stopping signal=TERM' "$SHIM_LOG"
refused() { ! curl -sS -o /dev/null "$SHIM_URL/health" 2>/dev/null; }
wait_until 5 refused
kill -0 "$SHIM_PID" || stack_fail 'it did not wait for what is under way'
kill -CONT "$(cat "$STACK_DIR/kafka.pid")"
status=0
wait "$SHIM_PID" || status=$?
SHIM_PID=
[ "$status" = 0 ] || stack_fail "expected exit code 0 after a drain, got $status"
wait $slow $post
[ "$(cat "$STACK_DIR/slow.status")" = 200 ] || stack_fail "the slow question was cut: $(cat "$STACK_DIR/slow")"
[ "$(cat "$STACK_DIR/post.status")" = 200 ] || stack_fail "the record was cut: $(cat "$STACK_DIR/post")"
kcat -b "$ODW_KAFKA_BROKERS" -t events -C -e -q 2>/dev/null | grep -cF "$record" >/dev/null || stack_fail 'the record is not on the topic'

# What takes longer than the drain is cut off, and that is no success.
shim_start --root "$root" --drain-timeout 200ms
curl -sS "$SHIM_URL/api/slow" >/dev/null 2>&1 &
slow=$!
wait_until 5 under_way 1
status=0
shim_stop || status=$?
[ "$status" = 1 ] || stack_fail "expected exit code 1 where a request was cut, got $status"
wait $slow || true

# Clients that send a byte now and then, or nothing, or read nothing, are ended in time, and cost no one else anything.
shim_start --root "$root" --idle-timeout 1s --request-timeout 2s --max-connections 100
wait_until 10 healthy
python3 tests/http/slow.py "${SHIM_URL#http://}"
shim_stop || stack_fail "exit code $?"
