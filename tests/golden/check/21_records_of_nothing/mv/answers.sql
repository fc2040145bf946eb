-- about: one row per answer
-- kind: records
-- contract: nothing
CREATE MATERIALIZED VIEW IF NOT EXISTS answers_refresh REFRESH AFTER 2 SECOND APPEND TO things_rows AS
SELECT {record_function}(now64(3), '{}')
