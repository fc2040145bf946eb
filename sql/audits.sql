-- about: one row per audit that odw worker made: whether conservation holds, and where it does not
-- retention: 90d
CREATE TABLE IF NOT EXISTS audits
(
    audited_at DateTime64(3, 'UTC'),
    holds      Bool,
    report     String COMMENT 'as odw audit --json prints it'
)
ENGINE = MergeTree
ORDER BY audited_at
TTL toDateTime(audited_at) + INTERVAL 90 DAY
