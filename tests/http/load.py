"""tests/http: posts events for a while and notes which were accepted.

load.py URL CONNECTIONS FOLDER: each connection posts batches of 1 to 50 events, one after the other, until there is FOLDER/stop (for 60 s
at most). FOLDER/accepted gets the ids
that were answered as accepted, FOLDER/sent all; prints a JSON object with the statuses' counts and the slowest answer in seconds. Fails
where an answer is neither 200 nor 503, or a 200 lacks a verdict."""
import http.client
import json
import os
import random
import sys
import threading
import time
import urllib.parse

url, connections, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
host = urllib.parse.urlparse(url)
end = time.monotonic() + 60
lock = threading.Lock()
accepted, sent, statuses, faults = [], [], {}, []
slowest = 0.0


def post(number):
    global slowest
    dice = random.Random(number)
    connection = None
    round_ = 0
    while time.monotonic() < end and not os.path.exists(folder + "/stop"):
        round_ += 1
        ids = [f"c{number}-{round_}-{i}" for i in range(dice.randint(1, 50))]
        body = json.dumps([{"id": i, "event_name": "load", "timestamp": "2026-11-20T10:00:00Z", "distinct_id": i, "project_id": "p"} for i in ids])
        began = time.monotonic()
        with lock:
            sent.extend(ids)
        try:
            if connection is None:
                connection = http.client.HTTPConnection(host.hostname, host.port, timeout=30)
            connection.request("POST", "/ingest/events", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            connection = None
            with lock:
                statuses["none"] = statuses.get("none", 0) + 1
            time.sleep(0.01)
            continue
        took = time.monotonic() - began
        document = json.loads(text)
        with lock:
            slowest = max(slowest, took)
            statuses[answer.status] = statuses.get(answer.status, 0) + 1
            good = [ids[v["index"]] for v in document.get("verdicts", []) if v["status"] == "accepted"]
            accepted.extend(good)
            if answer.status == 200 and len(good) != len(ids):
                faults.append(text.decode())
            elif answer.status not in (200, 503):
                faults.append(f"{answer.status}: {text.decode()}")
        time.sleep(0.05)


threads = [threading.Thread(target=post, args=(n,)) for n in range(connections)]
for t in threads:
    t.start()
for t in threads:
    t.join()
open(folder + "/accepted", "w").write("".join(i + "\n" for i in accepted))
open(folder + "/sent", "w").write("".join(i + "\n" for i in sent))
print(json.dumps({"statuses": statuses, "slowest": round(slowest, 3), "accepted": len(accepted)}))
if faults:
    sys.exit(faults[0])
