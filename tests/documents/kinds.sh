#!/bin/bash
# Documents of every kind, and hostile ones, through lib/doc's processes: each says what it must.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 tests/lib/documents.py "$work"
find "$work" -type f ! -name '*.expected' -print0 | sort -z | xargs -0 "${ODW_BUILD:-build}/tests/test_documents" >"$work.json"
python3 tests/lib/documents_check.py "$work" <"$work.json"
rm -f "$work.json"
