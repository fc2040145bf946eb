#!/bin/bash
# Documents become rows by what a model says about them: what isn't in the document is not in the row; each failure is a dead letter with
# its reason, and becomes a row when the contract has changed and it is sent again; a server that is killed in the middle costs no
# document, and repeats only the requests that were in flight; nothing of a document or a key is in a log.
set -euo pipefail
. tests/lib/stack.sh
. tests/lib/path.sh
. tests/lib/llm.sh
. tests/lib/documents.sh
stack_start kafka clickhouse
export ODW_ROOT=$STACK_DIR/root
declarations_copy "$ODW_ROOT"
cat >"$ODW_ROOT/contracts/remark.schema.json" <<'END'
{ "type": "object", "required": ["remark", "patient_age"], "properties": {
    "remark": { "type": ["string", "null"] }, "patient_age": { "type": ["integer", "null"] } } }
END
odw functions install >/dev/null
odw apply >/dev/null
memos=$STACK_DIR/memos
mkdir -p "$memos/late"
mkdir -p "$ODW_USER_SCRIPTS/odw/llm"
provider_start --latency 200
llm_config '.providers.scripted.in_flight = 4'

# note FOLDER NUMBER [WHAT-THE-PROVIDER-IS-TO-DO]
note() {
    {
        echo "memo $2"
        memo 'patient name' 'Ada Lovelace' 'patient age' "$((20 + $2 % 60))" 'scheduled appointment date' 'May 4, 2026' \
            'dental procedure name' 'root canal' doctor 'Dr. Hopper' remark "Lovelace $2 called"
        echo "${3:-}"
    } >"$1/$2.txt"
}
asked() { jq -r .document "$PROVIDER_LOG" | grep -c "^memo $1\$" || true; }
row() { sql "SELECT $2 FROM $ODW_DATABASE.medical_records WHERE document = '$1.txt' FORMAT TSVRaw"; }
of() { sql "SELECT $2 FROM $ODW_DATABASE.extractions WHERE document = '$1.txt' FORMAT TSVRaw"; }
place() { of "$1" "concat(_topic, '/', toString(_partition), '/', toString(_offset))"; }
letter() { odw dlq list --class extraction --status "${2:-open}" --json | jq -r --arg place "$(place "$1")" 'select(.id == $place) | .violations[0]'; }
letters() { [ "$(odw dlq list --class extraction --status "$1" --json | wc -l)" = "$2" ]; }

note "$memos" 1
note "$memos" 2
note "$memos" 3 '[[retry-after:1]]'
note "$memos" 4 '[[fenced]]'
note "$memos" 5 '[[invented]]'
note "$memos" 6 '[[refusal:1]]'
note "$memos" 7 '[[prose]]'
note "$memos" 8 '[[wrong:2]]'
produce_documents dental_appointment "$memos"/[1-8].txt
note "$memos" 20 '[[invented]]'
produce_documents remark "$memos/20.txt"
note "$memos" 21
produce_documents nonsense "$memos/21.txt"
wait_until 120 all_asked
wait_until 30 records_are_rows

expect 'a row' 'Ada Lovelace|21|May 4, 2026|2026-05-04|root canal|Dr. Hopper|1' \
    "$(row 1 "concat(patient_name, '|', toString(patient_age), '|', scheduled_appointment_date, '|', toString(appointment_day), '|',
        dental_procedure_name, '|', doctor, '|', toString(phone_number IS NULL))")"
expect 'the words that a value came from' 'Ada Lovelace' "$(row 1 "arrayFirst(g -> g.field = 'patient_name', grounding).words")"
expect 'the place of those words' 'Ada Lovelace' "$(sql "SELECT substring(text, g.start + 1, g.end - g.start) FROM
    (SELECT arrayFirst(g -> g.field = 'patient_name', grounding) AS g FROM $ODW_DATABASE.medical_records WHERE document = '1.txt') AS r,
    (SELECT text FROM $ODW_DATABASE.documents WHERE id = '1.txt') AS d FORMAT TSVRaw")"
expect 'a document that the provider was too busy for at first' ok "$(of 3 status)"
expect 'what is not in the document' 'ok|1|absent' \
    "$(of 20 "concat(status, '|', toString(JSONExtractString(record, 'remark') = ''), '|', arrayFirst(g -> g.field = 'remark', grounding).how)")"
expect 'rows' 4 "$(sql "SELECT count() FROM $ODW_DATABASE.medical_records")"
wait_until 30 letters open 5
for case in 5:ungrounded 6:refusal 7:parse 8:contract; do
    expect "what became of memo ${case%%:*}" "${case#*:}" "$(of "${case%%:*}" status)"
    [[ $(letter "${case%%:*}") == "${case#*:}: "* ]] || stack_fail "the letter of memo $case: $(letter "${case%%:*}")"
done
[[ $(letter 21) == *'got "nonsense"' ]] || stack_fail "the letter of a contract that there isn't: $(letter 21)"
odw dlq show "$(place 8)" --payload >"$STACK_DIR/payload"
jq -e '.document == "8.txt" and .contract == "dental_appointment" and .answer != "" and .attempts == 2 and .tokens_in > 0' "$STACK_DIR/payload" >/dev/null ||
    stack_fail "the letter doesn't say what was answered: $(cat "$STACK_DIR/payload")"
expect 'requests about a memo that was refused' 1 "$(asked 6)"

# Under a changed contract, sent again: what gets a good answer now is a row, and its letter is closed; the others are open again.
sed -i 's/First and last name of the patient/The full name of the patient/' "$ODW_ROOT/contracts/dental_appointment.schema.json"
odw apply >/dev/null
odw dlq replay --all --class extraction 2>/dev/null
wait_until 60 letters recovered 2
wait_until 60 letters open 3
wait_until 60 all_asked
wait_until 30 records_are_rows
expect 'rows after the replay' 6 "$(sql "SELECT count() FROM $ODW_DATABASE.medical_records")"
expect 'requests about a memo that has a record' 1 "$(asked 1)"
[ "$(asked 6)" = 2 ] || stack_fail "memo 6 was asked about $(asked 6) times"

# Answered under a contract that changes before the answer is a row: a letter, which the former contract makes a row of.
sql "SYSTEM STOP VIEW $ODW_DATABASE.medical_records_refresh"
note "$memos" 30
produce_documents dental_appointment "$memos/30.txt"
wait_until 60 all_asked
expect 'an answer that is no row yet' ok "$(of 30 status)"
sed -i 's/"maximum": 130/"maximum": 40/' "$ODW_ROOT/contracts/dental_appointment.schema.json"
odw apply >/dev/null
sql "SYSTEM START VIEW $ODW_DATABASE.medical_records_refresh"
is_letter() { [[ $(letter 30) == 'contract: the contract has changed'* ]]; }
wait_until 60 is_letter
odw dlq show "$(place 30)" | grep -q '/patient_age: expected an integer from 0 to 40 or null, got 50' || stack_fail "the letter: $(odw dlq show "$(place 30)")"
expect 'rows that there were before' 6 "$(sql "SELECT count() FROM $ODW_DATABASE.medical_records")"
sed -i 's/"maximum": 40/"maximum": 130/' "$ODW_ROOT/contracts/dental_appointment.schema.json"
odw apply >/dev/null
odw dlq replay "$(place 30)" 2>/dev/null
wait_until 60 letters recovered 3
wait_until 30 records_are_rows

# Killed in the middle, twice.
for i in $(seq 100 139); do note "$memos/late" "$i"; done
produce_documents dental_appointment "$memos/late"/*.txt
late() { jq -r .document "$PROVIDER_LOG" | grep -cE '^memo 1[0-9][0-9]$' || true; }
late_are() { [ "$(late)" -ge "$1" ]; }
up_again() { sql 'SELECT 1' >/dev/null 2>&1; }
for n in 8 24; do
    wait_until 60 late_are $n
    kill -9 "$(cat "$STACK_DIR/clickhouse.pid")"
    wait_until 60 up_again
done
late_rows() { [ "$(sql "SELECT count() FROM $ODW_DATABASE.medical_records WHERE toUInt32OrZero(splitByChar('.', document)[1]) >= 100")" = 40 ]; }
wait_until 180 late_rows
if [ "$(late)" -lt 40 ] || [ "$(late)" -gt 48 ]; then
    stack_fail "expected 40 requests and at most the 4 in flight again for each of 2 kills, got $(late)"
fi
echo "requests about 40 memos, with two kills: $(late)"

# Erased while a model is being asked about it: nothing that was made of it comes later, and the cache forgets it by its name.
note "$memos" 60 '[[slow]]'
sed -i 's/Ada Lovelace/Mary Somerville/' "$memos/60.txt"
produce_documents dental_appointment "$memos/60.txt"
is_asked() { [ "$(asked 60)" -ge 1 ]; }
wait_until 60 is_asked
odw erase --source documents id=60.txt --yes | grep -q 'cache clear --containing' || stack_fail 'odw erase does not speak of the cache'
expect 'what was made of an erased document' '0 0' "$(sql "SELECT (SELECT count() FROM $ODW_DATABASE.extraction_records WHERE document = '60.txt'),
    (SELECT count() FROM $ODW_DATABASE.medical_records_rows WHERE document = '60.txt') FORMAT TSV" | tr '\t' ' ')"
kept() { odw llm cache stats --json | jq .answers; }
before=$(kept)
odw llm cache clear --containing 'Mary Somerville' 2>"$STACK_DIR/said"
grep -qx 'removed 1 answers' "$STACK_DIR/said" || stack_fail "the cache said: $(cat "$STACK_DIR/said")"
expect 'answers that are kept' "$((before - 1))" "$(kept)"
if grep -aq Somerville "$ODW_USER_SCRIPTS/odw/llm/state"/answers.sqlite*; then stack_fail 'a name that was cleared is in the cache'; fi

if grep -lE 'Lovelace|sk-test' "$STACK_DIR"/log/*; then
    stack_fail "a log has a document's text or a key"
fi
wait_until 60 consumed
odw audit >/dev/null
echo passed
