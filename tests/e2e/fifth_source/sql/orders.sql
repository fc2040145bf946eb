-- about: one row per order
CREATE VIEW IF NOT EXISTS orders AS
SELECT * FROM orders_rows FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1
