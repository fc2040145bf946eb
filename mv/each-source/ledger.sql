-- about: one row per {source} message consumed: what became of it
-- kind: ledger
CREATE MATERIALIZED VIEW IF NOT EXISTS {source}_ledger TO ledger AS
SELECT
    '{source}' AS source,
    topic,
    partition,
    offset,
    verdict,
    identity,
    {content_hash} AS content,
    record_day,
    appended_at,
    judged_at,
    sent_at,
    origin,
    '{contract_hash}' AS contract
FROM {source}_intake
