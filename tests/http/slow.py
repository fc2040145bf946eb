"""tests/http: slow clients. slow.py HOST:PORT: the shim has --idle-timeout 1s --request-timeout 2s --max-connections 100. Fails where one
of them is still connected after 4 s, or where another client waits longer than 0.5 s meanwhile."""
import http.client
import socket
import sys
import time

host, port = sys.argv[1].rsplit(":", 1)


def connect():
    s = socket.create_connection((host, int(port)))
    s.setblocking(False)
    return s


HEAD = b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: "
BODY = b"POST /ingest/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{"
kinds = {"silent": b"", "slow head": HEAD, "slow body": BODY}
clients = {}
for name, first in kinds.items():
    for _ in range(20):
        s = connect()
        if first:
            s.send(first)
        clients[s] = name
began = time.monotonic()
closed = {}
worst = 0.0
while time.monotonic() - began < 4 and len(closed) < len(clients):
    for s, name in clients.items():
        if s in closed:
            continue
        try:
            if kinds[name]:
                s.send(b"a")
            if s.recv(65536) == b"":
                closed[s] = time.monotonic() - began
        except BlockingIOError:
            pass
        except OSError:
            closed[s] = time.monotonic() - began
    t = time.monotonic()
    c = http.client.HTTPConnection(host, int(port), timeout=5)
    c.request("GET", "/health")
    status = c.getresponse().status
    c.close()
    worst = max(worst, time.monotonic() - t)
    if status not in (200, 503):
        sys.exit(f"health: status {status}")
    time.sleep(0.05)
left = sorted(name for s, name in clients.items() if s not in closed)
if left:
    sys.exit(f"{len(left)} connections are still open after 4 s: {left[0]}")
if worst > 0.5:
    sys.exit(f"another client waited {worst:.2f} s")
print(f"{len(closed)} slow connections ended after at most {max(closed.values()):.1f} s; the others waited at most {worst * 1000:.0f} ms")
