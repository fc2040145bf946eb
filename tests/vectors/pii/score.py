#!/usr/bin/env python3
"""Scores piiDetect over vectors: precision, recall and F1 per entity, Presidio's beside them in the same run."""

import argparse
import collections
import json
import struct
import subprocess
import sys
import time

# What the vectors call a type, where its name is another here.
OURS = {
    "EMAIL_ADDRESS": "EMAIL",
    "PHONE_NUMBER": "PHONE",
    "CREDIT_CARD": "CARD",
    "IBAN_CODE": "IBAN",
    "IP_ADDRESS": "IPV4 IPV6",
    "MAC_ADDRESS": "MAC",
    "DATE_TIME": "DATE DATE_OF_BIRTH",
    "ABA_ROUTING_NUMBER": "US_ABA",
    "US_BANK_NUMBER": "US_BANK_ACCOUNT",
    "US_DRIVER_LICENSE": "DRIVER_LICENSE",
    "UK_DRIVING_LICENCE": "DRIVER_LICENSE",
    "IT_DRIVER_LICENSE": "DRIVER_LICENSE",
    "KR_DRIVER_LICENSE": "DRIVER_LICENSE",
    "DE_FUEHRERSCHEIN": "DRIVER_LICENSE",
    "US_PASSPORT": "PASSPORT",
    "UK_PASSPORT": "PASSPORT",
    "DE_PASSPORT": "PASSPORT",
    "ES_PASSPORT": "PASSPORT",
    "IN_PASSPORT": "PASSPORT",
    "IT_PASSPORT": "PASSPORT",
    "KR_PASSPORT": "PASSPORT",
    "PH_PASSPORT": "PASSPORT",
    "ZA_PASSPORT": "PASSPORT",
    "MEDICAL_LICENSE": "US_DEA",
    "SG_NRIC_FIN": "SG_NRIC",
    "FI_PERSONAL_IDENTITY_CODE": "FI_HETU",
    "IT_VAT_CODE": "IT_VAT",
    "IT_IDENTITY_CARD": "IT_ID_CARD",
    "DE_VAT_ID": "DE_VAT",
    "KR_FRN": "KR_RRN",
    "TR_NATIONAL_ID": "TR_TCKN",
    "ZA_ID_NUMBER": "ZA_ID",
    "CA_POSTAL_CODE": "CA_POSTCODE",
    "UK_VEHICLE_REGISTRATION": "VEHICLE",
    "IN_VEHICLE_REGISTRATION": "VEHICLE",
    "NG_VEHICLE_REGISTRATION": "VEHICLE",
    "DE_KFZ": "VEHICLE",
    "URL": "URL URL_CREDENTIALS",
    "VERHOEFF": "IN_AADHAAR",
}
# What Presidio calls it, where the vectors name the check instead.
THEIRS = {"VERHOEFF": "IN_AADHAAR"}


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def varuint(n):
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


class Reader:
    """ClickHouse's Native format: a block of one column."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        if self.at + n > len(self.data):
            raise SystemExit(f"odw-udf answered {len(self.data)} bytes; a block goes on")
        self.at += n
        return self.data[self.at - n : self.at]

    def varuint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def string(self):
        return self.take(self.varuint())

    def numbers(self, code, n):
        return struct.unpack(f"<{n}{code}", self.take(struct.calcsize(code) * n))


def detect(udf, texts):
    """The spans of each text, as (type, start, end) in bytes, by the function that ClickHouse calls."""
    block = [f"{len(texts)}\n".encode(), varuint(1), varuint(len(texts)), varuint(4), b"text", varuint(6), b"String"]
    for text in texts:
        block += (varuint(len(text)), text)
    run = subprocess.run([udf, "piiDetect"], input=b"".join(block), stdout=subprocess.PIPE, check=True)
    reader, answers = Reader(run.stdout), []
    while len(answers) < len(texts):
        if reader.varuint() != 1:
            raise SystemExit("odw-udf answered no block of one column")
        rows = reader.varuint()
        reader.string(), reader.string()
        ends = reader.numbers("Q", rows)
        total = ends[-1] if rows else 0
        types = [reader.string().decode() for _ in range(total)]
        starts, lengths, _ = reader.numbers("I", total), reader.numbers("I", total), reader.numbers("f", total)
        spans = [(types[i], starts[i], starts[i] + lengths[i]) for i in range(total)]
        answers += [spans[(ends[k - 1] if k else 0) : ends[k]] for k in range(rows)]
    return answers


def peer(python, texts):
    """Presidio's spans, in bytes too."""
    program = __file__.replace("score.py", "presidio.py")
    with subprocess.Popen([python, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        answers = []
        started = time.monotonic()
        for i, text in enumerate(texts):
            progress(f"Presidio: {i} of {len(texts)} texts, {time.monotonic() - started:.0f} s")
            run.stdin.write(json.dumps(text) + "\n")
            run.stdin.flush()
            line = run.stdout.readline()
            if not line:
                raise SystemExit("Presidio ended before its answer")
            answers.append([(t, len(text[:a].encode()), len(text[:b].encode())) for t, a, b in json.loads(line)])
    progress("")
    return answers


def text_of(row):
    return f"x: {row['text']} ;" if row["kind"] == "validate" else row["text"]


def outcome(row, spans, names):
    """True and false positives, and false negatives."""
    found = {(a, b) for name, a, b in spans if name in names}
    kind, expect = row["kind"], row["expect"]
    if kind == "validate":
        value = {(3, 3 + len(row["text"].encode()))}
        found, wanted = found & value, value if expect else set()
    elif kind == "detect":
        found, wanted = set(range(bool(found))), set(range(bool(expect)))
    elif kind == "count":
        found, wanted = set(range(len(found))), set(range(expect["count"]))
    elif kind == "spans":
        wanted = {tuple(span) for span in row["expect_bytes"]}
    else:
        raise SystemExit(f"unknown kind of vector: {kind}")
    return len(found & wanted), len(found - wanted), len(wanted - found)


def rates(counts):
    true, false, missed = counts
    precision = true / (true + false) if true + false else 1.0
    recall = true / (true + missed) if true + missed else 1.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return f"{precision:9.3f} {recall:7.3f} {f1:7.3f}"


def add(total, counts):
    for i, n in enumerate(counts):
        total[i] += n


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--udf", required=True, help="the program odw-udf")
    parser.add_argument("--peer", help="a Python that has presidio-analyzer")
    parser.add_argument("--verbose", action="store_true", help="print each case that differs")
    parser.add_argument("files", nargs="+", help="vectors, a JSON object per line")
    args = parser.parse_args()

    rows = []
    for name in args.files:
        with open(name, encoding="utf-8") as lines:
            rows += [json.loads(line) for line in lines]
    texts = [text_of(row) for row in rows]
    ours = detect(args.udf, [text.encode() for text in texts])
    theirs = peer(args.peer, texts) if args.peer else None

    table = collections.defaultdict(lambda: [0, [0, 0, 0], [0, 0, 0]])
    for i, row in enumerate(rows):
        entity, weak = row["entity"], bool(row.get("tier"))
        counts = outcome(row, ours[i], OURS.get(entity, entity).split())
        if args.verbose and counts[1] + counts[2]:
            print(f"{entity}: {texts[i]!r}: expected {row['expect']}, found {ours[i]}")
        for key in (entity, weak), ("all" if not weak else "all weak", weak):
            table[key][0] += 1
            add(table[key][1], counts)
            if theirs:
                add(table[key][2], outcome(row, theirs[i], [THEIRS.get(entity, entity)]))

    head = f"{'entity':<28} {'tier':<5} {'cases':>6} {'precision':>9} {'recall':>7} {'F1':>7}"
    print(head + (f" | {'Presidio':>9} {'recall':>7} {'F1':>7}" if theirs else ""))
    for (entity, weak), (cases, mine, other) in sorted(table.items(), key=lambda item: (item[0][1], item[0][0].islower(), item[0])):
        line = f"{entity:<28} {'weak' if weak else '':<5} {cases:>6} {rates(mine)}"
        print(line + (f" | {rates(other)}" if theirs else ""))


if __name__ == "__main__":
    main()
