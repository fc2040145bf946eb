#!/usr/bin/env bash
# Where a provider offers HTTP/2, many requests are in flight over one connection; an authority that llm.json names is the only one that is trusted.
set -euo pipefail
build=${ODW_BUILD:-build}
command -v node >/dev/null || { echo "skipped: there is no node" && exit 0; }
work=$(mktemp -d "${TMPDIR:-/tmp}/odw-test.XXXXXX")
for name in $(compgen -e ODW_); do
    case $name in ODW_BUILD) ;; *) unset "$name" ;; esac
done
export ODW_STATE_DIR=$work/none
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 2>"$work/err"
node tests/lib/http2_provider.js "$work/key.pem" "$work/cert.pem" >"$work/port" &
provider=$!
trap 'kill "$provider"; rm -rf "$work"' EXIT

fail() {
    echo "FAILED: $*" >&2
    exit 1
}
for _ in $(seq 300); do [ ! -s "$work/port" ] || break && sleep 0.1; done
url=https://127.0.0.1:$(cat "$work/port")
mkdir -p "$work/home/llm" "$work/documents"
for n in $(seq 40); do
    echo "Patient name: Ada $n Lovelace" >"$work/documents/$n.txt"
    jq -n --arg n "$n" '{patient_name: "Ada \($n) Lovelace"}' >"$work/documents/$n.json"
done
score() {
    jq -n --arg url "$url/v1" --arg ca "$1" '{ providers: { p: ({ url: $url, in_flight: 16, retries: 0 } + (if $ca == "" then {} else { ca_file: $ca } end)) }, models: { m: { provider: "p" } } }' >"$work/home/llm/llm.json"
    "$build/bin/odw" llm eval "$work/documents" --contract dental_appointment --home "$work/home" --json
}
! score '' >"$work/out" 2>"$work/said" || fail "an authority that nobody trusts: expected no answer, got $(cat "$work/out")"
grep -q 'no document was answered: provider: .*certificate' "$work/said" || fail "an authority that nobody trusts: got $(cat "$work/said")"
rm -r "$work/home/llm/state" # it remembers for some seconds that the provider was away
[ "$(score "$work/cert.pem" | jq -c .statuses)" = '{"ok":40}' ] || fail "over HTTP/2: got $(score "$work/cert.pem")"
stats=$(curl -s --cacert "$work/cert.pem" "$url/stats")
[ "$(jq -c '[.requests, .versions, .at_once > 4, .at_once <= 16]' <<<"$stats")" = '[40,{"2.0":40},true,true]' ] || fail "expected 40 requests over HTTP/2, many at once, got $stats"
# The refused one of before, theirs, and curl's.
[ "$(jq .connections <<<"$stats")" -le 4 ] || fail "expected them to share a connection, got $stats"
