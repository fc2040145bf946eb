#!/bin/bash
# Each line of cases/*.in is a command line of odw; .out beside it: exit code, stdout, then stderr (marked "! ").
# No stack that is up beside these sources is asked.
set -eu
odw=$1/bin/odw failed=0
root=$(cd ../../.. && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for case in cases/*.in; do
    : >"$work/out"
    while IFS= read -r line; do
        read -ra arguments <<<"$line"
        status=0
        (cd "$work" && env -i PATH="$PATH" ODW_STATE_DIR="$work/state" "$odw" ${arguments[@]+"${arguments[@]}"}) >"$work/stdout" 2>"$work/stderr" </dev/null || status=$?
        { echo "\$ odw $line" && sed -E 's/ [0-9]+\.[0-9]+(\.[0-9]+)?$/ VERSION/' "$work/stdout" && sed "s/^/! /; s|$root|ROOT|g" "$work/stderr" && echo "exit $status"; } >>"$work/out"
    done <"$case"
    if [ -n "${UPDATE:-}" ]; then
        cp "$work/out" "${case%.in}.out"
    elif ! diff -u "${case%.in}.out" "$work/out"; then
        echo "FAILED: $case" >&2
        failed=1
    fi
done
exit "$failed"
