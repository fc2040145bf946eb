#!/bin/bash
# Fifteen kinds of memos, as text, PDF and scan, by a real small model: each is answered, most become records, and at least a quarter of
# the values is right, which is what a model of this size can do. Prints accuracy per field, tokens and time.
set -euo pipefail
. tests/lib/stack.sh
deps=${ODW_DEPS:-$(dirname "$ODW_BUILD")/.deps}
if [ ! -f "$deps/llm/version" ]; then
    echo 'skipped: the language model is not installed (dev/install llm)'
    exit 77
fi
stack_start llm
home=$STACK_DIR/home memos=$STACK_DIR/memos
mkdir -p "$home/llm"
cat >"$home/llm/llm.json" <<END
{ "providers": { "embedded": { "url": "$ODW_LLM_URL", "key_file": "$ODW_LLM_KEY_FILE", "in_flight": 1, "timeout": "600s" } },
  "models": { "smollm2": { "provider": "embedded", "id": "smollm2-135m", "max_tokens": 256, "document_tokens": 2000, "extra": { "temperature": 0 } } },
  "model": "smollm2", "deadlines": { "row": "20m", "block": "30m" } }
END
"$ODW_BUILD/bin/odw" llm sample "$memos" --count 15
"$ODW_BUILD/bin/odw" llm eval "$memos" --contract dental_appointment --home "$home" --wrong
"$ODW_BUILD/bin/odw" llm eval "$memos" --contract dental_appointment --home "$home" --json >"$STACK_DIR/score" # by the cache
jq -e '.statuses.ok >= 8 and ([.statuses | to_entries[] | select(.key | startswith("pending"))] | length) == 0' "$STACK_DIR/score" >/dev/null ||
    stack_fail "not every memo was answered: $(jq -c .statuses "$STACK_DIR/score")"
jq -e '.all.accuracy >= 0.25' "$STACK_DIR/score" >/dev/null || stack_fail "accuracy: $(jq .all "$STACK_DIR/score")"
echo passed
