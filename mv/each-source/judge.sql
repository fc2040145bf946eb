-- about: one row per {source} message: the record function reads it, nothing after this line parses it again
-- kind: judge
CREATE MATERIALIZED VIEW IF NOT EXISTS {source}_judge TO {source}_intake AS
SELECT
    message,
    {record_function}(assumeNotNull(_timestamp_ms), message) AS record,
    record.verdict AS verdict,
    {identity_hash} AS identity,
    toDate32({record_time}) AS record_day,
    assumeNotNull(_timestamp_ms) AS appended_at,
    now64(3, 'UTC') AS judged_at,
    _topic AS topic,
    toUInt32(_partition) AS partition,
    _offset AS offset,
    _key AS key,
    _headers.name AS header_names,
    _headers.value AS header_values,
    header_values[indexOf(header_names, 'odw-origin')] AS origin,
    toUInt16OrZero(header_values[indexOf(header_names, 'odw-attempt')]) AS attempt
FROM {source}_queue
