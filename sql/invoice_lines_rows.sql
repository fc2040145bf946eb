-- about: one row per line of an invoice each time it was read from its document; the newest reading stands
-- version: extracted_at
-- derived-from: documents
CREATE TABLE IF NOT EXISTS invoice_lines_rows
(
    document     String CODEC(ZSTD(1)),
    identity     UInt64 COMMENT 'of the version of the document, as in the ledger' CODEC(NONE),
    line         UInt32 COMMENT 'from 1, in the order of the document',
    description  String CODEC(ZSTD(1)),
    quantity     Nullable(Float64),
    unit_price   Nullable(Float64),
    amount       Nullable(Float64),
    extracted_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(extracted_at)
ORDER BY (document, line)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1,
    min_bytes_for_wide_part = 134217728
