#!/bin/bash
# odw apply: a dry run touches nothing, a second apply changes nothing; a changed transform, table and contract while 20,000 messages
# a second flow lose and double nothing; what can't be done is refused before anything is touched, with what differs.
set -euo pipefail
# shellcheck source=tests/lib/stack.sh
. tests/lib/stack.sh
odw=$ODW_BUILD/bin/odw
stack_start clickhouse kafka
root=$STACK_DIR/root
mkdir "$root"
declarations_copy "$root"
apply() { "$odw" apply --root "$root" "$@" >"$STACK_DIR/out" 2>"$STACK_DIR/err"; }
said() { grep -q -e "$1" "$STACK_DIR/out" "$STACK_DIR/err" || stack_fail "expected '$1' in: $(cat "$STACK_DIR/out" "$STACK_DIR/err")"; }
must() { apply "$@" || stack_fail "apply $*: $(cat "$STACK_DIR/out" "$STACK_DIR/err")"; }
refused() {
    local status=0
    apply "${@:2}" || status=$?
    [ "$status" = 1 ] || stack_fail "expected '$1' to be refused, got exit code $status: $(cat "$STACK_DIR/out" "$STACK_DIR/err")"
    said "$1"
}
edit() { sed -i "$2" "$root/$1"; }
restore() { cp "$1" "$root/$1"; }
db() { sql "$1" "database=$ODW_DATABASE"; }

# ---- from nothing
must --dry-run
said '^would create topic events'
said '^would create materialized view events_judge'
[ "$(sql "SELECT count() FROM system.databases WHERE name = '$ODW_DATABASE'")" = 0 ] || stack_fail 'a dry run made the database'
kcat -L -b "$ODW_KAFKA_BROKERS" | grep -q '"events"' && stack_fail 'a dry run made the topic'
[ -z "$(ls -A "$ODW_USER_SCRIPTS")" ] || stack_fail 'a dry run installed functions'
must
said '^create materialized view events_judge'
must
said '^0 changes'
[ "$(db "SELECT count() FROM ledger_starts WHERE source = 'events' AND start_offset = 0")" = 4 ] || stack_fail 'four partitions start at 0'
[ "$(db "SELECT eventsRecord('x').verdict")" = parse ] || stack_fail 'eventsRecord(message) is for people'

# ---- under load
count=300000
"$odw" load events --count "$count" --rate 20000 --seed 5 >/dev/null 2>"$STACK_DIR/load" &
load=$!
flowing() { [ "$(db 'SELECT count() FROM ledger')" -gt 5000 ]; }
wait_until 30 flowing
for i in 1 2 3 4; do
    restore mv/events.sql
    edit mv/events.sql "s/record.session_id AS session_id/nullIf(record.session_id, 'none $i') AS session_id/"
    must
    said '^change materialized view events_transform'
done
# A field, a column and the transform between them.
edit contracts/events.schema.json 's/"user_agent": {/"tariff": { "type": ["string", "null"], "maxLength": 2 },\n    &/'
edit sql/events_rows.sql 's/^    properties /    tariff Nullable(String),\n&/'
edit mv/events.sql 's/^    record.properties /    record.tariff AS tariff,\n&/'
must --dry-run
said '^would alter table events_rows: add column tariff'
must
said '^change materialized view events_judge'
must
said '^0 changes'
# A view that writes to another table than before is made anew: the source stops for it.
sed 's/dead_letter_states/other_states/' sql/dead_letter_states.sql >"$root/sql/other_states.sql"
edit mv/each-source/recovered.sql 's/TO dead_letter_states/TO other_states/'
must
said '^events was stopped for '
# Two at once: one after the other.
edit mv/events.sql "s/'none 4'/'none 5'/"
"$odw" apply --root "$root" >"$STACK_DIR/one" 2>&1 &
one=$!
must
wait "$one" || stack_fail "two at once: $(cat "$STACK_DIR/one")"
[ "$(cat "$STACK_DIR/one" "$STACK_DIR/out" | grep -c '^change materialized view events_transform')" = 1 ] || stack_fail 'two at once made one change twice'
wait "$load" || stack_fail "$(cat "$STACK_DIR/load")"
echo '{"id":"new","event_name":"x","timestamp":"2026-11-20T10:00:00Z","distinct_id":"d","project_id":"p","tariff":"DE"}' |
    kcat -P -b "$ODW_KAFKA_BROKERS" -t events
complete() { [ "$(db 'SELECT uniqExact(topic, partition, offset) FROM ledger')" = "$((count + 1))" ]; }
wait_until 60 complete
[ "$(db 'SELECT count(), uniqExact(timestamp, id) FROM events')" = "$((count + 1))	$((count + 1))" ] ||
    stack_fail "expected each event once: $(db 'SELECT count(), uniqExact(timestamp, id) FROM events_rows')"
[ "$(db "SELECT tariff FROM events_rows WHERE id = 'new'")" = DE ] || stack_fail 'the new field did not arrive'
[ "$(db "SELECT uniqExact(contract) FROM ledger")" = 2 ] || stack_fail 'the contract should have changed while messages flowed'
[ "$(db 'SELECT count() FROM dead_letter_records')" = 0 ] || stack_fail 'good messages became dead letters'
"$odw" audit --root "$root" >"$STACK_DIR/out" 2>&1 || stack_fail "$(cat "$STACK_DIR/out")"
# A text of few values is another column for the same values, and back.
for words in '"x-low-cardinality": true, ' ''; do
    edit contracts/events.schema.json "s/\"session_id\": {.*\"type\"/\"session_id\": { $words\"type\"/"
    must
    said '^change materialized view events_judge'
done

# ---- refused, and nothing touched
notes=$(db 'SELECT count() FROM applied')
edit mv/events.sql 's/record.distinct_id/record.distinct_idd/'
refused 'mv/events.sql:8: '
edit mv/events.sql 's/record.distinct_idd/record.distinct_id/'
edit sql/events_rows.sql 's/^    project_id .*/    project_id UInt64,/'
refused 'project_id: expected UInt64, found LowCardinality(String)' --no-check
edit sql/events_rows.sql 's/^    project_id .*/    project_id LowCardinality(String),/'
edit contracts/events.schema.json 's/"session_id": {.*/"session": { "type": "string" },/'
refused 'session_id (Nullable(String)) is gone' --no-check
restore contracts/events.schema.json
edit contracts/events.schema.json 's/"user_agent": {/"tariff": { "type": ["string", "null"], "maxLength": 2 },\n    &/'
# A key that isn't there is found out before a message has to wait for it.
edit contracts/events.schema.json 's/"session_id": { /&"x-pii": {"tokenise": "nowhere"}, /'
refused 'contracts/events.schema.json: trying eventsRecord_[0-9a-f]*: .*nowhere'
edit contracts/events.schema.json 's/"x-pii": {"tokenise": "nowhere"}, //'
edit kafka-engine/events.sql 's/partitions: 4/partitions: 3/'
refused 'topic events has 4 partitions, expected 3'
edit kafka-engine/events.sql 's/partitions: 3/partitions: 4/'
[ "$notes" = "$(db 'SELECT count() FROM applied')" ] || stack_fail 'a refusal left notes'
must
said '^0 changes'

# ---- topics
edit kafka-engine/events.sql 's/partitions: 4/partitions: 6/; s/retention: 7d/retention: 8d/'
must
said '^alter topic events: 4 → 6 partitions'
said '^alter topic events: kept 7d → 8d'
[ "$(db "SELECT count() FROM ledger_starts WHERE source = 'events' AND partition >= 4 AND start_offset = 0")" = 2 ] || stack_fail 'new partitions start at 0'
must
said '^0 changes'
tool() { java -cp "${ODW_DEPS:-.deps}/kafka/libs/*" "org.apache.kafka.tools.$1" "${@:2}" >/dev/null 2>&1; }
tool TopicCommand --bootstrap-server "$ODW_KAFKA_BROKERS" --create --topic taken --partitions 6 --config message.timestamp.type=CreateTime
edit kafka-engine/events.sql 's/topic: events/topic: taken/'
refused "'--adopt-topic taken'"
must --adopt-topic taken
said 'message.timestamp.type CreateTime → LogAppendTime'
said '^replace queue events_queue'
echo '{"id":"taken","event_name":"x","timestamp":"2026-11-20T10:00:00Z","distinct_id":"d","project_id":"p"}' |
    kcat -P -b "$ODW_KAFKA_BROKERS" -t taken
arrived() { [ "$(db "SELECT count() FROM events WHERE id = 'taken'")" = 1 ]; }
wait_until 30 arrived

# ---- a database of its own beside it, and servers that are away
must --database other
must --database other
said '^0 changes'
began=$SECONDS
refused 'kafka' --kafka-brokers 127.0.0.1:1
refused 'ClickHouse' --clickhouse-url http://127.0.0.1:1
[ $((SECONDS - began)) -le 10 ] || stack_fail 'a server that is away is said within seconds'
echo ok
