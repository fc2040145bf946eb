-- about: one row per document that no record could be made of, each time that failed: a dead letter with the reason and the answer
-- kind: extraction
CREATE MATERIALIZED VIEW IF NOT EXISTS extraction_letters_refresh
REFRESH AFTER 2 SECOND APPEND TO dead_letter_records AS
WITH
    noted AS
    (
        SELECT topic, partition, offset, max(failed_at) AS noted_at
        FROM dead_letter_records
        WHERE source = 'documents' AND class = 'extraction'
        GROUP BY topic, partition, offset
    )
SELECT
    'documents' AS source,
    'extraction' AS class,
    -- A reason a line.
    arrayMap((line, i) -> if(i = 1, concat(status, ': ', line), line), splitByChar('\n', trim(error)), arrayEnumerate(splitByChar('\n', trim(error)))) AS violations,
    toJSONString(CAST((document, source_file_path, failed.contract, instructions, status, substringUTF8(toValidUTF8(record), 1, 4000), model,
            attempts, tokens_in, tokens_out, cost),
        'Tuple(document String, source_file_path String, contract String, instructions String, status String, answer String,
            model String, attempts UInt8, tokens_in UInt32, tokens_out UInt32, cost Float64)')) AS payload,
    '' AS key,
    emptyArrayString() AS header_names,
    emptyArrayString() AS header_values,
    _topic AS topic,
    _partition AS partition,
    _offset AS offset,
    '' AS origin,
    0 AS attempt,
    contract_hash AS contract,
    appended_at,
    asked_at AS failed_at
FROM
(
    SELECT *
    FROM extraction_records
    WHERE status != 'ok' AND NOT startsWith(status, 'pending') AND asked_at > now64(3, 'UTC') - INTERVAL 7 DAY
        AND identity NOT IN (SELECT identity FROM erased WHERE source = 'documents' AND letter = '')
    ORDER BY asked_at DESC
    LIMIT 1 BY _topic, _partition, _offset
) AS failed
LEFT ANY JOIN noted ON noted.topic = _topic AND noted.partition = _partition AND noted.offset = _offset
WHERE asked_at > noted_at
SETTINGS max_threads = 1, output_format_json_escape_forward_slashes = 0
