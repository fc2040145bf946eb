# tests/lib/store: the whole path with an S3 store, and a loader that reads from it. Sourced after path.sh.
# shellcheck shell=bash
#
#   store_start            path_start; skips the test where there is no S3 server; $work is a folder for it
#   s3 VERB BUCKET         what tests/lib/s3.py does to the store
#   load SOURCE ARGUMENT…  odw load; what it sent and what failed as JSON, what it said in $work/said
#   counts                 of that: "SENT FAILED"

store_start() {
    path_start
    if [ -z "${ODW_S3_URL:-}" ]; then
        echo 'skipped: there is no S3 server (dev/install run)'
        exit 77
    fi
    work=$STACK_DIR/work
    mkdir -p "$work"
}

s3() {
    python3 tests/lib/s3.py "$@"
}

load() {
    odw load "$@" --json 2>"$work/said" || { cat "$work/said" >&2; return 1; }
}

counts() {
    jq -r '"\(.acknowledged) \(.failed)"'
}
