#!/usr/bin/env python3
"""What piiRedact replaces in machine logs, where next to nothing is personal: findings per type, and lines with one (addresses aside) per 10,000.

FILES are read as they are, or through gzip by their name; a line of theirs is a row.
"""

import argparse
import collections
import gzip

from score import detect

BLOCK = 50000  # lines in a call
ADDRESSES = ("IPV4", "IPV6", "MAC")
KEPT = ("UUID", "URL", "DATE")  # what the default policy lets stand


def lines_of(name):
    with gzip.open(name) if name.endswith(".gz") else open(name, "rb") as file:
        for line in file:
            yield line.rstrip(b"\r\n")


def blocks(names):
    block = []
    for name in names:
        for line in lines_of(name):
            block.append(line)
            if len(block) == BLOCK:
                yield block
                block = []
    if block:
        yield block


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--udf", required=True, help="the program odw-udf")
    parser.add_argument("--verbose", action="store_true", help="print what is found, and what stands around it")
    parser.add_argument("files", nargs="+")
    args = parser.parse_args()

    found, lines, size, hit = collections.Counter(), 0, 0, 0
    for block in blocks(args.files):
        lines += len(block)
        size += sum(map(len, block))
        for line, spans in zip(block, detect(args.udf, block)):
            found.update(kind for kind, _, _ in spans if kind not in KEPT)
            spans = [span for span in spans if span[0] not in ADDRESSES + KEPT]
            hit += bool(spans)
            if args.verbose:
                for kind, start, end in spans:
                    text = line[max(0, start - 60) : end + 20].decode(errors="replace")
                    print(f"{kind}\t{line[start:end].decode(errors='replace')}\t{text}")
    for kind, n in found.most_common():
        print(f"{kind:28s}{n:9d}")
    print(f"{size / 1e6:.1f} MB, {lines} lines; {hit} with a finding that is no address, {10000 * hit / max(lines, 1):.2f} in 10,000")


if __name__ == "__main__":
    main()
