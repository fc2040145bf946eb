-- about: one row per {source} message: read once, with its verdict and where it came from; views take it from here
-- kind: intake
CREATE TABLE IF NOT EXISTS {source}_intake
(
    message       String,
    record        {record_type},
    document      Tuple(text String, pages UInt32, method String, error String), -- if {document_content}
    verdict       Enum8('ok' = 1, 'parse' = 2, 'contract' = 3, 'simulated' = 4, 'erased' = 8, 'document' = 9),
    identity      UInt64,
    record_day    Date32,
    appended_at   DateTime64(3, 'UTC'),
    judged_at     DateTime64(3, 'UTC'),
    sent_at       DateTime64(3, 'UTC'),
    topic         LowCardinality(String),
    partition     UInt32,
    offset        UInt64,
    key           String,
    header_names  Array(String),
    header_values Array(String),
    origin        String,
    attempt       UInt16
)
ENGINE = Null
