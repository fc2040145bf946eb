"""tests/http: pages through an endpoint to its end.

pager.py URL [--query QUERY] [--exactly FILE] [--at-least FILE] [--pause SECONDS]
Prints how many items there were. Fails where an item comes twice, out of order, or a page isn't full before the last; --exactly: unless the
ids are those of the file's lines, in its order; --at-least: unless each line's id is among them."""
import argparse
import http.client
import json
import sys
import time
import urllib.parse

parser = argparse.ArgumentParser()
parser.add_argument("url")
parser.add_argument("--query", default="limit=100")
parser.add_argument("--exactly")
parser.add_argument("--at-least")
parser.add_argument("--pause", type=float, default=0)
args = parser.parse_args()

url = urllib.parse.urlparse(args.url)
connection = http.client.HTTPConnection(url.hostname, url.port, timeout=30)
limit = int(urllib.parse.parse_qs(args.query).get("limit", ["100"])[0])
keys, ids, cursor, pages = set(), [], None, 0
before = None
while True:
    connection.request("GET", url.path + "?" + args.query + ("&cursor=" + cursor if cursor else ""))
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        sys.exit(f"page {pages}: status {answer.status}: {body.decode()}")
    page = json.loads(body)
    pages += 1
    for item in page["items"]:
        key = (item["timestamp"], item["id"])
        if key in keys:
            sys.exit(f"page {pages}: {key} comes twice")
        if before is not None and not key < before:
            sys.exit(f"page {pages}: {key} comes behind {before}")
        before = key
        keys.add(key)
        ids.append(item["id"])
    cursor = page["next"]
    if cursor is None:
        break
    if len(page["items"]) != limit:
        sys.exit(f"page {pages}: expected {limit} items on a page that isn't the last, got {len(page['items'])}")
    time.sleep(args.pause)
if args.exactly:
    expected = open(args.exactly).read().split()
    if ids != expected:
        missing, extra = sorted(set(expected) - set(ids)), sorted(set(ids) - set(expected))
        sys.exit(f"expected {len(expected)} items, got {len(ids)}; missing {missing[:5]}, not expected {extra[:5]}")
if args.at_least:
    missing = sorted(set(open(args.at_least).read().split()) - set(ids))
    if missing:
        sys.exit(f"{len(missing)} items are missing: {missing[:5]}")
print(len(ids))
