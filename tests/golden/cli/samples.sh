#!/bin/bash
# The same seed makes the same documents: samples/CONTRACT.out holds the first of each kind, with what is to be found in it.
set -eu
odw=$1/bin/odw failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for expected in samples/*.out; do
    contract=$(basename "$expected" .out)
    "$odw" llm sample "$work/$contract" --contract "$contract" --count 15 --formats txt --seed 7 >/dev/null
    (cd "$work/$contract" && for file in *.txt; do echo "== $file" && cat "$file" "${file%.txt}.json"; done) >"$work/out"
    if [ -n "${UPDATE:-}" ]; then
        cp "$work/out" "$expected"
    elif ! diff -u "$expected" "$work/out"; then
        failed=1
    fi
done
exit "$failed"
