-- about: one row per order
-- kind: transform
CREATE MATERIALIZED VIEW IF NOT EXISTS orders_transform TO orders_rows AS
SELECT record.id AS id, record.placed_at AS placed_at, record.customer_email AS customer_email, record.total_cents AS total_cents,
    record.lines.sku AS skus, appended_at, judged_at AS processed_at, topic AS _topic, partition AS _partition, offset AS _offset
FROM orders_intake
WHERE verdict = 'ok'
