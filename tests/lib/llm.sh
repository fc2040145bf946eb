# tests/lib: a scripted provider of language models, and llmExtract on a test's stack; to be sourced after stack.sh.
# shellcheck shell=bash
#
#   provider_start [OPTION…]   odw-llm-provider on a free port, its log in $PROVIDER_LOG; PROVIDER_URL says where. Ends with the test
#   provider_stat NAME         a number of its /stats
#   provider_saw TEXT          how many requests had this text in a document
#   llm_install                odw-udf-llm, its contracts and its declarations, in $ODW_USER_SCRIPTS
#   llm_config [JQ]            llm.json with the scripted provider, changed by a jq expression; the functions' processes read it with the next block
#   memo KEY VALUE…            a document of "key: value" lines

provider_start() {
    PROVIDER_LOG=$STACK_DIR/provider.log
    rm -f "$STACK_DIR/provider.port" # of one before
    "$ODW_BUILD/bin/odw-llm-provider" --log "$PROVIDER_LOG" "$@" >"$STACK_DIR/provider.port" 2>"$STACK_DIR/provider.err" &
    PROVIDER_PID=$!
    trap 'status=$?; set +e; kill "$PROVIDER_PID" 2>/dev/null; (exit $status); stack_stop' EXIT
    wait_until 10 test -s "$STACK_DIR/provider.port"
    PROVIDER_URL=http://127.0.0.1:$(cat "$STACK_DIR/provider.port")/v1
}

provider_stop() {
    kill "$PROVIDER_PID"
    wait "$PROVIDER_PID" 2>/dev/null || true
}

provider_stat() {
    curl -sf "${PROVIDER_URL%/v1}/stats" | jq ".$1"
}

provider_saw() {
    jq -c --arg text "$1" 'select(.document | contains($text))' "$PROVIDER_LOG" | wc -l
}

llm_install() {
    local at=$ODW_USER_SCRIPTS
    mkdir -p "$at/odw/contracts" "$at/odw/llm"
    cp contracts/dental_appointment.schema.json contracts/invoice.schema.json "$at/odw/contracts/"
    cp "$ODW_BUILD/bin/odw-udf-llm" "$at/"
    "$at/odw-udf-llm" --xml >"$ODW_FUNCTIONS_CONFIG/odw_llm_function.xml"
    sql 'SYSTEM RELOAD FUNCTIONS'
}

llm_config() {
    local file=$ODW_USER_SCRIPTS/odw/llm/llm.json
    [ -f "$ODW_USER_SCRIPTS/odw/llm/provider.key" ] || (umask 077 && echo 'sk-test-0123456789' >"$ODW_USER_SCRIPTS/odw/llm/provider.key")
    jq -n --arg url "$PROVIDER_URL" '{
        providers: { scripted: { api: "openai", url: $url, key_file: "provider.key", in_flight: 16, timeout: "20s", retries: 3 } },
        models: { small: { provider: "scripted", id: "scripted", price_in: 1, price_out: 2, max_tokens: 500 } },
        model: "small" }' | jq "${1:-.}" >"$file.new"
    mv "$file.new" "$file"
}

memo() {
    while [ $# -gt 1 ]; do
        printf '%s: %s\n' "$1" "$2"
        shift 2
    done
}
