#!/bin/bash
# Every function of odw's is without a fault. Each program in programs/ says in its head how it is declared ("lint: …"), and the
# checks that fail ("fails: …") or are noted ("notes: …"), no others.
set -eu
udf=$1/bin/odw-udf
failed=0
for name in $("$udf" --list --contracts ../../../contracts | sed -n 's/^\([A-Za-z0-9_]*\)(.*/\1/p'); do
    "$udf" lint --rows 30000 --contracts ../../../contracts "$name" >"$1/lint.out" && tail -n 1 "$1/lint.out" | grep -q ' 0 failed, 0 notes$' || {
        grep -v '^ok\|^skipped' "$1/lint.out" >&2 || true
        failed=1
    }
done
for program in programs/*; do
    said() { sed -n "s/^# $1: //p" "$program"; }
    read -ra options <<<"$(said lint)"
    status=0
    "$udf" lint --rows 3000 --timeout 2000 --json ${options[@]+"${options[@]}"} bash "$program" >"$1/lint.out" || status=$?
    fails=$(sed -n 's/.*"check":"\([^"]*\)","verdict":"failed".*/\1/p' "$1/lint.out" | xargs)
    notes=$(sed -n 's/.*"check":"\([^"]*\)","verdict":"note".*/\1/p' "$1/lint.out" | xargs)
    expected=$(said fails)
    if [ "$fails" != "$expected" ] || [ "$notes" != "$(said notes)" ] || [ "$status" != "$([ -z "$expected" ] && echo 0 || echo 1)" ]; then
        echo "$program: expected \"$expected\" to fail, \"$(said notes)\" to be noted; got \"$fails\", \"$notes\", exit $status" >&2
        grep -v '"ok"\|"skipped"' "$1/lint.out" >&2 || true
        failed=1
    fi
done
# By ClickHouse's own declaration, which names a command of the scripts folder.
cat >"$1/lint_function.xml" <<'XML'
<functions><function><type>executable_pool</type><name>first</name><argument><name>a</name><type>UInt64</type></argument>
<return_type>UInt64</return_type><format>TabSeparated</format><command>echo.sh</command></function>
<function><type>executable_pool</type><name>second</name><argument><type>String</type></argument><argument><name>n</name><type>Nullable(Int32)</type></argument>
<return_type>String</return_type><return_name>r</return_name><format>JSONEachRow</format><command>perl -ne '$|=1; print "{\"r\":\"x\"}\n"'</command>
<execute_direct>0</execute_direct></function></functions>
XML
lint() { "$udf" lint --rows 3000 --timeout 2000 --declaration "$1/lint_function.xml" "${@:2}" >"$1/lint.out" 2>&1; }
lint "$1" && echo 'two functions, none named: not refused' >&2 && failed=1
grep -q 'it declares 2 functions: name one by --name' "$1/lint.out" || { cat "$1/lint.out" >&2; failed=1; }
lint "$1" --name first --scripts "$PWD/programs" || { cat "$1/lint.out" >&2; failed=1; }
lint "$1" --name second || { cat "$1/lint.out" >&2; failed=1; }
exit "$failed"
