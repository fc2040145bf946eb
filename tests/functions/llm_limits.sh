#!/usr/bin/env bash
# What llm.json declares about a provider holds for all processes of the machine together, by the provider's own log: requests at once, requests and tokens a
# minute; what it asks for in a 429 holds for everyone; a budget waits, and says for what.
set -euo pipefail
. tests/lib/stack.sh
. tests/lib/llm.sh
stack_start clickhouse
provider_start --latency 50 --key sk-test-0123456789
llm_install

# extract WORD ROWS [FUNCTION]: so many documents with this word; how many are ok.
extract() {
    local call="llmExtract('dental_appointment', "
    [ "${3:-}" != with ] || call="llmExtractWith('dental_appointment', 'As written.', "
    sql "SELECT countIf(r.status = 'ok') FROM (SELECT $call concat('Patient name: Ada Lovelace\n$1 ', toString(number))) AS r FROM numbers($2)) SETTINGS max_threads = 1"
}

# logged JQ: of the list of this part's requests in the order in which they came.
logged() {
    tail -n "+$((from + 1))" "$PROVIDER_LOG" | jq -s "sort_by(.came) | $1"
}

# Two functions are two pools: two processes. Each alone would have six requests in flight.
llm_config '.providers.scripted.in_flight = 6'
from=$(wc -l <"$PROVIDER_LOG")
extract one 60 >"$STACK_DIR/one" &
first=$!
expect 'the second process' 60 "$(extract one 60 with)"
wait "$first"
expect 'the first process' 60 "$(cat "$STACK_DIR/one")"
expect 'requests' 120 "$(logged length)"
expect 'at once, both together' 6 "$(provider_stat most_at_once)"
pids=$(ps -eo pid=,args= | awk '$2 ~ /odw-udf-llm/ { print $1 }' | while read -r pid; do readlink "/proc/$pid/exe" || true; done | grep -c "^$ODW_USER_SCRIPTS/" || true)
[ "$pids" -ge 4 ] || stack_fail "expected two processes with a worker each, got $pids"

# Of each stretch of time no more than a sixth of a minute's allowance and what comes in meanwhile. Three seconds more: on a busy machine what was sent one after
# another may come together.
rate() {
    logged "[.[] | {t: .came, n: (if $1 then 1 else .tokens end)}] | . as \$r | [range(length) as \$i | range(\$i; length) as \$j |
        ([\$r[\$i:\$j + 1][].n] | add) - ($2 / 6 + $2 / 60000 * (\$r[\$j].t - \$r[\$i].t + 3000)) - $3] | max <= 0"
}
llm_config '.providers.scripted += {requests_per_minute: 300}'
from=$(wc -l <"$PROVIDER_LOG")
extract two 40 >"$STACK_DIR/one" &
first=$!
expect 'requests a minute: the second process' 40 "$(extract two 40 with)"
wait "$first"
expect 'requests a minute: the first' 40 "$(cat "$STACK_DIR/one")"
expect 'requests a minute' true "$(rate true 300 1)"
expect 'and time was needed for it' true "$(logged '.[-1].came - .[0].came > 3000')"

# Tokens are reckoned before a request is sent, and counted when it is answered; a bucket that was full for another number of requests begins full.
rm -f "$ODW_USER_SCRIPTS"/odw/llm/state/scripted.gate
llm_config '.providers.scripted += {tokens_per_minute: 120000}'
from=$(wc -l <"$PROVIDER_LOG")
expect 'tokens a minute' 40 "$(extract three 40)"
expect 'no more tokens than declared' true "$(rate false 120000 0)"
expect 'and time was needed for them' true "$(logged '.[-1].came - .[0].came > 1000')"

# A 429 with Retry-After: nobody asks before that, what else there is to ask.
for word in retry-after retry-date; do
    llm_config
    from=$(wc -l <"$PROVIDER_LOG")
    extract four-$word 60 with >"$STACK_DIR/one" &
    first=$!
    expect "$word" 1 "$(extract "[[$word:1]]" 1)"
    wait "$first"
    expect "$word: the others" 60 "$(cat "$STACK_DIR/one")"
    expect "$word: silence" true "$(logged '([.[] | select(.status == 429)][0].went) as $t | [.[] | select(.came > $t + 20) | .came - $t] | min >= 900')"
done

# A provider that takes fewer at once than was declared: it is asked less and less, until it fits.
port=${PROVIDER_URL#http://127.0.0.1:}
provider_stop
provider_start --port "${port%/v1}" --latency 50 --at-once 3 --key sk-test-0123456789
llm_config
expect 'fewer at once than declared' 60 "$(extract five 60)"
# At full width for ever it would be some 570: 57 of 60, then 54 of 57, …
[ "$(provider_stat too_many)" -lt 400 ] || stack_fail "expected the requests to become fewer, got $(provider_stat too_many) that were too many for 60 documents"

# Budgets: nothing is sent that doesn't fit, and the row says what it waits for.
before=$(provider_stat requests)
for limit in 'request: {tokens: 50}' 'row: {tokens: 50}' 'day: {tokens: 50}' 'request: {cost: 0.0001}' 'row: {cost: 0.0001}' 'day: {cost: 0.0001}'; do
    llm_config ".limits = {$limit}"
    said=$(sql "SELECT r.status, r.error FROM (SELECT llmExtract('dental_appointment', 'Patient name: Ada Lovelace\n$limit') AS r) FORMAT TSVRaw")
    case $said in
    'pending: budget'*"for a ${limit%%:*} (limits/${limit%%:*}/$(sed 's/.*{\(.*\):.*/\1/' <<<"$limit"))"*) ;;
    *) stack_fail "limits {$limit}: got $said" ;;
    esac
done
expect 'requests over a budget' "$before" "$(provider_stat requests)"
# As many as fit: here three of ten, each reckoned with its longest answer.
llm_config '.limits = {day: {tokens: 1}} | .models.small.max_tokens = 100'
extract six 1 >/dev/null
used=$("$ODW_BUILD/bin/odw" llm usage --json --user-scripts "$ODW_USER_SCRIPTS" | jq -s 'map(.tokens_in + .tokens_out) | add')
llm_config ".limits = {day: {tokens: $((used + 3500))}} | .models.small.max_tokens = 100"
fit=$(extract seven 10)
[[ $fit -ge 1 && $fit -lt 10 ]] || stack_fail "a budget for some of ten documents: expected some, got $fit"
now=$("$ODW_BUILD/bin/odw" llm usage --json --user-scripts "$ODW_USER_SCRIPTS" | jq -s 'map(.tokens_in + .tokens_out) | add')
[ "$now" -le $((used + 3500)) ] || stack_fail "a day's tokens: expected at most $((used + 3500)), got $now"
llm_config '.models.small.max_tokens = 100'
expect 'and the rest when there is more' 10 "$(extract seven 10)"
