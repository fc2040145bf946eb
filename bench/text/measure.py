#!/usr/bin/env python3
"""bench/text/measure.py corpus DIR | run NAME UNITS COMMAND…: makes the documents; runs a command and prints a table's line."""
import os
import resource
import subprocess
import sys
import time

FILES, PAGES, LINES, MEMOS, SCANS = 60, 20, 45, 400, 8


def corpus(where):
    sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "tests", "lib"))
    import documents
    for kind in ("pdf", "memos", "scans"):
        os.makedirs(os.path.join(where, kind))
    for i in range(FILES):
        pages = [documents.page_stream(["Clause %d.%d.%d: the party of part %d pays %d euros within thirty days of the invoice." % (i, p, n, n, i * n)
                                        for n in range(LINES)], 8) for p in range(PAGES)]
        with open(os.path.join(where, "pdf", "%03d.pdf" % i), "wb") as f:
            f.write(documents.pdf(pages))
    for i in range(MEMOS):
        with open(os.path.join(where, "memos", "%03d.txt" % i), "w", encoding="utf-8") as f:
            f.write("".join("%s (%d)\n" % (line, i) for line in documents.MEMO * 4))
    for i in range(SCANS):
        with open(os.path.join(where, "scans", "%03d.png" % i), "wb") as f:
            f.write(documents.draw((documents.MEMO + documents.WORDS) * 3, "png", i % 3, 12, 200))
    print(FILES * PAGES, MEMOS, SCANS)


def run(name, units, command):
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print("| %-46s | %8.1f | %8.2f |%s" % (name, units / wall, cpu * 1000 / units, "" if done.returncode == 0 else " exit code %d" % done.returncode), flush=True)


if sys.argv[1] == "corpus":
    corpus(sys.argv[2])
else:
    run(sys.argv[2], int(sys.argv[3]), sys.argv[4:])
