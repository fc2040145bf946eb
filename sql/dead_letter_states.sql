-- about: one row per thing done about a dead letter; nothing is changed in place, so a redelivery can't undo a decision
CREATE TABLE IF NOT EXISTS dead_letter_states
(
    letter     String COMMENT 'topic/partition/offset',
    status     Enum8('open' = 1, 'replayed' = 2, 'recovered' = 3, 'discarded' = 4),
    changed_at DateTime64(3, 'UTC'),
    offspring  String COMMENT 'topic/partition/offset of what was sent in its place',
    attempt    UInt16,
    changed_by String
)
ENGINE = MergeTree
ORDER BY (letter, changed_at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
