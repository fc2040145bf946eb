-- about: one row per document; docText has read it in the intake, so that one without text is a dead letter
-- kind: transform
CREATE MATERIALIZED VIEW IF NOT EXISTS documents_transform TO documents_rows AS
WITH tryBase64Decode(record.content) AS file
SELECT
    multiIf(record.id != '', record.id, origin != '', origin, concat(topic, '/', toString(partition), '/', toString(offset))) AS id,
    record.source_file_path AS source_file_path,
    ifNull(record.content_type, '') AS content_type,
    document.text AS text,
    document.pages AS pages,
    document.method AS method,
    length(file) AS bytes,
    lower(hex(SHA256(file))) AS sha256,
    record.etag AS etag,
    ifNull(record.contract, '') AS contract,
    ifNull(record.instructions, '') AS instructions,
    record.modified_at AS modified_at,
    record.ingested_at AS ingested_at,
    appended_at,
    judged_at AS processed_at,
    topic AS _topic,
    partition AS _partition,
    offset AS _offset
FROM documents_intake
WHERE verdict = 'ok'
