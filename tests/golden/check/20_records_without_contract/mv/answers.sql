-- about: one row per answer
-- kind: records
CREATE MATERIALIZED VIEW IF NOT EXISTS answers_refresh REFRESH AFTER 2 SECOND APPEND TO things_rows AS
SELECT 1
