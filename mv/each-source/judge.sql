-- about: one row per {source} message: the record function reads it, nothing after this line parses it again
-- kind: judge
CREATE MATERIALIZED VIEW IF NOT EXISTS {source}_judge TO {source}_intake AS
WITH
    toUnixTimestamp64Milli(assumeNotNull(_timestamp_ms)) AS sent_ms,
    -- A message that is sent again is as old as what it began with, so that it can't supersede what came in between.
    toInt64OrZero(header_values[indexOf(header_names, 'odw-appended')]) AS first_ms,
    -- What was erased stays erased, however often it is delivered.
    record.verdict = 'ok' AND identity IN (SELECT identity FROM erased WHERE source = '{source}' AND letter = '') AS erased_record,
    (topic, partition, offset, sent_at) IN
    (
        SELECT splitByChar('/', letter)[1], toUInt32(splitByChar('/', letter)[2]),
            toUInt64OrZero(splitByRegexp('[/@]', letter)[3]), sent_at
        FROM erased
        WHERE source = '{source}' AND letter != ''
    )
    OR origin IN (SELECT letter FROM erased WHERE source = '{source}' AND letter != '') AS erased_letter
SELECT
    message,
    {record_function}(appended_at, message) AS record,
    docText(if(record.verdict = 'ok', tryBase64Decode({document_content}), ''), {document_type}) AS document, -- if {document_content}
    CAST(multiIf(
            erased_record OR erased_letter, 8,
            record.verdict = 'ok' AND document.error != '', 9, -- if {document_content}
            toInt8(record.verdict)),
        'Enum8(\'ok\' = 1, \'parse\' = 2, \'contract\' = 3, \'simulated\' = 4, \'erased\' = 8, \'document\' = 9)') AS verdict,
    {identity_hash} AS identity,
    toDate32({record_time}) AS record_day,
    fromUnixTimestamp64Milli(if(first_ms > 0 AND first_ms < sent_ms, first_ms, sent_ms), 'UTC') AS appended_at,
    now64(3, 'UTC') AS judged_at,
    fromUnixTimestamp64Milli(sent_ms, 'UTC') AS sent_at,
    _topic AS topic,
    toUInt32(_partition) AS partition,
    _offset AS offset,
    _key AS key,
    _headers.name AS header_names,
    _headers.value AS header_values,
    header_values[indexOf(header_names, 'odw-origin')] AS origin,
    toUInt16OrZero(header_values[indexOf(header_names, 'odw-attempt')]) AS attempt
FROM {source}_queue
