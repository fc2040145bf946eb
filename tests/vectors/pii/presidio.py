"""Presidio's pattern recognisers over texts: a JSON string per line comes in, [[entity, start, end], ...] in code points goes out."""

import inspect
import json
import logging
import sys

logging.disable(logging.CRITICAL)

from presidio_analyzer import EntityRecognizer, PatternRecognizer, predefined_recognizers  # noqa: E402


def recognizers():
    """One of each class that needs neither a model nor a service."""
    for name, kind in sorted(vars(predefined_recognizers).items()):
        if not inspect.isclass(kind) or kind is PatternRecognizer:
            continue
        if issubclass(kind, PatternRecognizer) or name == "PhoneRecognizer":
            try:
                yield kind()
            except Exception as error:
                print(f"presidio: {name}: {error}", file=sys.stderr)


def main():
    known = list(recognizers())
    for line in sys.stdin:
        text = json.loads(line)
        spans = set()
        for one in known:
            results = one.analyze(text=text, entities=one.supported_entities, nlp_artifacts=None) if text else []
            for r in EntityRecognizer.remove_duplicates(results or []):
                spans.add((r.entity_type, r.start, r.end))
        print(json.dumps(sorted(spans)))


main()
