#!/bin/bash
# Mending a bad day (docs/operations.md): a transform that writes a wrong column and a contract that refuses what is good were deployed;
# mended, the range goes through the stage again. Rows and aggregates are then as if nothing had been, a newer version of a record stays,
# a discarded letter stays away, and running it twice, or killing it in between, changes nothing more.
set -eu
. tests/lib/stack.sh
. tests/lib/path.sh
COUNT=${COUNT:-20000}
path_start kafka clickhouse
work=$STACK_DIR/work
mkdir -p "$work"
letters() { sql "SELECT count() FROM $ODW_DATABASE.dead_letters WHERE $1"; }
# What people see of all events, whatever processed them.
rows() { sql "SELECT count(), sum(cityHash64(id, event_name, timestamp, distinct_id, session_id, project_id, properties, ip_address, appended_at)) FROM $ODW_DATABASE.events"; }

odw load events --print --count "$COUNT" --seed 7 --days 2 --until 2026-11-20T00:00:00Z >"$work/good"
head -n $((COUNT / 2)) "$work/good" | produce events -p -1
wait_until 60 consumed
half=$(date +%s) # the range below begins at a moment between the two halves
later() { [ "$(date +%s)" -gt "$half" ]; }
wait_until 5 later

echo "a broken transform and a broken contract are deployed"
began=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)
mkdir "$work/broken"
declarations_copy "$work/broken"
sed -i 's/record.project_id AS project_id/upper(record.project_id) AS project_id/' "$work/broken/mv/events.sql"
jq '.properties.event_name.maxLength = 12' contracts/events.schema.json >"$work/broken/contracts/events.schema.json"
odw apply --root "$work/broken" --allow-incompatible >/dev/null
tail -n +$((COUNT / 2 + 1)) "$work/good" | produce events -p -1
record() { echo "{\"id\":\"$1\",\"event_name\":\"$2\",\"timestamp\":\"2026-11-19T00:00:00Z\",\"distinct_id\":\"u\",\"project_id\":\"p\"}"; }
record twice old | produce events -p 0
record never 'not to be kept: its name is too long' | produce events -p 0
record corrected 'corrected by hand: its name is too long' | produce events -p 0
wait_until 60 consumed
refused=$(letters "status = 'open' AND class = 'contract'")
[ "$refused" -gt 100 ] || stack_fail "only $refused letters: the contract wasn't broken"
wrong=$(sql "SELECT count() FROM $ODW_DATABASE.events WHERE project_id = upper(project_id)")
[ "$wrong" -gt 100 ] || stack_fail "only $wrong rows are wrong: the transform wasn't broken"
odw dlq discard "$(sql "SELECT id FROM $ODW_DATABASE.dead_letters WHERE payload LIKE '%not to be kept%'")" --why 'a test' 2>/dev/null

echo "mended; meanwhile a record came again, newer, and a letter was corrected by hand"
odw apply >/dev/null
record twice new | produce events -p 0
wait_until 60 consumed
by_hand=$(sql "SELECT id FROM $ODW_DATABASE.dead_letters WHERE payload LIKE '%corrected by hand%'")
odw dlq edit "$by_hand" /event_name=short >/dev/null 2>&1
wait_until 60 consumed

odw replay --source events --from "$began" --dry-run 2>"$work/said"
grep -q "$((COUNT - COUNT / 2 + 3)) messages would be sent again, $((refused - 1)) of them dead letters; passed over: 1 copies .*, 1 discarded" "$work/said" || stack_fail "the dry run said: $(cat "$work/said")"
expect 'letters after the dry run' "$refused" "$(letters "status IN ('open', 'discarded', 'recovered')")"

echo "replayed, killed in between"
"$ODW_BUILD/bin/odw" replay --source events --from "$began" 2>"$work/said" &
first=$!
sleep "0.$((RANDOM % 9))" # where it is killed is chance's
kill -9 "$first" 2>/dev/null || true
wait "$first" 2>/dev/null || true
odw replay --source events --from "$began" 2>"$work/said" || stack_fail "odw replay: $(cat "$work/said")"
cat "$work/said"
wait_until 60 consumed
none_open() { [ "$(letters "status = 'open'")" = 0 ]; }
wait_until 30 none_open
expect 'events after the replay' "$((COUNT + 2))" "$(sql "SELECT count() FROM $ODW_DATABASE.events")"
expect 'rows that are still wrong' 0 "$(sql "SELECT count() FROM $ODW_DATABASE.events WHERE project_id = upper(project_id)")"
expect 'the newer version of a record' new "$(sql "SELECT event_name FROM $ODW_DATABASE.events WHERE id = 'twice'")"
expect 'what was corrected by hand' short "$(sql "SELECT event_name FROM $ODW_DATABASE.events WHERE id = 'corrected'")"
expect 'what was discarded' 0 "$(sql "SELECT count() FROM $ODW_DATABASE.events WHERE id = 'never'")"
sql "SELECT id, event_name, distinct_id, project_id FROM $ODW_DATABASE.events WHERE id NOT IN ('twice', 'corrected') ORDER BY id FORMAT JSONCompactEachRow" >"$work/found"
jq -c '[.id, .event_name, .distinct_id, .project_id]' "$work/good" | LC_ALL=C sort >"$work/expected"
jq -c . "$work/found" | LC_ALL=C sort | cmp "$work/expected" - || stack_fail 'the rows are not what was sent'
page_days <"$work/good" >"$work/days"
wait_until 30 days_are "$work/days"
odw audit >"$work/audit" || stack_fail "odw audit does not hold: $(cat "$work/audit")"

echo "once more: nothing changes"
before=$(rows)
odw replay --source events --from "$began" 2>"$work/said" || stack_fail "odw replay: $(cat "$work/said")"
cat "$work/said"
wait_until 60 consumed
expect 'the events after a second replay' "$before" "$(rows)"
none_open || stack_fail "letters are open after a second replay"
odw audit >"$work/audit" || stack_fail "odw audit does not hold: $(cat "$work/audit")"

echo "by offsets; and what can't be asked"
odw replay --source events --partition 0 --offsets 0-9 2>"$work/said"
grep -q '^events: 10 messages sent again, 0 of them dead letters' "$work/said" || stack_fail "odw replay said: $(cat "$work/said")"
wait_until 60 consumed
expect 'the events after ten of them came again' "$before" "$(rows)"
for wrong in '' '--source nobody --from 1h' '--source events --from soon' '--source events --offsets 1-2' '--source events --partition 99 --offsets 1-2'; do
    status=0
    # shellcheck disable=SC2086
    odw replay $wrong 2>/dev/null || status=$?
    expect "exit code of odw replay $wrong" 2 "$status"
done
odw audit >"$work/audit" || stack_fail "odw audit does not hold: $(cat "$work/audit")"
echo passed
