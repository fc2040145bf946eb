-- about: one row per answer that held to the contract of its time and not to today's, before a row was made of it: a failure, so that it is a dead letter
-- kind: extraction
CREATE MATERIALIZED VIEW IF NOT EXISTS extractions_outdated_refresh
REFRESH AFTER 5 SECOND APPEND TO extraction_records AS
SELECT
    document,
    modified_at,
    identity,
    source_file_path,
    contract,
    {contract_hashes}[contract] AS contract_hash,
    instructions,
    'contract' AS status,
    record,
    CAST([], 'Array(Tuple(field String, words String, start UInt32, end UInt32, how LowCardinality(String)))') AS grounding,
    model,
    0 AS tokens_in,
    0 AS tokens_out,
    0. AS cost,
    0 AS latency_ms,
    true AS cached,
    0 AS attempts,
    concat('the contract has changed since it was answered\n', arrayStringConcat({record_violations} AS violations, '\n')) AS error,
    now64(3, 'UTC') AS asked_at,
    came_at,
    appended_at,
    _topic,
    _partition,
    _offset
FROM
(
    SELECT *
    FROM
    (
        SELECT *
        FROM extraction_records
        WHERE NOT startsWith(status, 'pending') AND asked_at > now64(3, 'UTC') - INTERVAL 7 DAY AND document NOT IN ({recorded})
        ORDER BY asked_at DESC
        LIMIT 1 BY identity
    )
    WHERE status = 'ok' AND contract_hash != {contract_hashes}[contract]
    LIMIT 1000
)
WHERE notEmpty(violations)
SETTINGS max_threads = 1
