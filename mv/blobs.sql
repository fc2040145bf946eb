-- about: one row per listed object
-- kind: transform
CREATE MATERIALIZED VIEW IF NOT EXISTS blobs_transform TO blobs_rows AS
SELECT
    record.id AS id,
    record.bucket_name AS bucket_name,
    record.file_path AS file_path,
    record.file_name AS file_name,
    record.file_size AS file_size,
    record.permissions AS permissions,
    record.content_type AS content_type,
    record.etag AS etag,
    record.modified_at AS modified_at,
    record.ingested_at AS ingested_at,
    record.deleted_at AS deleted_at,
    appended_at,
    judged_at AS processed_at,
    topic AS _topic,
    partition AS _partition,
    offset AS _offset
FROM blobs_intake
WHERE verdict = 'ok'
