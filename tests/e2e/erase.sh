#!/bin/bash
# odw erase: a person's rows (all versions), dead letters (also those that aren't JSON) and share of the counts are gone, nobody else's;
# the audit holds, sealed or not; what is delivered or replayed again doesn't come back; killed in the middle, the same command completes
# it; what was not consumed yet is said.
set -eu
. tests/lib/stack.sh
. tests/lib/path.sh
COUNT=${COUNT:-4000}
path_start kafka clickhouse
work=$STACK_DIR/work
mkdir -p "$work"
audit_holds() { odw audit >"$work/audit" || stack_fail "odw audit does not hold $1: $(cat "$work/audit")"; }
erase() { odw erase --source events "$@"; }
# Bytes of the person anywhere in the database.
traces() {
    sql "SELECT (SELECT count() FROM $ODW_DATABASE.events_rows WHERE distinct_id = {who:String} OR position(properties, {who:String}) > 0)
        + (SELECT count() FROM $ODW_DATABASE.dead_letter_records WHERE position(payload, {who:String}) > 0 OR key = {who:String})
        + (SELECT count() FROM $ODW_DATABASE.dead_letter_states WHERE position(payload, {who:String}) > 0)
        + (SELECT count() FROM $ODW_DATABASE.erasures WHERE position(toString(tuple(*)), {who:String}) > 0)
        + (SELECT count() FROM $ODW_DATABASE.erased WHERE position(toString(tuple(*)), {who:String}) > 0)" "param_who=$1"
}
others() { sql "SELECT count(), sum(cityHash64(id, timestamp, event_name)) FROM $ODW_DATABASE.events WHERE distinct_id != {who:String}" "param_who=$1"; }

odw load events --print --count "$COUNT" --fail-percentage 10 --seed 3 --days 3 --until 2026-11-20T00:00:00Z >"$work/events"
produce events -p -1 -l "$work/events"
who=$(jq -r .distinct_id "$work/events" | sort | uniq -c | sort -rn | awk 'NR == 1 { print $2 }')
grep -F "$who" "$work/events" | jq -c 'select(.event_name | startswith("[DLQ]") | not)' >"$work/hers"
# An older version that names her, of a record that is somebody else's by now; hers twice; broken ones of hers.
echo "{\"id\":\"moved\",\"event_name\":\"x\",\"timestamp\":\"2026-11-19T00:00:00Z\",\"distinct_id\":\"$who\",\"project_id\":\"p\"}" | produce events -p 0
head -n 3 "$work/hers" | produce events -p 1
printf '%s\n' "{\"id\":7,\"event_name\":\"x\",\"timestamp\":\"2026-11-19T00:00:00Z\",\"distinct_id\":\"$who\",\"project_id\":\"p\"}" "broken $who" |
    produce events -p 0
wait_until 90 consumed
audit_holds 'before'
odw worker --once --log-level warn
wait_until 30 consumed
echo '{"id":"moved","event_name":"x","timestamp":"2026-11-19T00:00:00Z","distinct_id":"somebody","project_id":"p"}' | produce events -p 0
tail -n 2 "$work/hers" | produce events -p 2 # not sealed yet
wait_until 30 consumed

hers=$(sql "SELECT count() FROM $ODW_DATABASE.events WHERE distinct_id = {who:String}" "param_who=$who")
[ "$hers" -gt 30 ] || stack_fail "only $hers events of hers"
kept=$(others "$who")
erase "distinct_id=$who" --dry-run >"$work/said"
grep -q "^would erase $((hers + 1)) records" "$work/said" || stack_fail "the dry run said: $(cat "$work/said")"
expect 'events after a dry run' "$hers" "$(sql "SELECT count() FROM $ODW_DATABASE.events WHERE distinct_id = {who:String}" "param_who=$who")"

echo "killed again and again, then completed"
for _ in 1 2 3 4; do
    "$ODW_BUILD/bin/odw" erase --source events "distinct_id=$who" --yes >"$work/said" 2>&1 &
    victim=$!
    sleep "0.$((RANDOM % 6))" # where it is killed is chance's
    kill -9 "$victim" 2>/dev/null || true
    wait "$victim" 2>/dev/null || true
done
erase "distinct_id=$who" --yes >"$work/said" || stack_fail "odw erase: $(cat "$work/said")"
cat "$work/said"
expect 'traces of her' 0 "$(traces "$who")"
# The record that was hers once goes with her: its older version says so.
expect 'a record that was hers once' 0 "$(sql "SELECT count() FROM $ODW_DATABASE.events WHERE id = 'moved'")"
expect 'the events of others' "$(awk '{print $1 - 1}' <<<"$kept")" "$(others "$who" | awk '{print $1}')"
expect 'records that are noted as erased' "$((hers + 1))" "$(sql "SELECT uniqExact(identity) FROM $ODW_DATABASE.erased WHERE letter = ''")"
[ "$(sql "SELECT count() FROM $ODW_DATABASE.erased WHERE letter LIKE 'events/%'")" -ge 2 ] || stack_fail 'her letters are not noted as erased'
expect 'how the erasures ended' 'done' "$(sql "SELECT DISTINCT last FROM (SELECT max(status) AS last FROM $ODW_DATABASE.erasures GROUP BY erasure)")"
audit_holds 'after the erasure'
grep -q "records and .* dead letters were erased" "$work/audit" || stack_fail "the audit doesn't say that something was erased: $(cat "$work/audit")"
audit_holds 'after sealing'
sed 's/\[DLQ\]/[RECOVERED]/' "$work/events" | grep -vF "$who" | page_days >"$work/days"
wait_until 30 days_are "$work/days"

echo "nothing of it comes back"
kept=$(others "$who")
produce events -p -1 -l "$work/hers"
odw replay --source events --from 1d 2>"$work/said" || stack_fail "odw replay: $(cat "$work/said")"
cat "$work/said"
wait_until 90 consumed
expect 'traces of her after a replay' 0 "$(traces "$who")"
expect 'the events of others after a replay' "$kept" "$(others "$who")"
[ "$(sql "SELECT count() FROM $ODW_DATABASE.ledger WHERE verdict = 'erased'")" -gt "$hers" ] || stack_fail 'the ledger has no lines for what was passed over'
audit_holds 'after a replay'
audit_holds 'after sealing again'
wait_until 30 days_are "$work/days"
sql 'SYSTEM FLUSH LOGS' >/dev/null
expect 'erasures in the log of queries' 0 "$(sql "SELECT count() FROM system.query_log WHERE query LIKE '%INSERT INTO erased%' AND type = 'QueryFinish'")"

echo "what she sends from now on is another record"
echo "{\"id\":\"later\",\"event_name\":\"x\",\"timestamp\":\"2026-11-19T00:00:00Z\",\"distinct_id\":\"$who\",\"project_id\":\"p\"}" | produce events -p 0
wait_until 30 consumed
expect 'a new event of hers' 1 "$(sql "SELECT count() FROM $ODW_DATABASE.events WHERE id = 'later'")"

echo "a text in letters; what waits; nobody to ask"
printf '{"note":"call Ada Lovelace"}' | produce events -p 0
wait_until 30 consumed
erase --letters-containing 'Ada Lovelace' --yes | grep -q 'erased 0 records and 1 dead letters' || stack_fail 'the letter with her name was not erased'
sql "DETACH TABLE $ODW_DATABASE.events_queue SYNC"
echo "{\"id\":\"waits\",\"event_name\":\"x\",\"timestamp\":\"2026-11-19T00:00:00Z\",\"distinct_id\":\"$who\",\"project_id\":\"p\"}" | produce events -p 0
status=0
erase "distinct_id=$who" --yes --wait 1s >"$work/said" 2>&1 || status=$?
expect 'exit code while messages wait to be consumed' 1 "$status"
grep -q '1 messages still wait' "$work/said" || stack_fail "odw erase said: $(cat "$work/said")"
sql "ATTACH TABLE $ODW_DATABASE.events_queue"
wait_until 60 consumed
erase "distinct_id=$who" --yes >/dev/null
expect 'traces of her at the end' 0 "$(traces "$who")"
for wrong in '' 'distinct_id' '--where 1;' "--where (1" 'distinct_id=x' '--where nothing_here=1 --yes'; do
    status=0
    # shellcheck disable=SC2086
    erase $wrong </dev/null >/dev/null 2>&1 || status=$?
    expect "exit code of odw erase $wrong" 2 "$status"
done
audit_holds 'at the end'

echo "a row that is taken away otherwise is still missed"
sql "ALTER TABLE $ODW_DATABASE.events_rows DELETE WHERE id = (SELECT any(id) FROM $ODW_DATABASE.events WHERE id != 'later') SETTINGS mutations_sync = 1"
if odw audit >"$work/audit"; then stack_fail 'a deleted row was not missed'; fi
echo passed
