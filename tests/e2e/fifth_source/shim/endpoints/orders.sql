-- about: orders, newest first
-- order: placed_at desc, id desc
-- param min_cents: only orders of at least so much
SELECT id, placed_at, customer_email, total_cents, skus
FROM orders_rows
WHERE 1
  AND total_cents >= {min_cents:UInt32} -- if given
