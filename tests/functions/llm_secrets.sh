#!/usr/bin/env bash
# Keys, documents, instructions and answers get into no log, no error of a query and no table of the system's, whatever goes wrong: a provider that repeats them in
# its errors, a process that is killed, an answer that can't be used, a configuration that is wrong.
set -euo pipefail
. tests/lib/stack.sh
. tests/lib/llm.sh
stack_start clickhouse
provider_start --latency 20 --key sk-test-0123456789
llm_install
llm_config
# Names that stand nowhere else: the key, the document, the instructions, what the model makes up (see dev/odw-llm-provider).
secrets=('sk-test-0123456789' 'Xanthippe Quux' 'Bandersnatch Frumious' 'Zebediah Quux' 'Lovelace-Jabberwock')
sql "CREATE TABLE documents (n UInt64, text String, told String) ENGINE = MergeTree ORDER BY n"
n=0
for word in '' error cut half garbage prose almost wrong refusal truncated empty invented translated toolong echo; do
    n=$((n + 1))
    sql "INSERT INTO documents FORMAT JSONEachRow $(jq -cn --argjson n $n --arg word "$word" '{n: $n, text: "Patient name: Xanthippe Quux\nDoctor: Dr. Lovelace-Jabberwock\n[[\($word)]]", told: "Bandersnatch Frumious"}')"
done
run() {
    sql "SELECT r.status, count() FROM (SELECT llmExtractWith('dental_appointment', told, text) AS r FROM documents) GROUP BY 1 ORDER BY 1 FORMAT TSV" >>"$STACK_DIR/said" 2>&1 || true
    sql "SELECT sum(length(r.record)) FROM (SELECT llmExtract('dental_appointment', text) AS r FROM documents) FORMAT TSV" >>"$STACK_DIR/said" 2>&1 || true
}
run
expect 'a provider that repeats what it was told' '0' \
    "$(sql "SELECT count() FROM (SELECT llmExtract('dental_appointment', text) AS r FROM documents WHERE text LIKE '%[echo]%') WHERE position(r.error, concat('sk-', 'test')) > 0")"
# Processes that are killed in the midst of it.
llm_config '.models.small.id = "scripted-again"'
run &
running=$!
asking() { [ "$(provider_stat 'requests')" -gt "$1" ]; }
wait_until 30 asking "$(provider_stat requests)"
for pid in $(ps -eo pid=,args= | awk '$2 ~ /odw-udf-llm/ { print $1 }'); do
    case $(readlink "/proc/$pid/exe") in "$ODW_USER_SCRIPTS"/*) kill -9 "$pid" || true ;; esac
done
wait "$running"
# A key that is refused, one that others may read, a file that is no JSON, a provider that is away.
(umask 077 && echo 'sk-test-0123456789-wrong' >"$ODW_USER_SCRIPTS/odw/llm/provider.key")
llm_config '.models.small.id = "scripted-wrong-key"'
run
chmod 644 "$ODW_USER_SCRIPTS/odw/llm/provider.key"
llm_config '.models.small.id = "scripted-open-key"'
run
chmod 600 "$ODW_USER_SCRIPTS/odw/llm/provider.key"
jq '.providers.scripted.key = "sk-test-0123456789"' "$ODW_USER_SCRIPTS/odw/llm/llm.json" >"$STACK_DIR/with_key.json"
cp "$STACK_DIR/with_key.json" "$ODW_USER_SCRIPTS/odw/llm/llm.json"
run
rm "$STACK_DIR/with_key.json"
echo '{ "providers": "sk-test-0123456789" "' >"$ODW_USER_SCRIPTS/odw/llm/llm.json"
run
llm_config '.providers.scripted.retries = 0'
provider_stop
run

sql 'SYSTEM FLUSH LOGS' >/dev/null
for secret in "${secrets[@]}"; do
    ! grep -rqF -- "$secret" "$STACK_DIR/log" "$STACK_DIR/said" || stack_fail "\"$secret\" stands in $(grep -rlF -- "$secret" "$STACK_DIR/log" "$STACK_DIR/said" | xargs)"
    # The query that looks for it must not be what is found.
    half=$((${#secret} / 2))
    # shellcheck disable=SC2016
    sql "SELECT database, name FROM system.tables WHERE database = 'system' AND name NOT IN ('numbers', 'numbers_mt', 'zeros', 'zeros_mt', 'one', 'primes', 'generate_series', 'generateSeries',
        'stack_trace', 'zookeeper', 'zookeeper_connection', 'zookeeper_watches', 'unicode', 'models', 'coverage_log', 'documentation') FORMAT TSV" |
        while read -r database table; do
            found=$(curl -sS "$ODW_CLICKHOUSE_URL/" --data-binary "SELECT count() FROM (SELECT * FROM $database.\`$table\`) AS t WHERE position(toString(tuple(*)), concat('${secret:0:half}', '${secret:half}')) > 0
                SETTINGS max_execution_time = 20, use_query_cache = 0") || true
            case $found in
            0 | *Exception*) ;; # some tables can't be read like this, or at all without a cluster
            *) stack_fail "\"$secret\" stands in $database.$table: $found" ;;
            esac
        done
done
# The key is in no file that the functions write.
! grep -rqF 'sk-test-0123456789' "$ODW_USER_SCRIPTS/odw/llm/state" || stack_fail "the key stands in $(grep -rlF 'sk-test-0123456789' "$ODW_USER_SCRIPTS/odw/llm/state" | xargs)"
expect 'who may read the answers' '700 600' "$(stat -c %a "$ODW_USER_SCRIPTS/odw/llm/state") $(stat -c %a "$ODW_USER_SCRIPTS/odw/llm/state/answers.sqlite")"
