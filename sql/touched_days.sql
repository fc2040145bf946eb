-- about: one row per message and record day, and per day that an erasure touched: aggregates count again what was touched lately
CREATE VIEW IF NOT EXISTS touched_days AS
SELECT
    source,
    record_day,
    judged_at AS touched_at
FROM ledger
WHERE verdict = 'ok'
UNION ALL
SELECT
    source,
    arrayJoin(days) AS record_day,
    changed_at AS touched_at
FROM erasures
WHERE status = 'done'
