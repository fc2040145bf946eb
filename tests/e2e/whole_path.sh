#!/usr/bin/env bash
# What any producer sends is a row or a dead letter, each once: with broken messages, old and far timestamps, everything sent twice and
# the server killed in the middle; the audit holds, and says where when a row is taken away or the group is moved on by hand.
# COUNT=1000000 for the long form.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib/stack.sh
. tests/lib/path.sh
COUNT=${COUNT:-20000}
path_start kafka clickhouse

work=$STACK_DIR/work
mkdir -p "$work"
odw load events --print --count "$COUNT" --seed 7 --days 2 --until 2026-11-20T00:00:00Z >"$work/good"
for i in $(seq 0 149); do
    printf '{"id":"month-%d","event_name":"$pageview","timestamp":"%04d-%02d-03T10:00:00Z","distinct_id":"m","project_id":"p"}\n' \
        "$i" $((2010 + i / 12)) $((i % 12 + 1))
done >"$work/months"
for i in $(seq $((COUNT / 2000))); do broken_messages; done >"$work/broken"
cat "$work/good" "$work/months" >"$work/all_good"

echo "everything once, the server killed in the middle"
produce events -p -1 -l "$work/good" &
producing=$!
wait_until 30 test -n "$(sql 'SELECT 1')"
kill -9 "$(cat "$STACK_DIR/clickhouse.pid")"
wait "$producing"
produce events -p -1 -l "$work/months"
produce events -p -1 -l "$work/broken"
echo "everything good twice; then three empty messages and three null ones"
produce events -p -1 -l "$work/all_good"
for i in 0 1 2; do
    : | produce events -p "$i" -l /dev/stdin || true
    printf 'k:\n' | produce events -p "$i" -K :
    printf 'k:\n' | produce events -p "$i" -K : -Z
done
wait_until 60 sql 'SELECT 1'
settle $((90 + COUNT / 10000))

good=$(sort -u "$work/all_good" | wc -l)
[ "$(sql 'SELECT count() FROM odw.events')" = "$good" ] || stack_fail "expected $good events, found $(sql 'SELECT count() FROM odw.events')"
[ "$(sql 'SELECT uniqExact(id, timestamp) FROM odw.events')" = "$good" ] || stack_fail "an event is there twice"

echo "every broken message is a dead letter with its bytes and a reason"
sort "$work/broken" | uniq -c | awk '{$1=$1}1' | md5sum >"$work/expected"
sql "SELECT payload FROM odw.dead_letters WHERE class != 'empty' FORMAT TSVRaw" | sort | uniq -c | awk '{$1=$1}1' | md5sum >"$work/found"
cmp "$work/expected" "$work/found" || stack_fail "the dead letters are not the broken messages"
[ "$(sql "SELECT count() FROM odw.dead_letters WHERE empty(violations) OR violations[1] = ''")" = 0 ] || stack_fail "a dead letter has no reason"
[ "$(sql "SELECT count() FROM odw.dead_letters WHERE class = 'empty'")" = 6 ] || stack_fail "expected 6 letters for empty messages"

echo "page views per day are exact"
page_days <"$work/all_good" >"$work/days"
wait_until 20 days_are "$work/days"

echo "the same id at a later time is another event; with newer content it is the same one"
one='"event_name":"first","distinct_id":"u","project_id":"p"'
printf '%s\n' "{\"id\":\"same\",\"timestamp\":\"2026-11-19T00:00:00Z\",$one}" "{\"id\":\"same\",\"timestamp\":\"2026-11-19T00:00:01Z\",$one}" | produce events -p 0
settle 30
printf '%s\n' "{\"id\":\"same\",\"timestamp\":\"2026-11-19T00:00:00Z\",${one/first/second}}" | produce events -p 0
settle 30
[ "$(sql "SELECT groupArray(event_name) FROM (SELECT event_name FROM odw.events WHERE id = 'same' ORDER BY timestamp)")" = "['second','first']" ] ||
    stack_fail "expected the corrected event and the later one"

echo "personal data is gone from the rows"
[ "$(sql "SELECT count() FROM odw.events WHERE match(properties, '[a-z0-9.]+@[a-z0-9-]+\\\\.[a-z]+')")" = 0 ] || stack_fail "an e-mail address is in a row"

[ "$(sql "SELECT count() FROM odw.events WHERE properties LIKE '%[EMAIL]%'")" -gt 0 ] || stack_fail "no e-mail address was sent: that proves nothing"

echo "the audit holds, also when it has sealed"
odw audit || stack_fail "the audit does not hold"
odw audit >/dev/null || stack_fail "the audit does not hold after sealing"

echo "a row that is taken away is missed"
victim=$(sql "SELECT _offset FROM odw.events WHERE id = 'month-7'")
sql "ALTER TABLE odw.events_rows DELETE WHERE id = 'month-7' SETTINGS mutations_sync = 1"
if odw audit >"$work/audit"; then stack_fail "a deleted row was not missed"; fi
grep -q "/$victim " "$work/audit" || stack_fail "the audit does not name offset $victim: $(cat "$work/audit")"
grep '"month-7"' "$work/months" | produce events -p 1
settle 30
odw audit >/dev/null || stack_fail "the audit does not hold after the row came again"

echo "offsets that the group passes over are missed"
sql 'DETACH TABLE odw.events_queue SYNC'
printf '%s\n' "{\"id\":\"skipped\",\"timestamp\":\"2026-11-19T00:00:00Z\",$one}" | produce events -p 2
high=$(kcat -Q -b "$ODW_KAFKA_BROKERS" -t events:2:-1 | awk '{print $NF}')
move_group() {
    java -cp "${ODW_DEPS:-.deps}/kafka/libs/*" org.apache.kafka.tools.consumer.group.ConsumerGroupCommand --bootstrap-server "$ODW_KAFKA_BROKERS" \
        --group odw_events --topic events:2 --reset-offsets --to-latest --execute 2>&1 | grep -q "events *2 *$high"
}
wait_until 60 move_group
sql 'ATTACH TABLE odw.events_queue'
if odw audit >"$work/audit"; then stack_fail "a skipped message was not missed"; fi
grep -q "partition 2.*offset $((high - 1))" "$work/audit" || stack_fail "the audit does not name offset $((high - 1)): $(cat "$work/audit")"

echo "what it tells to do mends it"
replay=$(sed -n 's/.*\(odw replay .*\) sends them again$/\1/p' "$work/audit")
[ -n "$replay" ] || stack_fail "the audit does not say what to do: $(cat "$work/audit")"
$replay || stack_fail "$replay"
settle 60
expect 'the message that was passed over' 1 "$(sql "SELECT count() FROM odw.events WHERE id = 'skipped'")"
odw audit >"$work/audit" || stack_fail "the audit does not hold after $replay: $(cat "$work/audit")"
odw audit >"$work/audit" || stack_fail "the audit does not hold when it has sealed: $(cat "$work/audit")"
echo passed
