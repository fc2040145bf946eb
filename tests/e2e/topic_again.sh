#!/bin/bash
# A topic that is deleted and created again is another topic, whose offsets begin anew: no line, row or letter of the former one is taken
# for one of it, the audit proves both, and what was done about a letter, or erased, is not done to the one at the same place. A database
# from before lines knew when their message was sent is carried over by odw apply. Messages with different content of one record are named.
set -eu
. tests/lib/stack.sh
. tests/lib/path.sh
stack_start kafka clickhouse
odw functions install >/dev/null
db=$ODW_DATABASE

# The declarations without what tells topics apart, as they were once.
old=$STACK_DIR/old
declarations_copy "$old"
sed -i -e '/^ *sent_at /d' -e '/^ *content  *UInt32/d' -e '/^ *CODEC(Delta/d' -e '/^PRIMARY KEY/d' -e 's/, sent_at)$/)/' \
    -e '/^ *INDEX by_origin/d' -e "s/\(failed_at  *DateTime64(3, 'UTC')\),/\1/" "$old/sql/ledger.sql" "$old/sql/dead_letter_records.sql"
sed -i -e '/^ *sent_at/d' -e '/content_hash/d' -e 's/judged_at AS failed_at,/judged_at AS failed_at/' "$old"/mv/each-source/{ledger,dead_letters}.sql
sed -i -e '/AS again,$/d' -e '/^ *sent_at,$/d' -e "s/<= sent_at, again/<= appended_at, []/" -e "s/toUnixTimestamp64Milli(sent_at)/0/" \
    -e "s/arrayExists([^)]*)/0/" "$old/sql/dead_letters.sql"
odw apply --no-check --root "$old" >/dev/null
keys() { sql "SELECT groupUniqArray(sorting_key) FROM system.tables WHERE database = '$db' AND name IN ('ledger', 'dead_letter_records')"; }
expect 'the keys, before' "['source, topic, partition, offset']" "$(keys)"

# event ID NAME [TIME]
event() { printf '{"id":"%s","event_name":"%s","timestamp":"%s","distinct_id":"u","project_id":"p"}\n' "$1" "$2" "${3:-2026-11-19T10:00:00Z}"; }
for i in $(seq 10); do event "old-$i" x; done | produce events -p 0
stored() { [ "$(sql "SELECT count() FROM $db.events")" = 10 ]; }
wait_until 60 stored
odw apply >"$STACK_DIR/said"
grep -q 'ORDER BY' "$STACK_DIR/said" || stack_fail "odw apply doesn't say that keys grew: $(cat "$STACK_DIR/said")"
expect 'the keys, after' "['source, topic, partition, offset, sent_at']" "$(keys)"
odw audit >"$STACK_DIR/said" || stack_fail "what came before doesn't hold any more: $(cat "$STACK_DIR/said")"

for i in $(seq 11 20); do event "old-$i" x; done | produce events -p 0
{ event erased x soon; event discarded x soon; event left-over x soon; } | produce events -p 1
settle 60
odw audit >/dev/null
for i in $(seq 21 25); do event "old-$i" x; done | produce events -p 0 # proven by no audit while their topic was there
settle 60
odw erase --source events --where "id = 'erased'" --yes >/dev/null
odw dlq discard events/1/1 --why 'test' 2>/dev/null

topics() {
    java -cp "${ODW_DEPS:-.deps}/kafka/libs/*" org.apache.kafka.tools.TopicCommand --bootstrap-server "$ODW_KAFKA_BROKERS" "$@" 2>/dev/null
}
topics --delete --topic events
gone() { ! topics --list | grep -qx events; }
wait_until 60 gone
if odw audit >/dev/null 2>"$STACK_DIR/said"; then stack_fail 'an audit without its topic holds'; fi
grep -q "no such topic; 'odw apply' creates it" "$STACK_DIR/said" || stack_fail "the audit of a topic that is gone: $(cat "$STACK_DIR/said")"
odw apply >/dev/null

# The same places once more, and one of the records again.
{ event new-1 x soon; event new-2 x soon; } | produce events -p 1
{ event old-11 x; event old-12 'something else'; } | produce events -p 0
there() { [ "$(sql "SELECT count() FROM $db.dead_letters WHERE payload LIKE '%new-%'")" = "$1" ] && [ "$(sql "SELECT count() FROM $db.events WHERE event_name = 'something else'")" = 1 ]; }
# Not the third before: a consumer that finds as many messages as it has read of the former topic waits for more, until an audit moves it.
wait_until 120 there 2
event new-3 x soon | produce events -p 1
wait_until 60 there 3
odw audit --read-only >"$STACK_DIR/said" || stack_fail "the audit that only reads doesn't hold: $(cat "$STACK_DIR/said")"
grep -q 'was deleted and created again' "$STACK_DIR/said" || stack_fail "the audit doesn't say that the topic is another one: $(cat "$STACK_DIR/said")"
odw audit >"$STACK_DIR/said" || stack_fail "the audit of both topics doesn't hold: $(cat "$STACK_DIR/said")"
grep -q 'was deleted and created again' "$STACK_DIR/said" || stack_fail "the audit doesn't say that the topic is another one: $(cat "$STACK_DIR/said")"
# The consumers have let go of where they stood in the former topic.
wait_until 60 consumed
odw audit >"$STACK_DIR/said" || stack_fail "the next audit doesn't hold: $(cat "$STACK_DIR/said")"
if grep -q 'created again' "$STACK_DIR/said"; then stack_fail "it was noted, and is said again: $(cat "$STACK_DIR/said")"; fi
grep -q 'events/0: offsets 0 to 2, lag 0' "$STACK_DIR/said" || stack_fail "offsets don't begin anew: $(cat "$STACK_DIR/said")"
expect 'rows' 25 "$(sql "SELECT count() FROM $db.events")"

letters() { sql "SELECT replaceRegexpOne(id, '@.*', '@'), status, extract(payload, '\"id\":\"([^\"]*)') FROM $db.dead_letters WHERE source = 'events' ORDER BY sent_at, offset"; }
expect 'the letters' "$(printf '%s\t%s\t%s\n' events/1/1 discarded discarded events/1/2 open left-over events/1/0@ open new-1 events/1/1@ open new-2 events/1/2@ open new-3)" "$(letters)"
id=$(sql "SELECT id FROM $db.dead_letters WHERE payload LIKE '%new-2%'")
odw dlq show "$id" | grep -q new-2 || stack_fail "odw dlq show $id shows another letter"
odw dlq show events/1/1 | grep -q '"discarded"' || stack_fail 'odw dlq show events/1/1 shows another letter'
odw dlq edit "$id" /timestamp=2026-11-19T10:00:00Z >/dev/null
settle 60
expect 'the letter that was mended' recovered "$(sql "SELECT status FROM $db.dead_letters WHERE id = '$id'")"
expect 'the one at its place in the former topic' discarded "$(sql "SELECT status FROM $db.dead_letters WHERE id = 'events/1/1'")"
odw audit >"$STACK_DIR/said" || stack_fail "the audit of what was mended doesn't hold: $(cat "$STACK_DIR/said")"

# The newest of two messages of one record stands, and that there were two is said.
grep -q '1 records came with different content' "$STACK_DIR/said" || stack_fail "the audit names no conflict, or more: $(cat "$STACK_DIR/said")"
expect 'its day' 2026-11-19 "$(odw audit --json | jq -r '.sources[] | select(.source == "events").conflicts[].record_day')"
odw load blobs --count 50 --seed 1 --log-level error 2>/dev/null
odw load blobs --count 50 --seed 1 --log-level error 2>/dev/null
settle 60
odw audit --json >"$STACK_DIR/said"
expect 'conflicts of objects that were listed twice' 0 "$(jq '.sources[] | select(.source == "blobs").conflicting' "$STACK_DIR/said")"

# A message that is lost between the two topics is missed all the same.
sql "ALTER TABLE $db.ledger DELETE WHERE source = 'events' AND partition = 0 AND offset = 1 AND sent_at > now() - 3600" 'mutations_sync=2'
sql "ALTER TABLE $db.ledger_proofs DELETE WHERE source = 'events' AND since > '1971-01-01'" 'mutations_sync=2'
if odw audit >"$STACK_DIR/said" 2>&1; then stack_fail 'a line that is gone of the new topic is not missed'; fi
grep -q 'the first at offset 1;' "$STACK_DIR/said" || stack_fail "the audit names another offset: $(cat "$STACK_DIR/said")"
echo passed
