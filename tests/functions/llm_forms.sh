#!/usr/bin/env bash
# A provider that takes less than a schema is asked for what it takes, by itself: json_schema, json_object, words; Anthropic's structured output, a forced tool,
# words. It is found out once, not with every document.
set -euo pipefail
. tests/lib/stack.sh
. tests/lib/llm.sh
stack_start clickhouse
llm_install

# A provider that takes this alone; the forms that it was asked for about ten documents, one after another.
forms() {
    local api=$1 only=$2 id=$1-$2
    provider_start ${only:+--only "$only"} --key sk-test-0123456789
    llm_config ".providers.scripted += {api: \"$api\", in_flight: 1} | .models.small.id = \"$id\""
    expect "$id" 10 "$(sql "SELECT countIf(r.status = 'ok') FROM (SELECT llmExtract('dental_appointment', concat('Patient name: Ada Lovelace\n$id ', toString(number))) AS r FROM numbers(10))")"
    jq -r '.form + (if .status == 200 then "" else "!" end)' "$PROVIDER_LOG" | uniq -c | awk '{ printf "%s%d %s", (NR > 1 ? ", " : ""), $1, $2 }'
    provider_stop
    rm -f "$PROVIDER_LOG"
}
expect 'all of it' '10 json_schema' "$(forms openai '')"
expect 'no schema' '1 json_schema!, 10 json_object' "$(forms openai json_object)"
expect 'neither' '1 json_schema!, 1 json_object!, 10 plain' "$(forms openai none)"
expect "Anthropic's: all of it" '10 json_schema' "$(forms anthropic '')"
expect "Anthropic's: tools alone" '1 json_schema!, 10 tool' "$(forms anthropic tool)"
expect "Anthropic's: words alone" '1 json_schema!, 1 tool!, 10 plain' "$(forms anthropic none)"

# Many at once: each that is refused is asked again, and none is lost. A form that llm.json names is the only one.
provider_start --only json_object --latency 50 --key sk-test-0123456789
llm_config '.models.small.id = "at-once"'
many="SELECT countIf(r.status = 'ok'), countIf(r.status = 'rejected') FROM (SELECT llmExtract('dental_appointment', concat('Patient name: Ada Lovelace\nmany ', toString(number))) AS r FROM numbers(100))"
expect 'many at once' "$(printf '100\t0')" "$(sql "$many")"
[ "$(provider_stat requests)" -le 116 ] || stack_fail "expected at most 100 requests and those that were in flight with the first form, got $(provider_stat requests)"
llm_config '.models.small += {id: "named", answer: "json_schema"}'
expect 'a form that is named' "$(printf '0\t100')" "$(sql "$many")"
