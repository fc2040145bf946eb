-- about: one row per message on the topic, exactly as it arrived
-- topic: orders
-- partitions: 4
-- retention: 7d
-- max-message-bytes: 16M
-- key: id
CREATE TABLE IF NOT EXISTS orders_queue (message String)
ENGINE = Kafka(odw_kafka, kafka_topic_list = '{topic}', kafka_group_name = '{group}')
