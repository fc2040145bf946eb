-- about: objects of blob stores, each version of them, newest first; deleted_at says of a last version that its object is gone
-- order: modified_at desc, bucket_name desc, file_path desc
-- scope: read:blobs
-- param bucket: only objects of this bucket
-- param prefix: only objects whose path begins with this
-- param content_type: only objects of this type
-- param min_size: at least so many bytes
-- param max_size: at most so many bytes
-- param from: not modified before this moment
-- param to: modified before this moment
-- param ingested_from: not listed before this moment
-- param ingested_to: listed before this moment
SELECT id, bucket_name, file_path, file_name, file_size, permissions, content_type, etag, modified_at, ingested_at, deleted_at
FROM blobs_rows
WHERE 1
  AND bucket_name = {bucket:String}                  -- if given
  AND startsWith(file_path, {prefix:String})         -- if given
  AND content_type = {content_type:String}           -- if given
  AND file_size >= {min_size:UInt64}                 -- if given
  AND file_size <= {max_size:UInt64}                 -- if given
  AND modified_at >= {from:DateTime64(3)}            -- if given
  AND modified_at < {to:DateTime64(3)}               -- if given
  AND ingested_at >= {ingested_from:DateTime64(3)}   -- if given
  AND ingested_at < {ingested_to:DateTime64(3)}      -- if given
