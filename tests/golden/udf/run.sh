#!/bin/bash
# Each line of cases/*.in is a command line of odw-udf; .out beside it: stdout, then stderr (marked "! "), then the exit code.
# It runs in a folder with contracts/ (an event's, a damaged one, one whose name says another hash); input is empty.
set -eu
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/contracts" "$work/empty" "$work/bin"
# Alone in a folder, as where it's installed: it looks for odw/contracts beside itself, and in build/bin odw is a program.
program=$work/bin/odw-udf
cp "$1/bin/odw-udf" "$program"
contract='{"title": "tiny", "type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}'
echo "$contract" >"$work/contracts/tiny.schema.json"
tiny=$(cd "$work" && "$program" --list --contracts contracts | sed -n 's/^tinyRecord_\([0-9a-f]*\)(.*/\1/p')
[ "${#tiny}" -eq 16 ] || { echo "expected a record function of 16 hex digits, got '$tiny'" >&2; exit 1; }
mkdir "$work/damaged"
echo "$contract" >"$work/damaged/tiny.0000000000000000.schema.json"
echo '{' >"$work/damaged/tiny.1111111111111111.schema.json"
for case in cases/*.in; do
    : >"$work/out"
    while IFS= read -r line; do
        read -ra arguments <<<"${line//TINY/$tiny}"
        status=0
        (cd "$work" && env -i PATH="$PATH" "$program" ${arguments[@]+"${arguments[@]}"}) >"$work/stdout" 2>"$work/stderr" </dev/null || status=$?
        {
            echo "\$ odw-udf $line"
            sed -E 's/[0-9]+\.[0-9]+(\.[0-9]+)?( [0-9]{4}-[0-9]{2}-[0-9]{2})?/VERSION/g' "$work/stdout" | sed "s/$tiny/TINY/g"
            sed "s/$tiny/TINY/g; s|$(dirname "$program")|BIN|g; s/^/! /" "$work/stderr"
            echo "exit $status"
        } >>"$work/out"
    done <"$case"
    if [ -n "${UPDATE:-}" ]; then
        cp "$work/out" "${case%.in}.out"
    elif ! diff -u "${case%.in}.out" "$work/out"; then
        echo "FAILED: $case" >&2
        failed=1
    fi
done
exit "$failed"
