-- about: one row per version of a document that a model was asked about: what came of it the last time; every time is in extraction_records
CREATE VIEW IF NOT EXISTS extractions AS
SELECT
    document,
    modified_at,
    source_file_path,
    contract,
    contract_hash,
    instructions,
    status,
    record,
    grounding,
    model,
    tokens_in,
    tokens_out,
    cost,
    latency_ms,
    cached,
    attempts,
    error,
    asked_at,
    appended_at,
    _topic,
    _partition,
    _offset
FROM extraction_records
ORDER BY asked_at DESC
LIMIT 1 BY identity
