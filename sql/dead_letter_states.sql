-- about: one row per thing done about a dead letter; nothing is changed in place, so a redelivery can't undo a decision
-- retention: 90d
CREATE TABLE IF NOT EXISTS dead_letter_states
(
    letter     String COMMENT 'its id',
    status     Enum8('open' = 1, 'replayed' = 2, 'recovered' = 3, 'discarded' = 4),
    changed_at DateTime64(3, 'UTC'),
    offspring  String COMMENT 'topic/partition/offset of what was sent in its place',
    attempt    UInt16,
    changed_by String COMMENT 'a person, or the rule that selected it',
    reason     String COMMENT 'why it was discarded, or is sent no more',
    payload    String COMMENT 'as corrected; empty: as received' CODEC(ZSTD(3))
)
ENGINE = MergeTree
ORDER BY (letter, changed_at)
TTL toDateTime(changed_at) + INTERVAL 90 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
