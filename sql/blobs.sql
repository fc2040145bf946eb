-- about: one row per object that is there: its version that a listing saw last; earlier ones, and those of objects that are gone, are in blobs_rows
CREATE VIEW IF NOT EXISTS blobs AS
SELECT
    id,
    bucket_name,
    file_path,
    file_name,
    file_size,
    permissions,
    content_type,
    etag,
    modified_at,
    ingested_at,
    appended_at,
    processed_at,
    _topic,
    _partition,
    _offset
FROM
(
    SELECT id, bucket_name, file_path, file_name, file_size, permissions, content_type, etag, modified_at, ingested_at, deleted_at, appended_at,
        processed_at, _topic, _partition, _offset
    FROM blobs_rows
    ORDER BY appended_at DESC, modified_at DESC
    LIMIT 1 BY bucket_name, file_path
)
WHERE deleted_at IS NULL
