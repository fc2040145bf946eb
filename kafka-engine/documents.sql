-- about: one row per message on the topic, exactly as it arrived; few at a time, since reading a document may take minutes
-- topic: documents
-- partitions: 4
-- retention: 7d
-- max-message-bytes: 16M
-- key: source_file_path
-- document: content, content_type
CREATE TABLE IF NOT EXISTS documents_queue (message String)
ENGINE = Kafka(odw_kafka, kafka_topic_list = '{topic}', kafka_group_name = '{group}', kafka_max_block_size = 16, kafka_poll_max_batch_size = 16)
