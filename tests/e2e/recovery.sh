#!/bin/bash
# Declared recovery: every event that was asked to fail is a letter, and the worker's rules bring all of them back, each once, with the
# worker killed and two of them at work; a letter that a rule can't mend is tried as often as its source says, then stays open and
# says so; a message that got lost on the way is sent once more.
set -eu
. tests/lib/stack.sh
. tests/lib/path.sh
COUNT=${COUNT:-3000}
path_start kafka clickhouse
work=$STACK_DIR/work
mkdir -p "$work"
letters() { sql "SELECT count() FROM $ODW_DATABASE.dead_letters WHERE $1"; }
none_open() { [ "$(letters "status != 'recovered'")" = 0 ]; }
# In the background, and itself what is killed.
worker() { exec "$ODW_BUILD/bin/odw" worker --log-level warn --worker-interval 100ms --worker-audit-interval 1h "$@"; }
workers_stop() {
    local status=$? pids
    pids=$(jobs -p)
    [ -z "$pids" ] || kill -9 $pids 2>/dev/null
    set +e
    (exit "$status") # what stack_stop goes by
    stack_stop
}
trap workers_stop EXIT

odw load events --print --count "$COUNT" --fail-percentage 20 --seed 11 --days 2 --until 2026-11-20T00:00:00Z >"$work/events"
failing=$(grep -c '"event_name":"\[DLQ\]' "$work/events")
[ "$failing" -gt $((COUNT * 18 / 100)) ] && [ "$failing" -lt $((COUNT * 22 / 100)) ] || stack_fail "$failing of $COUNT events are marked to fail"
produce events -p -1 -l "$work/events"
for ms in 1763632800123 1763632800999; do
    echo "{\"id\":\"epoch-$ms\",\"event_name\":\"x\",\"timestamp\":$ms,\"distinct_id\":\"u\",\"project_id\":\"p\"}" | produce events -p 0
done
wait_until 60 consumed
expect 'letters of the events that were marked' "$failing" "$(letters "status = 'open' AND class = 'simulated'")"
expect 'letters of epoch times' 2 "$(letters "status = 'open' AND class = 'contract'")"
expect 'events before the recovery' $((COUNT - failing)) "$(sql "SELECT count() FROM $ODW_DATABASE.events")"

echo "a worker is killed again and again, another works beside it"
worker &
beside=$!
for round in 1 2 3 4 5 6; do
    worker &
    victim=$!
    sleep "0.$((RANDOM % 8 + 1))" # where it is killed is chance's
    kill -9 "$victim"
    wait "$victim" 2>/dev/null || true
    if [ "$round" = 3 ]; then
        kill -9 "$beside"
        wait "$beside" 2>/dev/null || true
        worker &
        beside=$!
    fi
done
wait_until 90 none_open
wait_until 60 consumed
expect 'events after the recovery' $((COUNT + 2)) "$(sql "SELECT count() FROM $ODW_DATABASE.events")"
expect 'events with the mark of their recovery' "$failing" "$(sql "SELECT countIf(startsWith(event_name, '[RECOVERED]')) FROM $ODW_DATABASE.events")"
expect 'events with the mark of the failure' 0 "$(sql "SELECT countIf(startsWith(event_name, '[DLQ]')) FROM $ODW_DATABASE.events")"
expect 'a time in epoch milliseconds' "2025-11-20 10:00:00.123" "$(sql "SELECT timestamp FROM $ODW_DATABASE.events WHERE id = 'epoch-1763632800123'")"
expect 'who sent them' "rule recover_simulated" "$(sql "SELECT DISTINCT changed_by FROM $ODW_DATABASE.dead_letter_states WHERE status = 'replayed' AND letter IN (SELECT id FROM $ODW_DATABASE.dead_letters WHERE class = 'simulated')")"
linked=$(sql "SELECT count() FROM $ODW_DATABASE.dead_letters AS l INNER JOIN $ODW_DATABASE.events AS e ON l.offspring = concat(e._topic, '/', toString(e._partition), '/', toString(e._offset))")
[ "$linked" -gt 0 ] || stack_fail 'no letter is linked to its row'
sed 's/\[DLQ\]/[RECOVERED]/' "$work/events" | page_days >"$work/days"
wait_until 30 days_are "$work/days"
odw audit >"$work/audit" || stack_fail "odw audit does not hold: $(cat "$work/audit")"

echo "every source's marked records come back by the same rule"
for queue in kafka-engine/*.sql; do
    source=$(basename "$queue" .sql)
    [ "$source" != events ] || continue
    odw load "$source" --help | grep -q -e --fail-percentage || continue
    # Sent from a file, so that what was asked to fail can be counted; some files are followed, not read: hence by kcat.
    odw load "$source" --print --count 1000 --fail-percentage 20 --seed 5 --until 2026-11-20T00:00:00Z >"$work/$source" 2>/dev/null
    marked=$(grep -c '"\[DLQ\]' "$work/$source")
    [ "$marked" -gt 150 ] && [ "$marked" -lt 250 ] || stack_fail "$marked of 1000 $source are marked to fail"
    produce "$source" -p -1 -l "$work/$source"
    wait_until 60 consumed
    wait_until 60 none_open
    wait_until 60 consumed
    expect "letters of $source" "$marked" "$(letters "source = '$source' AND class = 'simulated' AND attempt = 0")"
    expect "rows of $source" 1000 "$(sql "SELECT count() FROM $ODW_DATABASE.$source")"
done

echo "a message that was sent again and never arrived is sent once more, as corrected"
echo '{"id":"lost","event_name":"x","timestamp":"2026-02-31T10:00:00Z","distinct_id":"u","project_id":"p"}' | produce events -p 0
wait_until 30 consumed
id=$(sql "SELECT id FROM $ODW_DATABASE.dead_letters WHERE status = 'open'")
corrected='{"id":"lost","event_name":"x","timestamp":"2026-02-28T10:00:00Z","distinct_id":"u","project_id":"p"}'
sql "INSERT INTO $ODW_DATABASE.dead_letter_states SELECT {id:String}, 'replayed', now64(3), 'events/1/99999999', 1, 'test', '', {payload:String}" \
    "param_id=$id&param_payload=$(jq -rn --arg s "$corrected" '$s | @uri')"
kill "$beside"
wait "$beside" || true
worker --worker-replay-timeout 0ms &
beside=$!
wait_until 60 none_open
wait_until 30 consumed # a block's views are written side by side
expect 'the event that was lost on its way' 1 "$(sql "SELECT count() FROM $ODW_DATABASE.events WHERE id = 'lost'")"
expect 'the attempt that was counted on' 2 "$(sql "SELECT max(attempt) FROM $ODW_DATABASE.dead_letter_states WHERE letter = {id:String}" "param_id=$id")"

echo "what a rule can't mend is tried twice, as its source says, then stays open and says so"
kill "$beside"
wait "$beside" || true
mkdir "$work/root"
declarations_copy "$work/root"
sed -i 's/^-- key:/-- replays: 2\n-- key:/' "$work/root/kafka-engine/events.sql"
cat >"$work/root/mv/hopeless.sql" <<'SQL'
-- about: one row per open letter that isn't JSON: as it is
-- kind: recovery
CREATE VIEW IF NOT EXISTS hopeless AS
SELECT id, payload FROM dead_letters WHERE status = 'open' AND class = 'parse'
SQL
odw apply --root "$work/root" >/dev/null
before=$(sql "SELECT count() FROM $ODW_DATABASE.ledger")
echo 'never JSON' | produce events -p 0
wait_until 30 consumed
worker --root "$work/root" &
beside=$!
gave_up() { [ "$(letters "status = 'open' AND note LIKE 'gave up after 2 attempts%'")" = 1 ]; }
wait_until 60 gave_up
kill "$beside"
wait "$beside" || true
odw worker --once --root "$work/root" --log-level warn
expect 'messages for one that could not be mended' $((before + 3)) "$(sql "SELECT count() FROM $ODW_DATABASE.ledger")"
expect 'open letters of one origin' 1 "$(letters "status = 'open'")"
odw dlq list --status open | grep -q 'gave up after 2 attempts' || stack_fail "the list doesn't say that it was given up: $(odw dlq list --status open)"
odw dlq show "$(odw dlq list --status open --json | jq -r .id)" | grep -q '^note .*gave up' || stack_fail "the letter doesn't say that it was given up"
odw audit >"$work/audit" || stack_fail "odw audit does not hold: $(cat "$work/audit")"
echo passed
