-- about: one row per answer
-- derived-from: nothing
CREATE TABLE IF NOT EXISTS answers (identity UInt64) ENGINE = MergeTree ORDER BY identity
