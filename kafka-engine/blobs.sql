-- about: one row per message on the topic, exactly as it arrived
-- topic: blobs
-- partitions: 4
-- retention: 7d
-- max-message-bytes: 1M
-- key: file_path
CREATE TABLE IF NOT EXISTS blobs_queue (message String)
ENGINE = Kafka(odw_kafka, kafka_topic_list = '{topic}', kafka_group_name = '{group}')
