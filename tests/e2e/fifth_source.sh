#!/usr/bin/env bash
# A source of one's own, orders, with line items, is new files only: declared, checked, applied (a second time there is nothing to do),
# written to by POST /ingest and by Kafka, read by GET /api and SQL, with its dead letters, and audited.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib/stack.sh
. tests/lib/path.sh
stack_start kafka clickhouse
export ODW_ROOT=$STACK_DIR/root
declarations_copy "$ODW_ROOT"
cp -r tests/e2e/fifth_source/. "$ODW_ROOT/"
odw check
odw apply >/dev/null
odw apply >"$STACK_DIR/again"
grep -q '^0 changes' "$STACK_DIR/again" || stack_fail "a second odw apply found something to do: $(cat "$STACK_DIR/again")"

SHIM_LOG=$STACK_DIR/log/shim.log
"$ODW_BUILD/bin/odw-shim" --listen 127.0.0.1:0 2>"$SHIM_LOG" &
shim=$!
trap 'status=$?; set +e; kill $shim; wait $shim; (exit $status); stack_stop' EXIT
wait_until 30 grep -q 'listening url=' "$SHIM_LOG"
url=$(sed -n 's/.*listening url=\([^ ]*\).*/\1/p' "$SHIM_LOG")
healthy() { curl -sf "$url/health" >/dev/null; }
wait_until 30 healthy

printf '%s' '[{"id":"o-1","placed_at":"2026-11-19T10:00:00Z","customer_email":"ada@example.com","total_cents":1999,
    "lines":[{"sku":"tea","quantity":2},{"sku":"cup"}]},{"id":"o-2"}]' |
    curl -sS --retry 10 -H 'Content-Type: application/json' --data-binary @- "$url/ingest/orders" >"$STACK_DIR/answer"
jq -e '.accepted == 1 and .refused == 1' "$STACK_DIR/answer" >/dev/null || stack_fail "POST /ingest/orders: $(cat "$STACK_DIR/answer")"
printf '%s\n' '{"id":"o-3","placed_at":"2026-11-19T11:00:00Z","customer_email":"x","total_cents":5,"lines":[]}' \
    '{"id":"o-4","placed_at":"2026-11-19T11:00:00Z","customer_email":"x","total_cents":-4}' | produce orders
settle 90
page=$(curl -sSf "$url/api/orders?min_cents=6")
[ "$(jq -c '[.items[] | [.id, .customer_email, .total_cents, .skus]]' <<<"$page")" = '[["o-1","[EMAIL]",1999,["tea","cup"]]]' ] || stack_fail "GET /api/orders: $page"
[ "$(sql "SELECT groupArray((id, total_cents)) FROM (SELECT * FROM $ODW_DATABASE.orders ORDER BY id)")" = "[('o-1',1999),('o-3',5)]" ] || stack_fail 'the view orders'
[ "$(odw dlq list --source orders --json | jq -r '.violations[0]')" = '/total_cents: expected an integer from 0 to 4000000000, got -4' ] || stack_fail "$(odw dlq list --source orders --json)"
odw audit >/dev/null
echo passed
