-- about: one row per document of a block that a model was asked about; what it answered is kept by its cache too, so a block that is cut short costs little when it is run again
-- kind: extraction
CREATE MATERIALIZED VIEW IF NOT EXISTS extractions_refresh
REFRESH AFTER 2 SECOND APPEND TO extraction_records AS
SELECT
    id AS document,
    modified_at,
    cityHash64(modified_at, id) AS identity,
    source_file_path,
    contract,
    contract_hash,
    instructions,
    answer.status AS status,
    answer.record AS record,
    arrayMap(g -> (g.field, substring(text, g.start + 1, g.end - g.start), g.start, g.end, g.how), answer.grounding) AS grounding,
    answer.model AS model,
    answer.tokens_in AS tokens_in,
    answer.tokens_out AS tokens_out,
    answer.cost AS cost,
    answer.latency_ms AS latency_ms,
    answer.cached AS cached,
    answer.attempts AS attempts,
    answer.error AS error,
    now64(3, 'UTC') AS asked_at,
    processed_at AS came_at,
    appended_at,
    _topic,
    _partition,
    _offset
FROM
(
    SELECT
        *,
        -- Nobody need be asked about what isn't declared; else it is asked by just the contract that these views were made for.
        if(contract_hash = '',
            CAST(('contract', '', [], '', 0, 0, 0, 0, false, 0,
                    concat('expected one of the contracts ', arrayStringConcat(mapKeys({contract_hashes}), ', '), ', got "', contract, '"')),
                'Tuple(status String, record String, grounding Array(Tuple(field String, start UInt32, end UInt32, how String)),
                    model String, tokens_in UInt32, tokens_out UInt32, cost Float64, latency_ms UInt32, cached Bool, attempts UInt8,
                    error String)'),
            llmExtractWith(concat(contract, '.', contract_hash), instructions, text)) AS answer
    FROM
    (
        SELECT id, modified_at, source_file_path, contract, {contract_hashes}[contract] AS contract_hash, instructions, text, appended_at,
            processed_at, _topic, _partition, _offset
        FROM documents_rows FINAL
        WHERE (modified_at, id) IN
        (
            SELECT modified_at, document
            FROM extractions_pending
            WHERE due_at <= now64(3, 'UTC')
            ORDER BY waits, processed_at
            LIMIT 256
        )
    )
)
-- A row is written as soon as the 64 that were asked together are answered.
SETTINGS max_threads = 1, do_not_merge_across_partitions_select_final = 1, max_block_size = 64, min_insert_block_size_rows = 1, min_insert_block_size_bytes = 1
