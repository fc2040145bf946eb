#!/bin/bash
# docs/functions.md is what the declarations say; UPDATE=1 (make docs) writes it.
set -eu
page=$(mktemp)
trap 'rm -f "$page"' EXIT
for program in "$1"/bin/odw-udf "$1"/bin/odw-udf-*; do
    [ ! -x "$program" ] || "$program" --docs >>"$page"
done
if [ -n "${UPDATE:-}" ]; then
    cat "$page" >docs/functions.md
elif ! diff -u docs/functions.md "$page"; then
    echo 'docs/functions.md is not what the declarations say: make docs' >&2
    exit 1
fi
