#!/usr/bin/env python3
"""tests/lib/documents_check.py DIR: what was read (lines of JSON on standard input: file, method, pages, error, text) against what DIR expects."""
import json
import os
import sys

where, wrong, seen = sys.argv[1], 0, set()
for line in sys.stdin:
    got = json.loads(line)
    name = os.path.basename(got["file"])
    seen.add(name)
    with open(os.path.join(where, name + ".expected"), encoding="utf-8") as f:
        expected = f.read().splitlines()
    for want in expected:
        if want.startswith("= "):
            ok = want == "= %s %d" % (got["method"], got["pages"])
        elif want.startswith("! "):
            ok = want[2:] in got["error"] and got["text"] == "" and got["pages"] == 0
        elif want.startswith("-"):
            ok = want[1:] not in got["text"]
        else:
            ok = want in got["text"]
        if not ok:
            wrong += 1
            print("%s: expected %r, got method %r, pages %d, error %r, text %r" % (name, want, got["method"], got["pages"], got["error"], got["text"][:300]))
missing = {n[:-9] for n in os.listdir(where) if n.endswith(".expected")} - seen
for name in sorted(missing):
    wrong += 1
    print("%s: no answer at all" % name)
print("%d documents, %d differences" % (len(seen), wrong))
sys.exit(wrong > 0)
