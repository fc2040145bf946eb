-- about: one row per object each time odw apply made or changed it: what its statement was
-- version: applied_at
CREATE TABLE IF NOT EXISTS applied
(
    name       String,
    digest     String COMMENT 'of the statement as stamped; empty: it was taken away',
    applied_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(applied_at)
ORDER BY name
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
