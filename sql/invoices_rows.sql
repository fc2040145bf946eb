-- about: one row per document each time an invoice was read from it; the newest stands
-- version: extracted_at
-- derived-from: documents
CREATE TABLE IF NOT EXISTS invoices_rows
(
    document         String CODEC(ZSTD(1)),
    modified_at      DateTime64(3, 'UTC') COMMENT 'of the version of the document' CODEC(Delta, ZSTD(1)),
    identity         UInt64 COMMENT 'of that version, as in the ledger' CODEC(NONE),
    source_file_path String CODEC(ZSTD(1)),
    invoice_number   String CODEC(ZSTD(1)),
    invoice_date     Nullable(Date32),
    due_date         Nullable(Date32),
    currency         LowCardinality(Nullable(String)),
    seller_name      Nullable(String) CODEC(ZSTD(1)),
    seller_address   Nullable(String) CODEC(ZSTD(1)),
    seller_tax_id    Nullable(String) CODEC(ZSTD(1)),
    buyer_name       Nullable(String) CODEC(ZSTD(1)),
    buyer_address    Nullable(String) CODEC(ZSTD(1)),
    buyer_tax_id     Nullable(String) CODEC(ZSTD(1)),
    lines            UInt32 COMMENT 'how many; they are in invoice_lines',
    net_total        Nullable(Float64),
    tax_total        Nullable(Float64),
    total            Nullable(Float64),
    grounding        Array(Tuple(field String, words String, start UInt32, end UInt32, how LowCardinality(String))) CODEC(ZSTD(1)),
    model            LowCardinality(String),
    extracted_at     DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(extracted_at)
ORDER BY document
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1,
    min_bytes_for_wide_part = 134217728
