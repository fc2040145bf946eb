"""bench/latency: how long a message takes from its producer to a page of GET /api/events.

probe.py SHIM-URL RATE SECONDS [--blind]: once a first message is visible, a process of its own posts what is due to /ingest every 5 ms, at
RATE (kcat would not do: it holds back what it reads from a pipe). When it was due is written into each message: that is where its time
begins. Every tenth is of project "probe", whose page is asked for every 20 ms, from the oldest that was not
seen yet: so the first page of each of them is known, and reading stays cheap beside what is measured.
Prints one line: messages seen, p50, p99, maximum in milliseconds, pages, median milliseconds of a page. The first two seconds don't count.
--blind: only sends; nobody reads meanwhile."""
import http.client
import json
import multiprocessing
import sys
import time
import urllib.parse
from datetime import datetime, timedelta, timezone

url, rate, seconds = urllib.parse.urlparse(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
blind = "--blind" in sys.argv
WARM, EVERY, POLL, LIMIT, PATIENCE = 2 * rate, 10, 0.02, 1000, 30
run = str(time.time_ns())
count = WARM + rate * seconds
padding = "the quick brown fox jumps over the lazy dog; " * 5


def due(start, n):
    return start + n / rate


def stamp(at):
    return (datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=int(at * 1000))).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def connect():
    return http.client.HTTPConnection(url.hostname, url.port, timeout=30)


def post(connection, messages):
    connection.request("POST", "/ingest/events?verdicts=refused", "\n".join(json.dumps(m) for m in messages), {"Content-Type": "application/x-ndjson"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200 or json.loads(body)["accepted"] != len(messages):
        sys.exit(f"POST /ingest/events: status {answer.status}: {body.decode()}")


def send(start):
    connection, n = connect(), 0
    while n < count:
        now, batch = time.time(), []
        while n < count and due(start, n) <= now:
            batch.append({"id": f"{run}-{n}", "event_name": "$pageview", "timestamp": stamp(due(start, n)), "distinct_id": f"user-{n % 997}",
                          "session_id": str(int(due(start, n) * 1e6)), "project_id": "other" if n % EVERY else "probe", "ip_address": "203.0.113.7",
                          "properties": {"$current_url": f"https://example.com/{n}", "text": padding}})
            n += 1
        if batch:
            post(connection, batch)
        time.sleep(max(0.0, now + 0.005 - time.time()))


def look(start):
    """The latency of each message, the duration of each page."""
    connection = connect()
    seen, latencies, pages, oldest = set(), [], [], 0
    end = due(start, count) + PATIENCE
    while oldest < count:
        began = time.time()
        if began > end:
            sys.exit(f"{count // EVERY - len(seen)} of {count // EVERY} messages were not visible {PATIENCE} s after the last was sent")
        cursor = ""
        while cursor is not None:
            asked = time.time()
            connection.request("GET", f"/api/events?project_id=probe&limit={LIMIT}&from={stamp(due(start, oldest))}" + cursor)
            answer = connection.getresponse()
            body = answer.read()
            now = time.time_ns()
            if answer.status != 200:
                sys.exit(f"status {answer.status}: {body.decode()}")
            page = json.loads(body)
            pages.append(now / 1e9 - asked)
            for item in page["items"]:
                sent_by, n = item["id"].split("-")
                n = int(n)
                if sent_by == run and n not in seen:
                    seen.add(n)
                    if n >= WARM:
                        latencies.append(now / 1e6 - int(item["session_id"]) / 1e3)
            cursor = "&cursor=" + page["next"] if page["next"] else None
        while oldest in seen:
            oldest += EVERY
        time.sleep(max(0.0, began + POLL - time.time()))
    return sorted(latencies), sorted(pages)


def formed():
    """A consumer group takes seconds to form: waits until a first message went through."""
    post(connect(), [{"id": run, "event_name": "first", "timestamp": stamp(time.time()), "distinct_id": run, "project_id": "other"}])
    end = time.time() + 60
    while time.time() < end:
        connection = connect()
        connection.request("GET", "/api/events?distinct_id=" + run)
        if run in connection.getresponse().read().decode():
            return
        time.sleep(0.1)
    sys.exit("the first message was not visible within 60 s")


formed()
start = time.time() + 0.5
sender = multiprocessing.Process(target=send, args=(start,))
sender.start()
if not blind:
    latencies, pages = look(start)
sender.join()
if sender.exitcode != 0:
    sys.exit(sender.exitcode)
if not blind:
    quantile = lambda values, q: values[min(len(values) - 1, int(q * len(values)))]
    print(len(latencies), *(f"{v:.0f}" for v in (quantile(latencies, 0.5), quantile(latencies, 0.99), latencies[-1])), len(pages),
          f"{quantile(pages, 0.5) * 1000:.1f}")
