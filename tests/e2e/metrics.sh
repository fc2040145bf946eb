#!/usr/bin/env bash
# GET /metrics is what Prometheus reads, with the figures of odw status; a source that is stopped shows there and in GET /health.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib/stack.sh
. tests/lib/path.sh
path_start kafka clickhouse shim

scrape() { curl -sf "$ODW_SHIM_URL/metrics" >"$STACK_DIR/metrics"; }
metric() { awk -v name="$1" '$1 == name { print $2 }' "$STACK_DIR/metrics"; }
is() { scrape && [ "$(metric "$1")" = "$2" ]; }

odw load events --count 1000 --seed 1 --fail-percentage 10 --log-level error >/dev/null
wait_until 60 consumed
wait_until 60 is 'odw_source_lag{source="events"}' 0
letters=$(sql "SELECT count() FROM $ODW_DATABASE.dead_letters")
wait_until 30 is 'odw_dead_letters_open{source="events",class="simulated"}' "$letters"
wait_until 30 is 'odw_source_rows{source="events"}' $((1000 - letters))
curl -sf -H 'Content-Type: application/json' -d '{"id":7}' "$ODW_SHIM_URL/ingest/events" >/dev/null || true
wait_until 30 is 'odw_shim_ingest_records_total{verdict="refused"}' 1

# The text format: each sample belongs to the HELP and TYPE before it, and stands there once.
python3 - "$STACK_DIR/metrics" <<'CHECK'
import re, sys
named, seen, name, kind = set(), set(), None, None
for line in open(sys.argv[1], encoding="utf-8"):
    line = line.rstrip("\n")
    if m := re.fullmatch(r"# HELP ([a-z_:]+) \S.*", line):
        assert m[1] not in named, line
        name = m[1]
    elif m := re.fullmatch(r"# TYPE ([a-z_:]+) (counter|gauge|histogram)", line):
        assert m[1] == name, line
        named.add(name)
        kind = m[2]
    else:
        m = re.fullmatch(r'([a-z_:]+)((?:\{[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\[\\"n])*")*\})?) (\S+)', line)
        assert m, f"not a sample: {line}"
        base = re.sub(r"_(bucket|sum|count)$", "", m[1]) if kind == "histogram" else m[1]
        assert base == name and m[1] + m[2] not in seen, line
        assert kind != "counter" or name.endswith("_total"), line
        float(m[3])
        seen.add(m[1] + m[2])
CHECK

# The alert rules and the dashboard ask for nothing that isn't there.
grep -ohE '\bodw_[a-z_]+' docs/prometheus-alerts.yml docs/grafana-dashboard.json | sort -u |
    while read -r name; do
        grep -q "^# TYPE ${name%_bucket} " "$STACK_DIR/metrics" || stack_fail "docs/ ask for $name, which GET /metrics doesn't have"
    done
jq -e .panels docs/grafana-dashboard.json >/dev/null

# A source that is stopped is said with cause, since when, and remedy, in seconds.
stopped() {
    curl -sf "$ODW_SHIM_URL/health" >"$STACK_DIR/health" &&
        jq -e 'any(.problems[]; .source == "events" and (.cause | test("events_rows")) and (.since | test("^2[0-9T:-]+Z$")) and .remedy == "odw apply")' "$STACK_DIR/health" >/dev/null
}
sql "DROP TABLE $ODW_DATABASE.events_rows SYNC"
wait_until 30 stopped
scrape
[ "$(metric 'odw_source_stopped{source="events"}')" -ge 1 ] || stack_fail "the stopped source isn't in the metrics"
odw apply >/dev/null
well() { curl -sf "$ODW_SHIM_URL/health" | jq -e '.problems == []' >/dev/null; }
wait_until 90 well
echo passed
