#!/bin/bash
# Rows go after the time that their table's head says, which the audit knows; before that it misses them.
set -eu
. tests/lib/stack.sh
. tests/lib/path.sh
path_start kafka clickhouse
odw load logs --count 1000 --log-level error 2>/dev/null
settle 60
odw audit >/dev/null || stack_fail 'the audit does not hold at first'
ttl() { sql "SELECT extract(create_table_query, 'TTL (.*?) SETTINGS') FROM system.tables WHERE database = '$ODW_DATABASE' AND name = 'logs_rows'"; }
[ "$(ttl)" = 'toDateTime(appended_at) + toIntervalDay(90)' ] || stack_fail "the table's TTL: $(ttl)"
sql "ALTER TABLE $ODW_DATABASE.logs_rows DELETE WHERE level = 'ERROR'" 'mutations_sync=2'
if odw audit >"$STACK_DIR/said" 2>&1; then stack_fail 'the audit does not miss rows that are younger than their retention'; fi

# The same declarations, but for how long lines are kept.
root=$STACK_DIR/root
mkdir "$root"
declarations_copy "$root"
sed -i -e 's/^-- retention: 90d/-- retention: 12h/' -e 's/INTERVAL 90 DAY/INTERVAL 12 HOUR/' "$root/sql/logs_rows.sql"
odw apply --root "$root" >"$STACK_DIR/said"
grep -q 'rows expire by' "$STACK_DIR/said" || stack_fail "odw apply does not say that rows expire: $(cat "$STACK_DIR/said")"
[ "$(ttl)" = 'toDateTime(appended_at) + toIntervalHour(12)' ] || stack_fail "the table's TTL after odw apply: $(ttl)"
odw audit --root "$root" >"$STACK_DIR/said" 2>&1 || stack_fail "the audit misses rows that may have expired: $(cat "$STACK_DIR/said")"
echo 'ok'
