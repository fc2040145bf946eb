#!/usr/bin/env bash
# odw llm as people try it: a folder of documents with their truth is made, scored, scored again for nothing, and asked what it cost; what is wrong is said, with
# what was expected, and changes nothing. Against the scripted provider.
set -euo pipefail
build=${ODW_BUILD:-build}
work=$(mktemp -d "${TMPDIR:-/tmp}/odw-test.XXXXXX")
for name in $(compgen -e ODW_); do
    case $name in ODW_BUILD) ;; *) unset "$name" ;; esac
done
export ODW_STATE_DIR=$work/none
"$build/bin/odw-llm-provider" --log "$work/log" --key sk-test-0123456789 >"$work/port" 2>"$work/err" &
provider=$!
trap 'kill "$provider"; rm -rf "$work"' EXIT

fail() {
    echo "FAILED: $*" >&2
    exit 1
}
odw() { "$build/bin/odw" "$@"; }
# refused STATUS WORDS ARGUMENT…: odw llm ends with this exit code and says these words on stderr.
refused() {
    local status=0 expected=$1 words=$2
    shift 2
    odw llm "$@" >"$work/out" 2>"$work/said" || status=$?
    [ "$status" = "$expected" ] || fail "odw llm $*: expected exit $expected, got $status: $(cat "$work/said")"
    grep -qE -e "$words" "$work/said" || fail "odw llm $*: expected '$words', got $(cat "$work/said")"
    ! grep -qF sk-test "$work/out" "$work/said" || fail "odw llm $*: the key was said"
}
config() {
    jq -n --arg url "http://127.0.0.1:$(cat "$work/port")/v1" '{ providers: { scripted: { url: $url, key_file: "key", retries: 0 } },
        models: { good: { provider: "scripted", id: "scripted", price_in: 1, price_out: 2 }, bad: { provider: "scripted", id: "scripted+invented" } }, model: "good" }' |
        jq "${1:-.}" >"$work/home/llm/llm.json"
}
for _ in $(seq 100); do [ ! -s "$work/port" ] || break && sleep 0.1; done
mkdir -p "$work/home/llm" "$work/documents"
(umask 077 && echo sk-test-0123456789 >"$work/home/llm/key")
for n in 1 2 3 4; do
    printf 'Patient name: Ada %s Lovelace\nPatient age: %s\nDoctor: Dr. Grace Hopper\n' "$n" "$((30 + n))" >"$work/documents/$n.txt"
    jq -n --arg n "$n" '{patient_name: "Ada \($n) Lovelace", patient_age: (30 + ($n | tonumber)), phone_number: null, scheduled_appointment_date: null, dental_procedure_name: null, doctor: "Dr. Grace Hopper"}' >"$work/documents/$n.json"
done

# What is wrong is said.
refused 2 'expected --contract' eval "$work/documents" --home "$work/home"
refused 2 'one of them' eval "$work/documents" --contract dental_appointment --instructions a --instructions-file b
refused 1 '/nowhere can.t be read' eval /nowhere --contract dental_appointment --home "$work/home"
refused 1 'expected --home' eval "$work/documents" --contract dental_appointment
mkdir "$work/empty"
refused 1 'found none' eval "$work/empty" --contract dental_appointment --home "$work/home"
echo 'no JSON' >"$work/empty/a.json" && echo text >"$work/empty/a.txt"
refused 1 'a.json: expected a JSON object' eval "$work/empty" --contract dental_appointment --home "$work/home"
score() { odw llm eval "$work/documents" --contract dental_appointment --home "$work/home" --json "$@"; }
expect() {
    local got
    got=$(jq -c "$2" <<<"$3")
    [ "$got" = "$4" ] || fail "$1: expected $4, got $got of $3"
}
refused 1 'no document was answered: configuration: .*llm.json' eval "$work/documents" --contract dental_appointment --home "$work/home"
config
refused 1 "has no model 'other'" eval "$work/documents" --contract dental_appointment --home "$work/home" --model other
refused 1 'contract of the name nothing_of_this_name' eval "$work/documents" --contract nothing_of_this_name --home "$work/home"
[ ! -s "$work/log" ] || fail "something was asked: $(cat "$work/log")"

# A model that finds everything, for nothing the second time; one that makes values up; both beside one another.
first=$(score)
expect 'a good model' '[.statuses, .requests, .cached]' "$first" '[{"ok":4},4,0]'
expect 'the same again' '[.statuses, .requests, .cached]' "$(score)" '[{"ok":4},0,4]'
expect 'two models' .statuses "$(score --model bad | head -n 1)" '{"ungrounded":4}'
[ "$(score --model good,bad | jq -r .model | xargs)" = 'good bad' ] || fail "two models: got $(score --model good,bad)"
expect 'other instructions are another question' .requests "$(score --instructions 'The name is at the top.')" 4
odw llm eval "$work/documents" --contract dental_appointment --home "$work/home" --model bad --wrong >"$work/out"
grep -q 'is not in the document' "$work/out" || fail "--wrong doesn't say what is: $(cat "$work/out")"

# What it cost, what is kept, and what is not any more.
mkdir "$work/scripts" && ln -s "$work/home" "$work/scripts/odw"
usage=$(odw llm usage --user-scripts "$work/scripts" --json)
expect 'usage' 'select(.model == "good") | [.requests, .failed, .from_cache >= 8]' "$usage" '[8,0,true]'
expect 'and its cost' 'select(.model == "good") | .cost > 0' "$usage" true
stats() { odw llm cache stats --json --user-scripts "$work/scripts"; }
expect 'answers' '.answers > 12' "$(stats)" true
odw llm cache clear --model bad --user-scripts "$work/scripts" 2>"$work/said"
expect 'answers of one model' .answers "$(stats)" 8
odw llm cache clear --older-than 1d --user-scripts "$work/scripts" 2>"$work/said"
grep -q 'removed 0 answers' "$work/said" || fail "clear --older-than: got $(cat "$work/said")"
odw llm cache clear --user-scripts "$work/scripts" 2>"$work/said"
expect 'no answers' .answers "$(stats)" 0
expect 'what was used stays counted' 'select(.model == "good") | .requests' "$(odw llm usage --user-scripts "$work/scripts" --json)" 8
refused 2 'expected stats or clear' cache nonsense
refused 1 'no_such_folder/odw/llm/llm.json' usage --user-scripts "$work/no_such_folder"
refused 1 'no_such_folder/odw/llm/llm.json' cache stats --user-scripts "$work/no_such_folder"

# llm.json: what is wrong with it is said by name; nobody is asked, and the rows wait.
before=$(wc -l <"$work/log")
while IFS='%' read -r change words; do
    config "$change"
    refused_by=$(odw llm eval "$work/documents" --contract dental_appointment --home "$work/home" --wrong 2>&1 || true)
    grep -qE -e "$words" <<<"$refused_by" || fail "llm.json with $change: expected '$words', got $refused_by"
    ! grep -qF sk-test <<<"$refused_by" || fail "llm.json with $change: the key was said"
done <<'CASES'
.providers.scripted.key = "sk-test-0123456789"%providers/scripted/key: a key doesn't belong here
.providers.scripted.key_env = "NOT_SET"%expected key_env or key_file, got both
.providers.scripted |= (del(.key_file) + {key_env: "NOT_SET"})%the variable NOT_SET
.providers.scripted.key_file = "none"%key_file: .*none
.providers.scripted.in_flight = 0%in_flight: expected an integer from 1 to 1000
.providers.scripted.url = "http://me:secret@127.0.0.1/v1"%without credentials
.providers.scripted.timeout = "soon"%timeout: expected a duration
.providers.scripted.redacted = true%tokenize_key: redacted asks for a key
.models.good.provider = "other"%models/good/provider: expected the name of one of the providers
.models.good.prize = 3%models/good/prize: no such setting
.model = "other"%model: expected the name of one of the models
.limits = {month: {tokens: 1}}%limits/month: no such setting
.dates = "ymd"%dates: expected one of "dmy", "mdy"
.cache = {max_size: "much"}%max_size: expected a size
CASES
echo '{ "providers": {' >"$work/home/llm/llm.json"
odw llm eval "$work/documents" --contract dental_appointment --home "$work/home" --wrong >"$work/out" 2>&1 || true
grep -q 'llm.json:[12]: expected JSON' "$work/out" || fail "a file that is no JSON: got $(cat "$work/out")"
[ "$(wc -l <"$work/log")" = "$before" ] || fail "something was asked with a configuration that is wrong"
