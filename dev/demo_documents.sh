# dev/demo_documents: the documents' part of dev/demo, by which it is sourced: memos of a dental practice, as text, PDF and scans, are put
# into the embedded S3, loaded, read by the embedded language model, and become rows with the words that each value came from.
# shellcheck shell=bash disable=SC2154 # odw, state and terminal are dev/demo's

memos=${DEMO_MEMOS:-15}

# s3 METHOD PATH [CURL-OPTION…]: asks the embedded S3 server.
s3() {
    local method=$1 path=$2
    shift 2
    curl -sS --fail-with-body -X "$method" --aws-sigv4 "aws:amz:$ODW_S3_REGION:s3" --user "$ODW_S3_ACCESS_KEY:$(cat "$ODW_S3_SECRET_KEY_FILE")" \
        -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "$@" "$ODW_S3_URL$path"
}

put_memos() {
    local file type
    "$odw" llm sample "$state/memos" --count "$memos" --seed 1 || return 1
    s3 PUT /memos >/dev/null 2>&1 || s3 HEAD /memos -I >/dev/null || return 1
    for file in "$state"/memos/*; do
        case $file in
        *.txt) type=text/plain ;;
        *.pdf) type=application/pdf ;;
        *.png) type=image/png ;;
        *) continue ;;
        esac
        s3 PUT "/memos/2026/${file##*/}" -H "Content-Type: $type" -T "$file" >/dev/null || return 1
    done
}

answered() {
    sql "SELECT countIf(NOT startsWith(status, 'pending')) FROM extractions WHERE contract = 'dental_appointment'"
}

title "Documents: $memos memos of a dental practice, as text, PDF and scans"
dev/llm/configure "$state" || fail "the embedded language model can't be used" "dev/status says whether it runs; DEMO_LLM=0 leaves documents out"
put_memos || fail "the memos could not be put into the embedded S3" "dev/status says whether it is up, dev/logs s3 what it says"
"$odw" load documents 's3://memos/**.{txt,pdf,png}' --contract dental_appointment ||
    fail "the memos could not be loaded" "dev/status says what is not up"
deadline=$((SECONDS + 60 + 40 * memos)) # the model may have a tenth of a core
until [ "$(answered)" -ge "$memos" ]; do
    [ "$SECONDS" -lt "$deadline" ] || fail "not every memo was read in time" "$odw status says what is stopped and why; dev/logs llm"
    [ -z "$terminal" ] || printf '\r\033[K%s of %s memos are read by the model' "$(answered)" "$memos"
    sleep 1
done
[ -z "$terminal" ] || printf '\r\033[K'
there() { [ "$(sql "SELECT countIf(status = 'ok') = (SELECT count() FROM medical_records) FROM extractions WHERE contract = 'dental_appointment'")" = 1 ]; }
deadline=$((SECONDS + 30))
until there; do
    [ "$SECONDS" -lt "$deadline" ] || fail "not every record has become a row" "$odw status says whether the views are well"
    sleep 0.2
done
sql "SELECT concat(leftPad(toString(count()), 8), ' documents: ', arrayStringConcat(arrayMap(m -> concat(toString(m.2), ' by ', m.1), arraySort(groupUniqArray((method, n)))), ', '))
     FROM (SELECT method, count() OVER (PARTITION BY method) AS n FROM documents WHERE contract = 'dental_appointment') FORMAT TSVRaw"
sql "SELECT concat(leftPad(toString(countIf(status = 'ok')), 8), ' records by ', any(model), ', ', toString(sum(tokens_in) + sum(tokens_out)), ' tokens, ',
            toString(round(avg(latency_ms) / 1000, 1)), ' s a document') FROM extractions WHERE contract = 'dental_appointment' FORMAT TSVRaw"
sql "SELECT concat(leftPad(toString(count()), 8), ' dead letters: no record that holds to the contract could be made of them') FROM dead_letters WHERE class = 'extraction' FORMAT TSVRaw"
sql "SELECT concat(leftPad(toString(count()), 8), '  ', substring(any(violations[1]), 1, 110)) FROM dead_letters WHERE class = 'extraction'
     GROUP BY splitByChar(':', violations[1])[1] ORDER BY count() DESC FORMAT TSVRaw"

title "GET /api/medical_records?limit=3&grounding=true"
page=$(curl -sS --fail-with-body "$ODW_SHIM_URL/api/medical_records?limit=3&grounding=true") || fail "the shim did not answer: $page" "dev/status, dev/logs shim"
jq -c '.items[] | del(.document, .model, .extracted_at)' <<<"$page"
