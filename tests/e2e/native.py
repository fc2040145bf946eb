"""tests/e2e: what an SQL client that isn't ours reads over ClickHouse's native protocol, beside what was produced.

native.py HOST:PORT DATABASE FILE: the events of FILE (JSON lines) are the rows of `events`, field by field, in the types that are promised;
the functions answer here as well."""
import ipaddress
import json
import sys
from datetime import datetime, timezone

from clickhouse_driver import Client

host, port = sys.argv[1].split(":")
client = Client(host, port=int(port), database=sys.argv[2])
sent = {}
for line in open(sys.argv[3], encoding="utf-8"):
    event = json.loads(line)
    sent[event["id"]] = event


def expect(what, expected, got):
    if expected != got:
        sys.exit(f"{what}: expected {expected!r}, got {got!r}")


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


def network(address):
    """The policy of the contract's x-pii: address."""
    parsed = ipaddress.ip_address(address)
    return str(ipaddress.ip_network((address, 24 if parsed.version == 4 else 48), strict=False).network_address)


rows, columns = client.execute(
    "SELECT id, event_name, timestamp, distinct_id, session_id, project_id, properties, ip_address, country, asn, network, browser, "
    "browser_version, os, device, is_bot, "
    "_topic, _partition, _offset FROM events ORDER BY id",
    with_column_types=True)
types = dict(columns)
for name, kind in {"id": "String", "event_name": "LowCardinality(String)", "timestamp": "DateTime64(3, 'UTC')", "session_id": "Nullable(String)",
                   "properties": "Nullable(String)", "ip_address": "Nullable(String)", "country": "LowCardinality(String)", "asn": "UInt32", "browser": "LowCardinality(String)", "is_bot": "Bool", "_offset": "UInt64"}.items():
    expect(f"type of {name}", kind, types[name])
expect("ids", sorted(sent), [row[0] for row in rows])
expect("places on the topic", len(rows), len({row[16:] for row in rows}))

# Data goes to the server as well, as a table of this query alone.
texts = [{"n": n, "text": json.dumps(sent[row[0]].get("properties"))} for n, row in enumerate(rows)]
clean = [row[0] for row in client.execute(
    "SELECT piiRedactJSON(text) FROM texts ORDER BY n",
    external_tables=[{"name": "texts", "structure": [("n", "UInt64"), ("text", "String")], "data": texts}])]
agents = [{"n": n, "agent": sent[row[0]].get("user_agent") or ""} for n, row in enumerate(rows)]
said = client.execute(
    "SELECT if(agent = '', '', uaParse(agent).browser), uaParse(agent).browser_version, if(agent = '', '', uaParse(agent).os),"
    " if(agent = '', '', uaParse(agent).device), uaParse(agent).is_bot FROM agents ORDER BY n",
    external_tables=[{"name": "agents", "structure": [("n", "UInt64"), ("agent", "String")], "data": agents}])
if len({row[0] for row in said}) < 5:
    sys.exit(f"browsers: expected several, got {set(said)}")
# What the address says is asked of the whole address here: the network that it was cut to must have said the same.
addresses = [{"n": n, "address": sent[row[0]].get("ip_address") or ""} for n, row in enumerate(rows)]
places = client.execute(
    "SELECT tupleElement(ipGeo(address), 'country'), tupleElement(ipGeo(address), 'asn'), tupleElement(ipGeo(address), 'organisation') FROM addresses ORDER BY n",
    external_tables=[{"name": "addresses", "structure": [("n", "UInt64"), ("address", "String")], "data": addresses}])
if len({place[0] for place in places}) < 10 or len({place[1] for place in places}) < 100:
    sys.exit(f"places: expected many countries and networks, got {len(set(places))}")
same = sum(place == row[8:11] for place, row in zip(places, rows))
if same < len(rows) * 0.98:
    sys.exit(f"places: expected nearly all to be those of the whole address, got {same} of {len(rows)}")
redacted = 0
for row, text, agent in zip(rows, clean, said):
    event = sent[row[0]]
    at = f"event {row[0]}"
    expect(f"{at}: event_name", event["event_name"], row[1])
    expect(f"{at}: timestamp", moment(event["timestamp"]), row[2].astimezone(timezone.utc))
    expect(f"{at}: distinct_id", event["distinct_id"], row[3])
    expect(f"{at}: session_id", event.get("session_id"), row[4])
    expect(f"{at}: project_id", event["project_id"], row[5])
    expect(f"{at}: properties", json.loads(text), json.loads(row[6]) if row[6] is not None else None)
    redacted += event.get("properties") is not None and json.loads(row[6]) != event["properties"]
    address = event.get("ip_address")
    expect(f"{at}: ip_address", address and network(address), row[7])
    expect(f"{at}: what its agent says", agent, row[11:16])
if redacted < len(rows) // 50 or redacted == len(rows):
    sys.exit(f"personal data was found in {redacted} of {len(rows)} events: expected some in every ten or so")

expect("piiRedact", [("write to [EMAIL] or call",)], client.execute("SELECT piiRedact('write to ada@example.com or call')"))
addresses = ["203.0.113.77", "2001:db8:1234:5678::1", "10.1.2.3"]
expect("ipAnonymise", [(network(a),) for a in addresses], client.execute("SELECT ipAnonymise(arrayJoin(%(a)s))", {"a": addresses}))
print(f"{len(rows)} events over native TCP as sent, personal data replaced in {redacted}")
