-- about: one row per document each time an appointment was read from it; the newest stands
-- version: extracted_at
-- derived-from: documents
CREATE TABLE IF NOT EXISTS medical_records_rows
(
    document                   String CODEC(ZSTD(1)),
    modified_at                DateTime64(3, 'UTC') COMMENT 'of the version of the document' CODEC(Delta, ZSTD(1)),
    identity                   UInt64 COMMENT 'of that version, as in the ledger' CODEC(NONE),
    source_file_path           String CODEC(ZSTD(1)),
    patient_name               String CODEC(ZSTD(1)),
    patient_age                Nullable(UInt8),
    phone_number               Nullable(String) CODEC(ZSTD(1)),
    scheduled_appointment_date Nullable(String) COMMENT 'as written' CODEC(ZSTD(1)),
    appointment_day            Nullable(Date32) COMMENT 'the day of it, where that can be read',
    dental_procedure_name      Nullable(String) CODEC(ZSTD(1)),
    doctor                     Nullable(String) CODEC(ZSTD(1)),
    grounding                  Array(Tuple(field String, words String, start UInt32, end UInt32, how LowCardinality(String))) CODEC(ZSTD(1)),
    model                      LowCardinality(String),
    extracted_at               DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(extracted_at)
ORDER BY document
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1,
    min_bytes_for_wide_part = 134217728
