#!/bin/bash
# docs/functions.md is what the declarations say; UPDATE=1 (make docs) writes it.
set -eu
page=$(mktemp)
trap 'rm -f "$page"' EXIT
"$1/bin/odw-udf" --docs >"$page"
if [ -n "${UPDATE:-}" ]; then
    cat "$page" >docs/functions.md
elif ! diff -u docs/functions.md "$page"; then
    echo 'docs/functions.md is not what the declarations say: make docs' >&2
    exit 1
fi
