#!/bin/bash
# odw apply killed at any moment while messages flow: the next one finishes, no lock stays behind, nothing is lost or doubled.
set -euo pipefail
# shellcheck source=tests/lib/stack.sh
. tests/lib/stack.sh
odw=$ODW_BUILD/bin/odw
stack_start clickhouse kafka
root=$STACK_DIR/root
mkdir "$root"
declarations_copy "$root"
db() { sql "$1" "database=$ODW_DATABASE"; }
apply() { "$odw" apply --root "$root" >"$STACK_DIR/out" 2>&1; }

# Killed while it makes everything: as far as it came, the next one goes on.
for delay in 0.1 0.3 0.6 1; do
    timeout -s KILL "$delay" "$odw" apply --root "$root" >/dev/null 2>&1 || true
done
apply || stack_fail "$(cat "$STACK_DIR/out")"
apply
grep -q '^0 changes' "$STACK_DIR/out" || stack_fail "$(cat "$STACK_DIR/out")"

count=200000
"$odw" load events --count "$count" --rate 20000 --seed 9 >/dev/null 2>"$STACK_DIR/load" &
load=$!
flowing() { [ "$(db 'SELECT count() FROM ledger')" -gt 1000 ]; }
wait_until 30 flowing
killed=0
for i in $(seq 12); do
    # Views in place, and by turns one that has to be made anew, for which the queue is detached.
    cp mv/events.sql "$root/mv/events.sql"
    sed -i "s/record.session_id AS session_id/nullIf(record.session_id, 'none $i') AS session_id/" "$root/mv/events.sql"
    if [ $((i % 2)) = 1 ]; then
        sed 's/dead_letter_states/other_states/' sql/dead_letter_states.sql >"$root/sql/other_states.sql"
        sed 's/TO dead_letter_states/TO other_states/' mv/each-source/recovered.sql >"$root/mv/each-source/recovered.sql"
    else
        cp mv/each-source/recovered.sql "$root/mv/each-source/recovered.sql"
    fi
    timeout -s KILL "0.$((RANDOM % 8 + 1))" "$odw" apply --no-check --root "$root" >/dev/null 2>&1 || killed=$((killed + 1))
done
[ "$killed" -gt 0 ] || stack_fail 'no apply was killed: this test tested nothing'
# Ctrl-C leaves the queue attached, also where a view has to be made anew; what a kill left is mended first.
apply || stack_fail "$(cat "$STACK_DIR/out")"
sed -i 's/none 12/none 13/' "$root/mv/events.sql"
sed 's/TO dead_letter_states/TO other_states/' mv/each-source/recovered.sql >"$root/mv/each-source/recovered.sql"
timeout -s INT 0.5 "$odw" apply --no-check --root "$root" >/dev/null 2>&1 || true
[ "$(db "SELECT count() FROM system.detached_tables WHERE database = '$ODW_DATABASE'")" = 0 ] || stack_fail 'Ctrl-C left a queue detached'
apply || stack_fail "$(cat "$STACK_DIR/out")"
apply
grep -q '^0 changes' "$STACK_DIR/out" || stack_fail "$(cat "$STACK_DIR/out")"
wait "$load" || stack_fail "$(cat "$STACK_DIR/load")"
complete() { [ "$(db 'SELECT uniqExact(topic, partition, offset) FROM ledger')" = "$count" ]; }
wait_until 90 complete
[ "$(db 'SELECT count() FROM events')" = "$count" ] || stack_fail "expected each event once, found $(db 'SELECT count() FROM events')"
"$odw" audit --root "$root" >"$STACK_DIR/out" 2>&1 || stack_fail "$(cat "$STACK_DIR/out")"
[ "$(sql "SELECT count() FROM system.databases WHERE name LIKE '%scratch%'")" = 0 ] || stack_fail 'a scratch database was left behind'
echo "ok: $killed of 12 were killed"
