-- about: one row per {source} message, read
-- kind: judge
CREATE MATERIALIZED VIEW IF NOT EXISTS {source}_judge TO {source}_intake AS
SELECT
    {record_function}(assumeNotNull(_timestamp_ms), message) AS record,
    assumeNotNull(_timestamp_ms) AS appended_at,
    {identity_hsh} AS identity
FROM {source}_queue
