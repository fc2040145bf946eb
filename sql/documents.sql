-- about: one row per document, its version that came last: the text and where it is from; earlier ones are in documents_rows
CREATE VIEW IF NOT EXISTS documents AS
SELECT
    id,
    source_file_path,
    content_type,
    text,
    pages,
    method,
    bytes,
    sha256,
    etag,
    contract,
    instructions,
    modified_at,
    ingested_at,
    appended_at,
    processed_at,
    _topic,
    _partition,
    _offset
FROM documents_rows
ORDER BY appended_at DESC, modified_at DESC
LIMIT 1 BY id
