-- about: one row per {source} message
-- kind: intake
CREATE TABLE IF NOT EXISTS {source}_intake (record {record_type}, appended_at DateTime64(3, 'UTC'), identity UInt64)
ENGINE = Null
