# tests/lib/documents: documents on their way to records, for a test. Sourced after path.sh.
# shellcheck shell=bash
#
#   produce_documents CONTRACT FILE…  a message for each file, as odw load documents makes them
#   pending                           how many documents a model is still to be asked about
#   all_asked                         true once there is none, and every message is consumed
#   records_are_rows                  true once the newest record of each document is a row of medical_records

produce_documents() {
    local contract=$1 file
    shift
    for file in "$@"; do
        jq -cn --arg id "${file##*/}" --arg path "$file" --arg contract "$contract" --rawfile content <(base64 -w0 "$file") \
            '{id: $id, source_file_path: $path, content: $content, contract: $contract, modified_at: "2026-11-01T00:00:00Z"}'
    done | produce documents -X message.max.bytes=16000000
}

pending() {
    sql "SELECT count() FROM $ODW_DATABASE.extractions_pending"
}

all_asked() {
    consumed && [ "$(pending)" = 0 ]
}

records_are_rows() {
    [ "$(sql "SELECT (SELECT countIf(status = 'ok' AND contract = 'dental_appointment') FROM $ODW_DATABASE.extractions) =
        (SELECT count() FROM $ODW_DATABASE.medical_records)")" = 1 ]
}
