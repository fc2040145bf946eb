-- about: one row per message
-- topic: things
-- partition: 1
-- retention: 1d
CREATE TABLE IF NOT EXISTS things_queue (message String)
ENGINE = Kafka(odw_kafka, kafka_topic_list = '{topic}', kafka_group_name = '{group}')
