#!/usr/bin/env bash
# Produced with kcat and through POST /ingest, read with an SQL client (clickhouse-driver) over native TCP and through GET /api/events: the
# same events, each once, also while more are written; personal data is gone from both, and the functions answer to any client.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib/stack.sh
. tests/lib/path.sh
python=${ODW_DEPS:-.deps}/python/bin/python
[ -x "$python" ] || stack_fail "$python is not there: dev/install test"
path_start kafka clickhouse shim
work=$STACK_DIR/work
mkdir -p "$work"

post() { # FILE of JSON lines
    curl -sS --fail-with-body -H 'Content-Type: application/x-ndjson' --data-binary @"$1" "$ODW_SHIM_URL/ingest/events?verdicts=refused"
}
odw load events --print --count 2000 --seed 3 --days 2 --until 2026-11-20T00:00:00Z >"$work/by_kcat"
odw load events --print --count 999 --seed 4 --days 2 --until 2026-11-20T00:00:00Z >"$work/by_ingest"
cat >>"$work/by_ingest" <<'END'
{"id":"ada-1","event_name":"sign up","timestamp":"2026-11-20T08:00:00.123+02:00","distinct_id":"ada","project_id":"p","ip_address":"2001:db8:1234:5678::1","user_agent":"Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0","properties":{"note":"write to ada@example.com","amount":12.50,"deep":[{"card":"4111 1111 1111 1111"}],"snowman":"\u2603 ☃"}}
END
post "$work/by_ingest" >"$work/answer"
[ "$(jq .accepted "$work/answer")" = 1000 ] || stack_fail "POST /ingest: expected 1000 accepted, got $(cat "$work/answer")"
produce events -p -1 -l "$work/by_kcat"
settle 60
cat "$work/by_kcat" "$work/by_ingest" >"$work/all"
"$python" tests/e2e/native.py "$ODW_CLICKHOUSE_TCP" "$ODW_DATABASE" "$work/all"

echo "one record, in and out by HTTP"
curl -sS --fail-with-body "$ODW_SHIM_URL/api/events?distinct_id=ada" >"$work/page"
jq -e '.next == null and (.items | length) == 1 and (.items[0] | .id == "ada-1" and .timestamp == "2026-11-20T06:00:00.123Z" and .ip_address == "2001:db8:1234::"
    and .browser == "Firefox" and .browser_version == "132.0" and .os == "Linux" and .device == "Other" and .is_bot == false
    and (.properties | .note == "write to [EMAIL]" and .amount == 12.5 and .snowman == "☃ ☃" and (.deep[0].card | contains("4111") | not)))' \
    "$work/page" >/dev/null || stack_fail "the record is not what was sent, cleaned: $(cat "$work/page")"

echo "to the end, each once, while events are written"
jq -r .id "$work/all" | sort >"$work/ids"
# New ones above, below and among those that are read, and all of the old ones a second time.
writer() {
    local n=100
    until [ -e "$work/stop" ]; do
        n=$((n + 1))
        odw load events --print --count 200 --seed $n --days 2 --until 2026-11-20T00:00:00Z >"$work/more"
        post "$work/more" >/dev/null || return 1
        post "$work/by_ingest" >/dev/null || return 1
    done
    echo $((n - 100)) >"$work/rounds"
}
stop_writer() { touch "$work/stop"; }
writer &
trap 'status=$?; stop_writer; wait || true; set +e; (exit $status); stack_stop' EXIT
for limit in 50 333 1000; do
    python3 tests/http/pager.py "$ODW_SHIM_URL/api/events" --query "limit=$limit" --at-least "$work/ids" --pause 0.02
done
stop_writer
wait $! || stack_fail 'POST /ingest failed while pages were read'
[ "$(cat "$work/rounds")" -ge 3 ] || stack_fail "only $(cat "$work/rounds") rounds were written meanwhile: the test proves nothing"
settle 60
stored=$(sql "SELECT count() FROM $ODW_DATABASE.events")
paged=$(python3 tests/http/pager.py "$ODW_SHIM_URL/api/events" --query limit=1000)
[ "$stored" = "$paged" ] || stack_fail "expected the $stored events of SQL, got $paged by paging"
[ "$stored" = $((3000 + 200 * $(cat "$work/rounds"))) ] || stack_fail "expected 3000 events and 200 for each of $(cat "$work/rounds") rounds, got $stored"
odw audit >"$work/audit" || stack_fail "odw audit does not hold: $(cat "$work/audit")"
echo passed
